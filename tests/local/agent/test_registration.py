"""Becoming a node by the Swarm plugin of the stand-in, and what a real agent.jar is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from workhorse.local.agent.boot import LONGEST_PAUSE, patiently, pause_after
from workhorse.local.agent.jar import command
from workhorse.local.agent.metadata import SWARM, Configuration
from workhorse.local.agent.place import Place, RegistrationError
from workhorse.local.agent.registration import Swarm
from workhorse.local.demo.jenkins_api import JenkinsApi
from workhorse.local.jenkins.agent_link import connect
from workhorse.local.jenkins.standin import JenkinsStandIn


@pytest.fixture
def stand_in() -> Iterator[JenkinsStandIn]:
    with JenkinsStandIn() as running:
        yield running


def swarm(stand_in: JenkinsStandIn, token: str = "") -> Swarm:
    settings = Configuration(
        way=SWARM,
        jenkins_url=stand_in.url,
        jenkins_user=stand_in.user,
        labels="linux docker",
        executors=2,
        directory="/agents",
        region="us-east-1",
    )
    return Swarm(settings, token or stand_in.token, "i-0abc")


def node(stand_in: JenkinsStandIn) -> dict[str, object]:
    computers = JenkinsApi(stand_in.url, stand_in.user, stand_in.token).computers()
    return next(each for each in computers if each["displayName"] == "i-0abc")


def test_a_machine_becomes_a_node_with_its_labels(stand_in: JenkinsStandIn) -> None:
    place = swarm(stand_in).register()
    found = node(stand_in)
    labels = {label["name"] for label in found["assignedLabels"]}  # type: ignore[attr-defined]
    assert labels == {"i-0abc", "linux", "docker", "swarm"}
    assert found["offline"]
    assert (place.name, place.directory) == ("i-0abc", "/agents")


def test_registering_again_gives_the_same_secret(stand_in: JenkinsStandIn) -> None:
    assert swarm(stand_in).register().secret == swarm(stand_in).register().secret


def test_the_secret_opens_the_connection_and_the_node_outlives_it(
    stand_in: JenkinsStandIn,
) -> None:
    """A blip of the network must not delete the node with what runs there."""
    place = swarm(stand_in).register()
    link = connect(place.jenkins_url, place.name, place.secret, reconnect=False)
    link._open()
    assert link.connects == 1
    link.close()
    assert node(stand_in)["displayName"] == place.name


def test_a_machine_without_a_good_token_says_what_was_refused(stand_in: JenkinsStandIn) -> None:
    with pytest.raises(RegistrationError, match="createSlave: 401"):
        swarm(stand_in, "wrong").register()


def test_a_real_agents_secret_is_not_in_its_command_line(tmp_path: Path) -> None:
    place = Place(name="i-0abc", jenkins_url="http://j/", secret="s3cret", directory="/agents")
    secret = tmp_path / "secret"
    found = command(place, tmp_path / "agent.jar", secret)
    assert found[found.index("-secret") + 1] == f"@{secret}"
    assert found[found.index("-name") + 1] == "i-0abc"
    assert found[found.index("-url") + 1] == "http://j/"
    assert "-webSocket" in found
    assert not any("s3cret" in word for word in found)


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


@pytest.mark.parametrize(
    ("asked", "speed", "seconds"),
    [(0, 1, 0.5), (4, 1, 4), (600, 1, LONGEST_PAUSE), (60, 60, 1), (10, 60, 0.5), (4, 0, 4)],
)
def test_who_asks_for_patience_means_the_time_of_the_cloud(
    asked: float, speed: float, seconds: float
) -> None:
    """Ten seconds are ten minutes of an agent's day when a minute is a second long."""
    error = RegistrationError("not now", status=503, retry_seconds=asked)
    assert pause_after(error, 0.5, speed) == seconds
    assert pause_after(OSError("gone"), 0.5, speed) == 0.5
