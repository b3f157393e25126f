"""What a demo is asked to be."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
"""Where the Terraform modules, the traces and the tools lie: the demo runs from a checkout."""

DEFAULT_TRACE = CHECKOUT / "data" / "traces" / "bitcoin-core.csv"

BUSY_HOUR = 1051.5
"""A Tuesday evening of the default trace, 19:30 UTC: 137 builds, 44 at once, all over in two hours
and three minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All of it; `speed` is virtual seconds per real second."""

    trace: Path = DEFAULT_TRACE
    start: float = BUSY_HOUR
    """Hours into the trace."""
    hours: float = 2.0
    speed: float = 60.0
    pools: tuple[str, ...] = ()
    """Labels of the trace to make a pool of, each; none: every label in the window."""
    seed: int = 1
    keep: bool = False
    outsiders: bool = True
    """Others end instances meanwhile, and the controller is killed once."""
    ec2_loss: bool = False
    """An outsider also ends a busy instance past its hook."""
    jenkins: str = ""
    """URL of a real Jenkins; empty for the stand-in."""
    user: str = ""
    token_file: Path | None = None
    terraform: str = "terraform"
    runs: Path = CHECKOUT / ".run"
    """Where the run's own folder is made."""


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; ends the process with a message when it makes no sense."""
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    given["pools"] = tuple(name for name in given["pools"].split(",") if name)
    options = Options(**given)
    if options.jenkins and not (options.user and options.token_file):
        parser.error("--jenkins needs --user and --token-file")
    if min(options.hours, options.speed) <= 0:
        parser.error("--hours and --speed must be above 0")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m workhorse.local.demo",
        description="Replay a recorded day of builds on an embedded cloud and account for it.",
    )
    add, start = parser.add_argument, Options()
    add("--trace", type=Path, default=start.trace, help="CSV of arrival_s,duration_s,label")
    add("--start", type=float, default=start.start, help="hours into the trace [%(default)s]")
    add("--hours", type=float, default=start.hours, help="hours to replay [%(default)s]")
    add("--speed", type=float, default=start.speed, help="times real time [%(default)s]")
    add("--pools", default="", metavar="LABEL,...", help="labels to replay [all]")
    add("--seed", type=int, default=start.seed, help="chooses whom outsiders hit [%(default)s]")
    add("--keep", action="store_true", help="leave the cloud running until Ctrl-C")
    add("--quiet-outside", dest="outsiders", action="store_false", help="nobody else interferes")
    add(
        "--ec2-loss",
        action="store_true",
        help="an outsider also ends a busy instance past its hook",
    )
    add("--jenkins", default="", metavar="URL", help="a real Jenkins instead of the stand-in")
    add("--user", default="", help="user of that Jenkins")
    add("--token-file", type=Path, default=None, help="file with that user's API token")
    add("--terraform", default=start.terraform, help="name of the binary, e.g. tofu [%(default)s]")
    add("--runs", type=Path, default=start.runs, help="where run folders are made")
    return parser
