"""Registration from the image: alone, against the stand-in, and as a process on an instance."""

import getpass
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest

from scripts.agent import register
from scripts.agent.exchange import FailedError
from scripts.agent.userdata import Told, configuration
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.clock import ScaledClock
from workhorse.local.demo.jenkins_api import JenkinsApi
from workhorse.local.jenkins.agent_link import connect
from workhorse.local.jenkins.standin import JenkinsStandIn

SOURCE = Path(register.__file__).parent
NAME = "i-0123456789abcdef0"


@pytest.fixture(scope="module")
def jenkins() -> Iterator[JenkinsStandIn]:
    with JenkinsStandIn() as running:
        yield running


def user_data(jenkins: JenkinsStandIn, directory: Path, **more: str) -> str:
    lines = {
        "JENKINS_URL": jenkins.url,
        "JENKINS_USER": jenkins.user,
        "JENKINS_TOKEN_PARAMETER": "/workhorse/token",
        "AGENT_LABELS": "'linux docker'",
        "AGENT_DIRECTORY": str(directory),
    }
    return "".join(f"{name}={value}\n" for name, value in {**lines, **more}.items())


@pytest.fixture
def told(jenkins: JenkinsStandIn, tmp_path: Path) -> Told:
    return configuration(user_data(jenkins, tmp_path / "agent"))


def nodes(jenkins: JenkinsStandIn) -> dict[str, Any]:
    api = JenkinsApi(jenkins.url, jenkins.user, jenkins.token)
    return {each["displayName"]: each for each in api.computers()}


# --- Joining Jenkins -----------------------------------------------------------------------------


def test_joining_makes_a_node_whose_secret_opens_a_connection(
    jenkins: JenkinsStandIn, told: Told
) -> None:
    secret = register.join(NAME, told, jenkins.token)
    labels = {label["name"] for label in nodes(jenkins)[NAME]["assignedLabels"]}
    assert labels == {NAME, "linux", "docker"}
    link = connect(jenkins.url, NAME, secret, reconnect=False)
    try:
        link._open()
        assert link.connects == 1
    finally:
        link.close()


def test_joining_again_finds_the_node_and_the_same_secret(
    jenkins: JenkinsStandIn, told: Told
) -> None:
    twice = [register.join("i-0aaaaaaaaaaaaaaaa", told, jenkins.token) for _ in range(2)]
    assert twice[0] == twice[1]
    assert re.fullmatch("[0-9a-f]{64}", twice[0])


def test_jenkins_is_asked_in_english_whatever_its_own_language_is(told: Told) -> None:
    """A controller answers who names no language in its own; a second try reads its words."""
    asked: list[tuple[str, str]] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(400, "")

        def do_GET(self) -> None:
            self._answer(200, f"<jnlp><argument>{'a' * 64}</argument></jnlp>")

        def _answer(self, status: int, body: str) -> None:
            language = self.headers.get("Accept-Language", "")
            asked.append((self.command, language))
            words = "already exists" if language == "en" else "existiert bereits"
            self.send_response(status)
            self.send_header("X-Error", f"{NAME} {words}")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever).start()
        try:
            there = replace(told, jenkins_url=f"http://127.0.0.1:{server.server_port}/")
            assert register.join(NAME, there, "token") == "a" * 64
        finally:
            server.shutdown()
    assert asked == [("POST", "en"), ("GET", "en")]


def test_a_wrong_token_is_refused_in_words_that_do_not_hold_it(told: Told) -> None:
    with pytest.raises(FailedError, match="doCreateItem: 401") as refused:
        register.join(NAME, told, "wrong-token")
    assert "wrong-token" not in str(refused.value)


# --- Patience ------------------------------------------------------------------------------------


class Time:
    """A clock that only resting moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []

    def rest(self, seconds: float) -> None:
        """Let time pass."""
        self.rests.append(seconds)
        self.now += seconds


def failing(times: int) -> Callable[[], str]:
    left = iter([OSError("not yet")] * times)

    def act() -> str:
        if (error := next(left, None)) is not None:
            raise error
        return "done"

    return act


def test_patience_waits_longer_and_longer_until_it_works() -> None:
    time = Time()
    patience = register.Patience(100, clock=lambda: time.now, rest=time.rest)
    assert patience(failing(6)) == "done"
    assert time.rests == [1, 2, 4, 8, 15, 15]


def test_patience_ends_within_its_seconds_with_what_was_wrong() -> None:
    time = Time()
    patience = register.Patience(60, clock=lambda: time.now, rest=time.rest)
    with pytest.raises(OSError, match="not yet"):
        patience(failing(1000))
    assert 40 < time.now < 60


def test_all_steps_of_a_boot_share_one_patience() -> None:
    """Else five steps that each nearly time out would take five times as long as the unit may."""
    time = Time()
    patience = register.Patience(60, clock=lambda: time.now, rest=time.rest)
    patience(failing(4))
    with pytest.raises(OSError, match="not yet"):
        patience(failing(1000))
    assert time.now < 60


# --- What is left behind -------------------------------------------------------------------------


def test_the_secret_is_for_its_owner_only_and_the_rest_for_everybody(
    told: Told, tmp_path: Path
) -> None:
    register.leave_behind(tmp_path, NAME, told, "0123abcd")
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert found == {"secret": 0o600, "agent.env": 0o644}
    assert (tmp_path / "secret").read_text() == "0123abcd"
    assert f"WORKHORSE_NAME={NAME}\n" in (tmp_path / "agent.env").read_text()
    assert "0123abcd" not in (tmp_path / "agent.env").read_text()


# --- The whole of it, on an instance -------------------------------------------------------------


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws(ScaledClock(speed=0)) as running:
        yield running


@pytest.fixture
def client(aws: EmbeddedAws) -> Callable[[str], Any]:
    def make(service: str) -> Any:
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, endpoint_url=aws.endpoint, region_name="us-east-1", **keys)

    return make


@pytest.fixture
def profile(client: Callable[[str], Any]) -> Iterator[str]:
    """An instance profile: the script has no other credentials than those of its instance."""
    iam = client("iam")
    iam.create_role(RoleName="agent", AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="agent")
    iam.add_role_to_instance_profile(InstanceProfileName="agent", RoleName="agent")
    yield "agent"
    iam.remove_role_from_instance_profile(InstanceProfileName="agent", RoleName="agent")
    iam.delete_instance_profile(InstanceProfileName="agent")
    iam.delete_role(RoleName="agent")


@pytest.fixture
def boots(
    aws: EmbeddedAws, client: Callable[[str], Any], profile: str, tmp_path: Path
) -> Callable[[str, str], tuple[str, subprocess.CompletedProcess[str]]]:
    """Launch an instance with this user data and this token, and run the script as it would."""
    installed = tmp_path / "lib/workhorse"
    shutil.copytree(SOURCE, installed, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "run").mkdir()

    def boot(told: str, token: str) -> tuple[str, subprocess.CompletedProcess[str]]:
        client("ssm").put_parameter(
            Name="/workhorse/token", Value=token, Type="SecureString", Overwrite=True
        )
        (instance,) = client("ec2").run_instances(
            ImageId="ami-12c6146b",
            MinCount=1,
            MaxCount=1,
            UserData=told,
            IamInstanceProfile={"Name": profile},
        )["Instances"]
        aws.advance(600)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(tmp_path / "lib"),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{aws.endpoint}/imds/{instance['InstanceId']}",
            "AWS_ENDPOINT_URL": aws.endpoint,
        }
        options = ["--user", getpass.getuser(), "--seconds", "2", "--run", str(tmp_path / "run")]
        ended = subprocess.run(
            [sys.executable, "-m", "workhorse.register", *options],
            cwd="/",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return instance["InstanceId"], ended

    return boot


def test_an_instance_becomes_a_node_and_its_token_is_seen_nowhere(
    jenkins: JenkinsStandIn, boots: Callable[..., Any], tmp_path: Path
) -> None:
    name, ended = boots(user_data(jenkins, tmp_path / "deep/agent"), jenkins.token)
    assert ended.returncode == 0, ended.stderr
    assert name in nodes(jenkins)
    assert (tmp_path / "deep/agent").is_dir()
    assert f"{name} is a node of {jenkins.url}" in ended.stderr
    left = "".join(path.read_text() for path in (tmp_path / "run").iterdir())
    assert jenkins.token not in left + ended.stderr + ended.stdout
    assert (tmp_path / "run/secret").read_text() not in ended.stderr


def test_a_token_that_stays_wrong_ends_in_bounded_time_and_leaves_nothing(
    jenkins: JenkinsStandIn, boots: Callable[..., Any], tmp_path: Path
) -> None:
    name, ended = boots(user_data(jenkins, tmp_path / "agent"), "no-such-token")
    assert ended.returncode == register.GAVE_UP
    assert "gave up: doCreateItem: 401" in ended.stderr
    assert "no-such-token" not in ended.stderr
    assert name not in nodes(jenkins)
    assert list((tmp_path / "run").iterdir()) == []


def test_user_data_that_can_never_work_ends_at_once(boots: Callable[..., Any]) -> None:
    _, ended = boots("JENKINS_URL=http://j/\n", "token")
    assert ended.returncode == register.USELESS
    assert "useless: user data lacks JENKINS_USER" in ended.stderr
    assert "again in" not in ended.stderr
