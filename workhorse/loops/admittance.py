"""Proving who an agent is: by a call that its instance signed, or by a registration token.

The order is that of what it costs: what can be refused without asking anybody is refused first.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from typing import Any, Protocol

from workhorse.core.admission import (
    Denied,
    Home,
    Member,
    Status,
    Way,
    given_name,
    is_given,
    pools_of_role,
    role_of,
    text_told,
)
from workhorse.core.errors import Missing
from workhorse.core.model import INSTANCE_ID, Pool
from workhorse.core.proof import CALL, Expected, signed_call
from workhorse.core.tokens import TokenBook, record_of
from workhorse.loops.agent_ports import Identities, Proof
from workhorse.loops.coalesced import Coalesced
from workhorse.loops.leases import Nonces, same, sealed_name
from workhorse.loops.roster import Place, Roster
from workhorse.loops.view import Seen

BOOK_SECONDS = 30.0
"""How long the tokens are believed unread: a revoked one may come in for so long."""

_MOST_CHARACTERS = 256


class Tokens(Protocol):
    """Where registration tokens are kept."""

    def book(self) -> TokenBook:
        """All of them, hashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """Who proved to be somebody."""

    member: Member
    place: Place | None
    """Where its instance belongs; None for an agent that has none."""
    resume: str = ""
    """What it shows to have its name again, where the name was given."""


class Admittance:
    """Tells who is at the door; for many threads.

    Args:
        expected: what every proof must be signed for.
        identities: STS.
        home: tells our own account.
        roster: tells whose an instance is.
        tokens: the registration tokens; None for none.
        pools: by name.
        wall: seconds of the wall's clock.
    """

    def __init__(  # noqa: PLR0913 - what proofs are held against, by name
        self,
        *,
        expected: Expected,
        identities: Identities,
        home: Callable[[], Home],
        roster: Roster,
        tokens: Tokens | None,
        pools: Mapping[str, Pool],
        wall: Callable[[], float],
    ) -> None:
        self._expected = expected
        self._identities = identities
        self._home = Coalesced("our own account", home, wall, current_seconds=inf)
        self.roster = roster
        self._book = Coalesced(
            "the registration tokens",
            tokens.book if tokens else TokenBook,
            wall,
            current_seconds=BOOK_SECONDS,
        )
        self._pools = pools
        self._wall = wall
        self.nonces = Nonces()

    def home(self) -> Home:
        """Where we are ourselves.

        Raises:
            Denied: STS does not tell now.
        """
        return self._home.get()

    def entrant(self, body: Mapping[str, Any], seen: Seen | None, now: float) -> Entrant:
        """Who the body proves to be.

        Args:
            body: of a registration.
            seen: what the last tick saw; None when that tells nothing now.
            now: seconds of the loops' clock, by which tokens end.

        Raises:
            Denied: nobody of ours, or it cannot be told now.
        """
        way = body.get("way")
        if way == Way.GATEWAY:
            return self._by_proof(body, seen)
        if way == Way.TOKEN:
            return self._by_token(body, now)
        raise Denied(Status.BAD_REQUEST, "way: must be gateway or token")

    def still(self, member: Member, now: float) -> bool:
        """Whether the token by which the member came is good yet; True where it came by none."""
        if not member.token:
            return True
        records = self._book.get().records
        return any(one.id == member.token and one.valid(now) for one in records)

    def _by_proof(self, body: Mapping[str, Any], seen: Seen | None) -> Entrant:
        name = text_told(body, "name", most=_MOST_CHARACTERS, needed=True)
        if not INSTANCE_ID.fullmatch(name):
            raise Denied(Status.BAD_REQUEST, "name: must be an instance id")
        call = signed_call(body.get("proof"), self._expected, self._wall())
        self.nonces.use(call.nonce, self._wall())
        home = self._home.get()
        proof = Proof(method="POST", url=self._expected.url, headers=call.headers, body=CALL)
        try:
            caller = self._identities.caller(proof)
        except Missing as missing:
            raise Denied(Status.UNAUTHORIZED, f"STS does not accept the proof: {missing}") from None
        role = role_of(caller.arn, caller.user_id, caller.account, home=home, name=name)
        pools = pools_of_role(role, self._pools)
        place = self.roster.place(name, seen)
        if place is None or place.pool.name not in pools:
            raise Denied(Status.FORBIDDEN, "the instance is in no group whose agents have its role")
        member = Member(name=name, pool=place.pool.name, way=Way.GATEWAY, canary=place.canary)
        return Entrant(member=member, place=place)

    def _by_token(self, body: Mapping[str, Any], now: float) -> Entrant:
        token = text_told(body, "token", most=_MOST_CHARACTERS, needed=True)
        name = text_told(body, "name", most=_MOST_CHARACTERS)
        resume = text_told(body, "resume", most=_MOST_CHARACTERS)
        book = self._book.get()
        digest = sha256(token.encode()).hexdigest()
        record = record_of(book, token, now, digest=digest, same=same)
        if record is None:
            raise Denied(Status.UNAUTHORIZED, "the token is not valid (any more)")
        if record.pool not in self._pools:
            raise Denied(Status.FORBIDDEN, "the token is of a pool that is not kept here")
        if not name:
            name = given_name(record.pool, secrets.token_hex())
            resume = sealed_name(book.resume_key, name)
        elif not is_given(name, record.pool) or not same(
            sealed_name(book.resume_key, name), resume
        ):
            raise Denied(Status.FORBIDDEN, "the name was not given to whoever asks for it")
        member = Member(name=name, pool=record.pool, way=Way.TOKEN, token=record.id)
        return Entrant(member=member, place=None, resume=resume)
