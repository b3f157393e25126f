"""What the metrics plugin tells of ended builds, and how all builds of a job are paged through.

The plugin's TimeInQueueAction.java says what each figure means.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.jenkins.behaviour_helpers import TICK, VERSIONS, House, open_house
from tests.patience import eventually

WAIT, WORK = 40, 100


@pytest.fixture(params=VERSIONS)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with open_house(request.param) as opened:
        yield opened


def timings(house: House, path: str) -> dict[str, Any]:
    found = house.json(path, "actions[*]")
    (told,) = [a for a in found["actions"] if "TimeInQueue" in a.get("_class", "")]
    return dict(told)


def test_a_build_tells_how_long_it_waited_for_an_executor_and_ran(house: House) -> None:
    house.job("j", label="linux", seconds=WORK)
    house.build("j")
    house.advance(WAIT)
    house.node("a", label="linux")
    house.standin.agent("a")
    house.advance(WORK + 2 * TICK)

    told = timings(house, "job/j/1/")
    waited, ran = told["buildableDurationMillis"] / 1000, told["executingTimeMillis"] / 1000
    assert waited == pytest.approx(WAIT, abs=2 * TICK)
    assert ran == WORK
    assert told["buildingDurationMillis"] == told["executingTimeMillis"]
    assert (told["subTaskCount"], told["executorUtilization"]) == (0, 1.0)


def test_of_a_pipeline_the_bodies_waited_and_held_executors(house: House) -> None:
    house.pipeline("p", label="linux", seconds=WORK)
    house.build("p")
    house.advance(WAIT)
    house.node("a", label="linux")
    house.standin.agent("a")
    house.advance(WORK + 2 * TICK)

    told = timings(house, "job/p/1/")
    assert told["subTaskCount"] == 1
    assert told["buildableDurationMillis"] < 100
    assert told["buildableTimeMillis"] / 1000 == pytest.approx(WAIT, abs=2 * TICK)
    assert told["executingTimeMillis"] == WORK * 1000
    assert told["buildingDurationMillis"] > told["executingTimeMillis"]


def test_a_build_ends_when_its_agent_says_so_and_not_when_the_controller_looked_last(
    house: House,
) -> None:
    """Nobody asks anything meanwhile: else the controller would have looked."""
    agent = house.linked_agent("a", label="linux")
    house.job("j", label="linux")
    house.build("j")
    house.advance(1)
    eventually(lambda: "j#1" in agent.started)
    house.standin.clock.advance(WORK)
    house.finish(agent, "j", 1)

    assert house.json("job/j/1/", "duration")["duration"] >= WORK * 1000


def test_all_builds_are_told_newest_first_and_by_ranges(house: House) -> None:
    house.node("a", label="linux")
    house.standin.agent("a")
    house.job("j", label="linux", seconds=1)
    for _ in range(3):
        house.build("j")
        house.advance(2 * TICK)

    def numbers(window: str) -> list[int]:
        found = house.json("job/j/", f"allBuilds[number]{window}")
        return [build["number"] for build in found["allBuilds"]]

    assert numbers("") == [3, 2, 1]
    assert numbers("{0,2}") == [3, 2]
    assert numbers("{2,4}") == [1]
    assert numbers("{3,5}") == []
