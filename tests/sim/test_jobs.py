"""Smoke and matrix jobs of the simulated Jenkins."""

import pytest

from tests.sim.conftest import LINUX
from workhorse.core.errors import Missing
from workhorse.core.model import Lifecycle
from workhorse.sim.groups import Template
from workhorse.sim.jobs import Job, SimJobs
from workhorse.sim.world import World

LABEL = "workhorse-canary-pool"
ASKED = {"POOL": "pool", "ORDER": "r-1"}


@pytest.fixture
def jobs(world: World) -> SimJobs:
    """A smoke job of twenty seconds, and a matrix job."""
    jobs = world.allow_rollouts().jobs
    jobs.jobs["smoke"] = Job(label=LABEL, seconds=20)
    jobs.jobs["matrix"] = Job(seconds=5)
    return jobs


@pytest.mark.parametrize("result", ["SUCCESS", "FAILURE"])
def test_the_smoke_job_ends_as_its_image_has_it(world: World, jobs: SimJobs, result: str) -> None:
    version = world.launching.add_version("group", Template(smoke=result))
    world.launching.launch_beside("group", version, "r-1", LABEL)
    jobs.run("smoke", ASKED)
    told = jobs.newest("smoke", {"ORDER": "r-1"})
    assert told is not None
    assert (told.queued, told.path, told.result) == (True, "", None)
    world.run(70)
    told = jobs.newest("smoke", ASKED)
    assert told is not None
    assert (told.queued, told.path != "", told.result) == (False, True, None)
    world.run(30)
    told = jobs.newest("smoke", ASKED)
    assert told is not None
    assert told.result == result
    assert world.truth.finished == []


def test_a_canary_that_dies_takes_its_smoke_run_with_it_and_no_build(
    world: World, jobs: SimJobs
) -> None:
    instance = world.launching.launch_beside("group", 1, "r-1", LABEL)
    jobs.run("smoke", ASKED)
    world.run(70)
    world.launching.end_beside(instance)
    told = jobs.newest("smoke", ASKED)
    assert told is not None
    assert told.result == "FAILURE"
    assert world.truth.kills == []


def test_a_run_that_a_crash_of_jenkins_forgot_is_known_no_more(world: World, jobs: SimJobs) -> None:
    jobs.run("smoke", ASKED)
    jobs.run("smoke", ASKED)
    assert len(jobs.runs) == 1
    world.restart_jenkins(crash=True)
    assert jobs.newest("smoke", ASKED) is None
    assert world.truth.lost_items == 0


def test_no_such_job_is_missing(jobs: SimJobs) -> None:
    with pytest.raises(Missing, match="nothing"):
        jobs.run("nothing", {})
    with pytest.raises(Missing, match="nothing"):
        jobs.run_matrix("nothing", [], "r-1")


def test_a_matrix_run_waits_for_each_build_and_then_ends_its_own_instance(
    world: World, jobs: SimJobs
) -> None:
    world.cloud.set_desired("group", 2)
    world.run(90)
    nodes = list(world.jenkins.computers)
    world.jenkins.submit("job", 100, nodes[0])
    world.run(5)
    jobs.run_matrix("matrix", nodes, "r-1")
    jobs.run_matrix("matrix", nodes, "r-1")
    world.run(30)
    assert [m.id for m in world.members(Lifecycle.TERMINATING_WAIT)] == [nodes[1]]
    world.run(100)
    assert [m.id for m in world.members(Lifecycle.TERMINATING_WAIT)] == nodes
    assert world.truth.kills == []
    assert len(world.truth.finished) == 1
    told = jobs.newest("matrix", {"ORDER": "r-1"})
    assert told is not None
    assert told.result == "SUCCESS"


def test_a_matrix_run_that_is_not_alone_ends_nothing(world: World, jobs: SimJobs) -> None:
    world.cloud.set_desired("group", 1)
    world.run(90)
    [node] = world.jenkins.computers
    jobs.run_matrix("matrix", [node], "r-1")
    world.run(1)
    world.jenkins.set_executors(node, 2)
    world.jenkins.submit("job", 100, "linux")
    world.run(30)
    assert world.members(Lifecycle.TERMINATING_WAIT) == []
    told = jobs.newest("matrix", {"ORDER": "r-1"})
    assert told is not None
    assert told.result == "FAILURE"


def test_an_agent_is_given_one_executor_before_its_matrix_run(world: World, jobs: SimJobs) -> None:
    world.jenkins.connect("i-9", LINUX, 3)
    jobs.run_matrix("matrix", ["i-9", "i-gone"], "r-1")
    assert world.jenkins.computer("i-9").executors == 1
