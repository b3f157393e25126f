"""The Jenkins adapter with other users, a password and the script console, against the stand-in."""

from collections.abc import Iterator

import pytest

from tests.contracts.real_jenkins import ControllerOnStandIn
from tests.contracts.stages import RELEASE_JOB
from workhorse.adapters.jenkins import JenkinsController
from workhorse.core.errors import Refusal, Surprise, Unreadable
from workhorse.local.jenkins.permissions import (
    AGENT_CONFIGURE,
    AGENT_CONNECT,
    AGENT_CREATE,
    AGENT_DELETE,
    JOB_BUILD,
    JOB_READ,
    READ,
    User,
)
from workhorse.local.jenkins.standin import JenkinsStandIn

NODE = "i-0123456789abcdef0"
NEEDED = frozenset({READ, JOB_READ, JOB_BUILD, AGENT_CONFIGURE, AGENT_DELETE})


@pytest.fixture(params=["2.462.3", "2.541.2"])
def standin(request: pytest.FixtureRequest) -> Iterator[JenkinsStandIn]:
    with JenkinsStandIn(version=request.param) as made:
        yield made


@pytest.fixture
def stage(standin: JenkinsStandIn) -> Iterator[ControllerOnStandIn]:
    made = ControllerOnStandIn(standin)
    made.add_agent(NODE, frozenset({"linux"}))
    yield made
    made.close()


def controller_of(
    standin: JenkinsStandIn, permissions: frozenset[str], *, script_console: bool = False
) -> JenkinsController:
    """The controller of a user who may do just that."""
    user = User(name="bot", token="11" + "ab" * 16, permissions=permissions)
    standin.add_user(user)
    return JenkinsController(
        standin.url, user.name, user.token, now=standin.clock.now, script_console=script_console
    )


def test_a_user_with_just_the_needed_permissions_can_do_all(
    standin: JenkinsStandIn, stage: ControllerOnStandIn
) -> None:
    port = controller_of(standin, NEEDED)
    assert port.verify(release_jobs=[RELEASE_JOB]).startswith("2.")
    port.cordon(NODE, f"workhorse-drain.hook.{NODE}")
    port.recall(NODE, frozenset(), exclusive=False)
    port.queue_release_job(RELEASE_JOB, NODE, {"GROUP": "g", "HOOK": "h", "INSTANCE": NODE})
    stage.drop_agent(NODE)
    port.delete_node(NODE)
    assert port.read().nodes == {}


def test_a_token_that_may_not_read_jobs_is_refused_before_it_sees_an_empty_queue(
    standin: JenkinsStandIn, stage: ControllerOnStandIn
) -> None:
    stage.submit("windows")
    port = controller_of(standin, NEEDED - {JOB_READ})
    assert port.glance() == frozenset(), "this is what it would believe"
    with pytest.raises(Refusal, match="needs Job/Read"):
        port.verify()
    with pytest.raises(Unreadable, match="Job/Read"):
        port.read()


@pytest.mark.usefixtures("stage")
def test_a_token_that_may_not_configure_agents_is_refused_by_the_permission(
    standin: JenkinsStandIn,
) -> None:
    port = controller_of(standin, NEEDED - {AGENT_CONFIGURE})
    with pytest.raises(Refusal, match="403"):
        port.verify()
    with pytest.raises(Surprise):
        port.cordon(NODE, f"workhorse-drain.hook.{NODE}")


@pytest.mark.usefixtures("stage")
def test_a_token_that_may_not_make_nodes_is_refused_where_it_is_to_make_them(
    standin: JenkinsStandIn,
) -> None:
    making = frozenset({AGENT_CREATE, AGENT_CONNECT})
    controller_of(standin, NEEDED).verify()
    controller_of(standin, NEEDED | making).verify(makes_nodes=True)
    for lacking in making:
        port = controller_of(standin, NEEDED | making - {lacking})
        with pytest.raises(Refusal, match=f"bot lacks {lacking}"):
            port.verify(makes_nodes=True)


@pytest.mark.usefixtures("stage")
def test_a_wrong_token_is_refused(standin: JenkinsStandIn) -> None:
    port = JenkinsController(standin.url, "admin", "11" + "f" * 32, now=standin.clock.now)
    with pytest.raises(Refusal, match="token not accepted"):
        port.verify()
    with pytest.raises(Unreadable, match="token not accepted"):
        port.read()


def test_the_script_console_tells_what_a_pipeline_waits_for(
    standin: JenkinsStandIn, stage: ControllerOnStandIn
) -> None:
    stage.submit("windows && big", pipeline=True)
    port = JenkinsController(
        standin.url, standin.user, standin.token, now=standin.clock.now, script_console=True
    )
    port.verify()
    (body,) = [item for item in port.read().queue if item.placeholder]
    assert (body.expression or "").replace(" ", "") == "windows&&big"
    with pytest.raises(Refusal, match="403"):
        controller_of(standin, NEEDED, script_console=True).verify()


@pytest.mark.usefixtures("stage")
def test_a_password_works_and_works_again_after_a_restart(standin: JenkinsStandIn) -> None:
    port = JenkinsController(standin.url, standin.user, standin.password, now=standin.clock.now)
    port.cordon(NODE, f"workhorse-drain.hook.{NODE}")
    standin.restart(hard=False)
    standin.advance(60)
    label = f"workhorse-drain.spot.{NODE}"
    try:
        port.cordon(NODE, label)
    except Surprise:
        # The crumb was of a session from before the restart; the next try asks for another.
        port.cordon(NODE, label)
    assert port.read().nodes[NODE].labels == frozenset({label})


def test_a_job_pinned_to_a_cordoned_node_runs_when_the_last_build_ended(
    standin: JenkinsStandIn, stage: ControllerOnStandIn
) -> None:
    stage.submit("linux")
    stage.port.cordon(NODE, f"workhorse-drain.hook.{NODE}")
    stage.port.queue_release_job(RELEASE_JOB, NODE, {"GROUP": "g", "HOOK": "h", "INSTANCE": NODE})
    stage.settle()
    assert [item.task for item in stage.port.read().queue] == [RELEASE_JOB]
    standin.advance(3600)
    stage.settle()
    assert stage.port.read().queue == ()
