"""What a rollout asks of the planner and of the drain machine: agents ahead, and no recall."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rollout_scenes import cordoned_node, leaving, member
from tests.core.situations import rich_situations, situation
from tests.facts import NOW, decided, group, jenkins, node, pool, snapshot
from workhorse.core.demand import Demand
from workhorse.core.drain import Cause, Drain, DrainEvent, DrainState
from workhorse.core.drain_steps import advance
from workhorse.core.effects import RunJob, RunMatrix, TerminateInstance, as_record
from workhorse.core.model import Lifecycle, Pool, Scaling
from workhorse.core.plan import Plan, Situation, kept, surge
from workhorse.core.planners.exact import Exact
from workhorse.core.steady import may_return, withdrawable
from workhorse.loops.standing import Standing

ONE = member(1)


class Holding:
    """A planner that wants what there is, whatever that is."""

    @staticmethod
    def plan(s: Situation) -> Plan:
        """What there is."""
        return Plan(target=s.have, reasons=(), idle_seconds=60, holds_until=s.now)


def planned(s: Situation) -> Plan:
    return kept(Exact().plan(s), s)


def test_agents_are_wanted_ahead_beyond_the_builds_and_the_floor_and_below_the_ceiling() -> None:
    busy = {"running": 4, "ready": 4, "desired": 4, "surge": 2}
    assert planned(situation(**busy)).target == 6
    assert planned(situation(**busy, floor=5)).target == 7
    assert planned(situation(**busy, buffer=1)).target == 7
    assert planned(situation(**busy, ceiling=5)).target == 5
    assert planned(situation(**busy | {"surge": 0})).target == 4


def test_the_surge_is_a_rule_of_its_own_before_the_promises_about_size() -> None:
    rules = [reason.rule for reason in planned(situation(surge=2)).reasons]
    assert rules.index("surge") == rules.index("floor") - 1
    assert "surge" not in [reason.rule for reason in planned(situation()).reasons]


def test_a_planner_that_keeps_what_there_is_is_not_given_more_at_every_tick() -> None:
    s = situation(running=2, ready=2, desired=2, surge=3)
    first = kept(Holding.plan(s), s)
    assert first.target == 5
    then = replace(s, ready=5)
    assert kept(Holding.plan(then), then).target == 5


@pytest.mark.parametrize("blind", [{"told": False}, {"frozen": True}])
def test_nothing_is_wanted_ahead_while_jenkins_cannot_be_trusted(blind: dict[str, bool]) -> None:
    assert surge(situation(surge=5, **blind), 3)[0] == 3


@given(s=rich_situations(), ahead=st.integers(0, 9))
def test_a_surge_breaks_no_promise_about_size(s: Situation, ahead: int) -> None:
    wanted = planned(replace(s, surge=ahead))
    assert wanted.target <= max(s.ceiling, s.have)
    assert wanted.target >= planned(s).target


def test_a_decision_tells_the_surge_as_its_reason() -> None:
    shown = snapshot(jenkins(node(ONE.id)), group(ONE))
    decision = decided(shown, surge=2)
    assert (decision.target, decision.moves.desired) == (2, 2)
    assert any(reason.rule == "surge" and reason.after > 0 for reason in decision.reasons)


def test_a_decision_stands_only_for_the_surge_that_it_was_made_with() -> None:
    shown = snapshot(jenkins(node(ONE.id)), group(ONE))
    decision = decided(shown, of=pool(floor=1))
    stands = Standing(pool(floor=1))
    demand = Demand()
    stands.keep(decision, demand, shown)
    later = replace(shown, at=shown.at + 1)
    asked = (decision.survey, demand, later, decision.memory)
    assert stands.decision(*asked, surge=0) is decision
    assert stands.decision(*asked, surge=1) is None


def ended(of: Pool, cause: Cause, desired: int = 3) -> TerminateInstance:
    """What a settled drain of that cause asks of AWS."""
    found = group(ONE, member(2), member(3), desired=desired)
    shown = snapshot(jenkins(cordoned_node(ONE, cause)), found)
    drain = leaving(ONE, cause, state=DrainState.QUIET)
    [effect] = advance(drain, DrainEvent.SEEN_SETTLED, of, shown, NOW).effects
    assert isinstance(effect, TerminateInstance)
    return effect


@pytest.mark.parametrize(
    ("of", "fewer"),
    [
        (pool(), True),
        (pool(floor=3), False),
        (pool(scaling=Scaling.ALARMS), False),
        (pool(scale_in=False), False),
    ],
)
def test_a_rolled_out_agent_takes_desired_capacity_down_where_we_size_the_pool(
    of: Pool, *, fewer: bool
) -> None:
    assert ended(of, Cause.ROLLOUT).decrement is fewer


def test_an_agent_that_scale_in_chose_takes_it_down_whoever_sizes_the_pool() -> None:
    assert ended(pool(scaling=Scaling.ALARMS), Cause.SCALE_IN).decrement


@pytest.mark.parametrize(
    ("drain", "may"),
    [
        (leaving(ONE), True),
        (leaving(ONE, state=DrainState.QUIET), True),
        (leaving(ONE, state=DrainState.RECALLED), True),
        (leaving(ONE, state=DrainState.LEAVING), False),
        (leaving(ONE, asked_at=NOW), False),
        (leaving(ONE, Cause.SCALE_IN), False),
        (leaving(ONE, Cause.SPOT), False),
    ],
    ids=str,
)
def test_a_rollout_calls_back_only_its_own_and_only_before_aws_was_asked(
    drain: Drain, *, may: bool
) -> None:
    assert withdrawable(drain, ONE) is may
    assert not withdrawable(drain, None)
    gone = replace(ONE, lifecycle=Lifecycle.TERMINATING_WAIT)
    assert not withdrawable(drain, gone)


def test_the_planner_calls_back_no_agent_of_a_rollout() -> None:
    assert may_return(leaving(ONE, Cause.SCALE_IN))
    assert not may_return(leaving(ONE))


def test_effects_of_rollouts_are_kept_as_they_are() -> None:
    run = RunJob(job="smoke", parameters=(("POOL", "linux"),))
    assert as_record(run) == {"effect": "RunJob", "job": "smoke", "parameters": [("POOL", "linux")]}
    matrix = RunMatrix(job="replace", nodes=("i-1",), order="r-1")
    assert as_record(matrix)["nodes"] == ["i-1"]
