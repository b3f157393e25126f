"""Agents that never got a node, or whose node stays offline: they are paid for and of no use."""

from dataclasses import replace

import pytest

from tests.facts import NOW, decided, group, instance, jenkins, node, pool, snapshot
from workhorse.core.decide import PoolMemory
from workhorse.core.demand import Demand
from workhorse.core.drain import Cause, Drain, DrainEvent, DrainState
from workhorse.core.drain_steps import advance
from workhorse.core.effects import TerminateInstance
from workhorse.core.model import Instance, Node, Pool, Snapshot
from workhorse.core.survey import Times

ID = "i-00000001"
LONG_AGO = Times(absent_since={ID: NOW - 3600})


def seen(*nodes: Node, member: Instance | None = None, frozen: bool = False) -> Snapshot:
    return snapshot(jenkins(*nodes), group(member or instance(ID)), frozen=frozen)


def leaving(shown: Snapshot, of: Pool | None = None) -> tuple[str, ...]:
    memory = PoolMemory(changed_at=NOW, times=LONG_AGO)
    return decided(shown, of=of, memory=memory).moves.leave


def test_an_agent_that_never_got_a_node_is_given_up() -> None:
    assert leaving(seen()) == (ID,)


def test_an_agent_whose_node_stays_offline_is_given_up() -> None:
    assert leaving(seen(node(ID, offline=True))) == (ID,)


@pytest.mark.parametrize(
    ("shown", "of"),
    [
        (seen(member=instance(ID, launched_at=NOW - 10)), pool()),
        (seen(member=instance(ID, protected=True)), pool()),
        (seen(frozen=True), pool()),
        (seen(), pool(scale_in=False)),
        (replace(seen(), jenkins=None), pool()),
    ],
    ids=["booting", "protected", "frozen", "scale-in off", "blind"],
)
def test_an_agent_is_not_given_up_while(shown: Snapshot, of: Pool) -> None:
    young = replace(LONG_AGO, absent_since={})
    memory = PoolMemory(changed_at=NOW, times=young)

    assert decided(shown, of=of, memory=memory).moves.leave == ()


@pytest.mark.parametrize(("floor", "decrement"), [(0, True), (1, False)])
def test_an_agent_that_leaves_at_the_floor_is_replaced(floor: int, decrement: bool) -> None:  # noqa: FBT001
    of = pool(floor=floor)
    had = Drain(
        instance=ID,
        pool=of.name,
        group=of.group,
        cause=Cause.SCALE_IN,
        state=DrainState.ASKED,
        opened_at=NOW - 600,
    )
    step = advance(had, DrainEvent.SEEN_LOST, of, seen(), NOW)
    assert step.effects == (TerminateInstance(instance=ID, decrement=decrement),)


@pytest.mark.parametrize(("offline", "back"), [(False, (ID,)), (True, ())])
def test_only_an_agent_that_is_online_is_called_back(
    offline: bool,  # noqa: FBT001 - a case
    back: tuple[str, ...],
) -> None:
    of, shown = pool(), seen(node(ID, offline=offline))
    had = Drain(
        instance=ID,
        pool=of.name,
        group=of.group,
        cause=Cause.SCALE_IN,
        state=DrainState.ASKED,
        opened_at=NOW - 60,
    )
    decision = decided(shown, Demand(queued=1), of, drains={ID: had})
    assert decision.moves.recall == back
    assert decision.moves.desired == (2 if offline else None)
