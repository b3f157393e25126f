"""The jobs of a rollout on the stand-in, in each variant that Jenkins may have plugins for."""

from collections.abc import Iterator

import pytest

from tests.contracts.real_jobs import JobsOnStandIn, jobs_world_on
from workhorse.adapters.jenkins_http import JenkinsHttp
from workhorse.adapters.jenkins_jobs import JenkinsJobs
from workhorse.adapters.jenkins_jobs_wire import runs
from workhorse.core.errors import Missing, Surprise, Unreadable
from workhorse.core.jobs import JobSpec, Kind, Variant
from workhorse.core.orders import JobRun
from workhorse.local.jenkins.permissions import JOB_READ, READ, User

JOB = "workhorse-replace"
ORDER = "order-1"
LINUX = frozenset({"linux"})
NAMES = ("i-a", "i-b")
VARIANTS = tuple(Variant)


@pytest.fixture(params=["2.462.3", "2.541.2"])
def world(request: pytest.FixtureRequest) -> Iterator[JobsOnStandIn]:
    with jobs_world_on(request.param) as it:
        yield it


def prepared(world: JobsOnStandIn, variant: Variant = Variant.NODES, executors: int = 1) -> None:
    """The replace job in that variant, and two agents."""
    world.variant = variant
    world.add_matrix(JOB)
    for name in NAMES:
        world.add_agent(name, LINUX, executors=executors)


def ask(world: JobsOnStandIn, *nodes: str, order: str = ORDER) -> None:
    world.port.run_matrix(JOB, nodes, order)
    world.settle()


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_runs_once_on_each_node(world: JobsOnStandIn, variant: Variant) -> None:
    prepared(world, variant, executors=2)
    for _ in range(2):
        ask(world, *NAMES)
    assert world.runs_on(JOB) == set(NAMES)
    assert [world.executors(name) for name in NAMES] == [1, 1]
    assert world.started(JOB) == (2 if variant is Variant.PINNED else 1)


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_the_nodes_that_no_run_has_yet_are_asked_for(
    world: JobsOnStandIn, variant: Variant
) -> None:
    prepared(world, variant)
    ask(world, NAMES[0])
    ask(world, *NAMES)
    assert world.runs_on(JOB) == set(NAMES)
    assert world.started(JOB) == 2


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_node_that_is_no_more_is_left_out(world: JobsOnStandIn, variant: Variant) -> None:
    prepared(world, variant)
    ask(world, NAMES[0], "i-gone")
    assert world.runs_on(JOB) == {NAMES[0]}
    assert world.started(JOB) == 1
    ask(world, "i-gone", "i-gone-too", order="order-2")
    assert world.started(JOB) == 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_when_all_runs_are_over_they_may_be_asked_for_again(
    world: JobsOnStandIn, variant: Variant
) -> None:
    prepared(world, variant)
    ask(world, NAMES[0])
    world.end_runs(JOB, "FAILURE")
    assert world.port.newest(JOB, {"ORDER": ORDER}) == JobRun(
        path=f"job/{JOB}/1/", result="FAILURE"
    )
    ask(world, NAMES[0])
    assert world.runs_on(JOB) == {NAMES[0]}


def test_the_axis_is_not_rewritten_under_a_run_that_has_not_started(
    world: JobsOnStandIn,
) -> None:
    """It would run on the nodes of another wave, and nobody on its own."""
    prepared(world)
    world._standin.call(lambda: setattr(world._standin.server.controller.world, "quieting", True))
    ask(world, NAMES[0])
    with pytest.raises(Surprise, match="has not started"):
        ask(world, NAMES[1])
    ask(world, NAMES[0])
    assert world.started(JOB) == 1


def waits_for_a_deleted_node(world: JobsOnStandIn) -> None:
    """Have a run of the matrix job wait for a node that is no more."""
    prepared(world)
    world.add_job("busy", "linux")
    for order in NAMES:
        world.port.run("busy", {"ORDER": order})
        world.settle()
    ask(world, *NAMES)
    world._standin.kill_agent(NAMES[1])
    world._stage.port.delete_node(NAMES[1])
    world.settle()


def test_a_run_that_waits_for_a_deleted_node_is_cancelled_and_its_parent_ends(
    world: JobsOnStandIn,
) -> None:
    waits_for_a_deleted_node(world)
    ask(world)
    world.end_runs("busy", "SUCCESS")
    world.settle()
    world.end_runs(JOB, "SUCCESS")
    found = world.port.newest(JOB, {"ORDER": ORDER})
    assert found is not None
    assert found.result == "ABORTED"


def test_a_token_that_may_not_cancel_is_told(world: JobsOnStandIn) -> None:
    """Else the run would wait for ever for an agent that is no more, and nobody would know why."""
    waits_for_a_deleted_node(world)
    standin = world._standin
    reader = User(name="ro", token="11" + "1" * 32, permissions=frozenset({READ, JOB_READ}))
    standin.add_user(reader)
    port = JenkinsJobs(JenkinsHttp(standin.url, reader.name, reader.token))
    with pytest.raises(Surprise, match=r"cancelItem\?id=\d+: 422"):
        port.run_matrix(JOB, (), ORDER)


@pytest.mark.parametrize("variant", VARIANTS)
def test_jobs_that_are_as_they_shall_be_have_no_faults(
    world: JobsOnStandIn, variant: Variant
) -> None:
    prepared(world, variant)
    spec = JobSpec(name=JOB, kind=Kind.REPLACE, variant=variant)
    assert world.port.faults([spec]) == ()


def test_every_fault_of_every_job_is_told(world: JobsOnStandIn) -> None:
    prepared(world)
    world.add_job("smoke", "workhorse-canary-linux")
    specs = [
        JobSpec(name=JOB, kind=Kind.RELEASE),
        JobSpec(name="smoke", kind=Kind.SMOKE, label="workhorse-canary-gpu"),
        JobSpec(name="nowhere", kind=Kind.SMOKE),
    ]
    assert world.port.faults(specs) == (
        f"{JOB}: must be a hudson.model.FreeStyleProject, not a hudson.matrix.MatrixProject",
        "smoke: must be assigned to 'workhorse-canary-gpu', not to 'workhorse-canary-linux'",
        "nowhere: there is no such job, or the token lacks Job/Read",
    )


def test_a_job_of_another_hand_that_tells_no_nodes_is_asked_once(world: JobsOnStandIn) -> None:
    """Else each tick would queue it anew."""
    prepared(world)
    job = world._standin.server.controller.world.jobs[JOB]
    text = job.document.replace("<name>NODES</name>", "<name>OTHER</name>")
    world._stage._create_job("other", text)
    for _ in range(2):
        world.port.run_matrix("other", NAMES, ORDER)
        world.settle()
    assert world.started("other") == 1


def test_a_job_without_a_label_axis_is_not_understood(world: JobsOnStandIn) -> None:
    prepared(world)
    world.add_job("smoke", "linux")
    with pytest.raises(Unreadable, match="0 label axes"):
        world.port.run_matrix("smoke", NAMES, ORDER)


def test_the_newest_run_of_a_job_that_is_not_there_is_no_answer(world: JobsOnStandIn) -> None:
    """A job that the token lost sight of has not lost its runs."""
    with pytest.raises(Missing):
        world.port.newest("nowhere", {})


def test_a_run_that_is_in_queue_and_builds_at_once_is_one_run() -> None:
    """It left the queue between the two requests."""
    actions = [{"parameters": [{"name": "ORDER", "value": ORDER}]}]
    queue = {"items": [{"id": 7, "task": {"url": "http://j/ci/job/a/job/b/"}, "actions": actions}]}
    build = {"url": "http://j/ci/job/a/job/b/3/", "queueId": 7, "building": True, "result": None}
    (found,) = runs("a/b", queue, {"builds": [{**build, "actions": actions}]})
    assert found.told() == JobRun(path="job/a/job/b/3/")


def test_a_result_that_is_told_while_the_build_runs_is_none_yet() -> None:
    build = {"url": "http://j/job/a/3/", "queueId": 7, "building": True, "result": "UNSTABLE"}
    (found,) = runs("a", {"items": []}, {"builds": [build]})
    assert found.result is None


def test_answers_of_another_shape_are_unreadable() -> None:
    with pytest.raises(Unreadable):
        runs("a", {"items": [{}]}, {"builds": []})
    with pytest.raises(Unreadable):
        runs("a", {"items": []}, {})
