"""Agents that never got a node, or whose node stays offline: they are paid for and of no use."""

import pytest

from tests.facts import NOW, decided, group, instance, jenkins, node, pool, snapshot
from workhorse.core.decide import PoolMemory
from workhorse.core.demand import Demand
from workhorse.core.drain import Cause, Drain, DrainEvent, DrainState
from workhorse.core.drain_steps import advance
from workhorse.core.effects import TerminateInstance
from workhorse.core.model import Instance, Node, Pool, Scaling, Snapshot
from workhorse.core.survey import Times

ID = "i-00000001"


def seen(*nodes: Node, member: Instance | None = None) -> Snapshot:
    return snapshot(jenkins(*nodes), group(member or instance(ID)))


@pytest.mark.parametrize("shown", [seen(), seen(node(ID, offline=True))], ids=["none", "offline"])
def test_the_planner_chooses_nobody_for_being_lost_that_is_the_ledgers(shown: Snapshot) -> None:
    memory = PoolMemory(changed_at=NOW, times=Times(absent_since={ID: NOW - 3600}))

    assert decided(shown, memory=memory).moves.leave == ()


ALARMS = Scaling.ALARMS


@pytest.mark.parametrize("cause", [Cause.LOST, Cause.OLD_IMAGE])
@pytest.mark.parametrize(
    ("of", "decrement"),
    [
        (pool(), True),
        (pool(floor=1), False),
        (pool(scaling=ALARMS), False),
        (pool(scale_in=False), False),
    ],
    ids=["above the floor", "at the floor", "alarms", "scale-in off"],
)
def test_who_is_given_up_is_replaced_where_the_pool_may_not_be_sized_or_shrink(
    cause: Cause,
    of: Pool,
    decrement: bool,  # noqa: FBT001 - a case
) -> None:
    had = Drain(
        instance=ID,
        pool=of.name,
        group=of.group,
        cause=cause,
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
