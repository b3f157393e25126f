"""Registration tokens: make one, list them, revoke one. What is stored is only their hashes."""

import argparse
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from workhorse.adapters.clock import RealClock
from workhorse.adapters.session import AwsClients
from workhorse.adapters.token_store import SsmTokens
from workhorse.commands.bake_request import pool_names
from workhorse.commands.command import Command, Show
from workhorse.core.errors import Refusal
from workhorse.core.tokens import TokenRecord, pruned, token_text, with_record, without
from workhorse.settings import load

DAY_SECONDS = 86_400

MOST_DAYS = 36_500
"""A century: `list` tells the day of the end, and no calendar has every day."""

_ID_BYTES = 4
_SECRET_BYTES = 32
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    store: SsmTokens
    pools: tuple[str, ...]
    now: float
    """Epoch seconds, in the time of the settings' clock."""


@contextmanager
def _desk(config: Path) -> Iterator[_Desk]:
    settings = load(config)
    parameter = settings.gateway.tokens_parameter
    if not parameter:
        raise Refusal("gateway.tokens_parameter: (missing): must be set; tokens are kept there")
    clock = RealClock.parse(settings.loop.clock) if settings.loop.clock else RealClock()
    with closing(AwsClients(settings.aws.region, settings.aws.endpoint)) as clients:
        pools = pool_names(settings, clients)
        yield _Desk(store=SsmTokens(clients, parameter), pools=pools, now=clock.now())


def _token(arguments: argparse.Namespace, show: Show) -> int:
    """Do what is asked; each says what it did.

    Raises:
        Refusal: no such pool or token.
        Surprise: AWS did not answer.
    """
    acts = {"new": _new, "list": _list, "revoke": _revoke}
    with _desk(arguments.config) as desk:
        acts[arguments.act](desk, arguments, show)
    return 0


def _new(desk: _Desk, arguments: argparse.Namespace, show: Show) -> None:
    pool, days = arguments.pool, arguments.days
    if pool not in desk.pools:
        raise Refusal(f"--pool: {pool!r}: must be one of {', '.join(desk.pools)}")
    if days is not None and not 0 < days <= MOST_DAYS:
        raise Refusal(f"--days: {days:g}: must be above 0 and at most {MOST_DAYS}")
    identity = secrets.token_hex(_ID_BYTES)
    token = token_text(identity, secrets.token_urlsafe(_SECRET_BYTES))
    record = TokenRecord(
        id=identity,
        pool=pool,
        sha256=sha256(token.encode()).hexdigest(),
        created_at=desk.now,
        not_after=None if days is None else desk.now + days * DAY_SECONDS,
    )
    book = pruned(desk.store.book(), desk.now)
    desk.store.keep(with_record(book, record, resume_key=secrets.token_hex(_KEY_BYTES)))
    show(token)


def _list(desk: _Desk, arguments: argparse.Namespace, show: Show) -> None:  # noqa: ARG001 - as the others
    records = desk.store.book().records
    for record in records:
        until = "for ever" if record.not_after is None else f"until {_day(record.not_after)}"
        over = "" if record.valid(desk.now) else ", over"
        show(f"{record.id}  pool {record.pool}, since {_day(record.created_at)}, {until}{over}")
    if not records:
        show("no tokens")


def _revoke(desk: _Desk, arguments: argparse.Namespace, show: Show) -> None:
    desk.store.keep(without(desk.store.book(), arguments.id))
    show(f"{arguments.id} is revoked: within half a minute nobody comes in by it")


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="the settings, a TOML file")
    acts = parser.add_subparsers(dest="act", required=True)
    new = acts.add_parser("new", help="make a token and print it, once")
    new.add_argument("--pool", required=True, help="the pool that it lets agents into")
    new.add_argument("--days", type=float, help="how long it is good; without, until revoked")
    acts.add_parser("list", help="list the tokens, without the tokens themselves")
    acts.add_parser("revoke", help="end a token").add_argument("id", help="as `list` tells it")


COMMANDS = (
    Command(
        name="token",
        help="make, list and revoke registration tokens of agents",
        add_options=_options,
        run=_token,
    ),
)
"""The command of registration tokens."""
