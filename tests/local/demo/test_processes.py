"""Starting and ending the processes of a demo."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from workhorse.local.demo import interrupts, run_folder
from workhorse.local.demo.bodies import survivors
from workhorse.local.demo.processes import Processes, StageError

ENVIRON = {"PATH": os.environ["PATH"]}
PATIENCE_SECONDS = 60.0

READY = """
import json, subprocess, sys, threading
child = subprocess.Popen([sys.executable, "-c", "import threading; threading.Event().wait()"])
print("starting", flush=True)
print(json.dumps({"child": child.pid}), flush=True)
threading.Event().wait()
"""

STUBBORN = """
import signal, threading
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("{}", flush=True)
threading.Event().wait()
"""


def eventually(true: Callable[[], bool]) -> bool:
    deadline, rest = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while time.monotonic() < deadline:
        if true():
            return True
        rest.wait(0.02)
    return False


def gone(pid: int) -> bool:
    """Nobody has this number, or only a zombie that its parent has yet to ask for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_the_end_of_the_block_ends_a_process_and_its_children(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        process = processes.start(
            "server", [sys.executable, "-c", READY], environ=ENVIRON, cwd=tmp_path
        )
        child = process.ready(PATIENCE_SECONDS)["child"]
        assert not gone(child)
    assert not process.running
    assert eventually(lambda: gone(child))
    assert (tmp_path / "server.log").read_text().startswith("starting\n")


def test_a_process_that_ends_before_it_is_ready_says_why(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        process = processes.start(
            "server", [sys.executable, "-c", "exit('no port')"], environ=ENVIRON, cwd=tmp_path
        )
        with pytest.raises(StageError, match="server ended with 1:\n  no port"):
            process.ready(PATIENCE_SECONDS)


def test_a_process_that_will_not_end_is_ended_by_force(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        process = processes.start(
            "server", [sys.executable, "-c", STUBBORN], environ=ENVIRON, cwd=tmp_path
        )
        process.ready(PATIENCE_SECONDS)
        assert process.stop(grace=0.2) == -signal.SIGKILL


def test_two_demos_get_folders_of_their_own(tmp_path: Path) -> None:
    assert [run_folder.claim(tmp_path).name for _ in range(3)] == ["demo-1", "demo-2", "demo-3"]


def test_only_processes_that_are_agents_are_survivors(tmp_path: Path) -> None:
    for pid, command in ((1, b"python\0-m\0workhorse.local.agent\0"), (2, b"editor\0")):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "cmdline").write_bytes(command)
    assert survivors([1, 2, 3], proc=tmp_path) == ("process 1",)


def test_the_demo_refuses_a_trace_that_is_none_and_says_so(tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("nothing\n")
    command = [sys.executable, "-m", "workhorse.local.demo", "--trace", str(trace)]
    said = subprocess.run(
        [*command, "--runs", str(tmp_path / "runs")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert said.returncode == 2
    assert "is no trace" in said.stdout or "no build" in said.stdout


def test_an_interrupt_is_put_off_to_the_end_of_the_block() -> None:
    done = []

    def interrupted() -> None:
        with interrupts.put_off():
            signal.raise_signal(signal.SIGINT)
            done.append("the block went on")

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert done == ["the block went on"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_block_without_an_interrupt_ends_quietly_with_the_usual_handlers() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with interrupts.put_off():
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) is before


INTERRUPTED = """
import sys, threading
try:
    print("{}", flush=True)
    threading.Event().wait()
except KeyboardInterrupt:
    sys.exit(7)
"""


def test_a_process_is_interrupted_as_from_a_terminal_and_waited_for(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        command = [sys.executable, "-c", INTERRUPTED]
        process = processes.start("one", command, environ=ENVIRON, cwd=tmp_path)
        process.ready(PATIENCE_SECONDS)
        with pytest.raises(StageError, match="one runs after 0 s"):
            process.wait(0)

        process.interrupt()

        assert process.wait(PATIENCE_SECONDS) == 7
