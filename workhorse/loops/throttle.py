"""How often requests are worked on, in all and from one address."""

from threading import Lock

from workhorse.core.admission import Denied, Status
from workhorse.core.rates import Bucket, full, taken

MOST_PEERS = 10_000
"""Addresses that are remembered; the one that came first is forgotten first."""


class Throttle:
    """Puts off who comes too often; for many threads.

    Args:
        per_peer: requests a second of one address that are worked on.
        per_second: the same of all; None for however many.
    """

    def __init__(self, per_peer: float, per_second: float | None = None) -> None:
        self._per_peer = per_peer
        self._per_second = per_second
        self._lock = Lock()
        self._all: Bucket | None = None
        self._peers: dict[str, Bucket] = {}

    def admit(self, peer: str, now: float) -> None:
        """Count one request; the address first, so that one that storms takes nobody's turn.

        Raises:
            Denied: it came too soon, and is told when to come again.
        """
        with self._lock:
            bucket = self._peers.get(peer) or full(self._per_peer, now)
            self._peers[peer], wait = taken(bucket, self._per_peer, now)
            if len(self._peers) > MOST_PEERS:
                del self._peers[next(iter(self._peers))]
            if not wait and self._per_second is not None:
                bucket = self._all or full(self._per_second, now)
                self._all, wait = taken(bucket, self._per_second, now)
        if wait:
            raise Denied(Status.TOO_MANY, "too many requests", retry_seconds=wait)
