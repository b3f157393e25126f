"""One process of Terraform or Packer: its lines as they come, its limit, its orderly end."""

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

TAIL = 40
"""How many of the last lines are kept."""

GRACE_SECONDS = 60
"""How long an interrupted Terraform may take to write its state before it is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended: exit code, last lines of output, all lines of errors and warnings."""

    code: int
    tail: tuple[str, ...]
    faults: tuple[str, ...]


def run(  # noqa: PLR0913 - all by name; each is one thing that a process is told
    command: Sequence[str],
    *,
    directory: Path,
    environ: Mapping[str, str],
    heard: Callable[[str], None],
    limit_seconds: float,
    grace_seconds: float = GRACE_SECONDS,
    to_all: bool = False,
) -> Ended:
    """Run to the end, handing each line of output to `heard` as it comes.

    After `limit_seconds` the process is interrupted. Whatever `heard` raises, or a Ctrl-C of ours,
    interrupts it too and goes on up once it has ended, or was killed after `grace_seconds`.

    With `to_all` signals go to all processes of its group, as from a terminal: Packer is two, and
    the outer one ignores an interrupt.
    """
    with tempfile.TemporaryFile("w+") as errors:
        # A session of its own: Ctrl-C reaches Terraform once, from us, and not twice, at which it
        # would give up without writing its state.
        with subprocess.Popen(
            command,
            cwd=directory,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as process:
            send = partial(os.killpg, process.pid) if to_all else process.send_signal
            watch = threading.Timer(limit_seconds, send, [signal.SIGINT])
            try:
                watch.start()
                tail = _listen(process.stdout, heard)
            except BaseException:
                _interrupt(process, send, grace_seconds)
                raise
            finally:
                watch.cancel()
        errors.seek(0)
        faults = tuple(errors.read().splitlines())
    return Ended(code=process.returncode, tail=tail, faults=faults)


def _listen(output: IO[str] | None, heard: Callable[[str], None]) -> tuple[str, ...]:
    tail: tuple[str, ...] = ()
    for line in output or ():
        heard(line.rstrip("\n"))
        tail = (*tail[1 - TAIL :], line.rstrip("\n"))
    return tail


def _interrupt(
    process: "subprocess.Popen[str]", send: Callable[[int], None], grace_seconds: float
) -> None:
    if process.poll() is None:
        send(signal.SIGINT)
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        send(signal.SIGKILL)
