"""A canary is ended as any agent is: idle, and idle again; then its node goes."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.rollout_scenes import CANARY, NEW, canary, facts, member, standing
from tests.facts import NOW, busy, item, jenkins, node
from workhorse.core.canary import SMOKED_AT
from workhorse.core.canary_end import IDLE_AT, busy_canaries, is_left, looked_at, remains
from workhorse.core.effects import DeleteNode, EndCanary
from workhorse.core.model import Node, RunningBuild
from workhorse.core.orders import Awaited, RolloutPolicy, Standing
from workhorse.core.rollout_facts import Facts

ONE = member(1, NEW)
SMOKE = "job/smoke/7/"
END = (EndCanary(instance=CANARY),)


def beside(*nodes: Node, **changes: Any) -> Facts:
    """A canary beside one agent, with these nodes of its own."""
    own: dict[str, Any] = {"canaries": (canary(),), "nodes": (node(ONE.id), *nodes)}
    return facts(ONE, **(own | changes))


def told(**memory: float) -> Standing:
    return standing(canary=CANARY, smoke=SMOKE, memory=memory)


def running(*paths: str) -> Node:
    builds = tuple(RunningBuild(path=path, started_at=NOW - 9) for path in paths)
    return replace(busy(CANARY), busy=len(paths), running=builds)


def test_a_canary_is_ended_a_settle_time_after_it_was_first_seen_idle() -> None:
    first = looked_at(told(), beside(node(CANARY)))
    assert first.memory[IDLE_AT] == NOW
    assert remains(first, beside(node(CANARY), at=NOW + 14)) == ()
    again = looked_at(first, beside(node(CANARY), at=NOW + 15))
    assert again == first
    assert remains(again, beside(node(CANARY), at=NOW + 15)) == END


def test_a_canary_that_a_build_strayed_onto_is_waited_for_and_told() -> None:
    known = beside(running("job/stray/1/"))
    assert IDLE_AT not in looked_at(told(**{IDLE_AT: NOW - 99}), known).memory
    [one] = busy_canaries(told(), known)
    assert one == Awaited(instance=CANARY, build="job/stray/1/", since=NOW - 9)


def test_the_smoke_build_itself_keeps_no_canary_and_a_second_build_does() -> None:
    assert list(busy_canaries(told(), beside(running(SMOKE)))) == []
    [one] = busy_canaries(told(), beside(running(SMOKE, "job/stray/1/")))
    assert one.build == "job/stray/1/"
    assert list(busy_canaries(told(), beside(busy(CANARY))))


@pytest.mark.parametrize(("task", "kept"), [("stray", True), ("smoke", False)])
def test_a_queued_item_that_names_the_canary_keeps_it_unless_it_is_the_smoke_job(
    task: str, *, kept: bool
) -> None:
    known = beside(node(CANARY), policy=RolloutPolicy(smoke_job="team/smoke"))
    waits = item(expression=CANARY, task=task)
    nodes = (node(ONE.id), node(CANARY))
    queued = replace(known.snapshot, jenkins=jenkins(*nodes, queue=(waits,)))
    assert bool(list(busy_canaries(told(), replace(known, snapshot=queued)))) is kept


def test_where_a_pipeline_may_come_back_to_an_offline_canary_it_is_given_the_time() -> None:
    gone = node(CANARY, offline=True)
    served = told(**{IDLE_AT: NOW, SMOKED_AT: NOW - 60})
    assert remains(served, beside(gone, at=NOW + 299)) == ()
    assert remains(served, beside(gone, at=NOW + 300)) == END
    never = told(**{IDLE_AT: NOW})
    assert remains(never, beside(gone, at=NOW + 15)) == END


@pytest.mark.parametrize("blind", [{"read": False}, {"frozen": True}, {"group_read": False}])
def test_no_canary_is_ended_while_we_are_blind(blind: dict[str, bool]) -> None:
    idle = told(**{IDLE_AT: NOW - 99})
    assert remains(idle, beside(node(CANARY), **blind)) == ()
    assert is_left(idle, beside(node(CANARY), **blind))


def test_the_node_goes_when_its_instance_is_no_more_and_not_before() -> None:
    idle = told(**{IDLE_AT: NOW - 99})
    assert remains(idle, beside(node(CANARY))) == END
    gone = beside(node(CANARY), canaries=())
    assert remains(told(), gone) == (DeleteNode(node=CANARY),)
    assert is_left(told(), gone)
    assert not is_left(told(), beside(canaries=()))


def test_canaries_of_earlier_orders_are_ended_too() -> None:
    two = beside(canaries=(canary(instance="i-2", order="r-0"), canary()))
    ends = (EndCanary(instance=CANARY), EndCanary(instance="i-2"))
    assert remains(told(**{IDLE_AT: NOW - 99}), two) == ends
