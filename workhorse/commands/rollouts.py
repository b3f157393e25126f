"""Rollouts: order one, watch it, halt it, take it back.

The command line writes an order and reads what the controller tells of it, and nothing else: it may
be interrupted at any moment, and another may follow from elsewhere.
"""

import argparse
import getpass
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from workhorse.adapters.clock import RealClock
from workhorse.commands.command import Command, Show
from workhorse.commands.following import LOOK_SECONDS, TAKEN_SECONDS, Rhythm
from workhorse.commands.rollout_clerk import Clerk
from workhorse.commands.rollout_desk import opened
from workhorse.core.errors import Refusal
from workhorse.core.ordering import Wish
from workhorse.core.orders import Command as Asked
from workhorse.core.orders import Strategy
from workhorse.settings import load


def rollout(arguments: argparse.Namespace, show: Show) -> int:
    """Order a rollout and follow it, or do to the one under way what an option says.

    Raises:
        Refusal: what was asked for cannot be; every fault that was found.
        Surprise: AWS or Jenkins did not answer.
    """
    if arguments.json and not arguments.status:
        raise Refusal("--json: goes with --status only")
    with _clerk(arguments, show) as clerk:
        if arguments.status:
            return clerk.status(as_json=arguments.json)
        if arguments.watch:
            return clerk.watch()
        if arguments.asked is not None:
            return clerk.tell(arguments.asked)
        return clerk.order(_wish(arguments))


def rollback(arguments: argparse.Namespace, show: Show) -> int:
    """Have the pool's previous image again, and follow.

    Raises:
        Refusal: there is none, or it cannot be ordered.
        Surprise: AWS did not answer.
    """
    with _clerk(arguments, show) as clerk:
        return clerk.roll_back(_wish(arguments))


def _wish(arguments: argparse.Namespace) -> Wish:
    return Wish(
        pool=arguments.pool,
        version=arguments.version,
        image=arguments.image,
        strategy=Strategy(arguments.strategy),
        canary=arguments.canary,
        by=arguments.by or _who(),
    )


def _who() -> str:
    """Who runs this, by the name of the account."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise Refusal("--by: this account has no name: say who orders") from None


@contextmanager
def _clerk(arguments: argparse.Namespace, show: Show) -> Iterator[Clerk]:
    """A clerk at the desk of the pool, who goes when we are told to stop."""
    wall = RealClock()
    rhythm = Rhythm(wait=wall.wait, look=arguments.look, taken=arguments.patience)
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: wall.stop()) for number in numbers}
    try:
        with opened(load(arguments.config), arguments.pool) as desk:
            yield Clerk(
                desk=desk,
                show=show,
                console=Console(highlight=False),
                rhythm=rhythm,
                detach=arguments.detach,
                withdraw=arguments.withdraw,
            )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _rollout_options(parser: argparse.ArgumentParser) -> None:
    _common_options(parser)
    add = parser.add_argument
    strategies = [str(each) for each in Strategy]
    add("--strategy", choices=strategies, default=str(Strategy.DRAIN), help="how agents leave")
    add("--no-canary", dest="canary", action="store_false", help="try no single agent first")
    instead = parser.add_mutually_exclusive_group()
    add = instead.add_argument
    add("--watch", action="store_true", help="follow the rollout under way")
    add("--status", action="store_true", help="tell how it stands, or the last one ended")
    for option, asked, meaning in (
        ("--halt", Asked.HALT, "have it choose no more agents; those that leave may come back"),
        ("--resume", Asked.GO, "have it go on, and follow it"),
        ("--roll-back", Asked.ROLL_BACK, "have it return to the version before, and follow it"),
    ):
        add(option, dest="asked", action="store_const", const=asked, help=meaning)
    parser.add_argument("--json", action="store_true", help="with --status: as JSON")


def _rollback_options(parser: argparse.ArgumentParser) -> None:
    _common_options(parser)
    parser.set_defaults(strategy=str(Strategy.DRAIN), canary=False)


def _common_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--config", type=Path, required=True, metavar="FILE", help="the settings, a TOML file")
    add("--pool", required=True, metavar="NAME", help="the pool")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--version", type=int, metavar="N", help="version of the launch template")
    what.add_argument(
        "--image", default="", metavar="AMI", help="the newest version that holds this image"
    )
    add("--by", default="", metavar="NAME", help="who orders; left out, who runs this")
    add("--detach", action="store_true", help="order and go; do not follow")
    add("--withdraw", action="store_true", help="take an order away that no controller takes")
    add(
        "--patience",
        type=float,
        default=TAKEN_SECONDS,
        metavar="SECONDS",
        help="how long a controller may take to take an order [%(default)g]",
    )
    add(
        "--look",
        type=float,
        default=LOOK_SECONDS,
        metavar="SECONDS",
        help="between two looks while following [%(default)g]",
    )


COMMANDS: tuple[Command, ...] = (
    Command(
        name="rollout",
        help="replace a pool's agents by ones of another image, and follow it",
        add_options=_rollout_options,
        run=rollout,
    ),
    Command(
        name="rollback",
        help="return a pool to the image it had before",
        add_options=_rollback_options,
        run=rollback,
    ),
)
