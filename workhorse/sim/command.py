"""What `compare`, `tune` and `results` share of a command line: the world, the work, the ends."""

import argparse
import ast
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf, nan
from pathlib import Path
from typing import Any

from rich.console import Console

from workhorse.core.errors import Refusal, Surprise
from workhorse.sim.contender import Contender, contender
from workhorse.sim.fleet import Fleet, fleet

FAILED = 1
REFUSED = 2
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""

KEPT = "kept.jsonl"
"""The file of finished tasks in a folder of results."""


def add_work(parser: argparse.ArgumentParser, out: Path) -> None:
    """Where the work is done and where its results go."""
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--jobs", type=int, default=cores, help=f"processes ({cores})")
    parser.add_argument(
        "--scheduler", default="", help="address of a Dask scheduler to work for us"
    )
    parser.add_argument("--out", type=Path, default=out, help=f"folder of the results ({out})")
    parser.add_argument("--seed", type=int, default=1, help="of everything left to chance (1)")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def add_world(parser: argparse.ArgumentParser) -> None:
    """What is replayed, and what of the world is assumed."""
    parser.add_argument("--days", type=float, help="only so many days of a trace")
    parser.add_argument("--boot", help="seconds from launch to agent: fixed, or as median:p99")
    parser.add_argument(
        "--fleet",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="another assumption about the world, may be given again",
    )


def seconds(text: str) -> float:
    """How long a build may wait, as an option says it.

    Raises:
        ArgumentTypeError: it is no number of 0 or more.
    """
    try:
        found = float(text)
    except ValueError:
        found = nan
    if not 0 <= found < inf:
        raise argparse.ArgumentTypeError(f"{text}: must be 0 or more seconds")
    return found


def world(arguments: argparse.Namespace) -> Fleet:
    """The fleet of `add_world`.

    Raises:
        Refusal: an assumption is refused.
    """
    boot = {} if arguments.boot is None else {"boot": arguments.boot}
    return fleet({**pairs("--fleet", arguments.fleet), **boot})


def pairs(option: str, given: Iterable[str]) -> Mapping[str, Any]:
    """Each `KEY=VALUE` as a setting; a value that is no JSON is a word.

    Raises:
        Refusal: there is no `=`; all faults are told.
    """
    found, faults = {}, []
    for text in given:
        key, sign, value = text.partition("=")
        if not (key and sign):
            faults.append(f"{option} {text!r}: must be KEY=VALUE")
        found[key] = _value(value)
    if faults:
        raise Refusal("\n".join(faults))
    return found


def _value(text: str) -> Any:  # noqa: ANN401 - as JSON has it
    try:
        return json.loads(text)
    except ValueError:
        return text


def policy(text: str) -> Contender:
    """The contender of its own name: `poll`, or with settings `exact(idle_seconds=60, buffer=1)`.

    Raises:
        Refusal: the text is no such name, or the settings are refused.
    """
    name, inner = _split(text)
    settings = {}
    for pair in filter(None, re.split(r",\s*(?=[\w.]+\s*=)", inner)):
        key, sign, value = (part.strip() for part in pair.partition("="))
        if not (key and sign and value):
            raise Refusal(f"--policy {text!r}: must be NAME or NAME(KEY=VALUE, ...)")
        settings[key] = _literal(value)
    return contender(name, settings)


def _split(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"\s*([\w-]+)\s*(?:\((.*)\))?\s*", text)
    if found is None:
        raise Refusal(f"--policy {text!r}: must be NAME or NAME(KEY=VALUE, ...)")
    return found[1], (found[2] or "").strip()


def _literal(text: str) -> Any:  # noqa: ANN401 - as the setting is
    """A value as Python or JSON writes it; anything else is a word."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return _value(text)


def console(arguments: argparse.Namespace) -> Console | None:
    """Where progress is shown: the error output, or nowhere when nobody wants it."""
    return None if arguments.quiet else Console(stderr=True)


def say(text: str) -> None:
    """Write to the output, as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()


def ended(run: Callable[[], Mapping[str, str]], out: Path) -> int:
    """Run a command and turn its end into an exit status.

    Args:
        run: the command; returns what failed and why.
        out: the folder where finished work is kept.

    Returns:
        0; `FAILED` when the world or a part of the work failed, `REFUSED` when the command was
        refused, `INTERRUPTED` when it was interrupted.
    """
    try:
        faults = run()
    except Refusal as refusal:
        return _told(str(refusal), REFUSED)
    except Surprise as surprise:
        return _told(str(surprise), FAILED)
    except KeyboardInterrupt:
        kept = out / KEPT
        return _told(f"interrupted: {kept} keeps what is done; run it again to go on", INTERRUPTED)
    if faults:
        return _told("\n".join(f"failed: {key}: {why}" for key, why in faults.items()), FAILED)
    return 0


def _told(text: str, code: int) -> int:
    sys.stderr.write(text + "\n")
    return code


def written(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        Surprise: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.write_text(text)
        new.replace(path)
    except OSError as wrong:
        raise Surprise(f"{path}: {wrong}") from wrong


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines of equal columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
