"""Serve each instance its own metadata, below /imds/INSTANCE-ID on the AWS endpoint."""

import base64
import json
from collections.abc import Mapping
from typing import Any, cast

from moto.ec2.models.instances import Instance

from workhorse.local.aws.credentials import Role
from workhorse.local.aws.ec2_life import life_of, new_token
from workhorse.local.aws.engine import Engine
from workhorse.local.aws.inventory import find_instance
from workhorse.local.aws.members import member_of
from workhorse.local.aws.messages import stamp
from workhorse.local.aws.metadata import (
    Answer,
    Machine,
    action_document,
    get,
    target_state,
    token_ttl,
)

AWAKE = frozenset({"running", "stopping", "shutting-down"})
INTERRUPTION_NOTICE = 120.0
"""Seconds between the warning and the end of a spot instance."""


def respond(engine: Engine, method: str, path: str, headers: Mapping[str, str]) -> Answer:
    """Answer a request for /imds/INSTANCE-ID/latest/...; `path` starts at the instance id."""
    instance_id, _, rest = path.strip("/").partition("/")
    instance = find_instance(instance_id)
    version, _, below = rest.partition("/")
    if instance is None or instance.state not in AWAKE or version != "latest":
        return Answer(status=404, text="Not Found")
    now = engine.clock.now()
    lower = {name.lower(): value for name, value in headers.items()}
    if below == "api/token":
        return _grant(instance, method, lower, now)
    options = instance.metadata_options
    machine = Machine(
        leaves=leaves_of(engine, instance),
        tokens=life_of(instance).tokens,
        endpoint=options.http_endpoint != "disabled",
        tokens_required=options.http_tokens == "required",
    )
    return get(machine, below, lower, now)


def _grant(instance: Instance, method: str, headers: Mapping[str, str], now: float) -> Answer:
    if method != "PUT":
        return Answer(status=405, text="Method Not Allowed")
    if instance.metadata_options.http_endpoint == "disabled":
        return Answer(status=403, text="IMDS is disabled")
    seconds = token_ttl(headers)
    if seconds is None or "x-forwarded-for" in headers:
        return Answer(status=400, text="Bad Request")
    token = new_token()
    life_of(instance).tokens[token] = now + seconds
    ttl = ("X-aws-ec2-metadata-token-ttl-seconds", str(seconds))
    return Answer(status=200, text=token, headers=(ttl,))


def leaves_of(engine: Engine, instance: Instance) -> dict[str, str]:
    """Every metadata path of an instance below "latest/", with its text."""
    zone, region = str(instance.placement.zone), str(instance.ec2_backend.region_name)
    leaves = {
        "meta-data/ami-id": instance.image_id,
        "meta-data/instance-id": instance.id,
        "meta-data/instance-type": instance.instance_type,
        "meta-data/instance-life-cycle": instance.lifecycle or "on-demand",
        "meta-data/local-ipv4": str(instance.private_ip),
        "meta-data/local-hostname": instance.private_dns_name,
        "meta-data/hostname": instance.private_dns_name,
        "meta-data/placement/availability-zone": zone,
        "meta-data/placement/region": region,
        "meta-data/services/domain": "amazonaws.com",
        "meta-data/services/partition": "aws",
        "dynamic/instance-identity/document": _identity(instance, zone, region),
    }
    if instance.user_data:
        text = str(instance.user_data)
        leaves["user-data"] = base64.b64decode(text).decode("utf-8", errors="replace")
    leaves |= _warnings(instance) | _role(engine, instance) | _tags(instance) | _group(instance)
    return leaves


def _identity(instance: Instance, zone: str, region: str) -> str:
    return json.dumps(
        {
            "accountId": instance.owner_id,
            "architecture": instance.architecture,
            "availabilityZone": zone,
            "imageId": instance.image_id,
            "instanceId": instance.id,
            "instanceType": instance.instance_type,
            "privateIp": instance.private_ip,
            "region": region,
            "version": "2017-09-30",
        }
    )


def _warnings(instance: Instance) -> dict[str, str]:
    life = life_of(instance)
    leaves: dict[str, str] = {}
    if life.interruption_at is not None:
        when = stamp(life.interruption_at)[:19] + "Z"
        leaves["meta-data/spot/instance-action"] = action_document("terminate", when)
        leaves["meta-data/spot/termination-time"] = when
    if life.rebalance_at is not None:
        when = stamp(life.rebalance_at)[:19] + "Z"
        leaves["meta-data/events/recommendations/rebalance"] = json.dumps({"noticeTime": when})
    return leaves


def _role(engine: Engine, instance: Instance) -> dict[str, str]:
    """The instance profile and the credentials of its role, which are this instance's own."""
    found = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    if found is None:
        return {}
    profile = found.iam_instance_profile
    info = {"Code": "Success", "InstanceProfileArn": profile.arn, "InstanceProfileId": profile.id}
    leaves = {"meta-data/iam/info": json.dumps(info)}
    if profile.roles:
        name = profile.roles[0].name
        path = f"meta-data/iam/security-credentials/{name}"
        leaves[path] = _credentials(engine, instance, name, profile.roles[0].arn)
    return leaves


def _credentials(engine: Engine, instance: Instance, name: str, arn: str) -> str:
    """The document; its times are real ones, as those who sign with it live in real time."""
    role = Role(
        name=name,
        arn=arn,
        account=str(instance.owner_id),
        region=str(instance.ec2_backend.region_name),
    )
    wall = engine.clock.wall()
    found = engine.credentials.of(instance.id, role, wall)
    document = {
        "Code": "Success",
        "LastUpdated": stamp(wall)[:19] + "Z",
        "Type": "AWS-HMAC",
        "AccessKeyId": found.key,
        "SecretAccessKey": found.secret,
        "Token": found.token,
        "Expiration": stamp(found.expires)[:19] + "Z",
    }
    return json.dumps(document)


def _tags(instance: Instance) -> dict[str, str]:
    if instance.metadata_options.instance_metadata_tags != "enabled":
        return {}
    tags = cast("list[dict[str, Any]]", instance.get_tags())
    return {f"meta-data/tags/instance/{tag['key']}": str(tag["value"]) for tag in tags}


def _group(instance: Instance) -> dict[str, str]:
    member = member_of(instance)
    if member is None:
        return {}
    state = target_state(member.lifecycle_state)
    return {"meta-data/autoscaling/target-lifecycle-state": state}
