"""What the gateway gives out and knows again: nonces and leases, each under a keyed hash.

Nothing of them is kept, nonces apart that were used and have not ended. The key is made anew with
every process of the controller: after a restart everybody proves again who he is.
Times are the wall's: proofs are dated by it, and the loops' clock may run faster.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from hashlib import sha256
from threading import Lock
from typing import Any

from workhorse.core.admission import Denied, Member, Status, Way

NONCE_SECONDS = 60.0
"""From the nonce to the proof: the instance asks its metadata service and signs, no more."""

PROOF_SECONDS = 12 * 3600.0
"""How long leases follow one another on one proof."""

_KEY_BYTES = 32
_MOST_CHARACTERS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Whose it is, and when that was proved."""

    member: Member
    proved_at: float


class Nonces:
    """Numbers that are good for one proof."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._lock = Lock()
        self._used: dict[str, float] = {}
        """Nonce to its end, in the order in which they were used."""

    def given(self, now: float) -> str:
        """A new nonce."""
        return _sealed(self._key, {"end": now + NONCE_SECONDS, "chance": secrets.token_hex(8)})

    def use(self, nonce: str, now: float) -> None:
        """Use up a nonce.

        Raises:
            Denied: it is not ours, has ended, or was used.
        """
        told = _opened(self._key, nonce)
        if told is None or not told["end"] - NONCE_SECONDS <= now < told["end"]:
            raise Denied(Status.UNAUTHORIZED, "the nonce is not ours, or has ended: ask for a new")
        with self._lock:
            if nonce in self._used:
                raise Denied(Status.UNAUTHORIZED, "the nonce was used: ask for a new one")
            self._used[nonce] = told["end"]
            for old in [one for one, end in self._used.items() if end <= now]:
                del self._used[old]


class Leases:
    """What an agent shows after it has proved who it is."""

    def __init__(self, seconds: float) -> None:
        """Make a book of leases.

        Args:
            seconds: how long one lasts.
        """
        self._seconds = seconds
        self._key = secrets.token_bytes(_KEY_BYTES)

    def given(
        self, member: Member, now: float, *, proved_at: float | None = None
    ) -> dict[str, object]:
        """A lease of that member and how long it lasts, as the gateway answers them.

        Args:
            member: whose.
            now: seconds of the wall.
            proved_at: when it proved itself; None for now.
        """
        proved_at = now if proved_at is None else proved_at
        ends_at = min(now + self._seconds, proved_at + PROOF_SECONDS)
        told = {"member": asdict(member), "ends_at": ends_at, "proved_at": proved_at}
        return {"lease": _sealed(self._key, told), "lease_seconds": ends_at - now}

    def known(self, lease: str, now: float) -> Lease:
        """The lease in its text.

        Raises:
            Denied: it is not ours or has ended: the agent must prove itself.
        """
        told = _opened(self._key, lease)
        if told is None or not told["proved_at"] <= now < told["ends_at"]:
            raise Denied(Status.UNAUTHORIZED, "the lease is not ours, or has ended: prove again")
        member = Member(**{**told["member"], "way": Way(told["member"]["way"])})
        return Lease(member=member, proved_at=told["proved_at"])


def sealed_name(key: str, name: str) -> str:
    """What proves that a name was given by us; `key` is that of the registration tokens."""
    return hmac.new(bytes.fromhex(key), name.encode(), sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two texts are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _sealed(key: bytes, told: dict[str, Any]) -> str:
    body = urlsafe_b64encode(json.dumps(told, separators=(",", ":")).encode()).decode()
    return f"{body}.{hmac.new(key, body.encode(), sha256).hexdigest()}"


def _opened(key: bytes, text: str) -> dict[str, Any] | None:
    """What was sealed; None for what was not sealed by this key."""
    body, _, seal = text.rpartition(".")
    if len(text) > _MOST_CHARACTERS or not text.isascii():
        return None
    if not same(hmac.new(key, body.encode(), sha256).hexdigest(), seal):
        return None
    told: dict[str, Any] = json.loads(urlsafe_b64decode(body))
    return told
