"""How a wave's new agents are judged: once, by what was seen, and never in blindness."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.rollout_scenes import NEW, STARTED, facts, leaving, member, standing
from tests.core.situations import sample
from tests.facts import NOW, node, pool
from workhorse.core.drain import Cause
from workhorse.core.health import (
    BOOTING,
    EMPTIED_AT,
    JUDGED,
    SIGHTED_AT,
    emptied,
    in_place_boot,
    judged,
    new_wave,
    sighted,
    unhealthy,
)
from workhorse.core.learn import Learned
from workhorse.core.model import Instance
from workhorse.core.orders import RolloutPolicy, Standing
from workhorse.core.rollout_facts import Facts

LAUNCHED = NOW - 60


def fresh(number: int, **changes: Any) -> Instance:
    return member(number, NEW, **({"launched_at": LAUNCHED} | changes))


def counts(of: Standing) -> tuple[int, int, int]:
    return of.launched, of.registered, of.failed


def absent(*members: Instance, **changes: Any) -> Facts:
    return facts(*members, nodes=(), **changes)


def test_an_online_agent_has_registered_and_its_boot_is_told() -> None:
    told = judged(standing(), facts(fresh(1), fresh(2, launched_at=NOW - 80)))
    assert counts(told) == (2, 2, 0)
    assert told.boot_seconds == 70


def test_an_agent_that_boots_is_launched_and_not_judged_yet() -> None:
    assert counts(judged(standing(), absent(fresh(1)))) == (1, 0, 0)


def test_an_agent_that_is_late_has_failed_and_stays_so_when_it_comes_after_all() -> None:
    late = judged(standing(), absent(fresh(1), at=NOW + 300))
    assert counts(late) == (1, 0, 1)
    assert counts(judged(late, facts(fresh(1), at=NOW + 400))) == (1, 0, 1)


@pytest.mark.parametrize(("boots", "limit"), [((400.0,), 400), ((60.0,), 300), ((), 300)])
def test_late_is_beyond_the_slowest_learned_boots_and_beyond_boot_seconds(
    boots: tuple[float, ...], limit: float
) -> None:
    changes = {"of": pool(boot_seconds=300), "learned": Learned(boots=sample(*boots))}
    on_time = absent(fresh(1), at=LAUNCHED + limit, **changes)
    late = absent(fresh(1), at=LAUNCHED + limit + 1, **changes)
    assert on_time.late_seconds == limit
    assert judged(standing(), on_time).failed == 0
    assert judged(standing(), late).failed == 1


def test_an_agent_that_is_gone_before_it_was_online_has_failed() -> None:
    boots = judged(standing(), absent(fresh(1), fresh(2)))
    assert counts(judged(boots, absent(fresh(1)))) == (2, 0, 1)


def test_an_agent_that_is_gone_after_it_was_online_is_no_failing_of_the_image() -> None:
    online = judged(standing(), facts(fresh(1)))
    assert counts(judged(online, facts())) == (1, 1, 0)


@pytest.mark.parametrize("cause", [Cause.SPOT, Cause.REBALANCE])
def test_an_agent_that_ec2_takes_back_while_it_boots_counts_for_nothing(cause: Cause) -> None:
    boots = judged(standing(), absent(fresh(1)))
    taken = absent(fresh(1), drains=(leaving(fresh(1), cause),))
    assert counts(judged(boots, taken)) == (0, 0, 0)
    assert counts(judged(boots, absent(drains=(leaving(fresh(1), cause),)))) == (0, 0, 0)


def test_an_agent_that_is_gone_and_may_have_been_online_in_a_blindness_counts_for_nothing() -> None:
    its_node = node(fresh(1).id, offline=True)
    boots = judged(standing(), absent(fresh(1), fresh(2)))
    gone = facts(nodes=(its_node,))
    assert counts(judged(boots, gone)) == (2, 0, 2)
    blind = replace(boots, memory={**boots.memory, SIGHTED_AT: NOW - 50})
    assert counts(judged(blind, gone)) == (1, 0, 1)
    earlier = replace(boots, memory={**boots.memory, SIGHTED_AT: NOW - 500})
    assert counts(judged(earlier, gone)) == (2, 0, 2)


def test_agents_of_before_the_wave_are_of_no_account_but_for_those_that_still_boot() -> None:
    booted, boots = fresh(1, launched_at=NOW - 120), fresh(2, launched_at=NOW - 120)
    wave = judged(standing(memory={**STARTED, BOOTING: boots.id[-6:]}), facts(booted, boots))
    assert counts(wave) == (1, 1, 0)


def test_a_new_wave_counts_afresh_and_takes_over_who_boots() -> None:
    told = judged(standing(), facts(fresh(1), fresh(2), nodes=(node(fresh(1).id),)))
    assert counts(told) == (2, 1, 0)
    wave = new_wave(told, NOW)
    assert (counts(wave), wave.boot_seconds, wave.memory[JUDGED]) == ((1, 0, 0), None, "")
    assert counts(judged(wave, facts(fresh(1), fresh(2)))) == (1, 1, 0)


def test_an_agent_whose_launch_ec2_does_not_tell_is_of_the_wave() -> None:
    assert counts(judged(standing(), facts(fresh(1, launched_at=None)))) == (1, 1, 0)


def test_agents_of_other_versions_are_nobody_s_launches() -> None:
    assert counts(judged(standing(), facts(member(1, launched_at=NOW - 5)))) == (0, 0, 0)


def test_nobody_is_judged_before_the_first_wave() -> None:
    told = standing(memory={})
    assert judged(told, facts(fresh(1))) == told


def test_what_is_remembered_of_the_judged_goes_when_they_are_gone() -> None:
    online = judged(standing(), facts(fresh(1), fresh(2)))
    assert online.memory[JUDGED] == "000001 000002"
    assert judged(online, facts(fresh(2))).memory[JUDGED] == "000002"


def test_the_time_of_a_blindness_is_nobody_s_lateness() -> None:
    blind = sighted(standing(), absent(read=False))
    again = sighted(blind, absent(at=NOW + 1000))
    late = absent(fresh(1), at=NOW + 1000)
    assert judged(again, late).failed == 0
    assert judged(again, absent(fresh(1), at=NOW + 1301)).failed == 1


def test_a_blindness_is_remembered_once_so_that_it_is_told_once() -> None:
    blind = sighted(standing(), absent(read=False))
    assert sighted(blind, absent(read=False, at=NOW + 10)) == blind
    assert sighted(standing(), facts()) == standing()


@pytest.mark.parametrize(
    ("launched", "failed", "percent"), [(10, 2, 10), (9, 1, 10), (1, 1, 100), (100, 1, 0)]
)
def test_the_breaker_trips_above_the_percentage_and_of_one_launch_at_once(
    launched: int, failed: int, percent: float
) -> None:
    because = unhealthy(
        standing(launched=launched, failed=failed), RolloutPolicy(max_failed=percent)
    )
    assert because.startswith(f"{failed} of {launched} new agents did not come online")


@pytest.mark.parametrize(
    ("launched", "failed", "percent"), [(0, 0, 0), (10, 0, 0), (10, 1, 10), (2, 2, 100)]
)
def test_the_breaker_does_not_trip_up_to_the_percentage(
    launched: int, failed: int, percent: float
) -> None:
    told = standing(launched=launched, failed=failed)
    assert not unhealthy(told, RolloutPolicy(max_failed=percent))


def test_only_those_launched_before_the_old_ones_were_gone_are_waited_for() -> None:
    one = fresh(1)
    boots = judged(standing(), absent(one))
    assert in_place_boot(boots, absent(one))
    assert in_place_boot(emptied(boots, LAUNCHED), absent(one))
    assert not in_place_boot(emptied(boots, LAUNCHED - 1), absent(one))


def test_the_time_at_which_the_old_agents_were_gone_is_noted_once_a_wave() -> None:
    gone = emptied(standing(), NOW)
    assert emptied(gone, NOW + 50) == gone
    assert EMPTIED_AT not in new_wave(gone, NOW + 60).memory
