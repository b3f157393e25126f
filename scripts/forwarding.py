"""How a task forwards: to a program of this Python, its parameters as words."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from invoke.exceptions import Exit

from scripts.sources import ROOT


def run_python(*arguments: str) -> None:
    """Run this Python with the arguments and stop the whole of `./inv` when it fails.

    An interrupt reaches the child from the terminal and a SIGTERM from here: either way we wait
    until it has cleaned up.
    """
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT) as child:
        before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        code = None
        while code is None:
            with suppress(KeyboardInterrupt):
                code = child.wait()
        signal.signal(signal.SIGTERM, before)
    if code:
        raise Exit(code=code if code > 0 else 128 - code)


def options(**given: str | bool | Sequence[str] | None) -> list[str]:
    """The parameters of a task as the words of a command line.

    Empty ones are left out, and a list is one word for each of its values.
    """
    words = []
    for name, value in given.items():
        flag = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(flag)
        elif value:
            words += [f"{flag}={one}" for one in ([value] if isinstance(value, str) else value)]
    return words
