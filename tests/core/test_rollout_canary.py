"""The canary of a rollout: it has to come online in time, and to pass the smoke job."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.rollout_scenes import (
    CANARY,
    GROUP,
    NEW,
    OLD,
    canary,
    facts,
    member,
    order,
    standing,
)
from tests.core.situations import sample
from tests.facts import NOW, node
from workhorse.core.effects import (
    LaunchCanary,
    RunJob,
    UseTemplateVersion,
)
from workhorse.core.health import SIGHTED_AT, WAVE_AT
from workhorse.core.learn import Learned
from workhorse.core.orders import (
    JobRun,
    RolloutPolicy,
)
from workhorse.core.rollout import OVER
from workhorse.core.rollout import RolloutEvent as E
from workhorse.core.rollout import RolloutState as S
from workhorse.core.rollout_facts import Facts
from workhorse.core.rollout_looks import TRIPPED
from workhorse.core.rollouts import Advance, advance

SMOKING = RolloutPolicy(smoke_job="smoke", smoke_seconds=600)
OLD_ONE, NEW_ONE = member(1), member(2, NEW)
BACK = UseTemplateVersion(group=GROUP, version=OLD)
UNDER_WAY = sorted(set(S) - OVER)


def seen(state: S, known: Facts, **changes: Any) -> Advance:
    return advance(standing(state, **changes), known)


def leads(state: S, known: Facts, **changes: Any) -> tuple[E, str]:
    taken = seen(state, known, **changes)
    return taken.event, taken.standing.state


def trying(*, online: bool = True, there: bool = True, **changes: Any) -> Facts:
    """A canary beside one old agent, which the group launches still."""
    nodes = (node(OLD_ONE.id), *([node(CANARY, "workhorse-canary-linux")] if online else []))
    own: dict[str, Any] = {"nodes": nodes, "launches": OLD, "policy": SMOKING}
    own["canaries"] = (canary(),) if there else ()
    return facts(OLD_ONE, **(own | changes))


def test_an_order_begins_with_a_canary_unless_none_was_ordered() -> None:
    assert leads(S.ORDERED, facts(OLD_ONE)) == (E.UNTRIED, S.CANARY_ASKED)
    known = facts(OLD_ONE, order=order(canary=False))
    assert leads(S.ORDERED, known) == (E.TRUSTED, S.WAVE)


def test_a_canary_is_asked_for_until_it_shows() -> None:
    taken = seen(S.CANARY_ASKED, trying(there=False))
    label = "workhorse-canary-linux"
    assert taken.effects == (LaunchCanary(group=GROUP, version=NEW, order="r-1", label=label),)
    assert leads(S.CANARY_ASKED, trying()) == (E.CANARY_BOOTING, S.CANARY)


def test_why_ec2_gives_no_canary_is_told_and_no_fault_of_the_image() -> None:
    known = trying(there=False, trouble="EC2 has no instances to give", at=NOW + 9999)
    taken = seen(S.CANARY_ASKED, known)
    assert (taken.event, taken.standing.because) == (
        E.CANARY_ABSENT,
        "EC2 has no instances to give",
    )


def test_a_canary_that_dies_at_birth_is_late_from_when_ec2_took_the_request() -> None:
    asked = {"there": False, "asked_at": NOW - 301}
    assert leads(S.CANARY_ASKED, trying(**asked)) == (E.CANARY_LATE, S.ROLLING_BACK)


def test_the_canary_of_another_order_is_none_of_ours() -> None:
    assert seen(S.CANARY, trying(canaries=(canary(order="r-0"),))).event is E.CANARY_GONE


@pytest.mark.parametrize(
    ("known", "event"),
    [
        (trying(online=False), E.CANARY_BOOTING),
        (trying(), E.CANARY_ONLINE),
        (trying(online=False, at=NOW + 241), E.CANARY_LATE),
        (trying(there=False), E.CANARY_GONE),
        (trying(canaries=None), E.SEEN_UNKNOWN),
        (trying(read=False), E.SEEN_UNKNOWN),
        (trying(frozen=True), E.SEEN_UNKNOWN),
        (trying(group_read=False), E.SEEN_UNKNOWN),
    ],
)
def test_a_canary_has_to_come_online_in_time(known: Facts, event: E) -> None:
    assert seen(S.CANARY, known).event is event


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 300),
        ({"learned": Learned(boots=sample(50.0, 70.0))}, 100),
        ({"policy": RolloutPolicy(canary_seconds=20)}, 20),
    ],
)
def test_in_time_is_what_the_policy_says_or_the_learned_boots_teach(
    changes: dict[str, Any], seconds: float
) -> None:
    launched = NOW - 60
    on_time = trying(online=False, at=launched + seconds, **changes)
    late = trying(online=False, at=launched + seconds + 1, **changes)
    assert seen(S.CANARY, on_time).event is E.CANARY_BOOTING
    assert seen(S.CANARY, late).event is E.CANARY_LATE


def test_the_time_of_a_blindness_is_no_lateness_of_the_canary() -> None:
    memory = {SIGHTED_AT: NOW + 200}
    known = trying(online=False, at=NOW + 300)
    assert seen(S.CANARY, known, memory=memory).event is E.CANARY_BOOTING


def test_the_canary_and_its_smoke_build_are_told() -> None:
    run = JobRun(path="job/smoke/7/")
    told = seen(S.SMOKE, trying(runs=(run,))).standing
    assert (told.canary, told.smoke) == (CANARY, "job/smoke/7/")
    assert [(one.instance, one.build) for one in told.awaited] == [(CANARY, "job/smoke/7/")]


@pytest.mark.parametrize(
    ("known", "event"),
    [
        (trying(policy=RolloutPolicy()), E.SMOKE_PASSED),
        (trying(runs=()), E.SMOKE_ABSENT),
        (trying(runs=(JobRun(queued=True),)), E.SMOKE_RUNNING),
        (trying(runs=(JobRun(path="job/smoke/7/"),)), E.SMOKE_RUNNING),
        (trying(runs=(JobRun(path="job/smoke/7/", result="SUCCESS"),)), E.SMOKE_PASSED),
        (trying(runs=(JobRun(result="SUCCESS"),), there=False), E.SMOKE_PASSED),
        (trying(runs=(JobRun(path="job/smoke/7/", result="FAILURE"),)), E.SMOKE_FAILED),
        (trying(runs=(JobRun(path="job/smoke/7/", result="ABORTED"),)), E.SMOKE_FAILED),
        (trying(runs=(JobRun(),), at=NOW + 501), E.SMOKE_LATE),
        (trying(runs=(), at=NOW + 501), E.SMOKE_ABSENT),
        (trying(runs=(JobRun(),), there=False), E.CANARY_GONE),
        (trying(runs=None), E.SEEN_UNKNOWN),
        (trying(read=False, runs=(JobRun(result="SUCCESS"),)), E.SEEN_UNKNOWN),
    ],
)
def test_a_canary_has_to_pass_the_smoke_job(known: Facts, event: E) -> None:
    assert seen(S.SMOKE, known).event is event


def test_a_smoke_build_that_a_restart_of_jenkins_cut_short_is_run_once_more() -> None:
    lost = JobRun(path="job/smoke/7/", result="FAILURE")
    memory = {SIGHTED_AT: NOW - 50}
    cut = seen(S.SMOKE, trying(runs=(lost,)), memory=memory).standing
    assert cut.state == S.CANARY
    again = advance(cut, trying(runs=(lost,))).standing
    assert again.state == S.SMOKE
    assert advance(again, trying(runs=(lost,))).event is E.SMOKE_ABSENT
    second = JobRun(path="job/smoke/8/", result="FAILURE")
    assert advance(again, trying(runs=(second,))).event is E.SMOKE_FAILED
    assert seen(S.SMOKE, trying(runs=(lost,)), memory={SIGHTED_AT: NOW - 150}).event is (
        E.SMOKE_FAILED
    )


def test_a_smoke_build_that_was_cut_short_before_a_halt_is_run_once_more_after_it() -> None:
    begun = seen(S.CANARY, trying()).standing
    known = trying(runs=(JobRun(path="job/smoke/7/", result="FAILURE"),), at=NOW + 500)
    resumed = replace(begun, since=NOW + 400, memory={**begun.memory, SIGHTED_AT: NOW + 200})
    assert advance(resumed, known).event is E.SMOKE_CUT


def test_the_smoke_job_is_asked_for_with_what_its_run_is_found_by() -> None:
    parameters = (("POOL", "linux"), ("IMAGE", "ami-2"), ("ORDER", "r-1"))
    taken = seen(S.SMOKE, trying(runs=()))
    assert taken.effects == (RunJob(job="smoke", parameters=parameters),)


def test_a_canary_that_passed_leads_to_the_first_wave_which_counts_the_old_agents() -> None:
    known = trying(policy=RolloutPolicy())
    told = seen(S.SMOKE, known, memory={}, total=0, wave=0).standing
    assert (told.state, told.total, told.wave, told.since) == (S.WAVE, 1, 0, NOW)
    assert told.memory[WAVE_AT] == NOW


@pytest.mark.parametrize("event", [E.CANARY_LATE, E.CANARY_GONE])
def test_a_canary_that_fails_is_remembered_as_why_the_breaker_tripped(event: E) -> None:
    late = trying(online=False, at=NOW + 999, there=event is E.CANARY_LATE)
    told = seen(S.CANARY, late).standing
    assert told.state == S.ROLLING_BACK
    assert told.memory[TRIPPED] == told.because != ""
