"""One look at a rollout: what is seen, where it leads, and what is done."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.core.rollout_scenes import (
    AT_ONCE,
    CANARY,
    GROUP,
    NEW,
    OLD,
    STARTED,
    canary,
    facts,
    leaving,
    member,
    order,
    standing,
)
from tests.facts import NOW, node, pool
from workhorse.core.drain import Cause, DrainState
from workhorse.core.effects import (
    CloseOrder,
    CondemnImage,
    PromoteImage,
    UseTemplateVersion,
)
from workhorse.core.health import BOOTING, EMPTIED_AT
from workhorse.core.model import Lifecycle
from workhorse.core.orders import (
    Command,
    RolloutPolicy,
    Standing,
    Strategy,
)
from workhorse.core.rollout import OVER
from workhorse.core.rollout import RolloutEvent as E
from workhorse.core.rollout import RolloutState as S
from workhorse.core.rollout_facts import Facts
from workhorse.core.rollout_looks import REFRESH_BEFORE, TRIPPED
from workhorse.core.rollouts import ORDER, Advance, advance, order_of, ordered, surge

OLD_ONE, NEW_ONE = member(1), member(2, NEW)
BACK = UseTemplateVersion(group=GROUP, version=OLD)
UNDER_WAY = sorted(set(S) - OVER)


def seen(state: S, known: Facts, **changes: Any) -> Advance:
    return advance(standing(state, **changes), known)


def leads(state: S, known: Facts, **changes: Any) -> tuple[E, str]:
    taken = seen(state, known, **changes)
    return taken.event, taken.standing.state


@pytest.mark.parametrize("state", UNDER_WAY)
def test_a_halt_is_heard_in_every_state_but_a_roll_back_however_blind_we_are(state: S) -> None:
    blind = facts(OLD_ONE, read=False, order=order(command=Command.HALT))
    after = seen(state, blind).standing.state
    assert after == (S.ROLLING_BACK if state is S.ROLLING_BACK else S.HALTED)


@pytest.mark.parametrize("state", UNDER_WAY)
def test_taking_it_back_is_heard_in_every_state(state: S) -> None:
    taken = seen(state, facts(OLD_ONE, order=order(command=Command.ROLL_BACK), read=False))
    assert taken.standing.state == S.ROLLING_BACK
    assert TRIPPED not in taken.standing.memory


@pytest.mark.parametrize(("memory", "state"), [(STARTED, S.WAVE), ({}, S.ORDERED)])
def test_a_halted_rollout_goes_on_where_it_was(memory: dict[str, Any], state: S) -> None:
    assert seen(S.HALTED, facts(OLD_ONE), memory=memory, wave=1).standing.state == state
    assert seen(S.HALTED, facts(OLD_ONE), memory=memory, wave=1).standing.wave == 1


def test_a_halt_calls_back_whom_nothing_was_asked_of_aws_for() -> None:
    some = [member(n) for n in range(5)]
    drains = (
        leaving(some[0]),
        leaving(some[1], Cause.SCALE_IN),
        leaving(some[2], state=DrainState.LEAVING, asked_at=NOW - 5),
        leaving(some[3]),
    )
    some[3] = replace(some[3], lifecycle=Lifecycle.TERMINATING_WAIT)
    taken = seen(S.HALTED, facts(*some, drains=drains, order=order(command=Command.HALT)))
    assert (taken.event, taken.recall, taken.retire) == (E.HALT_ASKED, (some[0].id,), ())


def test_a_halted_rollout_whose_new_agents_fail_is_taken_back_all_the_same() -> None:
    known = facts(OLD_ONE, order=order(command=Command.HALT))
    memory = {**STARTED, BOOTING: "000099"}
    assert leads(S.HALTED, known, memory=memory) == (E.HEALTH_FAILED, S.ROLLING_BACK)


def test_the_group_is_had_launch_the_new_version_before_anybody_leaves() -> None:
    taken = seen(S.WAVE, facts(OLD_ONE, launches=OLD))
    assert taken.effects == (UseTemplateVersion(group=GROUP, version=NEW),)
    assert taken.retire == ()


def test_a_wave_has_old_agents_leave_and_waits_for_them_and_is_over_when_they_are_gone() -> None:
    taken = seen(S.WAVE, facts(OLD_ONE, NEW_ONE))
    assert (taken.event, taken.retire) == (E.AGENTS_DUE, (OLD_ONE.id,))
    away = facts(OLD_ONE, NEW_ONE, drains=(leaving(OLD_ONE),))
    assert seen(S.WAVE, away).event is E.AGENTS_AWAITED
    assert leads(S.WAVE, facts(NEW_ONE)) == (E.WAVE_OVER, S.BAKING)


def test_a_wave_waits_for_those_that_boot_in_the_old_ones_place() -> None:
    boots = member(3, NEW, launched_at=NOW - 5)
    taken = seen(S.WAVE, facts(boots, nodes=()))
    assert taken.event is E.AGENTS_AWAITED
    later = facts(NEW_ONE, boots, nodes=(node(NEW_ONE.id),), at=NOW + 10)
    gone_before = {**taken.standing.memory, EMPTIED_AT: NOW - 20}
    assert seen(S.WAVE, later, memory=gone_before).event is E.WAVE_OVER


@pytest.mark.parametrize("state", [S.WAVE, S.BAKING, S.REFRESHING, S.ORDERED])
@pytest.mark.parametrize(
    "blind", [{"read": False}, {"frozen": True}, {"group_read": False}], ids=lambda b: next(iter(b))
)
def test_blind_means_still(state: S, blind: dict[str, bool]) -> None:
    taken = seen(state, facts(OLD_ONE, launches=OLD, **blind))
    assert (taken.event, taken.effects, taken.retire) == (E.SEEN_UNKNOWN, (), ())
    assert taken.standing.because == "Jenkins or AWS cannot be read, or not be trusted yet"


def test_an_order_for_another_group_than_the_pool_s_stands_still_and_says_so() -> None:
    taken = seen(S.WAVE, facts(OLD_ONE, order=order(group="other")))
    assert taken.event is E.SEEN_UNKNOWN
    assert "ordered for group other" in taken.standing.because


def test_a_hold_is_told_with_its_reason() -> None:
    held = replace(OLD_ONE, protected=True)
    taken = seen(S.WAVE, facts(held))
    assert taken.event is E.AGENTS_HELD
    assert taken.standing.because == f"protected from scale-in: {held.id}"


def test_a_wave_is_watched_for_its_bake_time_and_then_comes_the_next() -> None:
    known = facts(OLD_ONE, NEW_ONE, policy=RolloutPolicy(bake_seconds=300))
    assert seen(S.BAKING, known, since=NOW - 299).event is E.BAKE_RUNNING
    taken = seen(S.BAKING, known, since=NOW - 300)
    assert (taken.event, taken.standing.state, taken.standing.wave) == (E.NEXT_WAVE_DUE, S.WAVE, 1)
    assert seen(S.BAKING, known, since=NOW - 300, wave=2).standing.wave == 2


def test_a_baked_pool_without_an_old_agent_is_done_in_whichever_wave() -> None:
    taken = seen(S.BAKING, facts(NEW_ONE))
    assert (taken.event, taken.standing.state) == (E.ALL_REPLACED, S.DONE)
    assert taken.standing.ended_at == NOW


def test_a_pool_whose_first_new_agent_boots_is_not_done_before_that_came_or_failed() -> None:
    """Where there is no room beside the old agents, the new ones are launched when these left."""
    alone = {"total": 1, "since": NOW - 20}
    boots = facts(member(9, NEW, launched_at=NOW - 15), nodes=())
    told = seen(S.BAKING, boots, **alone)
    assert (told.event, told.standing.launched) == (E.BAKE_RUNNING, 1)
    came = facts(member(9, NEW, launched_at=NOW - 15), member(10, NEW), nodes=(node(member(9).id),))
    assert seen(S.BAKING, came, **alone).event is E.ALL_REPLACED


def test_what_is_left_of_a_canary_is_waited_for_before_it_is_done() -> None:
    its_node = (node(NEW_ONE.id), node(CANARY))
    for known in (
        facts(NEW_ONE, canaries=(canary(),)),
        facts(NEW_ONE, nodes=its_node),
        facts(NEW_ONE, canaries=None),
    ):
        assert seen(S.BAKING, known, canary=CANARY).event is E.CANARY_LEFT


def test_a_wave_of_which_too_many_fail_trips_the_breaker() -> None:
    known = facts(OLD_ONE)
    taken = seen(S.WAVE, known, memory={**STARTED, BOOTING: "000009"})
    assert (taken.event, taken.standing.state) == (E.HEALTH_FAILED, S.ROLLING_BACK)
    assert taken.standing.memory[TRIPPED].startswith("1 of 1 new agents did not come online")


def test_a_surge_is_wanted_while_old_agents_are_left_and_our_drains_end_them() -> None:
    policy = replace(AT_ONCE, surge=2)
    known = facts(OLD_ONE, policy=policy)
    assert surge(standing(left=1), known) == 2
    assert surge(standing(S.BAKING, left=1), known) == 2
    assert surge(standing(left=0), known) == 0
    assert surge(standing(S.HALTED, left=1), known) == 0
    refreshed = facts(OLD_ONE, policy=policy, order=order(strategy=Strategy.REFRESH))
    assert surge(standing(left=1), refreshed) == 0


def test_a_done_rollout_promotes_its_image_and_closes_its_order() -> None:
    ends = (PromoteImage(pool="linux", image="ami-2"), CloseOrder(pool="linux", order="r-1"))
    assert seen(S.DONE, facts()).effects == ends
    nameless = facts(order=order(image=""))
    assert seen(S.DONE, nameless).effects == ends[1:]


def test_a_failed_rollout_condemns_its_image_with_the_reason_and_closes_its_order() -> None:
    told = standing(S.FAILED, because="the canary failed")
    because = "rollout r-1: the canary failed"
    assert advance(told, facts()).effects == (
        CondemnImage(pool="linux", image="ami-2", because=because),
        CloseOrder(pool="linux", order="r-1"),
    )
    assert advance(told, facts()).standing == told
    nameless = facts(order=order(image=""))
    assert advance(told, nameless).effects == (CloseOrder(pool="linux", order="r-1"),)


def test_a_rollout_that_was_taken_back_only_closes_its_order() -> None:
    assert seen(S.ROLLED_BACK, facts()).effects == (CloseOrder(pool="linux", order="r-1"),)


def test_a_standing_outlives_its_way_through_json() -> None:
    memory = {**STARTED, REFRESH_BEFORE: ""}
    for state in S:
        told = seen(state, facts(OLD_ONE, NEW_ONE), memory=memory).standing
        assert Standing.from_record(json.loads(json.dumps(told.as_record()))) == told


def test_a_new_order_begins_with_nothing_done() -> None:
    told = ordered(order(), NOW)
    assert (told.state, told.order, told.pool, told.started_at) == (S.ORDERED, "r-1", "linux", NOW)


def test_a_rollout_remembers_its_order_until_it_is_over() -> None:
    told = ordered(order(), NOW)
    assert order_of(Standing.from_record(json.loads(json.dumps(told.as_record())))) == order()
    assert order_of(replace(told, state=S.DONE)) is None
    assert order_of(replace(told, memory={})) is None
    assert order_of(replace(told, memory={ORDER: {"id": "r-1"}})) is None


def test_a_pool_that_is_not_read_keeps_what_was_counted() -> None:
    told = seen(S.WAVE, facts(read=False, of=pool()), left=3, leaving=1).standing
    assert (told.left, told.leaving, told.at) == (3, 1, NOW)
