"""What each call of the `Journal` port means."""

from tests.contracts.stages import JournalStage

RECORDS = [
    {"at": 1.0, "kind": "session", "session": "4f03da8b"},
    {"at": 2.0, "kind": "decision", "target": 3, "reasons": ["floor: 2 -> 3 (the floor is 3)"]},
    {"at": 3.0, "kind": "decision", "target": 4, "facts": {"queued": 1, "note": "\u00f6"}},
]


def test_what_is_written_is_kept_in_order(journal_stage: JournalStage) -> None:
    for record in RECORDS:
        journal_stage.port.write(record)
    assert journal_stage.kept() == RECORDS


def test_the_last_of_a_kind_is_the_newest(journal_stage: JournalStage) -> None:
    assert journal_stage.port.last("decision") is None
    for record in RECORDS:
        journal_stage.port.write(record)
    assert journal_stage.port.last("decision") == RECORDS[2]
    assert journal_stage.port.last("session") == RECORDS[0]
    assert journal_stage.port.last("never") is None


def test_it_survives_the_controller(journal_stage: JournalStage) -> None:
    for record in RECORDS[:2]:
        journal_stage.port.write(record)
    journal_stage.crash()
    assert journal_stage.port.last("decision") == RECORDS[1]
    journal_stage.port.write(RECORDS[2])
    journal_stage.crash()
    assert journal_stage.port.last("decision") == RECORDS[2]
    assert journal_stage.kept() == RECORDS


def test_a_record_is_kept_as_it_was_when_written(journal_stage: JournalStage) -> None:
    reasons = ["one"]
    journal_stage.port.write({"kind": "decision", "reasons": reasons})
    reasons.append("two")
    found = journal_stage.port.last("decision")
    assert found is not None
    assert found["reasons"] == ["one"]
