"""Each instance has its own metadata service, versions 1 and 2.

Pages are below https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ unless they say so.
"""

import base64
import json
import urllib.request
from urllib.error import HTTPError

import pytest
from botocore.utils import InstanceMetadataFetcher

from tests.local.aws.cloud import LAUNCHING, Cloud
from workhorse.local.aws.metadata import Machine, get, look_up, target_state, token_ttl

TTL = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "X-aws-ec2-metadata-token"


def ask(cloud: Cloud, instance: str, path: str, method: str = "GET", **headers: str) -> str:
    """Text of a metadata path; raises HTTPError."""
    url = f"{cloud.aws.endpoint}/imds/{instance}/latest/{path}"
    names = {"ttl": TTL, "token": TOKEN}
    given = {names[key]: value for key, value in headers.items()}
    request = urllib.request.Request(url, method=method, headers=given)  # noqa: S310 (our own URL)
    with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own URL)
        return str(answer.read().decode())


def instance_of(cloud: Cloud, **data: object) -> str:
    """The running instance of a group of one whose template has this data."""
    cloud.template(**data)
    cloud.group(desired=1)
    cloud.advance(60)
    (instance,) = cloud.members()
    return instance


def test_version_two_is_required_where_the_template_says_so(cloud: Cloud) -> None:
    """configuring-instance-metadata-service.html: 401 without a token."""
    instance = instance_of(cloud, MetadataOptions={"HttpTokens": "required"})
    with pytest.raises(HTTPError, match="401"):
        ask(cloud, instance, "meta-data/instance-id")
    with pytest.raises(HTTPError, match="400"):
        ask(cloud, instance, "api/token", "PUT")
    token = ask(cloud, instance, "api/token", "PUT", ttl="60")
    assert ask(cloud, instance, "meta-data/instance-id", token=token) == instance
    cloud.advance(60)
    with pytest.raises(HTTPError, match="401"):
        ask(cloud, instance, "meta-data/instance-id", token=token)


def test_version_one_works_where_tokens_are_optional(cloud: Cloud) -> None:
    """instancedata-data-retrieval.html: paths, listings and user data."""
    text = base64.b64encode(b"#!/bin/sh\necho hi").decode()
    instance = instance_of(cloud, UserData=text)

    assert ask(cloud, instance, "meta-data/placement/availability-zone") == "us-east-1a"
    assert ask(cloud, instance, "meta-data/instance-life-cycle") == "on-demand"
    assert ask(cloud, instance, "user-data") == "#!/bin/sh\necho hi"
    assert "placement/" in ask(cloud, instance, "meta-data/").split("\n")
    document = json.loads(ask(cloud, instance, "dynamic/instance-identity/document"))
    assert (document["instanceId"], document["region"]) == (instance, "us-east-1")
    with pytest.raises(HTTPError, match="404"):
        ask(cloud, instance, "meta-data/spot/instance-action")
    with pytest.raises(HTTPError, match="404"):
        ask(cloud, instance, "meta-data/tags/instance/Name")


def test_a_disabled_service_answers_nothing(cloud: Cloud) -> None:
    """configuring-instance-metadata-service.html: HttpEndpoint disabled."""
    instance = instance_of(cloud, MetadataOptions={"HttpEndpoint": "disabled"})
    with pytest.raises(HTTPError, match="403"):
        ask(cloud, instance, "meta-data/instance-id")


def test_tags_are_shown_where_the_template_allows_it(cloud: Cloud) -> None:
    """work-with-tags-in-IMDS.html: InstanceMetadataTags enabled."""
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "agent"}]}]
    options = {"InstanceMetadataTags": "enabled"}
    instance = instance_of(cloud, TagSpecifications=tags, MetadataOptions=options)

    assert ask(cloud, instance, "meta-data/tags/instance/Name") == "agent"


def test_the_target_lifecycle_state_follows_the_group(cloud: Cloud) -> None:
    """.../autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html ."""
    cloud.group()
    cloud.hook()
    cloud.client("autoscaling").put_lifecycle_hook(
        LifecycleHookName="boot", AutoScalingGroupName="pool", LifecycleTransition=LAUNCHING
    )
    cloud.desire(1)
    cloud.advance(60)
    (instance,) = cloud.members()
    path = "meta-data/autoscaling/target-lifecycle-state"
    assert cloud.members()[instance] == "Pending:Wait"
    assert ask(cloud, instance, path) == "InService"
    cloud.complete(instance, hook="boot")
    assert ask(cloud, instance, path) == "InService"
    cloud.terminate(instance)

    assert ask(cloud, instance, path) == "Terminated"


def test_a_warned_spot_instance_reads_its_end(cloud: Cloud) -> None:
    """spot-instance-termination-notices.html: instance-action and time."""
    instance = instance_of(cloud, InstanceMarketOptions={"MarketType": "spot"})
    assert ask(cloud, instance, "meta-data/instance-life-cycle") == "spot"
    cloud.local("POST", "spot/rebalance", {"instance": instance})
    cloud.local("POST", "spot/interrupt", {"instance": instance})
    notice = json.loads(ask(cloud, instance, "meta-data/events/recommendations/rebalance"))
    assert notice == {"noticeTime": "2026-01-01T00:01:00Z"}
    action = json.loads(ask(cloud, instance, "meta-data/spot/instance-action"))
    assert action == {"action": "terminate", "time": "2026-01-01T00:03:00Z"}
    cloud.advance(130)

    with pytest.raises(HTTPError, match="404"):
        ask(cloud, instance, "meta-data/instance-id")


def test_the_aws_sdk_finds_its_role_there(cloud: Cloud) -> None:
    """iam-roles-for-amazon-ec2.html: iam/security-credentials/ROLE."""
    iam = cloud.client("iam")
    iam.create_role(RoleName="agent", AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="agent")
    iam.add_role_to_instance_profile(InstanceProfileName="agent", RoleName="agent")
    options = {"HttpTokens": "required"}
    instance = instance_of(cloud, IamInstanceProfile={"Name": "agent"}, MetadataOptions=options)
    endpoint = f"{cloud.aws.endpoint}/imds/{instance}"
    fetcher = InstanceMetadataFetcher(config={"ec2_metadata_service_endpoint": endpoint})
    found = fetcher.retrieve_iam_role_credentials()

    assert found["role_name"] == "agent"
    assert found["access_key"].startswith("ASIA")


MACHINE = Machine(leaves={"a/b": "1", "a/c/d": "2"}, tokens={"t": 10.0}, tokens_required=True)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [("a", 200, "b\nc/"), ("a/", 200, "b\nc/"), ("a/b", 200, "1"), ("", 200, "a/"), ("x", 404, "")],
)
def test_a_directory_lists_what_is_in_it(path: str, status: int, text: str) -> None:
    """instancedata-data-retrieval.html: a listing, a leaf or 404."""
    answer = look_up(MACHINE.leaves, path)

    assert answer.status == status
    assert text in answer.text


@pytest.mark.parametrize(("now", "status"), [(9.9, 200), (10.0, 401)])
def test_a_token_ends_at_its_time(now: float, status: int) -> None:
    """configuring-instance-metadata-service.html: the token's TTL."""
    assert get(MACHINE, "a/b", {TOKEN.lower(): "t"}, now).status == status


@pytest.mark.parametrize(
    ("text", "seconds"), [("1", 1), ("21600", 21600), ("0", None), ("21601", None), ("x", None)]
)
def test_a_token_lives_from_a_second_to_six_hours(text: str, seconds: int | None) -> None:
    """instancedata-data-retrieval.html: at most 21600 seconds."""
    assert token_ttl({TTL.lower(): text}) == seconds


@pytest.mark.parametrize(
    ("state", "target"),
    [
        ("Pending:Wait", "InService"),
        ("InService", "InService"),
        ("Terminating:Wait", "Terminated"),
        ("Terminated", "Terminated"),
        ("EnteringStandby", "Standby"),
        ("Detaching", "Detached"),
    ],
)
def test_the_target_is_where_the_state_leads(state: str, target: str) -> None:
    """.../autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html ."""
    assert target_state(state) == target
