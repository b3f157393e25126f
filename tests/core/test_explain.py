"""What is told of the journal is a line for a record, whatever stands in it."""

import pytest

from workhorse.core.explain import explain

FAILED = {"at": 0, "kind": "ledger", "pool": "linux", "subject": "i-00000001", "because": "it goes"}


@pytest.mark.parametrize(
    "words",
    [
        "no java\n1970-01-01 00:00:00 linux: all is well",
        "no java\r\x1b[2Kall is well",
        "no java\u2028all is well",
        "no java \u202elaunched",
        "no java\x00",
    ],
)
def test_an_agents_words_end_no_line_and_move_no_cursor(words: str) -> None:
    record = {**FAILED, "disagreement": "failed", "state": "found", "detail": words}
    [line] = explain([record])
    assert line.isprintable()
    assert line.startswith("1970-01-01 00:00:00 linux: i-00000001: failed (no java")
    assert line.endswith("): it goes")


def test_words_of_any_language_are_told_as_they_are() -> None:
    record = {
        **FAILED,
        "disagreement": "failed",
        "state": "found",
        "detail": "pas de place: \u00e9t\u00e9, \u4e2d",
    }
    [line] = explain([record])
    assert "(pas de place: \u00e9t\u00e9, \u4e2d)" in line


def test_of_one_pool_only_its_own_agents_ends_are_told() -> None:
    """The record of an effect names an instance and no pool; that of its drain names both."""
    drain = {"at": 0, "kind": "drain", "pool": "linux", "instance": "i-00000001"}
    end = {"at": 0, "kind": "effect", "effect": "TerminateInstance", "decrement": True}
    ended = {**end, "instance": "i-00000001", "because": "it is idle"}
    session = {"at": 0, "kind": "session", "session": "a1"}
    journal = [drain, ended, session]

    assert len(list(explain(journal))) == 2
    assert list(explain(journal, pool="linux")) == list(explain(journal))
    [line] = explain(journal, pool="windows")
    assert "session a1" in line


@pytest.mark.parametrize(
    "record",
    [
        {"kind": "decision", "at": 0},
        {"kind": "desired", "at": "x", "pool": "linux", "before": 1, "after": 2, "because": "so"},
        {"kind": "session", "at": 1e300, "session": "a1"},
        {"kind": "blind", "at": 0, "notes": None},
        {"kind": "unplaced", "at": 0, "items": [3]},
        {"kind": "session", "pool": ["linux"], "session": "a1"},
    ],
)
def test_a_record_that_another_version_wrote_hides_no_other(record: dict[str, object]) -> None:
    session = {"at": 0, "kind": "session", "session": "a2"}

    odd, told = explain([record, session])

    assert odd.startswith(f"a record {record['kind']} that cannot be told, as of another version: ")
    assert "session a2" in told
