"""The command line itself: its version, and what it refuses before anything is asked of anybody."""

import json
import tomllib
from pathlib import Path

import pytest

from scripts import sources
from workhorse.__main__ import FAILED, REFUSED, main

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
