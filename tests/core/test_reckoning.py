"""Time is counted by looks that can be trusted, and what is due follows from it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.books import ID, OTHER, drained, facts
from tests.facts import NOW, group, instance, node, pool
from workhorse.core.disagreements import Facts
from workhorse.core.drain import Cause, DrainState
from workhorse.core.learn import Learned, Sample
from workhorse.core.ledger import BOOTS_ENOUGH, Disagreement, LedgerPolicy, boot_seconds
from workhorse.core.model import Lifecycle, Policy
from workhorse.core.reckoning import Book, Reckoning, meters, reckon, to_ask

POLICY = LedgerPolicy(margin_seconds=120)
BOOTS = {"linux": 60.0}
HUNG = node(ID, offline=True)


def looked(book: Book, seen: Facts, policy: LedgerPolicy = POLICY) -> Reckoning:
    return reckon(book, seen, BOOTS, policy)


def through(*looks: Facts, policy: LedgerPolicy = POLICY) -> Reckoning:
    """What the last of these looks comes to, one after another."""
    found = Reckoning(book=Book())
    for seen in looks:
        found = looked(found.book, seen, policy)
    return found


def hung(*seconds: float) -> Iterable[Facts]:
    return (facts(HUNG, at=NOW + after) for after in seconds)


def test_a_disagreement_counts_when_its_patience_is_over_and_is_told_once() -> None:
    early = through(*hung(0, 299))
    assert (early.begun, early.lost, early.holds_until) == ((), {}, NOW + 300)
    due = looked(early.book, facts(HUNG, at=NOW + 300))
    assert [entry.key for entry in due.begun] == [(Disagreement.HUNG, ID)]
    assert (dict(due.lost), dict(due.own)) == ({ID: NOW}, {ID: Cause.LOST})
    again = looked(due.book, facts(HUNG, at=NOW + 310))
    assert (again.begun, dict(again.lost)) == ((), {ID: NOW})


def test_it_is_over_when_they_agree_again_and_begins_anew_after_that() -> None:
    due = through(*hung(0, 300))
    well = looked(due.book, facts(node(ID), at=NOW + 310))
    assert [entry.key for entry in well.ended] == [(Disagreement.HUNG, ID)]
    assert through(*hung(0, 200), facts(node(ID), at=NOW + 210), *hung(220, 510)).lost == {}


def test_a_zombie_is_given_up_its_boot_and_the_margin_after_it_is_first_seen() -> None:
    looks = [facts(at=NOW + after) for after in (0, 179, 180)]
    assert through(*looks[:2]).lost == {}
    assert dict(through(*looks).lost) == {ID: NOW}


DARK = {"blind": {"blind": True, "frozen": True}, "frozen": {"frozen": True}}


@pytest.mark.parametrize("dark", DARK)
def test_time_stands_still_in_the_dark_and_nothing_is_done(dark: str) -> None:
    looks = (*hung(0, 100), facts(HUNG, at=NOW + 110, **DARK[dark]))
    there = through(*looks, facts(HUNG, at=NOW + 1000, **DARK[dark]))
    assert (there.lost, there.effects, there.begun, there.ended) == ({}, (), (), ())
    again = looked(there.book, facts(HUNG, at=NOW + 1010))
    assert (again.lost, again.holds_until) == ({}, NOW + 1200)
    assert dict(looked(again.book, facts(HUNG, at=NOW + 1200)).lost) == {ID: NOW + 900}


def test_who_is_seen_online_in_the_dark_is_missed_anew_after_it() -> None:
    back = facts(node(ID), at=NOW + 210, frozen=True)
    there = through(*hung(0, 200), back, facts(HUNG, at=NOW + 400, frozen=True), *hung(500))
    assert there.holds_until == NOW + 800


def test_a_group_that_cannot_be_read_is_dark() -> None:
    unread = facts(HUNG, at=NOW + 200)
    shown = replace(unread.snapshot, groups={"linux-agents": None})
    unread = replace(unread, snapshot=shown, surveys={})
    assert through(*hung(0, 100), unread, *hung(400)).lost == {}


def test_what_was_before_the_first_look_of_a_run_does_not_count() -> None:
    launched = group(instance(ID, launched_at=NOW - 3600))
    assert through(facts(group=launched)).lost == {}
    looks = (facts(group=launched, at=NOW + after) for after in (0, 180))
    assert dict(through(*looks).lost) == {ID: NOW}


def test_who_is_not_listed_is_asked_for_when_it_is_due_and_stays_while_it_has_a_node() -> None:
    def forgotten(after: float, *hidden: str) -> Facts:
        told = {"registered": frozenset({ID}), "hidden": frozenset(hidden)}
        return facts(at=NOW + after, **told)

    early = through(forgotten(0), forgotten(400))
    assert list(to_ask(early.book, NOW + 410)) == []
    assert list(to_ask(early.book, NOW + 420)) == [ID]
    assert looked(early.book, forgotten(420, ID)).lost == {}
    assert dict(looked(early.book, forgotten(420)).lost) == {ID: NOW}


def test_who_failed_is_asked_for_before_it_is_given_up_though_its_word_counts_at_once() -> None:
    told = {"failed": {ID: "no java"}}
    first = through(facts(**told))
    assert (first.begun, first.lost) == ((), {})
    assert list(to_ask(first.book, NOW + 10)) == [ID]
    again = looked(first.book, facts(at=NOW + 10, **told))
    assert [entry.finding.detail for entry in again.begun] == ["no java"]
    assert dict(again.lost) == {ID: NOW}


def test_a_ledger_that_may_not_act_only_tells() -> None:
    found = through(*hung(0, 300), policy=LedgerPolicy(act=False))
    assert len(found.begun) == 1
    assert (found.lost, found.own, found.effects, found.recall) == ({}, {}, (), ())


def test_no_more_than_a_step_of_agents_begin_to_leave_at_once() -> None:
    both = group(instance(ID), instance(OTHER))
    looks = [
        facts(HUNG, node(OTHER, offline=True), group=both, of=pool(max_step=1), at=NOW + after)
        for after in (0, 300)
    ]
    assert dict(through(*looks).own) == {ID: Cause.LOST}


@pytest.mark.parametrize(
    ("state", "asked_at", "back"),
    [
        (DrainState.ASKED, 0.0, (ID,)),
        (DrainState.CORDONED, 0.0, (ID,)),
        (DrainState.ASKED, NOW - 5, ()),
        (DrainState.LEAVING, NOW - 5, ()),
    ],
)
def test_a_lost_agent_that_comes_back_before_aws_was_asked_is_called_back(
    state: DrainState, asked_at: float, back: tuple[str, ...]
) -> None:
    lost = drained(cause=Cause.LOST, state=state, asked_at=asked_at)
    assert through(facts(node(ID), drains=(lost,))).recall == back
    assert through(facts(HUNG, drains=(lost,))).recall == ()


def test_a_lost_agent_that_comes_back_at_its_hook_is_not_called_back() -> None:
    """An earlier run asked AWS to end it, and only the cordon's cause outlived that."""
    lost = drained(cause=Cause.LOST)
    waits = group(instance(ID, Lifecycle.TERMINATING_WAIT))
    assert through(facts(node(ID), group=waits, drains=(lost,))).recall == ()


def test_the_boot_time_is_learned_when_enough_boots_were_seen() -> None:
    policy = Policy(name="linux", labels=frozenset({"linux"}), ceiling=1, boot_seconds=300)
    few = Learned(boots=Sample().added([50.0] * (BOOTS_ENOUGH - 1)))
    many = Learned(boots=few.boots.added([70.0]))
    assert boot_seconds(few, policy) == 300
    assert boot_seconds(many, policy) == 70


def test_the_ledger_waits_as_long_as_the_pool_when_boots_come_late() -> None:
    policy = Policy(name="linux", labels=frozenset({"linux"}), ceiling=1, boot_seconds=300)
    late = Learned(boots=Sample().added([900.0]))
    assert boot_seconds(late, policy) == 900


def test_while_nobody_registers_who_is_missed_is_told_in_time_and_waited_for_longer() -> None:
    """What people are called for must not come later because a pool tries how long boots take."""
    looks = [facts(at=NOW + after, patience={"linux": 600.0}) for after in (0, 180, 719, 720)]
    told = through(*looks[:2])
    assert [entry.finding.held for entry in told.begun] == [
        "since nobody registers, it is waited for 720 s"
    ]
    assert (told.lost, told.own, told.holds_until) == ({}, {}, NOW + 720)
    assert [m.value for m in meters(told.book, ["linux"], NOW + 180)][:2] == [1, 180]
    early = looked(told.book, looks[2])
    assert (early.begun, early.lost, list(to_ask(early.book, NOW + 719))) == ((), {}, [])
    assert list(to_ask(early.book, NOW + 720)) == [ID]
    due = looked(early.book, looks[3])
    assert (due.begun, dict(due.own)) == ((), {ID: Cause.LOST})


def test_whoever_was_waited_for_is_given_up_at_once_when_another_registered() -> None:
    waiting = through(*(facts(at=NOW + after, patience={"linux": 600.0}) for after in (0, 400)))
    assert dict(looked(waiting.book, facts(at=NOW + 410)).own) == {ID: Cause.LOST}


@pytest.mark.parametrize(
    "told",
    [
        {"failed": {ID: "no java"}},
        {"registered": frozenset({ID})},
    ],
)
def test_who_failed_or_was_forgotten_is_waited_for_no_longer_than_ever(
    told: Mapping[str, Any],
) -> None:
    looks = [facts(at=NOW + after, patience={"linux": 3600.0}, **told) for after in (0, 420)]
    assert dict(through(*looks).own) == {ID: Cause.LOST}


def test_what_counts_is_measured_by_kind_and_by_the_age_of_the_oldest() -> None:
    book = through(*hung(0, 300)).book
    told = {(m.name, m.kind): m.value for m in meters(book, ["linux"], NOW + 310)}
    assert told == {
        ("Disagreements", ""): 1,
        ("DisagreementAge", ""): 310,
        ("Disagreements", "hung"): 1,
    }
    early = {(m.name, m.kind): m.value for m in meters(through(*hung(0)).book, ["linux"], NOW)}
    assert early == {("Disagreements", ""): 0, ("DisagreementAge", ""): 0}


@given(
    st.lists(
        st.tuples(st.floats(1, 400), st.sampled_from(["lit", "frozen", "blind", "online"])),
        max_size=30,
    )
)
def test_nobody_is_given_up_who_was_not_missed_for_five_lit_minutes(
    looks: list[tuple[float, str]],
) -> None:
    """Whatever the order of light and dark: the lit time since it was last online is counted."""
    at, lit, was_lit, found = NOW, 0.0, False, Reckoning(book=Book())
    for pause, how in looks:
        at += pause
        lit = 0.0 if how == "online" else lit + (pause if was_lit and how == "lit" else 0.0)
        shown = node(ID) if how == "online" else HUNG
        found = looked(found.book, facts(shown, at=at, **DARK.get(how, {})))
        gap = pause if how in DARK and was_lit else 0.0
        lit += gap  # Until the first dark look it was light for all that anybody knows.
        was_lit = how == "lit"
        assert not (found.lost and lit < 299.9), (found.lost, lit)
        assert not (found.lost and how != "lit")
        assert found.holds_until == inf or found.holds_until > at
