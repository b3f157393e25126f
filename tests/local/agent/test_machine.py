"""What a machine asks of its cloud, against the embedded AWS itself."""

import base64
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from tests import few_images
from workhorse.local.agent import complete_hook
from workhorse.local.agent.cloud import CallError, Cloud
from workhorse.local.agent.metadata import Metadata
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock

START = 1_800_000_000.0
USER_DATA = "AGENT_LABELS=linux\n"


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    made = EmbeddedAws(ScaledClock(START, 0.0), timings=Timings(boot=1.0), managed_policies=False)
    with few_images.running(made) as running:
        yield running


@pytest.fixture
def cloud(aws: EmbeddedAws) -> Cloud:
    return Cloud(aws.endpoint, "us-east-1")


@pytest.fixture
def instance(aws: EmbeddedAws, cloud: Cloud) -> str:
    """A running instance that demands tokens of its metadata service."""
    form = {
        "ImageId": few_images.IMAGE,
        "InstanceType": "m5.large",
        "MinCount": "1",
        "MaxCount": "1",
        "UserData": base64.b64encode(USER_DATA.encode()).decode(),
        "MetadataOptions.HttpTokens": "required",
    }
    answer = ET.fromstring(cloud.query("ec2", "RunInstances", form))  # noqa: S314 - our own cloud
    aws.advance(2)
    return answer.findtext(".//{*}instanceId") or ""


def test_an_instance_learns_who_it_is_and_what_to_do(aws: EmbeddedAws, instance: str) -> None:
    metadata = Metadata(f"{aws.endpoint}/imds/{instance}")
    assert metadata.instance_id() == instance
    assert metadata.user_data() == USER_DATA


def test_a_metadata_service_that_knows_no_such_machine_is_an_error(aws: EmbeddedAws) -> None:
    with pytest.raises(ConnectionError, match="metadata service"):
        Metadata(f"{aws.endpoint}/imds/i-0none").instance_id()


def test_a_secret_parameter_comes_back_in_the_clear(cloud: Cloud) -> None:
    name = "/agent/token"
    cloud.json_call("PutParameter", {"Name": name, "Value": "abc", "Type": "SecureString"})
    assert cloud.parameter(name) == "abc"


def test_a_parameter_that_is_not_there_is_refused_in_the_words_of_aws(cloud: Cloud) -> None:
    with pytest.raises(CallError, match="ParameterNotFound"):
        cloud.parameter("/agent/none")


def test_completing_a_hook_that_nobody_waits_at_says_so(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
    asked = ["--group", "none", "--hook", "none", "--instance", "i-0none"]
    assert complete_hook.main(asked) == 1
    assert "CompleteLifecycleAction: 400" in capsys.readouterr().err
