"""`python -m workhorse.sim COMMAND`: try policies on recorded builds, and break the world."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from workhorse.core.errors import Refusal, Surprise
from workhorse.sim.command import FAILED, INTERRUPTED, REFUSED

COMMANDS = {
    "generate": "make up a trace with the shape of a week",
    "simulate": "play a trace to one policy or a few",
    "compare": "play traces to all policies, spread over processes or a cluster",
    "tune": "search a planner's settings for wait against cost",
    "results": "write docs/results.md",
    "cache": "say how often agents would find a warm cache volume",
    "chaos": "run random fault plans and check the promises",
}
"""Each command is the module of its name; it is loaded when it is asked for, and only then."""

EXTRA = ("distributed", "matplotlib", "numpy", "optuna", "scipy")
"""The packages of the extra `sim`."""
INSTALL = "pip install 'workhorse[sim]'"
WITH_EXTRA = frozenset({"compare", "results", "tune"})
"""These draw and prove when all is played: what they need then is looked for before."""


def parser() -> argparse.ArgumentParser:
    """The commands."""
    top = argparse.ArgumentParser(prog="workhorse.sim", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, told in COMMANDS.items():
        commands.add_parser(name, help=told, add_help=False)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Hand the rest of the words to the command; its status is ours, unless it refuses them."""
    words = sys.argv[1:] if argv is None else argv
    chosen = parser().parse_args(words[:1]).command
    try:
        if chosen in WITH_EXTRA:
            _check(chosen)
        status: int = import_module(f"workhorse.sim.{chosen}").main(list(words[1:]))
        sys.stdout.flush()
    except Refusal as refusal:
        sys.stderr.write(f"{refusal}\n")
        return REFUSED
    except ModuleNotFoundError as wrong:
        sys.stderr.write(f"{chosen}: {wrong}: {INSTALL}\n")
        return REFUSED
    except Surprise as surprise:
        sys.stderr.write(f"{surprise}\n")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as wrong:
        if not isinstance(wrong, BrokenPipeError):
            sys.stderr.write(f"{chosen}: {wrong}\n")
        return _mute()
    return status


def _mute() -> int:
    """Leave no line behind that cannot be written: Python would tell of it again as it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def _check(chosen: str) -> None:
    lacking = [name for name in EXTRA if find_spec(name) is None]
    if lacking:
        raise Refusal(f"{chosen}: needs {', '.join(lacking)}: {INSTALL}")


if __name__ == "__main__":
    sys.exit(main())
