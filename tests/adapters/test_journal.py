"""The decision journal on disk."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.adapters.journal import JournalFile, _lines_backwards, records
from workhorse.core.errors import Misuse, Surprise


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "journal.jsonl"


def test_the_last_of_a_kind_survives_a_restart(path: Path) -> None:
    journal = JournalFile(path)
    journal.write({"kind": "decision", "n": 1})
    journal.write({"kind": "decision", "n": 2})
    journal.write({"kind": "other"})
    for reader in (journal, JournalFile(path)):
        assert reader.last("decision") == {"kind": "decision", "n": 2}
        assert reader.last("never") is None


def test_a_record_is_in_the_file_when_write_returns(path: Path) -> None:
    JournalFile(path).write({"kind": "decision", "labels": ["a", "b"]})
    assert path.read_bytes() == b'{"kind":"decision","labels":["a","b"]}\n'


def test_a_torn_last_line_is_passed_over_and_not_continued(path: Path) -> None:
    JournalFile(path).write({"kind": "decision", "n": 1})
    with path.open("ab") as file:
        file.write(b'{"kind":"decision","n":2,"re')
    journal = JournalFile(path)
    assert journal.last("decision") == {"kind": "decision", "n": 1}
    journal.write({"kind": "decision", "n": 3})
    assert [r["n"] for r in records(path)] == [1, 3]
    assert JournalFile(path).last("decision") == {"kind": "decision", "n": 3}


def test_full_files_are_turned_over_and_still_read(path: Path) -> None:
    journal = JournalFile(path, max_bytes=200, keep=3)
    journal.write({"kind": "rare", "n": -1})
    for n in range(10):
        journal.write({"kind": "decision", "n": n})
    assert len(list(path.parent.iterdir())) > 1
    assert all(file.stat().st_size <= 200 for file in path.parent.iterdir())
    again = JournalFile(path)
    assert again.last("rare") == {"kind": "rare", "n": -1}
    assert [r["n"] for r in records(path)] == list(range(-1, 10))


def test_no_more_files_are_kept_than_asked(path: Path) -> None:
    journal = JournalFile(path, max_bytes=60, keep=2)
    for n in range(50):
        journal.write({"kind": "decision", "n": n})
    names = sorted(file.name for file in path.parent.iterdir())
    assert names == ["journal.jsonl", "journal.jsonl.1", "journal.jsonl.2"]
    assert [r["n"] for r in records(path)][-1] == 49


@pytest.mark.parametrize("record", [{}, {"kind": 3}, {"kind": "x", "value": frozenset({"a"})}])
def test_a_record_that_could_not_be_read_back_is_our_bug(
    path: Path, record: dict[str, object]
) -> None:
    with pytest.raises(Misuse):
        JournalFile(path).write(record)


def test_a_journal_that_cannot_be_is_a_surprise(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Surprise, match="file"):
        JournalFile(tmp_path / "file" / "journal.jsonl")


@given(st.lists(st.binary(max_size=70_000).map(lambda b: b.replace(b"\n", b"")), max_size=6))
def test_reading_backwards_gives_the_lines_in_reverse(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "file"
    path.write_bytes(b"\n".join(lines))
    assert [line for line in _lines_backwards(path) if line] == [x for x in lines[::-1] if x]


def test_threads_write_whole_lines_beside_each_other_also_while_files_change(path: Path) -> None:
    journal = JournalFile(path, max_bytes=2_000, keep=200)

    def write(thread: int) -> None:
        for n in range(50):
            journal.write({"kind": f"of-{thread}", "n": n})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))

    found = [(r["kind"], r["n"]) for r in records(path)]
    assert sorted(found) == sorted((f"of-{t}", n) for t in range(8) for n in range(50))
    assert [n for kind, n in found if kind == "of-3"] == list(range(50))


def test_who_writes_after_the_end_is_told_and_writes_into_no_other_file(path: Path) -> None:
    journal = JournalFile(path)
    journal.close()
    other = path.with_name("other")
    with other.open("wb"), pytest.raises(Surprise):
        journal.write({"kind": "late"})

    assert other.read_bytes() == b""
