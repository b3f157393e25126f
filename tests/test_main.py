"""The command line itself: its version, and what it refuses before anything is asked of anybody."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import workhorse.__main__ as door
from scripts import sources
from workhorse.__main__ import FAILED, INTERRUPTED, REFUSED, main

PROJECT = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())["project"]


def test_it_tells_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out == f"workhorse {PROJECT['version']}\n"


@pytest.mark.parametrize("text", ["# README\n", "\0\1\2", "[]\n"])
def test_a_file_that_is_no_journal_explains_nothing_and_says_so(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "README.md"
    path.write_text(text)

    assert main(["explain", "--journal", str(path)]) == REFUSED
    assert capsys.readouterr().err == f"journal {path}: no line of it is a record\n"


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_journal_that_is_no_file_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "--journal", str(tmp_path / name)]) == REFUSED
    assert "must be the file of a journal" in capsys.readouterr().err


def test_a_journal_whose_older_file_cannot_be_read_is_a_surprise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "journal.jsonl").write_text("")
    (tmp_path / "journal.jsonl.1").mkdir()

    assert main(["explain", "--journal", str(tmp_path / "journal.jsonl")]) == FAILED
    assert "journal.jsonl.1: [Errno 21]" in capsys.readouterr().err


@pytest.mark.parametrize("lines", [[], [json.dumps({"kind": "tick"}), "{torn"]])
def test_a_journal_that_has_nothing_to_explain_is_one(lines: list[str], tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text("\n".join(lines))

    assert main(["explain", "--journal", str(path)]) == 0


LINES = [
    {"at": 0, "kind": "session", "session": "a1"},
    {
        "at": 0,
        "kind": "desired",
        "pool": "linux",
        "before": 1,
        "after": 2,
        "because": "\u00e9t\u00e9",
    },
]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal that has something to explain, of one pool."""
    path = tmp_path / "journal.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return path


def test_a_pool_that_is_in_no_record_is_refused_with_those_that_are(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "--journal", str(journal), "--pool", "linux"]) == 0
    assert main(["explain", "--journal", str(journal), "--pool", "linus"]) == REFUSED
    assert capsys.readouterr().err == "--pool: linus: must be a pool of the journal (linux)\n"


def explained(journal: Path, output: int) -> tuple[int, str]:
    """The exit status of `explain` and its errors, at a terminal that knows no accents."""
    done = subprocess.run(
        [sys.executable, "-m", "workhorse", "explain", "--journal", str(journal)],
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii"},
    )
    os.close(output)
    return done.returncode, done.stderr


def test_output_that_cannot_be_written_is_told_in_a_line(journal: Path) -> None:
    told = "standard output: [Errno 28] No space left on device\n"

    assert explained(journal, os.open("/dev/full", os.O_WRONLY)) == (FAILED, told)


def test_who_reads_the_first_lines_only_hears_no_more(journal: Path) -> None:
    """As `| head -1` does."""
    reading, output = os.pipe()
    os.close(reading)

    assert explained(journal, output) == (FAILED, "")


def test_words_that_a_terminal_cannot_show_are_told_as_what_they_stand_for(
    journal: Path, tmp_path: Path
) -> None:
    output = tmp_path / "told"

    assert explained(journal, os.open(output, os.O_WRONLY | os.O_CREAT)) == (0, "")
    assert "linux: desired reads 1 -> 2: \\xe9t\\xe9" in output.read_text()


def test_an_interrupt_before_the_loops_run_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(door, "load", interrupted)

    assert main(["run", "--config", "nowhere"]) == INTERRUPTED


def test_a_root_that_holds_no_system_is_not_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sources.ROOT)

    assert main(["images", "--check", "--root", str(tmp_path)]) == REFUSED
    assert capsys.readouterr().err == f"--root: {tmp_path}: must hold a system, with its usr/bin\n"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("prune --keep -1", "--keep: -1: must be 0 or more"),
        ("prune --days nan --yes", "--days: nan: must be 0 or more"),
        ("rollout --pool linux --look 0", "--look: 0: must be above 0 seconds"),
        ("rollback --pool linux --look inf", "--look: inf: must be above 0 seconds"),
        ("rollout --pool linux --patience nan", "--patience: nan: must be 0 or more seconds"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_before_anybody_is_asked(
    words: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The settings are not even read."""
    assert main([*words.split(), "--config", "nowhere"]) == REFUSED
    assert capsys.readouterr().err == f"{fault}\n"
