"""A command in the background: its end, its limit, its output, and what it leaves behind."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.executors.stage import PATIENCE_SECONDS
from workhorse.adapters.lock import taken
from workhorse.core.errors import Surprise
from workhorse.executors import command as module
from workhorse.executors.command import Command, Ended

NOW = 1_000_000.0


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[int]:
    held = taken(tmp_path / "lock")
    assert held is not None
    yield held
    os.close(held)


def begun(text: str, lock: int, **how: Any) -> Command:
    facts = {"cwd": None, "environ": {"PATH": os.environ["PATH"]}, "limit_seconds": 60.0}
    return Command(text, lock=lock, now=lambda: NOW, **(facts | how))


def ended(text: str, lock: int, **how: Any) -> Ended:
    command = begun(text, lock, **how)
    assert command.wait(PATIENCE_SECONDS)
    assert command.ended is not None
    return command.ended


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def dies(pid: int) -> bool:
    """Within the patience; a killed process may be seen for a moment yet."""
    beat = threading.Event()
    return any(not alive(pid) or beat.wait(0.05) for _ in range(int(PATIENCE_SECONDS / 0.05)))


def test_a_command_that_ends_well_says_so_with_its_last_words(lock: int, tmp_path: Path) -> None:
    found = ended("pwd; echo warned >&2; cat", lock, cwd=str(tmp_path))
    assert found == Ended(code=0, expired=False, output=(str(tmp_path), "warned"), at=NOW)
    assert found.told == ""


def test_a_command_that_fails_says_its_status_and_its_last_line(lock: int) -> None:
    assert ended("echo trying; echo no such group >&2; exit 3", lock).told == (
        "ended with 3: no such group"
    )
    assert ended("exit 7", lock).told == "ended with 7"
    framed = "printf '╷\n│ Error: no such group\n│ \n│ at main.tf:3\n╵\n'; exit 1"
    assert ended(framed, lock).told == "ended with 1: Error: no such group"
    assert ended("no-such-program-anywhere", lock).code == 127


def test_a_command_has_the_environment_that_it_is_given_and_nothing_else(lock: int) -> None:
    found = ended("/usr/bin/env", lock, environ={"PATH": "/bin", "AWS_REGION": "eu-west-1"})
    assert {line.partition("=")[0] for line in found.output} == {"PATH", "AWS_REGION", "PWD"}


def test_a_command_out_of_time_is_ended_with_all_that_it_started(lock: int, tmp_path: Path) -> None:
    command = begun(
        "sleep 600 & echo $! > child; echo waiting; wait",
        lock,
        cwd=str(tmp_path),
        limit_seconds=1.5,
    )
    assert command.wait(PATIENCE_SECONDS)
    assert command.ended is not None
    assert command.ended.expired
    assert command.ended.code == -signal.SIGTERM
    assert command.ended.told == "ran out of time and was ended: waiting"
    assert dies(int((tmp_path / "child").read_text()))


def test_a_command_may_tidy_up_when_its_time_is_out(lock: int) -> None:
    tidy = "trap 'echo state written; exit 0' TERM; while :; do sleep 0.05; done"
    found = ended(tidy, lock, limit_seconds=1.5)
    assert (found.code, found.expired) == (0, True)
    assert found.told == "ran out of time and was ended: state written"


def test_a_command_that_does_not_heed_the_end_of_its_time_is_killed(lock: int) -> None:
    deaf = "trap '' TERM; while :; do sleep 0.05; done"
    found = ended(deaf, lock, limit_seconds=1.5, grace_seconds=0.3)
    assert (found.code, found.expired) == (-signal.SIGKILL, True)


def test_what_a_command_leaves_behind_is_killed_at_its_end(lock: int, tmp_path: Path) -> None:
    ended("sleep 600 & echo $! > child", lock, cwd=str(tmp_path))
    assert dies(int((tmp_path / "child").read_text()))


def test_the_lock_lives_as_long_as_the_command(tmp_path: Path) -> None:
    held = taken(tmp_path / "lock")
    assert held is not None
    command = begun("while [ ! -e end ]; do sleep 0.05; done", held, cwd=str(tmp_path))
    os.close(held)
    assert taken(tmp_path / "lock") is None, "though we let go of it"
    (tmp_path / "end").touch()
    assert command.wait(PATIENCE_SECONDS)
    again = taken(tmp_path / "lock")
    assert again is not None
    os.close(again)


def test_only_the_end_of_a_long_output_is_kept(lock: int) -> None:
    found = ended("i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done", lock)
    assert found.output == tuple(f"line {n}" for n in range(2981, 3001))
    assert len("\n".join(ended("head -c 9999 /dev/zero | tr '\\0' x", lock).output)) == module.BYTES


def test_the_file_of_the_output_does_not_grow_for_ever(
    lock: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FILE_BYTES", 10_000)
    sizes: list[int] = []
    kept = Command._trim

    def trim(command: Command) -> None:
        kept(command)
        sizes.append(os.fstat(command._output.fileno()).st_size)

    monkeypatch.setattr(Command, "_trim", trim)
    much = "head -c 9000 /dev/zero | tr '\\0' x"
    text = f"for i in 1 2 3 4 5 6 7 8; do {much}; sleep 0.1; done; echo end"
    assert ended(text, lock).output[-1].endswith("end")
    assert sizes
    assert max(sizes) <= 10_000 + 9_000


def test_colours_and_control_characters_do_not_reach_the_journal(lock: int) -> None:
    said = r"printf '\033[31mError:\033[0m \007no\r\nst\303\244ndig \377\n\n'"
    assert ended(said, lock).output == ("Error: no", "ständig �")


def test_a_command_that_cannot_be_begun_is_a_surprise(lock: int) -> None:
    with pytest.raises(Surprise, match="cannot be begun"):
        begun("true", lock, cwd="/no/such/folder")
    with pytest.raises(Surprise, match="cannot be begun"):
        begun("echo \0", lock)
