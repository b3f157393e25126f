"""Tasks spread over processes: in order, kept, gone on with, and none lost by another's error."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from tests.sim.spread_chores import dies, logging, refused, third
from workhorse.core.errors import Misuse, Refusal, Surprise
from workhorse.sim.spread import Done, Kept, Task, code_digest, digest, spread
from workhorse.sim.workers import _refuse_strangers, workers

ROOT = Path(__file__).resolve().parents[2]


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Look again and again until it is true."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        pause.wait(0.02)


def alive(pid: int) -> bool:
    """The process runs: it is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def tasks(run: Callable[..., object], numbers: range) -> tuple[Task, ...]:
    return tuple(
        Task(name=f"{run.__name__} {n}", key=digest(run.__name__, n), run=run, arguments=(n,))
        for n in numbers
    )


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    """Two processes of this machine."""
    with workers(2) as executor:
        yield executor


def ran(folder: Path) -> list[int]:
    """Which tasks ran, in order."""
    return [int(line.split()[0]) for line in (folder / "ran").read_text().splitlines()]


# --- Running -------------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_tasks(pool: Executor) -> None:
    done = spread(tasks(third, range(9)), pool)

    assert [d.value for d in done] == [{"number": n, "third": n / 3} for n in range(9)]
    assert [d.task.name for d in done] == [f"third {n}" for n in range(9)]


def test_an_error_of_one_task_is_told_and_loses_no_other(pool: Executor, tmp_path: Path) -> None:
    kept, screen = Kept(tmp_path / "kept.jsonl"), StringIO()

    done = spread(
        tasks(refused, range(4)), pool, kept=kept, console=Console(file=screen, width=100)
    )

    assert [d.value for d in done] == [0.0, None, 1.0, None]
    assert [d.fault for d in done] == ["", "ValueError: 1 is odd", "", "ValueError: 3 is odd"]
    assert "refused 1: ValueError: 1 is odd\n" in screen.getvalue()
    assert len(kept) == 2, "a failure is tried again by the next run"


def test_tasks_of_one_key_run_once(pool: Executor, tmp_path: Path) -> None:
    (tmp_path / "gate").write_text("")
    first = logging(tmp_path)[0]
    again = Task(name="again", key=first.key, run=first.run, arguments=first.arguments)

    done = spread((first, again), pool)

    assert [d.value for d in done] == [0, 0]
    assert [d.task.name for d in done] == ["task 0", "again"]
    assert ran(tmp_path) == [0]


def test_no_tasks_are_no_work(pool: Executor) -> None:
    assert spread((), pool) == ()


def test_a_process_that_dies_ends_the_run_and_says_so() -> None:
    with pytest.raises(Surprise, match="the work ended before its time"), workers(1) as executor:
        spread(tasks(dies, range(2)), executor)


def test_fewer_than_one_process_is_refused() -> None:
    with pytest.raises(Refusal, match="--jobs: 0: must be at least 1"), workers(0):
        pass


# --- Keeping -------------------------------------------------------------------------------------


def test_what_is_kept_is_not_run_again(pool: Executor, tmp_path: Path) -> None:
    (tmp_path / "gate").write_text("")
    path = tmp_path / "out" / "kept.jsonl"
    first = spread(logging(tmp_path), pool, kept=Kept(path))

    second = spread(logging(tmp_path), pool, kept=Kept(path))

    assert [d.value for d in second] == [d.value for d in first] == [0, 10, 20, 30]
    assert [d.kept for d in first] == [False] * 4
    assert [d.kept for d in second] == [True] * 4
    assert sorted(ran(tmp_path)) == [0, 1, 2, 3]


def test_a_torn_line_is_skipped_and_its_task_runs_again(pool: Executor, tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    whole = spread(tasks(third, range(3)), pool, kept=Kept(path))
    lines = path.read_bytes()
    path.write_bytes(lines[: lines.rindex(b"third") - 4])

    kept = Kept(path)
    assert len(kept) == 2
    again = spread(tasks(third, range(3)), pool, kept=kept)

    assert [d.value for d in again] == [d.value for d in whole]
    assert sum(d.kept for d in again) == 2
    assert len(Kept(path)) == 3, "what follows a torn line stands on a line of its own"


@pytest.mark.parametrize("line", ["[1]", "{}", "7", "nonsense", '{"key": "a"}', "\xff"])
def test_a_line_that_is_no_result_is_skipped(tmp_path: Path, line: str) -> None:
    path = tmp_path / "kept.jsonl"
    good = json.dumps({"key": "good", "name": "n", "value": 1})
    path.write_bytes(f"{line}\n{good}\n".encode("latin-1"))

    kept = Kept(path)

    assert len(kept) == 1
    assert kept["good"] == 1


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(Surprise, match=r"results .*kept\.jsonl"):
        Kept(tmp_path / "file" / "kept.jsonl")


@dataclass(frozen=True)
class Fact:
    """A part of a key."""

    names: frozenset[str]


def test_a_key_depends_on_every_part_and_on_their_order() -> None:
    keys = {
        digest(),
        digest("a"),
        digest("b"),
        digest("a", "b"),
        digest("b", "a"),
        digest(["a"]),
        digest(1),
        digest(1.5),
        digest(Fact(frozenset({"a", "b"}))),
        digest(Fact(frozenset({"a"}))),
    }

    assert len(keys) == 10
    assert digest({"x": 1, "y": 2}) == digest({"y": 2, "x": 1})
    assert digest(Fact(frozenset({"b", "a"}))) == digest(Fact(frozenset({"a", "b"})))


def test_a_key_of_what_has_no_stable_form_is_our_bug() -> None:
    with pytest.raises(Misuse, match="plain values and dataclasses"):
        digest(object())


# --- Kills and interrupts ------------------------------------------------------------------------


def started(folder: Path) -> "subprocess.Popen[bytes]":
    """The program of the chores, hanging in its third task with two results kept."""
    os.mkfifo(folder / "gate")
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.sim.spread_chores", str(folder)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    until(lambda: (folder / "ran").exists() and ran(folder) == [0, 1, 2])
    kept = folder / "kept.jsonl"
    until(lambda: kept.exists() and kept.read_bytes().count(b"\n") == 2)
    return program


@pytest.mark.parametrize("with_what", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_killed_goes_on_where_it_was(
    pool: Executor, tmp_path: Path, with_what: signal.Signals
) -> None:
    """Its processes end with it, a task that hangs or not."""
    with started(tmp_path) as program:
        program.send_signal(with_what)
        program.communicate(timeout=30)
    assert program.returncode != 0
    pids = {int(line.split()[1]) for line in (tmp_path / "ran").read_text().splitlines()}
    until(lambda: not any(alive(pid) for pid in pids))

    (tmp_path / "gate").unlink()
    (tmp_path / "gate").write_text("")
    done: tuple[Done, ...] = spread(logging(tmp_path), pool, kept=Kept(tmp_path / "kept.jsonl"))

    assert [d.value for d in done] == [0, 10, 20, 30]
    assert [d.kept for d in done] == [True, True, False, False]
    assert sorted(ran(tmp_path)) == [0, 1, 2, 2, 3]


# --- A cluster -----------------------------------------------------------------------------------


def test_nobody_at_the_address_of_a_scheduler_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workhorse.sim.workers.CONNECT_SECONDS", 0.2)

    with (
        pytest.raises(Refusal, match=r"--scheduler: tcp://127\.0\.0\.1:1: must be the address"),
        workers(1, "tcp://127.0.0.1:1"),
    ):
        pass


def test_a_worker_with_other_code_is_refused_by_its_address() -> None:
    with pytest.raises(Refusal, match="--scheduler: b: must run the same workhorse"):
        _refuse_strangers({"a": "1", "c": "3", "b": "2"}, ours="1")


def test_a_dask_cluster_of_two_gives_the_same_as_our_processes(
    pool: Executor, tmp_path: Path
) -> None:
    from distributed import LocalCluster  # noqa: PLC0415 - half a second, for this test alone

    code_digest.cache_clear()  # the files may have changed since the first test
    here = spread(tasks(third, range(6)), pool) + spread(tasks(refused, range(3)), pool)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        workers(1, cluster.scheduler_address) as executor,
    ):
        kept = Kept(tmp_path / "kept.jsonl")
        there = spread(tasks(third, range(6)), executor, kept=kept)
        there += spread(tasks(refused, range(3)), executor, kept=kept)

    assert there == here
    assert len(kept) == 8


def test_the_code_has_one_digest() -> None:
    assert code_digest() == code_digest()
    assert len(code_digest()) == 32
