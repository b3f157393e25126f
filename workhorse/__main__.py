"""The command line: run the loops, explain what they did, and all that is done beside them."""

import argparse
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from workhorse.adapters.clock import RealClock
from workhorse.adapters.journal import records
from workhorse.commands import delivery, images, jobs, late, rollouts, tokens
from workhorse.commands.command import Command
from workhorse.core.errors import Refusal, Surprise, Unreadable
from workhorse.core.explain import explain
from workhorse.loops.forever import forever
from workhorse.settings import load
from workhorse.trace import command as trace
from workhorse.wiring import assembled

FAILED = 1
REFUSED = 2
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""

OTHERS: Mapping[str, Command] = {
    each.name: each
    for module in (images, delivery, rollouts, jobs, late, tokens)
    for each in module.COMMANDS
}
"""The commands beyond the loops, by name."""


def parser() -> argparse.ArgumentParser:
    """The arguments, for `main` and for the docs' test."""
    top = argparse.ArgumentParser(prog="workhorse", description=__doc__.splitlines()[0])
    top.add_argument("--version", action="version", version=f"workhorse {version('workhorse')}")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run the loops of every pool until told to stop")
    run.add_argument("--config", type=Path, required=True, help="the settings, a TOML file")
    run.add_argument("--dry-run", action="store_true", help="print effects, perform none")
    run.add_argument("--once", action="store_true", help="run every loop once, then stop")
    run.add_argument("--force", action="store_true", help="plan afresh, whenever planned last")
    run.add_argument(
        "--sleep", dest="pause", type=float, help="seconds between two ticks, for this run"
    )
    why = commands.add_parser("explain", help="say why every pool's size changed")
    why.add_argument("--journal", type=Path, required=True, help="the journal to read")
    why.add_argument("--pool", default="", help="only of this pool")
    past = commands.add_parser("trace", help="export the builds of a Jenkins as a trace")
    trace.add_options(past)
    for name, each in OTHERS.items():
        each.add_options(commands.add_parser(name, help=each.help))
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it ended well, 1 when the world failed it, 2 when it was refused.

    130 when it was interrupted, but for the loops and the export, which stop in order.
    """
    arguments = parser().parse_args(argv)
    ours = {"run": _run, "explain": _explain, "trace": _trace}
    try:
        if arguments.command in ours:
            return ours[arguments.command](arguments)
        return OTHERS[arguments.command].run(arguments, _show)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    except Surprise as surprise:
        print(surprise, file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        _let_go()


def _run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config, tick_seconds=arguments.pause)
    made = assembled(settings, dry_run=arguments.dry_run, show=_say, forced=arguments.force)
    with made as workhorse:
        _stopped_by_signals(workhorse.clock)
        names = ", ".join(pool.name for pool in workhorse.pools)
        _say(f"pools {names}; Jenkins {workhorse.jenkins}; journal {settings.journal.path}")
        if arguments.once:
            if missing := workhorse.driver.once():
                raise Unreadable("; ".join(missing))
        else:
            forever(workhorse.driver, workhorse.clock)
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    if not arguments.journal.is_file():
        raise Refusal(f"--journal: {arguments.journal}: must be the file of a journal")
    seen: set[str] = set()
    for line in explain(_noted(records(arguments.journal), seen), pool=arguments.pool):
        _show(line)
    if arguments.pool and arguments.pool not in seen:
        known = ", ".join(sorted(seen)) or "none"
        raise Refusal(f"--pool: {arguments.pool}: must be a pool of the journal ({known})")
    return 0


def _noted(found: Iterable[Mapping[str, Any]], pools: set[str]) -> Iterator[Mapping[str, Any]]:
    """The records as they are; `pools` gets the names of theirs."""
    for record in found:
        if isinstance(pool := record.get("pool"), str):
            pools.add(pool)
        yield record


def _trace(arguments: argparse.Namespace) -> int:
    clock = RealClock()
    _stopped_by_signals(clock)
    trace.run(arguments, clock, _show)
    return 0


def _stopped_by_signals(clock: RealClock) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: clock.stop())


def _show(line: str) -> None:
    """Print what was asked for.

    Raises:
        BrokenPipeError: nobody reads on.
        Surprise: it cannot be written.
    """
    try:
        print(line, flush=True)
    except UnicodeEncodeError:
        # The words of jobs and agents are anybody's, and the terminal's language is its owner's.
        print(line.encode("ascii", "backslashreplace").decode(), flush=True)
    except BrokenPipeError:
        raise
    except OSError as wrong:
        raise Surprise(f"standard output: {wrong}") from wrong


def _say(line: str) -> None:
    """Print what the loops do; on a full disk it is lost, for hooks wait for their heartbeats."""
    with suppress(Surprise):
        _show(line)


def _let_go() -> None:
    """Leave no line behind that cannot be written: Python would tell of it again as it ends."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
