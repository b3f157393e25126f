"""One number for how long a boot may take: said, learned, or tried while nobody registers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.situations import sample
from tests.facts import NOW, group, instance, jenkins, node, pool, snapshot
from workhorse.core.boots import LONGEST_SECONDS, expected_boot, expecting, usual_boot
from workhorse.core.decide import PoolMemory, decide
from workhorse.core.demand import Demand
from workhorse.core.learn import Learned, Patience
from workhorse.core.ledger import boot_seconds
from workhorse.core.survey import Survey, Times, survey

POOL = pool(boot_seconds=300, floor=1)
POLICY = POOL.policy
SECONDS = st.floats(1, 20_000).map(round)


def learned(*boots: float, patience: float = 0) -> Learned:
    return Learned(boots=sample(*boots), patience=Patience(seconds=patience))


@pytest.mark.parametrize(
    ("boots", "patience", "expected", "usual"),
    [
        ((), 0, 300, 300),
        ((60,) * 30, 0, 300, 300),
        ((60, 900), 0, 900, 900),
        ((60,) * 200 + (900,), 0, 300, 300),
        ((900,), 1800, 1800, 900),
        ((900,), 600, 900, 900),
        ((9000,), 0, LONGEST_SECONDS, LONGEST_SECONDS),
        ((), 9000, LONGEST_SECONDS, 300),
    ],
)
def test_it_is_the_longest_of_what_was_said_learned_and_tried_up_to_half_an_hour(
    boots: tuple[float, ...], patience: float, expected: float, usual: float
) -> None:
    known = learned(*boots, patience=patience)
    assert (expected_boot(POLICY, known), usual_boot(POLICY, known)) == (expected, usual)


def test_an_operator_may_say_more_than_is_ever_learned() -> None:
    assert expected_boot(replace(POLICY, boot_seconds=7200), learned(60)) == 7200


def test_a_pool_whose_boots_keep_to_what_was_said_is_given_as_it_is() -> None:
    assert expecting(POOL, learned(60, 299.9)) is POOL
    assert expecting(POOL, learned(60, 301)).policy == replace(POLICY, boot_seconds=301)


@given(st.lists(SECONDS, max_size=40), SECONDS, SECONDS)
def test_nobody_expects_less_than_was_said_nor_is_the_ledger_slower_than_the_planner(
    boots: list[int], patience: int, said: int
) -> None:
    """Who is given up counts as capacity no longer, so the ledger's time is at most the other."""
    policy, known = replace(POLICY, boot_seconds=said), learned(*boots, patience=patience)
    expected = expected_boot(policy, known)
    assert said <= usual_boot(policy, known) <= expected <= max(said, LONGEST_SECONDS)
    assert boot_seconds(known, policy) <= usual_boot(policy, known)


def seen(known: Learned, age: float) -> Survey:
    members = group(instance("i-1", launched_at=NOW - age))
    shown = snapshot(jenkins(node("i-2")), members)
    return survey(expecting(POOL, known), members, shown, {}, Times())


def test_who_boots_counts_as_capacity_for_as_long_as_is_expected() -> None:
    for known, expected in ((learned(), 300), (learned(900), 900), (learned(patience=600), 600)):
        young, old = seen(known, expected - 1), seen(known, expected)
        assert (len(young.booting), len(young.lost)) == (1, 0)
        assert (len(old.booting), len(old.lost)) == (0, 1)
        assert young.booting_until == NOW + 1


def test_a_decision_that_makes_more_be_expected_holds_no_longer_than_itself() -> None:
    """Whom the survey called lost is booting by what was learned a moment later."""
    members = group(instance("i-1", launched_at=NOW - 400))
    shown = snapshot(jenkins(), members)
    facts = {"demand": Demand(), "drains": {}, "blind_step": 5}
    known = learned(900)
    for boots, held in ((learned(), False), (known, True)):
        looked = survey(expecting(POOL, boots), members, shown, {}, Times())
        memory = PoolMemory(changed_at=NOW - 3600, learned=known)
        decision = decide(POOL, shown, looked, memory=memory, **facts)  # type: ignore[arg-type]
        assert decision.situation.policy.boot_seconds == 900
        assert decision.as_record()["facts"]["boot_seconds"] == 900
        assert (decision.holds_until > NOW) is held
