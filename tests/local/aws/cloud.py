"""A small hand for tests: the embedded AWS, clients for it, and the calls every test makes."""

import json
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from tests import few_images
from workhorse.local.aws.server import EmbeddedAws

START = 1_767_225_600.0
"""The virtual time at which every test begins: 2026-01-01T00:00:00Z."""

IMAGE = few_images.IMAGE

TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
ROLE = "arn:aws:iam::123456789012:role/hooks"


@dataclass
class Cloud:
    """The embedded AWS and clients for it."""

    aws: EmbeddedAws
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The boto3 client of a service, without retries."""
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.aws.endpoint,
                region_name="us-east-1",
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
                config=Config(retries={"total_max_attempts": 1}, max_pool_connections=4),
            )
        return self.clients[service]

    def advance(self, seconds: float) -> None:
        """Let virtual seconds pass."""
        self.aws.advance(seconds)

    def subnets(self, zones: str = "ab") -> list[str]:
        """One default subnet for each zone letter."""
        found = self.client("ec2").describe_subnets()["Subnets"]
        by_zone = {one["AvailabilityZone"]: one["SubnetId"] for one in found}
        return [by_zone[f"us-east-1{letter}"] for letter in zones]

    def template(self, name: str = "agents", **data: object) -> str:
        """Make a launch template and give its id."""
        body = {"ImageId": IMAGE, "InstanceType": "m5.large", **data}
        answer = self.client("ec2").create_launch_template(
            LaunchTemplateName=name, LaunchTemplateData=body
        )
        return str(answer["LaunchTemplate"]["LaunchTemplateId"])

    def group(
        self, name: str = "pool", *, desired: int = 0, zones: str = "ab", **more: object
    ) -> str:
        """Make a group from the template "agents" (made when missing) and give its name."""
        arguments: dict[str, Any] = {
            "AutoScalingGroupName": name,
            "MinSize": 0,
            "MaxSize": 10,
            "DesiredCapacity": desired,
            "VPCZoneIdentifier": ",".join(self.subnets(zones)),
            **more,
        }
        if "MixedInstancesPolicy" not in more and "LaunchTemplate" not in more:
            names = self.client("ec2").describe_launch_templates()["LaunchTemplates"]
            if not names:
                self.template()
            arguments["LaunchTemplate"] = {"LaunchTemplateName": "agents", "Version": "$Latest"}
        self.client("autoscaling").create_auto_scaling_group(**arguments)
        return name

    def members(self, name: str = "pool") -> dict[str, str]:
        """Lifecycle state by instance id of a group."""
        groups = self.describe(name)
        return {one["InstanceId"]: one["LifecycleState"] for one in groups["Instances"]}

    def describe(self, name: str = "pool") -> dict[str, Any]:
        """The group as DescribeAutoScalingGroups shows it."""
        answer = self.client("autoscaling").describe_auto_scaling_groups(
            AutoScalingGroupNames=[name]
        )
        found: dict[str, Any] = answer["AutoScalingGroups"][0]
        return found

    def activities(self, name: str = "pool") -> list[dict[str, Any]]:
        """The group's activities, newest first."""
        answer = self.client("autoscaling").describe_scaling_activities(AutoScalingGroupName=name)
        found: list[dict[str, Any]] = answer["Activities"]
        return found

    def happenings(self, kind: str) -> list[dict[str, object]]:
        """The engine's events of a kind, oldest first."""
        return [one.as_dict() for one in self.aws.engine.events.since() if one.kind == kind]

    def queue(self, name: str = "events") -> tuple[str, str]:
        """Make a queue and give its URL and ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    def rule(self, arn: str, pattern: dict[str, object], name: str = "rule") -> None:
        """Send the events of a pattern to a queue."""
        events = self.client("events")
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])

    def bodies(self, url: str) -> list[dict[str, Any]]:
        """Receive and delete all messages of a queue, and give their JSON bodies."""
        sqs = self.client("sqs")
        found: list[dict[str, Any]] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def hook(self, transition: str = TERMINATING, **more: object) -> None:
        """Put the hook "drain" on the group "pool": 300 s, CONTINUE."""
        self.client("autoscaling").put_lifecycle_hook(
            LifecycleHookName="drain",
            AutoScalingGroupName="pool",
            LifecycleTransition=transition,
            **{"HeartbeatTimeout": 300, "DefaultResult": "CONTINUE", **more},
        )

    def complete(self, instance_id: str, result: str = "CONTINUE", hook: str = "drain") -> None:
        """Complete the hook's action of an instance of "pool"."""
        self.client("autoscaling").complete_lifecycle_action(
            LifecycleHookName=hook,
            AutoScalingGroupName="pool",
            InstanceId=instance_id,
            LifecycleActionResult=result,
        )

    def terminate(self, instance_id: str, *, decrement: bool = True) -> dict[str, Any]:
        """TerminateInstanceInAutoScalingGroup; gives the activity."""
        answer = self.client("autoscaling").terminate_instance_in_auto_scaling_group(
            InstanceId=instance_id, ShouldDecrementDesiredCapacity=decrement
        )
        activity: dict[str, Any] = answer["Activity"]
        return activity

    def desire(self, size: int) -> None:
        """SetDesiredCapacity of "pool"."""
        self.client("autoscaling").set_desired_capacity(
            AutoScalingGroupName="pool", DesiredCapacity=size
        )

    def instances(self) -> dict[str, dict[str, Any]]:
        """Every instance of EC2 by id, as DescribeInstances shows it."""
        pages = self.client("ec2").get_paginator("describe_instances").paginate()
        return {
            one["InstanceId"]: one
            for page in pages
            for reservation in page["Reservations"]
            for one in reservation["Instances"]
        }

    def local(self, method: str, route: str, body: dict[str, object] | None = None) -> Any:
        """Ask the control panel; raises urllib's HTTPError on a refusal."""
        request = urllib.request.Request(  # noqa: S310 (our own http URL)
            f"{self.aws.endpoint}/_local/{route}",
            data=json.dumps(body).encode() if body is not None else None,
            method=method,
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own http URL)
            return json.load(answer)
