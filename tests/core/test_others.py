"""A pool does not grow for a build that an idle node of somebody else's will take."""

from typing import Any

import pytest

from tests.facts import NOW, busy, item, jenkins, node, pool
from workhorse.core.demand import Placement, place
from workhorse.core.model import ItemState, Node, QueueItem

SOON = NOW + 5


def waiting(number: int = 1, expression: str | None = "linux", **changes: Any) -> QueueItem:
    """An item in its quiet period."""
    return item(number, expression, state=ItemState.WAITING, due=SOON, **changes)


def placed(*nodes: Node, queue: tuple[QueueItem, ...]) -> Placement:
    told = jenkins(*nodes, queue=queue)
    return place(told, (pool(),), now=NOW, room={"linux": 10})


def counted(*nodes: Node, queue: tuple[QueueItem, ...]) -> tuple[int, int]:
    """What the pool is to run, and what is left to others."""
    found = placed(*nodes, queue=queue)
    assert found.unplaced == ()
    return found.demands["linux"].queued, found.elsewhere


@pytest.mark.parametrize("name", ["basement", "linux-0123456789ab"])
def test_a_build_in_its_quiet_period_is_left_to_an_idle_node_that_fits(name: str) -> None:
    assert counted(node(name), queue=(waiting(),)) == (0, 1)
    assert counted(node(name, "linux gpu"), queue=(waiting(1, "linux && gpu"),)) == (0, 1)


def test_as_many_as_there_are_idle_executors_and_no_more() -> None:
    queue = tuple(waiting(number) for number in range(4))
    two = node("basement", executors=3, busy=1)
    assert counted(two, queue=queue) == (2, 2)
    assert counted(two, node("attic"), queue=queue) == (1, 3)


@pytest.mark.parametrize(
    "other",
    [
        busy("basement"),
        node("basement", offline=True),
        node("basement", "windows"),
        node("i-0000000f"),
    ],
    ids=["busy", "offline", "another label", "an instance"],
)
def test_one_that_cannot_take_it_or_that_a_pool_counts_takes_nothing(other: Node) -> None:
    assert counted(other, queue=(waiting(),)) == (1, 0)


def test_a_build_that_waits_on_beside_an_idle_node_is_not_left_to_it() -> None:
    """Something that we are not told of keeps it from there."""
    assert counted(node("basement"), queue=(item(),)) == (1, 0)


def test_a_build_without_a_label_is_not_left_to_others() -> None:
    """They may take only those that name one of theirs."""
    assert counted(node("basement"), queue=(waiting(1, None),)) == (1, 0)
