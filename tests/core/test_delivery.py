"""Which plan may be applied."""

from typing import Any

import pytest

from workhorse.core.delivery import (
    HOUR,
    Delivery,
    Rules,
    Standing,
    Told,
    delivery,
    lacking,
    person,
    resolved,
    standing,
    used,
)
from workhorse.core.errors import Refusal

DIGEST = "3f2a9c1d" * 8
OTHER = "3f2a9cff" * 8
START = 1_000_000.0


def record(kind: str, by: str = "ann", after: float = 0, **more: Any) -> dict[str, Any]:
    """A record of the plan, `after` seconds after it was made."""
    told = {"kind": kind, "digest": DIGEST, "by": by, "at": START + after, "where": "desk"}
    return told | {"directory": "root"} | more


def after(*records: dict[str, Any]) -> Delivery:
    made = delivery(DIGEST, [record("planned"), *records])
    assert made is not None
    return made


def stands(*records: dict[str, Any], running: bool = False, **rules: Any) -> Standing:
    return standing(after(*records), Rules(**rules), START + 10, running=running)


# --- Digests -------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [DIGEST, DIGEST[:7], f"sha256:{DIGEST}", DIGEST.upper()])
def test_a_plan_is_named_by_the_beginning_of_its_digest(given: str) -> None:
    assert resolved(given, [DIGEST, OTHER]) == DIGEST


def test_a_beginning_of_two_digests_is_refused_with_both() -> None:
    with pytest.raises(Refusal, match="begins 2 plans: 3f2a9c1d3f2a, 3f2a9cff3f2a"):
        resolved("3f2a9c", [DIGEST, OTHER])


def test_a_digest_of_no_plan_is_refused_with_a_hint() -> None:
    with pytest.raises(Refusal, match="digest 00ff00: no plan has it here; plans stay on the"):
        resolved("00ff00", [DIGEST])


@pytest.mark.parametrize("given", ["3f2a9", "", "../../etc", "3f2a9g", DIGEST + "0"])
def test_what_is_no_digest_is_refused(given: str) -> None:
    with pytest.raises(Refusal, match="must be 6 to 64 hexadecimal digits"):
        resolved(given, [DIGEST])


# --- Approvals -----------------------------------------------------------------------------------


def test_a_new_plan_waits_for_approval() -> None:
    assert stands() is Standing.WAITING
    assert lacking(after(), Rules(), START) == "nobody has approved it, and one person must"


def test_one_approval_is_enough_by_default() -> None:
    assert stands(record("approved", "bob")) is Standing.APPROVED


def test_two_are_wanted_and_the_same_person_counts_once() -> None:
    twice = [record("approved", "bob"), record("approved", "Bob", after=5)]

    assert lacking(after(*twice), Rules(approvals=2), START) == (
        "approved by bob, and 2 people must within 24 h"
    )
    assert stands(*twice, record("approved", "cid"), approvals=2) is Standing.APPROVED


def test_the_author_alone_is_not_enough_where_four_eyes_are_wanted() -> None:
    assert lacking(after(record("approved", "Ann")), Rules(four_eyes=True), START) == (
        "approved by ann, its author, alone: somebody else must, too"
    )
    assert stands(record("approved", "ann")) is Standing.APPROVED
    assert stands(record("approved", "bob"), four_eyes=True) is Standing.APPROVED


def test_an_approval_expires() -> None:
    made = after(record("approved", "bob"))
    rules = Rules(approval_seconds=2 * HOUR)

    assert lacking(made, rules, START + 2 * HOUR) is None
    assert lacking(made, rules, START + 2 * HOUR + 1) == (
        "its approval has expired: an approval holds 2 h"
    )


def test_an_approval_is_renewed_by_approving_again() -> None:
    made = after(record("approved", "bob"), record("approved", "bob", after=2 * HOUR))

    assert lacking(made, Rules(approval_seconds=2 * HOUR), START + 3 * HOUR) is None


def test_an_approval_of_another_plan_counts_for_nothing() -> None:
    """Whoever copies records between the folders of plans gains nothing."""
    assert stands(record("approved", "bob", digest=OTHER)) is Standing.WAITING


def test_records_without_that_of_the_planning_tell_of_no_delivery() -> None:
    assert delivery(DIGEST, [record("approved")]) is None
    assert delivery(DIGEST, []) is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b"])
def test_a_name_that_nobody_could_read_is_refused(name: str) -> None:
    with pytest.raises(Refusal, match="--by"):
        person(name, option="--by")


def test_a_name_is_one_line() -> None:
    assert person(" Ann \n Lee ", option="--by") == "Ann Lee"


# --- Used once -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "standing", "words"),
    [
        ([record("applied")], Standing.APPLIED, "was applied already by ann, from desk"),
        ([record("failed")], Standing.FAILED, "failed half way; make a new plan"),
        ([record("stale")], Standing.STALE, "the state is a later one; make a new plan"),
        ([], Standing.CUT_SHORT, "cut short: part of it may be done; make a new plan"),
    ],
)
def test_a_plan_is_used_once_however_its_apply_ended(
    records: list[dict[str, Any]], standing: Standing, words: str
) -> None:
    happened = [record("approved", "bob"), record("begun"), *records]

    assert stands(*happened) is standing
    refused = used(after(*happened), running=False)
    assert refused
    assert words in refused


def test_an_apply_that_changed_nothing_leaves_the_plan_as_it_was() -> None:
    happened = [record("approved", "bob"), record("begun"), record("postponed")]

    assert stands(*happened) is Standing.APPROVED
    assert used(after(*happened), running=False) is None


def test_an_apply_that_runs_is_told_from_one_that_was_cut_short() -> None:
    begun = [record("approved", "bob"), record("begun", "cid")]

    assert stands(*begun, running=True) is Standing.RUNNING
    assert used(after(*begun), running=True) == "is being applied by cid, from desk"


def test_a_plan_that_was_thrown_away_is_not_used() -> None:
    assert stands(record("discarded")) is Standing.DISCARDED


def test_every_kind_of_record_is_understood() -> None:
    for kind in Told:
        assert after(record(kind)).digest == DIGEST


def test_what_an_apply_had_done_is_remembered() -> None:
    assert after(record("begun"), record("failed", done=["created aws_x.a"])).done == (
        "created aws_x.a",
    )
