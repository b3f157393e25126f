"""The decision journal on disk."""

import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.adapters.journal import JournalFile, _lines_backwards, records
from workhorse.core.errors import Misuse, Surprise


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "journal.jsonl"


@contextmanager
def limited(what: int, most: int) -> Iterator[None]:
    """A limit of the kernel on this process, as a disk without room or without files is one."""
    soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(what, (soft, hard))


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


def test_a_line_cut_short_by_a_full_disk_takes_no_other_with_it(path: Path) -> None:
    """The kernel writes what fits, and says how much."""
    journal = JournalFile(path)
    journal.write({"kind": "decision", "n": 1})
    with limited(resource.RLIMIT_FSIZE, path.stat().st_size + 7):
        for n in (2, 3):
            with pytest.raises(Surprise, match="journal"):
                journal.write({"kind": "decision", "n": n})

    journal.write({"kind": "decision", "n": 4})

    assert [r["n"] for r in records(path)] == [1, 4]
    assert JournalFile(path).last("decision") == {"kind": "decision", "n": 4}


def test_a_torn_line_keeps_nobody_from_starting_on_a_full_disk(path: Path) -> None:
    """Hooks wait for the heartbeats of a controller that cannot write."""
    JournalFile(path).write({"kind": "decision", "n": 1})
    with path.open("ab") as file:
        file.write(b'{"kind":"decision","n":2,"re')
    with limited(resource.RLIMIT_FSIZE, path.stat().st_size):
        journal = JournalFile(path)
        with pytest.raises(Surprise, match="journal"):
            journal.write({"kind": "decision", "n": 3})

    journal.write({"kind": "decision", "n": 4})

    assert [r["n"] for r in records(path)] == [1, 4]


def test_a_file_that_cannot_be_turned_over_loses_no_record(path: Path) -> None:
    """Where no new file can be made, none of the old is moved away for it a second time."""
    journal = JournalFile(path, max_bytes=60, keep=2)
    for n in range(6):
        journal.write({"kind": "decision", "n": n})
    newest = [r["n"] for r in records(path)][-4:]
    with limited(resource.RLIMIT_NOFILE, 0):
        for _ in range(3):
            with pytest.raises(Surprise, match="Too many open files"):
                journal.write({"kind": "decision", "n": 6})

    journal.write({"kind": "decision", "n": 7})

    assert [r["n"] for r in records(path)] == [*newest, 7]


def test_files_beyond_a_gap_are_read_too(path: Path) -> None:
    """The controller was killed between two of the renames that turn a full file over."""
    journal = JournalFile(path, max_bytes=60, keep=4)
    journal.write({"kind": "rare", "n": 0})
    for n in range(1, 6):
        journal.write({"kind": "decision", "n": n})
    path.with_name("journal.jsonl.2").rename(path.with_name("journal.jsonl.3"))

    assert [r["n"] for r in records(path)] == list(range(6))
    assert JournalFile(path).last("rare") == {"kind": "rare", "n": 0}


def test_an_older_file_that_cannot_be_read_is_told_by_its_name(path: Path) -> None:
    JournalFile(path).write({"kind": "decision", "n": 1})
    path.with_name("journal.jsonl.1").mkdir()

    with pytest.raises(Surprise, match=r"journal\.jsonl\.1: .*Is a directory"):
        JournalFile(path).last("rare")


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000, b"\xff"])
def test_a_line_that_is_no_record_hides_no_other(path: Path, line: bytes) -> None:
    JournalFile(path).write({"kind": "decision", "n": 1})
    with path.open("ab") as file:
        file.write(line + b"\n")

    assert JournalFile(path).last("decision") == {"kind": "decision", "n": 1}
    assert [r["n"] for r in records(path)] == [1]
