"""What the controller says aloud is what its journal explains."""

from pathlib import Path

import pytest

from workhorse.adapters.journal import JournalFile
from workhorse.adapters.spoken import SpokenJournal
from workhorse.core.errors import Misuse, Surprise
from workhorse.core.explain import explain

CHANGE = {
    "at": 0,
    "kind": "desired",
    "pool": "linux",
    "before": 1,
    "after": 2,
    "because": "as we asked",
}


def test_what_people_ask_about_is_said_and_everything_is_written(tmp_path: Path) -> None:
    said: list[str] = []
    file = JournalFile(tmp_path / "journal.jsonl")
    journal = SpokenJournal(file, said.append)

    journal.write(CHANGE)
    journal.write({"at": 0, "kind": "heard", "notice": "test"})

    assert said == ["1970-01-01 00:00:00 linux: desired reads 1 -> 2: as we asked"]
    assert journal.last("desired") == CHANGE
    assert journal.last("heard") == {"at": 0, "kind": "heard", "notice": "test"}
    file.close()


def test_what_cannot_be_written_is_said_all_the_same(tmp_path: Path) -> None:
    said: list[str] = []
    file = JournalFile(tmp_path / "journal.jsonl")
    journal = SpokenJournal(file, said.append)

    with pytest.raises(Misuse):
        journal.write(CHANGE | {"after": 2, "odd": object()})

    assert len(said) == 1
    file.close()


def test_why_nothing_can_be_written_is_said_once(tmp_path: Path) -> None:
    """The loops go on without a journal, and would keep its silence to themselves."""
    said: list[str] = []
    file = JournalFile(tmp_path / "journal.jsonl")
    journal = SpokenJournal(file, said.append)
    heard = {"at": 0, "kind": "heard", "notice": "test"}
    journal.write(heard)
    file.close()

    for _ in range(2):
        with pytest.raises(Surprise):
            journal.write(heard)

    assert said == [f"journal {tmp_path / 'journal.jsonl'}: [Errno 9] Bad file descriptor"]


def test_items_that_no_pool_can_run_are_named_up_to_five() -> None:
    items = [{"item": n, "task": f"job-{n}", "because": "no pool fits"} for n in range(7)]

    [line] = explain([{"at": 0, "kind": "unplaced", "items": items}])

    assert "job-0: no pool fits; job-1" in line
    assert line.endswith("job-4: no pool fits; and 2 more")
    assert list(explain([{"at": 0, "kind": "unplaced", "items": []}])) == []
