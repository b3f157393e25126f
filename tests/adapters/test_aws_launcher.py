"""The launcher: how it asks, and what it makes of AWS' refusals.

What the calls do is the contract suite's matter.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import OperationModel

from tests.adapters.answers import Answer, serving
from tests.contracts.real_rollouts import LauncherOnEmbeddedAws, launcher_world
from tests.contracts.stages import GROUP
from workhorse.adapters.aws_canary import TOKENS, with_lines
from workhorse.adapters.aws_launcher import CONSISTENT_SECONDS, NO_ROOM, AwsLauncher
from workhorse.adapters.aws_templates import mixed_policy, user_data, version_number
from workhorse.adapters.session import AwsClients
from workhorse.core.errors import Missing, Surprise, Unreadable
from workhorse.core.orders import RefreshStatus

ORDER = "r-20260101-1"
LABEL = "workhorse-canary-linux"


@pytest.fixture
def world() -> Iterator[LauncherOnEmbeddedAws]:
    with launcher_world() as made:
        yield made


def asked(client: Any, name: str) -> list[dict[str, Any]]:
    """The arguments of every call of that name from now on."""
    found: list[dict[str, Any]] = []

    def note(model: OperationModel, params: dict[str, Any], **_: object) -> None:
        if model.name == name:
            found.append(params)

    client.meta.events.register("provide-client-params.*.*", note)
    return found


@contextmanager
def launcher_on(answer: Answer) -> Iterator[AwsLauncher]:
    """A launcher to whom AWS says the same whatever it is asked."""
    with serving() as served:
        served.by_request["POST /"] = answer
        clients = AwsClients("eu-west-1", served.url)
        try:
            yield AwsLauncher(clients, now=lambda: 0.0)
        finally:
            clients.close()


def refusing(client: Any, name: str, code: str, times: int) -> None:
    """The first calls of that name are answered with an error."""
    left = [code] * times

    def refuse(model: OperationModel, **_: object) -> None:
        if model.name == name and left:
            error = {"Error": {"Code": left.pop(), "Message": "as the test says"}}
            raise ClientError(error, name)  # type: ignore[arg-type] # a part of what AWS says

    client.meta.events.register("before-call", refuse)


def test_only_the_version_changes_when_a_group_is_told_one(world: LauncherOnEmbeddedAws) -> None:
    def described() -> Any:
        told = world.clients.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])
        return told["AutoScalingGroups"][0]

    version = world.add_version()
    before = described()
    world.port.use_template(GROUP, version)
    after = described()
    for group in (before, after):
        template = group["MixedInstancesPolicy"]["LaunchTemplate"]
        group["version"] = template["LaunchTemplateSpecification"].pop("Version")
    assert (before.pop("version"), after.pop("version")) == ("1", str(version))
    assert after == before


def test_a_group_with_a_template_of_its_own_is_told_there(world: LauncherOnEmbeddedAws) -> None:
    autoscaling, name = world.clients.autoscaling, "plain"
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateName": "agents", "Version": "$Default"},
    )
    version = world.add_version()
    assert world.cloud.groups([name])[name].template_version == 0
    world.port.use_template(name, version)
    assert world.cloud.groups([name])[name].template_version == version


def test_a_version_that_the_group_launches_already_costs_no_change(
    world: LauncherOnEmbeddedAws,
) -> None:
    updates = asked(world.clients.autoscaling, "UpdateAutoScalingGroup")
    world.port.use_template(GROUP, 1)
    assert updates == []


def test_versions_are_told_newest_first_with_their_images(world: LauncherOnEmbeddedAws) -> None:
    for _ in range(16):
        world.add_version()
    told = world.port.template_versions(GROUP)
    assert [one.number for one in told] == [*range(17, 0, -1)]
    assert len({one.image for one in told}) == 17
    assert told[0].created_at == world.now()
    with pytest.raises(Missing, match="no-such-group"):
        world.port.template_versions("no-such-group")


def test_versions_of_one_image_are_told_with_what_tells_them_apart(
    world: LauncherOnEmbeddedAws,
) -> None:
    ec2 = world.clients.ec2
    image = world.port.template_versions(GROUP)[0].image
    ec2.create_launch_template_version(
        LaunchTemplateName="agents",
        SourceVersion="1",
        VersionDescription="larger",
        LaunchTemplateData={"InstanceType": "m5.xlarge"},
    )
    told = world.port.template_versions(GROUP)
    assert [(one.number, one.image) for one in told] == [(2, image), (1, image)]
    assert [one.description for one in told] == ["larger", ""]


@pytest.mark.parametrize("code", NO_ROOM)
def test_a_canary_goes_where_there_is_room(world: LauncherOnEmbeddedAws, code: str) -> None:
    """Every type of the group in every subnet is tried; each try has a token of its own."""
    runs = asked(world.clients.ec2, "RunInstances")
    refusing(world.clients.ec2, "RunInstances", code, 3)
    made = world.port.launch_canary(GROUP, 1, ORDER, LABEL)
    of_the_template = None
    assert [one.get("InstanceType", of_the_template) for one in runs] == [
        *(of_the_template, of_the_template),
        *("m5a.large", "m5a.large"),
    ]
    assert len({one["SubnetId"] for one in runs}) == 2
    assert len({one["ClientToken"] for one in runs}) == 4
    assert [one.instance for one in world.port.canaries(GROUP)] == [made]


def test_a_canary_that_fits_nowhere_is_a_surprise_in_aws_words(
    world: LauncherOnEmbeddedAws,
) -> None:
    refusing(world.clients.ec2, "RunInstances", "InsufficientInstanceCapacity", 4)
    with pytest.raises(Surprise, match="InsufficientInstanceCapacity: as the test says"):
        world.port.launch_canary(GROUP, 1, ORDER, LABEL)
    refusing(world.clients.ec2, "RunInstances", "UnauthorizedOperation", 1)
    with pytest.raises(Surprise, match=rf"canary of {GROUP} for {ORDER}: UnauthorizedOperation"):
        world.port.launch_canary(GROUP, 1, ORDER, LABEL)


def test_a_canary_that_ec2_does_not_show_yet_is_there(world: LauncherOnEmbeddedAws) -> None:
    """https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html ."""
    made = world.port.launch_canary(GROUP, 1, ORDER, LABEL)
    world.clients.ec2.delete_tags(Resources=[made], Tags=[{"Key": "workhorse:pool-group"}])
    (canary,) = world.port.canaries(GROUP)
    assert (canary.instance, canary.state) == (made, "pending")
    assert not world.port.canaries("another-group")
    world.pass_time(CONSISTENT_SECONDS)
    assert not world.port.canaries(GROUP)


def test_another_controller_launches_no_second_canary(world: LauncherOnEmbeddedAws) -> None:
    """Even when EC2 does not show the first yet: the token is made of what is asked."""
    first = world.port.launch_canary(GROUP, 1, ORDER, LABEL)
    world.clients.ec2.delete_tags(Resources=[first], Tags=[{"Key": "workhorse:pool-group"}])
    other = AwsLauncher(world.clients, now=world.now)
    assert other.launch_canary(GROUP, 1, ORDER, LABEL) == first


def test_a_canary_that_ended_is_followed_by_another_of_the_same_order(
    world: LauncherOnEmbeddedAws,
) -> None:
    """EC2 keeps a token for a day after the instance ended, and answers with that instance."""
    first = world.port.launch_canary(GROUP, 1, ORDER, LABEL)
    world.port.end_canary(first)
    world.pass_time(CONSISTENT_SECONDS)
    second = world.port.launch_canary(GROUP, 1, ORDER, LABEL)
    assert second != first
    assert [one.instance for one in world.port.canaries(GROUP)] == [second]
    world.clients.ec2.delete_tags(Resources=[second], Tags=[{"Key": "workhorse:pool-group"}])
    other = AwsLauncher(world.clients, now=world.now)
    assert other.launch_canary(GROUP, 1, ORDER, LABEL) == second


def test_a_token_whose_instance_ended_is_not_asked_with_for_ever(
    world: LauncherOnEmbeddedAws,
) -> None:
    runs = asked(world.clients.ec2, "RunInstances")
    refusing(world.clients.ec2, "RunInstances", "IdempotentInstanceTerminated", 9)
    with pytest.raises(Surprise, match="every one that was launched has ended"):
        world.port.launch_canary(GROUP, 1, ORDER, LABEL)
    assert len({one["ClientToken"] for one in runs}) == len(runs) == TOKENS


def test_a_canary_of_a_template_with_interfaces_is_placed_by_the_first_of_them(
    world: LauncherOnEmbeddedAws,
) -> None:
    world.clients.ec2.create_launch_template_version(
        LaunchTemplateName="agents",
        SourceVersion="1",
        LaunchTemplateData={
            "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": False}],
            "TagSpecifications": [
                {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "agent"}]}
            ],
        },
    )
    runs = asked(world.clients.ec2, "RunInstances")
    made = world.port.launch_canary(GROUP, 2, ORDER, LABEL)
    (told,) = runs
    assert "SubnetId" not in told
    assert told["NetworkInterfaces"][0]["SubnetId"].startswith("subnet-")
    assert told["NetworkInterfaces"][0]["AssociatePublicIpAddress"] is False
    tags = world.tags(made)
    assert (tags["Name"], tags["workhorse:canary"]) == ("agent", ORDER)


def test_user_data_that_is_no_text_keeps_a_canary_from_being_launched() -> None:
    packed = base64.b64encode(b"\x1f\x8b\x08").decode()
    with pytest.raises(Surprise, match="user data of lt-1, version 2: is no text"):
        user_data({"UserData": packed}, "lt-1, version 2")
    assert user_data({}, "lt-1") == ""


def test_lines_are_added_below_what_is_there() -> None:
    assert with_lines("A=1", {"B": "2", "C": "3"}) == "A=1\nB=2\nC=3\n"
    assert with_lines("A=1\n", {"B": "2"}) == "A=1\nB=2\n"
    assert with_lines("", {"B": "2"}) == "B=2\n"


def test_a_template_that_is_told_by_id_and_by_name_is_asked_for_by_id() -> None:
    """Auto Scaling tells both and takes one, in an override too."""
    own = {"LaunchTemplateId": "lt-2", "LaunchTemplateName": "arm", "Version": "4"}
    group: Any = {
        "AutoScalingGroupName": "g",
        "MixedInstancesPolicy": {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {
                    "LaunchTemplateId": "lt-1",
                    "LaunchTemplateName": "agents",
                    "Version": "$Latest",
                },
                "Overrides": [
                    {"InstanceType": "m6g.large", "LaunchTemplateSpecification": own},
                    {"InstanceType": "m5.large", "WeightedCapacity": "1"},
                ],
            },
            "InstancesDistribution": {"SpotMaxPrice": "0.5"},
        },
    }
    assert mixed_policy(group, 7) == {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": "lt-1", "Version": "7"},
            "Overrides": [
                {
                    "InstanceType": "m6g.large",
                    "LaunchTemplateSpecification": {"LaunchTemplateId": "lt-2", "Version": "4"},
                },
                {"InstanceType": "m5.large", "WeightedCapacity": "1"},
            ],
        },
        "InstancesDistribution": {"SpotMaxPrice": "0.5"},
    }


@pytest.mark.parametrize("told", [{"Version": "$Latest"}, {"Version": "$Default"}, {}, None])
def test_a_group_that_names_no_version_by_number_tells_0(told: dict[str, str] | None) -> None:
    group: Any = {"AutoScalingGroupName": "g"}
    if told is not None:
        group["LaunchTemplate"] = {"LaunchTemplateId": "lt-1"} | told
    assert version_number(group) == 0


def test_a_group_without_a_template_has_no_versions(world: LauncherOnEmbeddedAws) -> None:
    autoscaling = world.clients.autoscaling
    autoscaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId="ami-12c6146b", InstanceType="m5.large"
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="old",
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=["us-east-1a"],
        LaunchConfigurationName="old",
    )
    with pytest.raises(Missing, match="group old: it launches from no template"):
        world.port.use_template("old", 2)


def test_a_refresh_leaves_protected_agents_to_the_operator(world: LauncherOnEmbeddedAws) -> None:
    world.grow(2)
    held, other = sorted(world.members())
    world.clients.autoscaling.set_instance_protection(
        AutoScalingGroupName=GROUP, InstanceIds=[held], ProtectedFromScaleIn=True
    )
    world.port.start_refresh(GROUP, world.add_version(), 0)
    for _ in range(10):
        world.pass_time(60)
        world.let_go()
    found = world.port.refresh(GROUP)
    assert found is not None
    assert found.status is RefreshStatus.SUCCESSFUL
    assert held in world.members()
    assert other not in world.members()


def test_a_refresh_that_runs_keeps_the_template_from_being_changed_until_it_is_cancelled(
    world: LauncherOnEmbeddedAws,
) -> None:
    """An agent at its hook, perhaps for hours, does not hold the cancellation up."""
    world.grow(1)
    version = world.add_version()
    world.port.start_refresh(GROUP, version, 0)
    world.pass_time(30)
    assert len(world.hold_open()) == 1
    with pytest.raises(Surprise, match="active instance refresh"):
        world.port.use_template(GROUP, version)
    world.port.cancel_refresh(GROUP)
    world.pass_time(5)
    assert len(world.hold_open()) == 1
    world.port.use_template(GROUP, version)


def test_a_status_of_a_refresh_that_we_do_not_know_is_other_and_keeps_its_reason() -> None:
    body = """<DescribeInstanceRefreshesResponse><DescribeInstanceRefreshesResult>
    <InstanceRefreshes><member><InstanceRefreshId>r-1</InstanceRefreshId><Status>Baking</Status>
    <StatusReason>why</StatusReason><PercentageComplete>40</PercentageComplete></member>
    </InstanceRefreshes></DescribeInstanceRefreshesResult></DescribeInstanceRefreshesResponse>"""
    with launcher_on(Answer(200, {"Content-Type": "text/xml"}, body)) as launcher:
        found = launcher.refresh("g")
    assert found is not None
    assert (found.status, found.percent, found.reason) == (RefreshStatus.OTHER, 40, "why")


def test_a_role_without_the_right_is_told_by_its_code() -> None:
    body = """<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>
    <Message>not authorized to perform</Message></Error><RequestId>0</RequestId></ErrorResponse>"""
    with launcher_on(Answer(403, {"Content-Type": "text/xml"}, body)) as launcher:
        with pytest.raises(Unreadable, match="DescribeInstanceRefreshes of g: AccessDenied"):
            launcher.refresh("g")
        with pytest.raises(Surprise, match="CancelInstanceRefresh of g: AccessDenied"):
            launcher.cancel_refresh("g")
