"""`python -m workhorse.sim COMMAND`: try policies on recorded builds, and break the world."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

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
        status: int = import_module(f"workhorse.sim.{chosen}").main(list(words[1:]))
    except Refusal as refusal:
        sys.stderr.write(f"{refusal}\n")
        return REFUSED
    except Surprise as surprise:
        sys.stderr.write(f"{surprise}\n")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


if __name__ == "__main__":
    sys.exit(main())
