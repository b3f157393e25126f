"""Every method of moto that the engine replaces, and why, in one table.

The rows of CloudWatch, scaling policies and scheduled actions stand beside their code.
"""

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.models import InstanceState as Member
from moto.autoscaling.responses import AutoScalingResponse
from moto.core import errors
from moto.core.responses import BaseResponse
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.ec2.responses.instances import InstanceResponse
from moto.ec2.responses.launch_templates import LaunchTemplates
from moto.events.models import Rule
from moto.sqs.models import SQSBackend

from workhorse.local.aws import (
    alarms_api,
    ec2_life,
    event_rules,
    faults,
    group_api,
    hook_api,
    images,
    launch_api,
    launches,
    member_api,
    members,
    metrics,
    paging,
    policies,
    queues,
    refresh_api,
    schedules,
    serving,
    templates,
    volumes,
)
from workhorse.local.aws.patching import Patch, Row

BESIDE = (*metrics.PATCHES, *alarms_api.PATCHES, *policies.PATCHES, *schedules.PATCHES)

REQUESTS: tuple[Row, ...] = (
    (errors, "COMMON_ERROR_CODES", faults.KNOWN_CODES, "codes that every service may answer"),
    (BaseResponse, "call_action", serving.call_action, "faults, the lock, clear refusals"),
)

EC2: tuple[Row, ...] = (
    (Instance, "__init__", ec2_life.init, "an instance begins pending"),
    (Instance, "terminate", ec2_life.terminate, "termination takes time"),
    (Instance, "stop", ec2_life.stop, "stopping takes time"),
    (Instance, "start", ec2_life.start, "starting takes time"),
    (InstanceBackend, "run_instances", launches.run_instances, "the whole template version"),
    (InstanceBackend, "get_instance", paging.get_instance, "no copies for each look-up"),
    (InstanceBackend, "get_instance_by_id", paging.get_instance_by_id, "no copies either"),
    (TaggedEC2Resource, "get_tags", paging.get_tags, "no scan of all tags"),
    (InstanceResponse, "run_instances", launches.respond_run_instances, "ClientToken, MaxCount"),
    (InstanceResponse, "describe_instances", paging.describe_instances, "pages of instances"),
    (LaunchTemplate, "create_version", templates.create_version, "user data of version 2"),
    (LaunchTemplates, "create_launch_template", templates.create_launch_template, "own tags"),
    (
        LaunchTemplates,
        "create_launch_template_version",
        templates.create_launch_template_version,
        "SourceVersion",
    ),
    (
        LaunchTemplates,
        "describe_launch_template_versions",
        templates.describe_launch_template_versions,
        "pages",
    ),
    (Ami, "block_device_mappings", property(images.block_device_mappings), "its snapshot's size"),
    (AmiBackend, "create_image", images.create_image, "names once, tags for snapshots"),
    (AmisResponse, "register_image", images.respond_register, "tags, its snapshot"),
    (AmisResponse, "copy_image", images.respond_copy, "tags"),
    (AmisResponse, "modify_image_attribute", images.respond_modify, "the description"),
    (AmisResponse, "deregister_image", images.respond_deregister, "with its snapshots"),
    (EBSBackend, "attach_volume", volumes.attach_volume, "zone, owner, device"),
    (EBSBackend, "detach_volume", volumes.detach_volume, "it is recorded"),
    (ElasticBlockStore, "detach_volume", volumes.respond_detach, "InstanceId is optional"),
)

GROUPS: tuple[Row, ...] = (
    (FakeAutoScalingGroup, "set_desired_capacity", group_api.set_group_capacity, "the engine"),
    (FakeAutoScalingGroup, "update", group_api.update_group, "keeps the mixed policy"),
    (
        FakeAutoScalingGroup,
        "launch_template",
        property(group_api.group_launch_template),
        "none beside a mixed policy",
    ),
    (Member, "launch_template", property(members.template_of), "the one it was launched from"),
    (AutoScalingBackend, "create_auto_scaling_group", group_api.create_group, "checks"),
    (AutoScalingBackend, "set_desired_capacity", group_api.set_desired_capacity, "checks"),
    (
        AutoScalingBackend,
        "notify_terminate_instances",
        member_api.ignore_ec2_terminations,
        "the health check finds out",
    ),
    (AutoScalingBackend, "set_instance_protection", member_api.set_instance_protection, "checks"),
    (AutoScalingResponse, "create_auto_scaling_group", group_api.respond_create, "all fields"),
    (AutoScalingResponse, "update_auto_scaling_group", group_api.respond_update, "all fields"),
    (AutoScalingResponse, "delete_auto_scaling_group", group_api.respond_delete, "ForceDelete"),
    (AutoScalingResponse, "set_desired_capacity", group_api.respond_set_desired, "HonorCooldown"),
    (AutoScalingResponse, "set_instance_health", member_api.respond_set_health, "grace period"),
    (AutoScalingResponse, "launch_instances", launch_api.respond_launch, "moto lacks it"),
    (
        AutoScalingResponse,
        "terminate_instance_in_auto_scaling_group",
        member_api.respond_terminate,
        "through hooks, within the minimum",
    ),
)

HOOKS: tuple[Row, ...] = (
    (AutoScalingResponse, "put_lifecycle_hook", hook_api.respond_put_hook, "all fields, a test"),
    (AutoScalingResponse, "delete_lifecycle_hook", hook_api.respond_delete_hook, "open actions"),
    (
        AutoScalingResponse,
        "record_lifecycle_action_heartbeat",
        hook_api.respond_heartbeat,
        "moto lacks it",
    ),
    (AutoScalingResponse, "complete_lifecycle_action", hook_api.respond_complete, "moto lacks it"),
    (
        AutoScalingResponse,
        "describe_scaling_activities",
        hook_api.respond_activities,
        "moto has none",
    ),
    (
        AutoScalingResponse,
        "put_notification_configuration",
        hook_api.respond_put_notifications,
        "moto lacks it",
    ),
    (
        AutoScalingResponse,
        "describe_notification_configurations",
        hook_api.respond_describe_notifications,
        "moto lacks it",
    ),
    (
        AutoScalingResponse,
        "delete_notification_configuration",
        hook_api.respond_delete_notifications,
        "moto lacks it",
    ),
    (
        AutoScalingResponse,
        "describe_auto_scaling_notification_types",
        hook_api.respond_notification_types,
        "moto lacks it",
    ),
    (AutoScalingResponse, "start_instance_refresh", refresh_api.respond_start, "moto lacks it"),
    (
        AutoScalingResponse,
        "describe_instance_refreshes",
        refresh_api.respond_describe,
        "moto lacks it",
    ),
    (AutoScalingResponse, "cancel_instance_refresh", refresh_api.respond_cancel, "moto lacks it"),
)

MESSAGES: tuple[Row, ...] = (
    (SQSBackend, "get_queue_attributes", queues.get_queue_attributes, "compact RedrivePolicy"),
    (SQSBackend, "receive_message", queues.receive_message, "a clock that stands still"),
    (Rule, "send_to_targets", event_rules.send_to_targets, "schedules and Lambda targets"),
)

PATCHES: tuple[Patch, ...] = tuple(
    Patch(owner=owner, name=name, replacement=replacement, why=why)
    for owner, name, replacement, why in (*REQUESTS, *EC2, *GROUPS, *HOOKS, *MESSAGES, *BESIDE)
)
"""All of them, in the order they are put in place."""
