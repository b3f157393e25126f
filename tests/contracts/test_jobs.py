"""What each call of the `Jobs` port means."""

import pytest

from tests.contracts.rollout_stages import JobsWorld
from workhorse.core.errors import Missing, Surprise
from workhorse.core.orders import JobRun

SMOKE = "workhorse-smoke-linux"
REPLACE = "workhorse-replace"
CANARY = "workhorse-canary-linux"
NODE = "i-0123456789abcdef0"
OTHER = "i-0123456789abcdef1"
LINUX = frozenset({"linux"})
ORDER = "order-1"
ASKED = {"POOL": "linux", "IMAGE": "ami-1", "ORDER": ORDER}


def newest(world: JobsWorld, job: str = SMOKE, order: str = ORDER) -> JobRun:
    """The newest run of the order, which there must be."""
    found = world.port.newest(job, {"ORDER": order})
    assert found is not None
    return found


def smoke(world: JobsWorld, *, canary: bool = True) -> None:
    """The smoke job, and an agent that it can run on."""
    world.add_job(SMOKE, CANARY)
    if canary:
        world.add_agent(NODE, frozenset({CANARY}))


def test_before_a_run_was_asked_for_there_is_none(jobs_world: JobsWorld) -> None:
    smoke(jobs_world)
    assert jobs_world.port.newest(SMOKE, {"ORDER": ORDER}) is None


def test_a_run_that_nobody_can_take_is_queued(jobs_world: JobsWorld) -> None:
    smoke(jobs_world, canary=False)
    jobs_world.port.run(SMOKE, ASKED)
    jobs_world.settle()
    assert newest(jobs_world) == JobRun(queued=True)


def test_a_run_that_has_begun_tells_its_path_and_no_result(jobs_world: JobsWorld) -> None:
    smoke(jobs_world)
    jobs_world.port.run(SMOKE, ASKED)
    jobs_world.settle()
    run = newest(jobs_world)
    assert (run.queued, run.result) == (False, None)
    assert run.path.startswith(f"job/{SMOKE}/")
    assert jobs_world.runs_on(SMOKE) == {NODE}


@pytest.mark.parametrize("result", ["SUCCESS", "FAILURE"])
def test_a_run_that_is_over_tells_its_result(jobs_world: JobsWorld, result: str) -> None:
    smoke(jobs_world)
    jobs_world.port.run(SMOKE, ASKED)
    jobs_world.settle()
    jobs_world.end_runs(SMOKE, result)
    assert (newest(jobs_world).queued, newest(jobs_world).result) == (False, result)


@pytest.mark.parametrize("running", [False, True])
def test_a_run_is_not_asked_for_twice(jobs_world: JobsWorld, *, running: bool) -> None:
    smoke(jobs_world, canary=running)
    for _ in range(3):
        jobs_world.port.run(SMOKE, ASKED)
        jobs_world.settle()
    assert jobs_world.started(SMOKE) == 1


def test_a_run_that_is_over_keeps_nobody_from_asking_again(jobs_world: JobsWorld) -> None:
    smoke(jobs_world)
    jobs_world.port.run(SMOKE, ASKED)
    jobs_world.settle()
    jobs_world.end_runs(SMOKE, "FAILURE")
    jobs_world.port.run(SMOKE, ASKED)
    jobs_world.settle()
    assert jobs_world.started(SMOKE) == 2
    assert newest(jobs_world).result is None


def test_runs_of_other_parameters_are_other_runs(jobs_world: JobsWorld) -> None:
    smoke(jobs_world)
    jobs_world.port.run(SMOKE, ASKED)
    jobs_world.settle()
    jobs_world.end_runs(SMOKE, "FAILURE")
    jobs_world.port.run(SMOKE, {**ASKED, "ORDER": "order-2"})
    jobs_world.settle()
    assert newest(jobs_world).result == "FAILURE"
    assert newest(jobs_world, order="order-2").result is None
    assert jobs_world.port.newest(SMOKE, {"ORDER": "order-3"}) is None


def test_a_job_that_is_not_there_is_missing(jobs_world: JobsWorld) -> None:
    jobs_world.add_agent(NODE, LINUX)
    with pytest.raises(Missing):
        jobs_world.port.run(SMOKE, ASKED)
    with pytest.raises(Missing):
        jobs_world.port.run_matrix(REPLACE, [NODE], ORDER)


def test_a_matrix_runs_once_on_each_node_which_has_one_executor_then(
    jobs_world: JobsWorld,
) -> None:
    jobs_world.add_matrix(REPLACE)
    for name in (NODE, OTHER):
        jobs_world.add_agent(name, LINUX, executors=3)
    jobs_world.port.run_matrix(REPLACE, [NODE, OTHER], ORDER)
    jobs_world.settle()
    assert jobs_world.runs_on(REPLACE) == {NODE, OTHER}
    assert [jobs_world.executors(name) for name in (NODE, OTHER)] == [1, 1]
    run = newest(jobs_world, REPLACE)
    assert (run.queued, run.result) == (False, None)
    assert run.path.startswith(f"job/{REPLACE}/")


def test_a_matrix_leaves_other_nodes_alone(jobs_world: JobsWorld) -> None:
    jobs_world.add_matrix(REPLACE)
    for name in (NODE, OTHER):
        jobs_world.add_agent(name, LINUX, executors=2)
    jobs_world.port.run_matrix(REPLACE, [NODE], ORDER)
    jobs_world.settle()
    assert jobs_world.runs_on(REPLACE) == {NODE}
    assert jobs_world.executors(OTHER) == 2


def test_a_matrix_of_the_same_nodes_and_order_runs_once(jobs_world: JobsWorld) -> None:
    jobs_world.add_matrix(REPLACE)
    jobs_world.add_agent(NODE, LINUX)
    for _ in range(3):
        jobs_world.port.run_matrix(REPLACE, [NODE], ORDER)
        jobs_world.settle()
    assert jobs_world.started(REPLACE) == 1


def test_the_next_wave_runs_beside_the_one_before(jobs_world: JobsWorld) -> None:
    jobs_world.add_matrix(REPLACE)
    for name in (NODE, OTHER):
        jobs_world.add_agent(name, LINUX)
    jobs_world.port.run_matrix(REPLACE, [NODE], ORDER)
    jobs_world.settle()
    jobs_world.port.run_matrix(REPLACE, [OTHER], ORDER)
    jobs_world.settle()
    assert jobs_world.runs_on(REPLACE) == {NODE, OTHER}
    assert jobs_world.started(REPLACE) == 2


def test_a_run_on_a_busy_node_waits_for_the_build_there(jobs_world: JobsWorld) -> None:
    jobs_world.add_matrix(REPLACE)
    jobs_world.add_job("tests", "linux")
    jobs_world.add_agent(NODE, LINUX, executors=2)
    jobs_world.port.run("tests", ASKED)
    jobs_world.settle()
    jobs_world.port.run_matrix(REPLACE, [NODE], ORDER)
    jobs_world.settle()
    assert jobs_world.runs_on("tests") == {NODE}
    assert jobs_world.runs_on(REPLACE) == frozenset()
    jobs_world.end_runs("tests", "SUCCESS")
    jobs_world.settle()
    assert jobs_world.runs_on(REPLACE) == {NODE}


def test_when_jenkins_is_down_every_call_is_a_surprise(jobs_world: JobsWorld) -> None:
    smoke(jobs_world)
    jobs_world.add_matrix(REPLACE)
    jobs_world.shut()
    for call in (
        lambda: jobs_world.port.run(SMOKE, ASKED),
        lambda: jobs_world.port.newest(SMOKE, {"ORDER": ORDER}),
        lambda: jobs_world.port.run_matrix(REPLACE, [NODE], ORDER),
    ):
        with pytest.raises(Surprise) as failed:
            call()
        assert not isinstance(failed.value, Missing)
