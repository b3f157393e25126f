"""The AWS adapters: how they ask, and what they make of AWS' refusals.

What the calls do is the contract suites' matter.
"""

from collections.abc import Iterator

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.model import OperationModel

from tests.adapters.answers import Answer, Answers, serving
from tests.contracts.real_world import CloudOnEmbeddedAws, cloud_stage
from tests.contracts.stages import GROUP, HOOK
from workhorse.adapters import secrets
from workhorse.adapters.aws import HOOK_SECONDS, AwsCloud
from workhorse.adapters.aws_mailbox import SqsMailbox
from workhorse.adapters.session import AwsClients
from workhorse.core.errors import Missing, Refusal, Surprise, Unreadable
from workhorse.core.model import Hook, Lifecycle
from workhorse.settings.sections import JenkinsSettings

REFUSED = """<ErrorResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">
<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>
<RequestId>0</RequestId></ErrorResponse>"""


def refused(code: str, message: str, status: int = 400) -> Answer:
    """An answer of the query protocol."""
    headers = {"Content-Type": "text/xml"}
    return Answer(status, headers, REFUSED.format(code=code, message=message))


@pytest.fixture
def answers() -> Iterator[Answers]:
    with serving() as served:
        yield served


@pytest.fixture
def clients(answers: Answers) -> Iterator[AwsClients]:
    made = AwsClients("eu-west-1", answers.url)
    yield made
    made.close()


@pytest.fixture
def cloud(clients: AwsClients) -> AwsCloud:
    return AwsCloud(clients, now=lambda: 0.0)


@pytest.fixture
def stage() -> Iterator[CloudOnEmbeddedAws]:
    with cloud_stage() as made:
        yield made


def launched(stage: CloudOnEmbeddedAws, size: int) -> list[str]:
    """That many instances in service."""
    stage.port.set_desired(GROUP, size)
    stage.pass_time(120)
    found = stage.port.groups([GROUP])[GROUP].instances
    assert [i.lifecycle for i in found] == [Lifecycle.IN_SERVICE] * size
    return [i.id for i in found]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ValidationError", "No active Lifecycle Action found with instance ID i-0abc"),
        ("ValidationError", "no active lifecycle action found with token 1234"),
    ],
)
def test_a_hook_that_waits_no_more_is_done_to_complete_and_missing_to_beat(
    answers: Answers, cloud: AwsCloud, code: str, message: str
) -> None:
    answers.by_request["POST /"] = refused(code, message)
    cloud.complete_hook("g", "h", "i-0abc")
    with pytest.raises(Missing):
        cloud.heartbeat("g", "h", "i-0abc")
    assert len(answers.asked) == 2


def test_any_other_refusal_of_a_hook_is_a_surprise_with_aws_own_words(
    answers: Answers, cloud: AwsCloud
) -> None:
    answers.by_request["POST /"] = refused("ValidationError", "AutoScalingGroup name not found")
    for call in (cloud.complete_hook, cloud.heartbeat):
        with pytest.raises(Surprise, match=r"h of i-0abc in g: ValidationError: AutoScalingGroup"):
            call("g", "h", "i-0abc")


def test_a_role_without_the_right_is_told_by_its_code(answers: Answers, cloud: AwsCloud) -> None:
    answers.by_request["POST /"] = refused("AccessDenied", "not authorized to perform", 403)
    with pytest.raises(Unreadable, match="DescribeAutoScalingGroups g: AccessDenied: not auth"):
        cloud.groups(["g"])
    with pytest.raises(Surprise, match="SetDesiredCapacity of g to 3: AccessDenied"):
        cloud.set_desired("g", 3)


def test_throttling_is_tried_thrice_and_then_left_to_the_next_tick(
    answers: Answers, cloud: AwsCloud
) -> None:
    answers.by_request["POST /"] = refused("Throttling", "Rate exceeded")
    with pytest.raises(Unreadable, match="Throttling: Rate exceeded"):
        cloud.groups(["g"])
    assert len(answers.asked) == 3


def test_real_credentials_never_leave_for_the_embedded_cloud(
    answers: Answers, cloud: AwsCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    answers.by_request["POST /"] = refused("AccessDenied", "no", 403)
    with pytest.raises(Surprise):
        cloud.set_desired("g", 3)
    assert "Credential=loopback/" in answers.asked[0].headers["authorization"]


def test_ec2_is_asked_once_for_each_instance_and_the_hook_every_five_minutes(
    stage: CloudOnEmbeddedAws,
) -> None:
    launched(stage, 2)
    asked: list[str] = []
    for client in (stage.clients.ec2, stage.clients.autoscaling):
        client.meta.events.register("before-call", lambda model, **_: asked.append(model.name))
    for _ in range(3):
        stage.port.groups([GROUP])
    assert asked == ["DescribeAutoScalingGroups"] * 3
    asked.clear()
    stage.pass_time(HOOK_SECONDS)
    stage.port.groups([GROUP])
    assert asked == ["DescribeAutoScalingGroups", "DescribeLifecycleHooks"]


def test_a_hook_that_was_put_later_is_read_when_an_instance_waits_at_it(
    stage: CloudOnEmbeddedAws,
) -> None:
    autoscaling = stage.clients.autoscaling
    autoscaling.delete_lifecycle_hook(LifecycleHookName=HOOK, AutoScalingGroupName=GROUP)
    (only,) = launched(stage, 1)
    assert stage.port.groups([GROUP])[GROUP].hook is None
    autoscaling.put_lifecycle_hook(
        LifecycleHookName="later",
        AutoScalingGroupName=GROUP,
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=120,
    )
    stage.port.terminate(only, decrement=True)
    stage.pass_time(5)
    assert stage.port.groups([GROUP])[GROUP].hook == Hook(name="later", heartbeat_seconds=120)


def test_an_old_hook_is_better_than_none_when_it_cannot_be_read_again(
    stage: CloudOnEmbeddedAws,
) -> None:
    def fail(model: OperationModel, **_: object) -> None:
        if model.name == "DescribeLifecycleHooks":
            raise EndpointConnectionError(endpoint_url="nowhere")

    before = stage.port.groups([GROUP])[GROUP].hook
    stage.clients.autoscaling.meta.events.register("before-call", fail)
    stage.pass_time(HOOK_SECONDS)
    assert stage.port.groups([GROUP])[GROUP].hook == before
    with pytest.raises(Unreadable, match="DescribeLifecycleHooks"):
        AwsCloud(stage.clients, now=stage.now).groups([GROUP])


def test_auto_scaling_is_read_even_when_ec2_is_not(stage: CloudOnEmbeddedAws) -> None:
    (known,) = launched(stage, 1)
    answers = AwsClients("us-east-1", "http://127.0.0.1:9")
    stage.clients.__dict__["ec2"] = answers.ec2
    stage.port.set_desired(GROUP, 2)
    stage.pass_time(5)
    found = stage.port.groups([GROUP])[GROUP]
    assert len(found.instances) == 2
    assert {i.id: i.launched_at is None for i in found.instances}[known] is False
    assert sum(1 for i in found.instances if i.launched_at is None) == 1


def test_a_suspended_terminate_process_switches_scale_in_off(stage: CloudOnEmbeddedAws) -> None:
    autoscaling = stage.clients.autoscaling
    autoscaling.suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["AZRebalance"])
    assert stage.port.groups([GROUP])[GROUP].scale_in_off is False
    autoscaling.suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["Terminate"])
    assert stage.port.groups([GROUP])[GROUP].scale_in_off is True


def test_protection_and_the_newest_template_version_are_told(stage: CloudOnEmbeddedAws) -> None:
    (only,) = launched(stage, 1)
    stage.clients.autoscaling.set_instance_protection(
        AutoScalingGroupName=GROUP, InstanceIds=[only], ProtectedFromScaleIn=True
    )
    ec2 = stage.clients.ec2
    data = ec2.describe_launch_template_versions(LaunchTemplateName="agents")
    ec2.create_launch_template_version(
        LaunchTemplateName="agents",
        LaunchTemplateData={
            "ImageId": data["LaunchTemplateVersions"][0]["LaunchTemplateData"]["ImageId"]
        },
        SourceVersion="1",
    )
    stage.port.set_desired(GROUP, 2)
    stage.pass_time(120)
    told = stage.port.groups([GROUP])[GROUP].by_id
    assert (told[only].protected, told[only].template_version) == (True, 1)
    (newer,) = [one for one in told.values() if one.id != only]
    assert (newer.protected, newer.template_version) == (False, 2)


def test_more_groups_than_one_call_takes_are_asked_in_portions(
    answers: Answers, cloud: AwsCloud
) -> None:
    empty = """<DescribeAutoScalingGroupsResponse><DescribeAutoScalingGroupsResult>
    <AutoScalingGroups/></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"""
    answers.by_request["POST /"] = Answer(200, {"Content-Type": "text/xml"}, empty)
    assert cloud.groups([f"g{n}" for n in range(101)]) == {}
    assert [asked.body.count(b"AutoScalingGroupNames.member") for asked in answers.asked] == [
        *(50, 50, 1)
    ]


@pytest.mark.parametrize(
    "code",
    ["ReceiptHandleIsInvalid", "InvalidParameterValue", "com.amazonaws.sqs#MessageNotInflight"],
)
def test_a_message_that_is_not_ours_any_more_is_missing_to_hold_and_done_to_forget(
    answers: Answers, clients: AwsClients, code: str
) -> None:
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    body = f'{{"__type": "{code}", "message": "no"}}'
    answers.by_request["POST /"] = Answer(400, headers, body)
    mailbox = SqsMailbox(clients)
    with pytest.raises(Missing):
        mailbox.hold(f"{answers.url}/q", "receipt", 10)
    mailbox.forget(f"{answers.url}/q", "receipt")


def test_secrets_are_read_and_their_absence_is_refused(stage: CloudOnEmbeddedAws) -> None:
    clients = stage.clients
    clients.ssm.put_parameter(Name="/workhorse/token", Value="t0ken", Type="SecureString")
    clients.secretsmanager.create_secret(Name="token", SecretString="t1ken")
    assert secrets.from_parameter(clients, "/workhorse/token") == "t0ken"
    assert secrets.from_secret(clients, "token") == "t1ken"
    with pytest.raises(Refusal, match="SSM parameter /none: ParameterNotFound"):
        secrets.from_parameter(clients, "/none")
    with pytest.raises(Refusal, match="secret none: ResourceNotFoundException"):
        secrets.from_secret(clients, "none")


def test_jenkins_token_is_read_without_the_end_of_its_line(stage: CloudOnEmbeddedAws) -> None:
    """As by `put-parameter --value file://token`, which stores the end of the line too."""
    clients = stage.clients
    clients.ssm.put_parameter(Name="/workhorse/jenkins", Value="t0ken\n", Type="SecureString")
    clients.ssm.put_parameter(Name="/workhorse/prose", Value="no token", Type="SecureString")
    clients.secretsmanager.create_secret(Name="jenkins", SecretString="t1ken\n")

    def read(**place: str) -> str:
        http = {"url": "https://ci.example.com/", "user": "workhorse"}
        return secrets.jenkins_token(clients, JenkinsSettings(**http, **place))

    assert read(token_parameter="/workhorse/jenkins") == "t0ken"
    assert read(token_secret="jenkins") == "t1ken"
    with pytest.raises(Refusal, match="token_parameter: /workhorse/prose: holds more than a token"):
        read(token_parameter="/workhorse/prose")
