"""The controller as a process: the real program, with a file, a journal and no memory."""

import sys
import threading
import time
from pathlib import Path

from workhorse.local.demo.options import CHECKOUT
from workhorse.local.demo.processes import Process, Processes, StageError
from workhorse.local.demo.scenery import environment

LOOK_SECONDS = 0.05
"""Real seconds between two looks."""


class Controller:
    """`python -m workhorse run` with one file; may be killed and started again."""

    def __init__(self, processes: Processes, config: Path) -> None:
        self._processes = processes
        self._config = config
        self._process: Process | None = None

    def start(self) -> None:
        """Start it; what it remembers is in its journal and in the world."""
        command = [sys.executable, "-m", "workhorse", "run", "--config", str(self._config)]
        self._process = self._processes.start(
            "controller", command, environ=environment(), cwd=CHECKOUT
        )

    def at_work(self, journal: Path, seconds: float) -> None:
        """Wait until it has written down that it looked at the world once.

        Raises:
            StageError: it ended, or did not in that time.
        """
        deadline = time.monotonic() + seconds
        rest = threading.Event()
        while not journal.exists() or not journal.stat().st_size:
            self._running()
            if time.monotonic() > deadline:
                raise StageError(f"the controller is not at work after {seconds:g} s")
            rest.wait(LOOK_SECONDS)

    def kill_and_start(self) -> None:
        """End it as a dying machine would, and start another."""
        self._running().kill()
        self.start()

    def check(self) -> None:
        """Raise StageError when it ended by itself."""
        self._running()

    def stop(self) -> None:
        """Tell it to end; raises StageError when it does not end well."""
        code = self._running().stop()
        if code:
            raise StageError(f"the controller ended with {code}:\n{self._tail()}")

    def _running(self) -> Process:
        if self._process is None or not self._process.running:
            raise StageError(f"the controller ended by itself:\n{self._tail()}")
        return self._process

    def _tail(self) -> str:
        return self._process.tail() if self._process else ""
