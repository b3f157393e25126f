"""The logs of boots that failed."""

import os
from pathlib import Path

from workhorse.adapters.failure_logs import KEPT, MOST_BYTES, FailureLogs


def test_a_log_is_kept_under_the_name_of_its_instance(tmp_path: Path) -> None:
    path = FailureLogs(tmp_path / "logs").keep("i-1", "no disk\n")

    assert Path(path) == tmp_path / "logs/i-1.log"
    assert Path(path).read_text() == "no disk\n"
    assert Path(path).stat().st_mode & 0o777 == 0o640


def test_of_a_long_log_its_end_is_kept(tmp_path: Path) -> None:
    path = FailureLogs(tmp_path).keep("i-1", "a" * MOST_BYTES + "the end")

    text = Path(path).read_bytes()
    assert len(text) == MOST_BYTES
    assert text.endswith(b"the end")


def test_the_newest_hundred_are_kept(tmp_path: Path) -> None:
    logs = FailureLogs(tmp_path)
    for number in range(KEPT + 5):
        path = logs.keep(f"i-{number}", "log")
        os.utime(path, (number, number))
    logs.keep("i-last", "log")

    names = {file.stem for file in tmp_path.glob("*.log")}
    assert len(names) == KEPT
    assert {"i-last", f"i-{KEPT + 4}"} <= names
    assert "i-0" not in names


def test_a_log_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert FailureLogs(tmp_path / "file/logs").keep("i-1", "log") == ""
