"""Becoming a node of the stand-in, and of a real Jenkins as far as that can be told from here."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workhorse.local.agent.boot import Machine, patiently
from workhorse.local.agent.image import Image
from workhorse.local.agent.jar import command
from workhorse.local.agent.metadata import Configuration
from workhorse.local.agent.registration import Registrar, RegistrationError
from workhorse.local.demo.jenkins_api import JenkinsApi
from workhorse.local.jenkins.agent_link import connect
from workhorse.local.jenkins.standin import JenkinsStandIn


@pytest.fixture
def stand_in() -> Iterator[JenkinsStandIn]:
    with JenkinsStandIn() as running:
        yield running


@pytest.fixture
def machine(stand_in: JenkinsStandIn) -> Machine:
    settings = Configuration(
        jenkins_url=stand_in.url,
        jenkins_user=stand_in.user,
        token_parameter="/token",
        labels="linux docker",
        executors=2,
        remote_directory="/agents",
        exclusive=False,
        region="us-east-1",
    )
    registrar = Registrar(stand_in.url, stand_in.user, stand_in.token)
    return Machine(name="i-0abc", settings=settings, registrar=registrar, image=Image())


def test_a_machine_becomes_a_node_with_its_labels(
    machine: Machine, stand_in: JenkinsStandIn
) -> None:
    machine.register()
    computers = JenkinsApi(stand_in.url, stand_in.user, stand_in.token).computers()
    node = next(each for each in computers if each["displayName"] == "i-0abc")
    labels = {label["name"] for label in node["assignedLabels"]}
    assert labels == {"i-0abc", "linux", "docker"}
    assert node["offline"]


def test_registering_again_finds_the_node_and_the_same_secret(machine: Machine) -> None:
    assert machine.register() == machine.register()


def test_the_secret_opens_the_connection(machine: Machine, stand_in: JenkinsStandIn) -> None:
    link = connect(stand_in.url, "i-0abc", machine.register(), reconnect=False)
    try:
        link._open()
        assert link.connects == 1
    finally:
        link.close()


def test_a_registrar_without_a_good_token_says_what_was_refused(machine: Machine) -> None:
    stranger = Registrar(machine.settings.jenkins_url, machine.settings.jenkins_user, "wrong")
    with pytest.raises(RegistrationError, match="doCreateItem: 401"):
        replace(machine, registrar=stranger).register()


def test_a_node_that_is_not_there_has_no_secret(machine: Machine) -> None:
    with pytest.raises(RegistrationError, match=r"jenkins-agent\.jnlp: 404"):
        machine.registrar.secret("i-0none")


def test_a_real_agents_secret_is_not_in_its_command_line(machine: Machine, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    found = command(machine, tmp_path / "agent.jar", secret, tmp_path)
    assert found[found.index("-secret") + 1] == f"@{secret}"
    assert found[found.index("-name") + 1] == "i-0abc"
    assert found[found.index("-url") + 1] == machine.settings.jenkins_url
    assert "-webSocket" in found


def test_patience_outlasts_failures_and_ends() -> None:
    failures = [OSError("one"), OSError("two")]

    def act() -> str:
        if failures:
            raise failures.pop()
        return "done"

    assert patiently(act, tries=3, pause=0) == "done"
    failures += [OSError("one"), OSError("two")]
    with pytest.raises(OSError, match="one"):
        patiently(act, tries=2, pause=0)
