"""One shell command in the background: its limit, its last words, the end of all it started.

It runs in a session of its own, so that one signal reaches everything it started and a Ctrl-C of
ours does not. Its output goes to a file and not to a pipe: when the controller dies, a command half
way through goes on to its end instead of dying of a pipe that nobody reads.
"""

import contextlib
import fcntl
import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

from workhorse.core.errors import Surprise

GRACE_SECONDS = 30.0
"""What a command that is out of time has between SIGTERM and SIGKILL: Terraform, told to end,
finishes what it is doing and writes its state."""

LINES = 20
"""How many of the last lines are kept."""

BYTES = 4096
"""How much of the output is kept, at most."""

_FILE_BYTES = 1024 * 1024
"""The most that the file of the output may hold for longer than a beat."""

_BEAT_SECONDS = 0.05
"""Between two looks at a command that runs."""

_UNPRINTABLE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[^\n -~\u00a0-\uffff]")
"""Colours and other control sequences, and control characters but for the end of a line."""

_FRAME = " \u2502\u2577\u2575"
"""What Terraform draws around its errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    """The exit status of the shell; negative where a signal ended it."""
    expired: bool
    """Its time had run out, and it was told to end."""
    output: tuple[str, ...]
    """Its last lines of output and errors, as they came."""
    at: float
    """When, seconds since the epoch."""

    @property
    def told(self) -> str:
        """In words, as `ended with 1: no such group`; empty when all is well."""
        if self.expired:
            return f"ran out of time and was ended{self._word}"
        return f"ended with {self.code}{self._word}" if self.code else ""

    @property
    def _word(self) -> str:
        """The last line that speaks of an error, else the last that has a letter in it."""
        lines = [line for line in self.output if any(map(str.isalnum, line))]
        errors = [line for line in lines if "error" in line.lower()]
        found = (errors or lines)[-1:]
        return f": {found[0].strip(_FRAME)}" if found else ""


class Command:
    """A command that runs; made, it has begun.

    Args:
        text: for `/bin/sh -c`.
        cwd: the folder that it runs in; None for the controller's.
        environ: the whole of its environment.
        limit_seconds: what it may take, of real time.
        lock: a descriptor that lives as long as anything the command started.
        now: seconds since the epoch.
        grace_seconds: see `GRACE_SECONDS`.

    Raises:
        Surprise: it could not be begun.
    """

    def __init__(  # noqa: PLR0913 - what a process is made of, by name
        self,
        text: str,
        *,
        cwd: str | None,
        environ: Mapping[str, str],
        limit_seconds: float,
        lock: int,
        now: Callable[[], float],
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self.ended: Ended | None = None
        """None while it runs."""
        self._limits = (limit_seconds, limit_seconds + grace_seconds)
        self._now = now
        self._output = _file()
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", text],
                cwd=cwd,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock,),
            )
        except (OSError, ValueError) as wrong:
            self._output.close()
            raise Surprise(f"the command cannot be begun: {wrong}") from wrong
        self._watcher = threading.Thread(target=self._watch, name="command")
        self._watcher.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end, not beyond its limit; whether it has ended."""
        self._watcher.join(seconds)
        return self.ended is not None

    def _watch(self) -> None:
        """See it to its end, and end what it leaves behind."""
        beat, beats = threading.Event(), 0
        while not self._shell_ended():
            beat.wait(_BEAT_SECONDS)
            beats += 1
            self._trim()
            for limit, number in zip(self._limits, (signal.SIGTERM, signal.SIGKILL), strict=True):
                if beats == 1 + int(limit / _BEAT_SECONDS):
                    self._signal(number)
        expired = beats > int(self._limits[0] / _BEAT_SECONDS)
        self._signal(signal.SIGKILL)
        code = self._process.wait()
        tail = self._tail()
        self._output.close()
        self.ended = Ended(code=code, expired=expired, output=tail, at=self._now())

    def _shell_ended(self) -> bool:
        """Without reaping it: until then its number stands for its group and for no other."""
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self._process.pid, options) is not None

    def _signal(self, number: signal.Signals) -> None:
        os.killpg(self._process.pid, number)

    def _trim(self) -> None:
        """Keep the file small: it is open for appending, so what comes next goes to its end."""
        file = self._output.fileno()
        if os.fstat(file).st_size > _FILE_BYTES:
            kept = self._last_bytes()
            os.ftruncate(file, 0)
            # The disk may be full: then what comes next is lost too.
            with contextlib.suppress(OSError):
                os.write(file, kept)

    def _last_bytes(self) -> bytes:
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), BYTES, max(0, size - BYTES))

    def _tail(self) -> tuple[str, ...]:
        text = self._last_bytes().decode(errors="replace").replace("\r", "\n")
        lines = (_UNPRINTABLE.sub("", line).rstrip() for line in text.split("\n"))
        return tuple(line for line in lines if line)[-LINES:]


def _file() -> IO[bytes]:
    """A file without a name, open for appending, which `tempfile` does not do by itself."""
    try:
        file = tempfile.TemporaryFile("w+b", buffering=0)  # noqa: SIM115 - closed at the end
    except OSError as wrong:
        raise Surprise(f"no file for the command's output: {wrong}") from wrong
    flags = fcntl.fcntl(file, fcntl.F_GETFL)
    fcntl.fcntl(file, fcntl.F_SETFL, flags | os.O_APPEND)
    return file
