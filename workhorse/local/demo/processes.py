"""The processes of a demo: started in groups of their own, and all gone at its end."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

from workhorse.local.demo import interrupts

POLL_SECONDS = 0.05
GRACE_SECONDS = 60.0
"""How long a process may take to end when told: on a busy machine the embedded AWS has sixty agents
to end, and the controller a request to wait for."""


class StageError(Exception):
    """A part of the demo did not do what it must; the message says which and where its log is."""


class Process:
    """One process with its own group and its own log file."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id, which is its group's too."""
        return self._process.pid

    def ready(self, seconds: float) -> dict[str, Any]:
        """The JSON object of the first line it prints that is one.

        Raises:
            StageError: it ended, or printed none in that time.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if (found := self._first_object()) is not None:
                return found
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(POLL_SECONDS)
                raise StageError(f"{self.name} ended with {code}:\n{self.tail()}")
        raise StageError(f"{self.name} was not ready in {seconds:g} s:\n{self.tail()}")

    def tail(self, lines: int = 15) -> str:
        """The end of its log, and where the rest is."""
        text = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([*(f"  {line}" for line in text), f"  (all of it: {self.log})"])

    def wait(self, seconds: float) -> int:
        """Wait until it ends by itself; gives the exit code.

        Raises:
            StageError: it did not in that time; it still runs.
        """
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired as late:
            raise StageError(f"{self.name} runs after {seconds:g} s:\n{self.tail()}") from late

    def interrupt(self) -> None:
        """As Ctrl-C in its terminal."""
        self._signal(signal.SIGINT)

    def stop(self, grace: float = GRACE_SECONDS) -> int:
        """Tell its group to end, wait, end it by force; gives the exit code."""
        if self.running:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        return self.kill()

    def kill(self) -> int:
        """SIGKILL to its whole group, as when a machine dies; gives the exit code."""
        self._signal(signal.SIGKILL)
        return self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _first_object(self) -> dict[str, Any] | None:
        with self.log.open(errors="replace") as file:
            for line in file:
                if line.startswith("{") and line.endswith("}\n"):
                    with contextlib.suppress(ValueError):
                        found: dict[str, Any] = json.loads(line)
                        return found
        return None


class Processes:
    """Starts processes and, at the end of the `with` block, stops all of them, youngest first."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: list[Process] = []
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._started):
            process.stop()

    def start(
        self, name: str, command: Sequence[str], *, environ: Mapping[str, str], cwd: Path
    ) -> Process:
        """Start a command with exactly this environment; its output goes to `logs/NAME.log`."""
        log = self._logs / f"{name}.log"
        # An interrupt between the two would leave a process that nobody stops.
        with log.open("ab") as out, interrupts.put_off():
            process = Process(name, _spawn(command, environ, cwd, out), log)
            self._started.append(process)
        return process


def _spawn(
    command: Sequence[str], environ: Mapping[str, str], cwd: Path, out: IO[bytes]
) -> "subprocess.Popen[bytes]":
    """Start it so that it hears of our death, where the machine has a tool for that."""
    setpriv = shutil.which("setpriv")
    mortal = [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
    return subprocess.Popen(
        [*mortal, *command],
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
