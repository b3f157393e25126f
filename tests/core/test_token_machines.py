"""Machines that came by a token and are gone: their nodes go, and nobody else's."""

from collections.abc import Iterable
from dataclasses import replace
from math import inf
from typing import Any

import pytest

from tests.core.books import HOME, ID, facts
from tests.facts import NOW, node
from workhorse.core.cordon import cordon_label
from workhorse.core.disagreements import DAY_SECONDS, Facts, findings
from workhorse.core.effects import Cordon, DeleteNode, Effect, Recall
from workhorse.core.ledger import LEDGER, Disagreement, LedgerPolicy, Remedy
from workhorse.core.model import Node
from workhorse.core.owner import Owner
from workhorse.core.reckoning import Book, Reckoning, reckon
from workhorse.core.token_machines import CAUSE

D = Disagreement
NAME = "linux-0123456789ab"
MADE = Owner(pool="linux", home=HOME, way="token")
LABEL = cordon_label(CAUSE, NAME)
CORDON = Cordon(node=NAME, label=LABEL)


def machine(labels: str = "linux", **changes: Any) -> Node:
    """Its node, offline and idle."""
    told: dict[str, Any] = {"offline": True, "owner": MADE, **changes}
    return node(told.pop("name", NAME), labels, **told)


def kinds(seen: Facts) -> list[Disagreement]:
    return [each.kind for each in findings(seen)]


def through(*looks: Facts, policy: LedgerPolicy | None = None) -> Reckoning:
    found = Reckoning(book=Book())
    for seen in looks:
        found = reckon(found.book, seen, {"linux": 60.0}, policy or LedgerPolicy())
    return found


def after(*seconds: float, of: Node | None = None, **changes: Any) -> Iterable[Facts]:
    of = of or machine()
    return (facts(node(ID), of, at=NOW + each, **changes) for each in seconds)


def done(found: Reckoning) -> list[Effect]:
    return [effect for effect, _ in found.effects]


@pytest.mark.parametrize(
    "other",
    [
        machine(offline=False),
        machine(busy=1, idle=False),
        machine(idle=False),
        machine(temporarily_offline=True),
        machine(ghost=True),
        machine(owner=None),
        machine(owner=replace(MADE, way="gateway")),
        machine(owner=replace(MADE, way="")),
        machine(owner=replace(MADE, home="123456789012/us-east-1")),
        machine(owner=replace(MADE, pool="another")),
        machine(name="linux-by-hand"),
        machine(name="i-0000000f"),
        machine(labels=cordon_label("scale-in", NAME), offline=False),
    ],
    ids=lambda other: f"{other.name} {other.owner} {other.offline}",
)
def test_a_node_that_is_at_work_or_put_aside_or_not_of_our_making_is_left(other: Node) -> None:
    assert kinds(facts(node(ID), other)) == []


def test_without_knowing_where_we_are_no_node_is_ours() -> None:
    assert kinds(facts(node(ID), machine(), home="")) == []


@pytest.mark.parametrize(
    ("seen", "told", "effect"),
    [
        (machine(), D.MACHINE_GONE, CORDON),
        (machine(LABEL), D.MACHINE_CORDONED, DeleteNode(node=NAME)),
        (machine(LABEL, temporarily_offline=True), D.MACHINE_CORDONED, DeleteNode(node=NAME)),
        (
            machine(LABEL, offline=False),
            D.MACHINE_BACK,
            Recall(node=NAME, labels=frozenset({"linux"}), exclusive=False),
        ),
    ],
    ids=["gone", "cordoned", "cordoned, put aside", "back"],
)
def test_what_a_node_shows_says_what_is_to_be_done(
    seen: Node, told: Disagreement, effect: Effect
) -> None:
    [found] = findings(facts(node(ID), seen))
    assert (found.kind, found.effect, found.pool) == (told, effect, "linux")


def test_a_machine_that_came_back_busy_before_its_node_was_deleted_is_called_back() -> None:
    """It had the build before the cordon took effect."""
    assert kinds(facts(node(ID), machine(LABEL, offline=False, busy=1, idle=False))) == [
        D.MACHINE_BACK
    ]


def test_a_node_goes_a_day_after_its_machine_by_a_cordon_and_a_minute() -> None:
    assert done(through(*after(0, DAY_SECONDS - 1))) == []
    gone = through(*after(0, DAY_SECONDS))
    assert done(gone) == [CORDON]
    left = list(after(DAY_SECONDS + 10, DAY_SECONDS + 69, of=machine(LABEL)))
    assert done(through(*after(0, DAY_SECONDS), *left)) == []
    last = after(DAY_SECONDS + 70, of=machine(LABEL))
    assert done(through(*after(0, DAY_SECONDS), *left, *last)) == [DeleteNode(node=NAME)]


def test_one_that_is_online_for_a_moment_is_missed_anew() -> None:
    back = after(DAY_SECONDS - 10, of=machine(offline=False))
    assert done(through(*after(0), *back, *after(DAY_SECONDS, 2 * DAY_SECONDS - 11))) == []


def test_one_whose_watcher_still_speaks_is_not_gone() -> None:
    heard = {"heard": {NAME: NOW + 5000}}
    looks = after(0, DAY_SECONDS, DAY_SECONDS + 4999, **heard)
    assert done(through(*looks)) == []
    assert done(through(*after(0), *after(DAY_SECONDS + 5000, **heard))) == [CORDON]


def test_a_cordoned_one_that_speaks_is_deleted_all_the_same() -> None:
    """It is let in with a new node only when the old one is gone."""
    heard = {"heard": {NAME: NOW + 59}}
    assert done(through(*after(0, 60, of=machine(LABEL), **heard))) == [DeleteNode(node=NAME)]


@pytest.mark.parametrize("dark", [{"frozen": True}, {"blind": True, "frozen": True}])
def test_the_time_in_which_jenkins_cannot_be_believed_does_not_count(dark: dict[str, bool]) -> None:
    looks = [*after(0, 100), *after(110, DAY_SECONDS, **dark)]
    assert done(through(*looks)) == []
    assert done(through(*looks, *after(DAY_SECONDS + 10, 2 * DAY_SECONDS - 200))) == []
    assert done(through(*looks, *after(DAY_SECONDS + 10, 2 * DAY_SECONDS))) == [CORDON]


def test_where_they_may_be_missed_for_ever_nothing_is_done() -> None:
    found = through(*after(0, 1000 * DAY_SECONDS), policy=LedgerPolicy(absent_seconds=inf))
    assert (done(found), found.begun) == ([], ())


def test_its_time_is_told_in_words() -> None:
    rule = LEDGER[D.MACHINE_GONE]
    assert (rule.written, rule.remedy) == ("`ledger.absent_hours`", Remedy.CORDON)
