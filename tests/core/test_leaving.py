"""Who leaves of itself: taken, stopped, out of builds, or idle for too long."""

from dataclasses import replace
from typing import Any

import pytest

from tests.facts import NOW, busy, decided, group, instance, jenkins, node, pool, snapshot
from workhorse.core.agents import AgentPolicy
from workhorse.core.asks import Ask, AskKind
from workhorse.core.cordon import cordon_label
from workhorse.core.decide import Decision, PoolMemory
from workhorse.core.drain import (
    CHOSEN,
    PRESSING,
    Cause,
    Drain,
    DrainEvent,
    DrainState,
    presses_more,
)
from workhorse.core.drain_steps import advance, heard
from workhorse.core.drains import look, may_shrink
from workhorse.core.effects import Cordon, TerminateInstance
from workhorse.core.leaving import CAUSES, Answer, answers, idle_until
from workhorse.core.model import Group, Lifecycle, Pool, RunningBuild, Scaling, Snapshot
from workhorse.core.spent import as_record, counted, from_record, spent
from workhorse.core.steady import may_return, withdrawable
from workhorse.core.survey import Times

ONE, TWO = "i-00000001", "i-00000002"
LONG = {ONE: NOW - 3600, TWO: NOW - 1800}


def kept(idle_minutes: float = 0, max_builds: int = 0, **changes: Any) -> Pool:
    """A pool whose planner lets nobody go by itself."""
    agent = AgentPolicy(idle_minutes=idle_minutes, max_builds=max_builds)
    return replace(pool(**({"idle_seconds": 10**6} | changes)), agent=agent)


def two(**changes: Any) -> Group:
    return group(instance(ONE), instance(TWO), **changes)


def decision(of: Pool, members: Group | None = None, shown: Snapshot | None = None) -> Decision:
    """Two agents, idle for long, and nothing to build."""
    seen = shown or snapshot(jenkins(node(ONE), node(TWO)), members or two())
    return decided(seen, of=of, memory=PoolMemory(changed_at=0, times=Times(idle_since=LONG)))


def ask(kind: AskKind = AskKind.IDLE, name: str = ONE, detail: str = "") -> Ask:
    return Ask(instance=name, pool="linux", kind=kind, at=NOW, detail=detail)


def told(of: Pool, *asks: Ask, made: Decision | None = None, **more: Any) -> list[Answer]:
    facts: dict[str, Any] = {"drains": {}, "now": NOW, "leave": frozenset(), "asks": asks} | more
    drains = facts.pop("drains")
    return list(answers(of, made or decision(of), drains, **facts))


def begun(found: list[Answer]) -> list[tuple[str, Cause]]:
    return [(each.instance, each.cause) for each in found if each.begun]


def drain(cause: Cause, state: DrainState = DrainState.CORDONED, **changes: Any) -> Drain:
    facts: dict[str, Any] = {"instance": ONE, "pool": "linux", "group": "linux-agents"}
    facts |= {"opened_at": NOW - 900, "confirmed_at": NOW - 60}
    return Drain(cause=cause, state=state, **(facts | changes))


def test_every_ask_but_a_failure_is_the_cause_of_a_drain() -> None:
    assert set(CAUSES) == set(AskKind) - {AskKind.FAILED}
    assert told(kept(), ask(AskKind.FAILED)) == []


@pytest.mark.parametrize("kind", [AskKind.SPOT, AskKind.REBALANCE, AskKind.STOP])
def test_who_is_taken_or_stopped_leaves_whatever_the_pool_needs(kind: AskKind) -> None:
    of = kept(floor=2, scale_in=False)

    assert begun(told(of, ask(kind))) == [(ONE, CAUSES[kind])]


def test_who_is_in_no_group_is_told_so() -> None:
    (answer,) = told(kept(), ask(AskKind.SPOT, name="i-0000000f"))

    assert (answer.begun, answer.because) == (False, "it is not in its group")


def test_who_is_idle_for_too_long_leaves_without_asking_the_longest_first() -> None:
    assert begun(told(kept(idle_minutes=20))) == [(ONE, Cause.IDLE), (TWO, Cause.IDLE)]
    assert begun(told(kept(idle_minutes=40))) == [(ONE, Cause.IDLE)]
    assert begun(told(kept(idle_minutes=90))) == []
    assert idle_until(kept(idle_minutes=90), decision(kept()), NOW) == NOW + 1800


def test_who_asks_for_idleness_leaves_when_seen_idle_and_not_while_busy() -> None:
    shown = snapshot(jenkins(node(ONE), busy(TWO)), two())
    of = kept()
    made = decision(of, shown=shown)

    assert begun(told(of, ask(), made=made)) == [(ONE, Cause.IDLE)]
    (answer,) = told(of, ask(name=TWO), made=made)
    assert (answer.begun, answer.because) == (False, "not seen ready and idle")


@pytest.mark.parametrize(
    ("changes", "members"),
    [
        ({"floor": 2}, two()),
        ({"scale_in": False}, two()),
        ({}, two(scale_in_off=True)),
        ({}, two(minimum=2)),
    ],
)
def test_the_floor_is_kept_warm(changes: dict[str, Any], members: Group) -> None:
    of = kept(idle_minutes=20, **changes)
    found = told(of, made=decision(of, members))

    assert begun(found) == []
    assert {each.because for each in found} == {"the pool may not become smaller"}


def test_those_on_their_way_out_count_as_gone() -> None:
    of = kept(floor=1, scaling=Scaling.ALARMS)
    leaving = {TWO: drain(Cause.SCALE_IN, instance=TWO)}

    assert begun(told(of, ask())) == [(ONE, Cause.IDLE)]
    assert begun(told(of, ask(), drains=leaving)) == []
    assert begun(told(of, ask(), leave=frozenset({TWO}))) == []
    assert len(begun(told(of, ask(), ask(name=TWO)))) == 1


def test_an_agent_that_the_plan_wants_stays() -> None:
    of = kept(idle_minutes=20, buffer=2)
    found = told(of, made=decision(of))

    assert {(each.begun, each.because) for each in found} == {
        (False, "the plan wants all that there are")
    }


def test_in_alarms_mode_the_plan_does_not_count() -> None:
    of = kept(idle_minutes=20, buffer=2, scaling=Scaling.ALARMS)

    assert len(begun(told(of, made=decision(of)))) == 2


def test_nobody_leaves_for_idleness_while_jenkins_cannot_be_trusted() -> None:
    of = kept()
    shown = snapshot(jenkins(node(ONE), node(TWO)), two(), frozen=True)

    assert begun(told(of, ask(), made=decision(of, shown=shown))) == []


def test_who_ran_its_builds_leaves_unless_somebody_protects_it() -> None:
    of = kept(max_builds=2)
    guarded = group(instance(ONE, protected=True), instance(TWO, Lifecycle.OTHER))

    assert begun(told(of, spent=[ONE])) == [(ONE, Cause.SPENT)]
    assert told(of, made=decision(of, guarded), spent=[ONE, TWO]) == []


def test_a_build_is_counted_once_however_often_it_is_seen() -> None:
    members = (instance(ONE), instance(TWO))

    def running(*paths: str) -> Any:

        return {ONE: busy(ONE, running=tuple(RunningBuild(path=path) for path in paths))}

    first = counted({}, members, running("job/a/1/"))
    assert counted(first, members, running("job/a/1/")) is first
    second = counted(first, members, running("job/a/2/", "job/a/1/"))

    assert second == {ONE: ("job/a/1/", "job/a/2/")}
    assert spent(second, 2) == (ONE,)
    assert spent(second, 3) == spent(second, 0) == ()
    assert counted(second, (instance(TWO),), running("job/a/3/")) is second
    assert from_record(as_record(second)) == second


def test_what_presses_takes_the_place_of_what_does_not_and_nothing_takes_that_of_a_hook() -> None:
    assert set(PRESSING) & CHOSEN == {Cause.SPENT, Cause.STOP}
    for weak in set(Cause) - set(PRESSING) - {Cause.HOOK}:
        assert all(presses_more(cause, weak) for cause in PRESSING), weak
        assert not presses_more(weak, Cause.SPENT)
    assert presses_more(Cause.SPOT, Cause.REBALANCE)
    assert not presses_more(Cause.REBALANCE, Cause.SPOT)
    assert not presses_more(Cause.SPOT, Cause.HOOK)


def test_a_drain_that_hears_of_the_end_is_called_back_no_more_and_its_label_says_why() -> None:
    for cause in (Cause.SCALE_IN, Cause.IDLE, Cause.ROLLOUT):
        after, event = heard(drain(cause), Cause.SPOT, NOW)
        shown = snapshot(jenkins(node(ONE, cordon_label(cause, ONE))), two())
        taken = advance(after, event, kept(), shown, NOW)

        assert (event, after.cause) == (DrainEvent.PRESSED, Cause.SPOT)
        assert taken.effects == (Cordon(node=ONE, label=cordon_label("spot", ONE)),)
        assert taken.drain.state is DrainState.CORDONED
        assert not may_return(taken.drain)
        assert not withdrawable(taken.drain, instance(ONE))


def test_an_idle_agent_may_be_called_back_and_a_spent_or_stopped_one_not() -> None:
    assert may_return(drain(Cause.IDLE))
    assert not may_return(drain(Cause.SPENT))
    assert not may_return(drain(Cause.STOP))


def test_a_drain_for_idleness_is_called_back_when_the_pool_may_not_become_smaller() -> None:
    label = cordon_label("idle", ONE)
    quiet = drain(Cause.IDLE, DrainState.QUIET)
    shown = snapshot(jenkins(node(ONE, label), node(TWO)), two())

    assert look(quiet, kept(floor=1), shown)[1] is DrainEvent.SEEN_SETTLED
    assert look(quiet, kept(floor=1), shown, ended=1)[1] is DrainEvent.FLOOR_KEPT
    assert look(quiet, kept(floor=2), shown)[1] is DrainEvent.FLOOR_KEPT
    assert look(drain(Cause.SPENT, DrainState.QUIET), kept(floor=2), shown)[1] is (
        DrainEvent.SEEN_SETTLED
    )
    leaving = drain(Cause.IDLE, DrainState.LEAVING)
    assert look(leaving, kept(floor=2), shown)[1] is DrainEvent.SEEN_SETTLED
    assert not may_shrink(kept(floor=2), two(), 0)


@pytest.mark.parametrize(
    ("cause", "scaling", "floor", "fewer"),
    [
        (Cause.IDLE, Scaling.LOOP, 0, True),
        (Cause.IDLE, Scaling.ALARMS, 0, True),
        (Cause.SPENT, Scaling.LOOP, 0, True),
        (Cause.SPENT, Scaling.ALARMS, 0, False),
        (Cause.SPENT, Scaling.LOOP, 2, False),
        (Cause.STOP, Scaling.LOOP, 0, True),
        (Cause.STOP, Scaling.LOOP, 2, False),
        (Cause.SPOT, Scaling.LOOP, 0, False),
    ],
)
def test_who_is_not_needed_takes_desired_capacity_down_and_who_is_is_replaced(
    cause: Cause, scaling: Scaling, floor: int, *, fewer: bool
) -> None:
    shown = snapshot(jenkins(node(ONE, cordon_label(cause, ONE))), two())
    quiet = drain(cause, DrainState.QUIET)
    taken = advance(quiet, DrainEvent.SEEN_SETTLED, kept(floor=floor, scaling=scaling), shown, NOW)

    assert taken.effects == (TerminateInstance(instance=ONE, decrement=fewer),)
