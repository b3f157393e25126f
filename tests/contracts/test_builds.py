"""What each call of the `Builds` port means."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.contracts.builds_stages import DESCRIPTION, JOB, BuildsWorld, on_stand_in, simulated
from workhorse.core.errors import Missing, Surprise
from workhorse.core.requeue import BuildRecord

WORLDS: dict[str, Callable[[], AbstractContextManager[BuildsWorld]]] = {
    "sim": simulated,
    "real": on_stand_in,
}
NOWHERE = f"job/{JOB}/99/"


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> Iterator[BuildsWorld]:
    """A Jenkins."""
    with WORLDS[request.param]() as made:
        yield made


def begun(world: BuildsWorld, number: int = 1) -> BuildRecord:
    """A build that runs."""
    world.add_agent()
    world.submit(number)
    world.settle()
    return world.port.build(world.paths()[-1])


def test_a_build_that_runs_tells_what_it_was_given_and_what_is_said_of_its_job(
    world: BuildsWorld,
) -> None:
    found = begun(world)

    assert (found.building, found.result, found.ours) == (True, "", False)
    assert dict(found.parameters or ()) == world.given(1)
    assert (found.job, found.job_description) == (JOB, DESCRIPTION)
    assert found.path == world.paths()[0]
    assert found.description == ""


def test_a_build_that_was_lost_with_its_agent_tells_a_bad_result(world: BuildsWorld) -> None:
    path = begun(world).path
    world.lose()
    found = world.port.build(path)

    assert not found.building
    assert found.result in {"FAILURE", "ABORTED"}


def test_a_mark_is_a_line_that_is_added_once(world: BuildsWorld) -> None:
    path = begun(world).path
    for text in ("first", "second", "first"):
        world.port.mark(path, text)

    assert world.port.build(path).description == "first\nsecond"


def test_it_is_queued_by_us_with_exactly_its_parameters(world: BuildsWorld) -> None:
    lost = begun(world)
    assert world.port.since(JOB, lost.queue_id) == ()
    world.port.queue(JOB, dict(lost.parameters or ()))

    (waits,) = world.port.since(JOB, lost.queue_id)
    assert (waits.number, waits.ours, waits.building) == (0, True, True)
    assert dict(waits.parameters or ()) == world.given(1)

    world.settle()
    (runs,) = world.port.since(JOB, lost.queue_id)
    assert (runs.number > 0, runs.ours, runs.queue_id) == (True, True, waits.queue_id)
    assert runs.parameters == lost.parameters
    assert world.port.build(world.paths()[-1]).ours


def test_what_is_alike_and_waits_becomes_one_run(world: BuildsWorld) -> None:
    world.submit(1)
    world.port.queue(JOB, world.given(1))
    world.port.queue(JOB, world.given(2))
    world.port.queue(JOB, world.given(2))

    assert world.started() == 2


def test_newer_runs_are_told_newest_first_with_numbers_that_follow_its_own(
    world: BuildsWorld,
) -> None:
    lost = begun(world)
    world.submit(2)
    world.settle()
    world.submit(3)
    world.settle()
    newer = world.port.since(JOB, lost.queue_id)

    assert [run.number and run.number - lost.number for run in newer] == [0, 1]
    assert [dict(run.parameters or ()) for run in newer] == [world.given(3), world.given(2)]
    assert not any(run.ours for run in newer)


def test_a_build_or_job_that_is_not_there_is_missing(world: BuildsWorld) -> None:
    for call in (
        lambda: world.port.build(NOWHERE),
        lambda: world.port.mark(NOWHERE, "text"),
        lambda: world.port.queue("other", {"SECONDS": "1"}),
    ):
        with pytest.raises(Missing):
            call()


def test_when_jenkins_is_down_every_call_is_a_surprise(world: BuildsWorld) -> None:
    path = begun(world).path
    world.shut()
    for call in (
        lambda: world.port.build(path),
        lambda: world.port.since(JOB, 0),
        lambda: world.port.mark(path, "text"),
        lambda: world.port.queue(JOB, world.given(1)),
    ):
        with pytest.raises(Surprise) as failed:
            call()
        assert not isinstance(failed.value, Missing)
