"""What the gateway did since it was last told, for its meters; from any thread."""

from collections import Counter
from collections.abc import Mapping
from threading import Lock

from workhorse.core.gateway_meters import gateway_meters, unheard_meter
from workhorse.core.meters import Meter
from workhorse.core.model import Pool
from workhorse.loops.view import Seen


class GatewayTally:
    """Counts.

    Args:
        pools: whose agents may come, by name.
        begun_at: when the gateway began to hear, by the loops' clock.
    """

    def __init__(self, pools: Mapping[str, Pool], begun_at: float) -> None:
        self._pools = pools
        self._begun_at = begun_at
        self._lock = Lock()
        self._registered: Counter[tuple[str, str]] = Counter()
        self._refused: Counter[tuple[str, str]] = Counter()

    def registered(self, pool: str, way: str) -> None:
        """An agent was let in."""
        with self._lock:
            self._registered[pool, way] += 1

    def refused(self, status: int) -> None:
        """Somebody was sent away: whose agent it is, if any, is mostly not proved."""
        with self._lock:
            self._refused["", str(int(status))] += 1

    def meters(
        self, seen: Seen | None, heard: Mapping[str, float], now: float
    ) -> tuple[Meter, ...]:
        """All of it; the counts begin anew.

        Args:
            seen: what the last tick saw; None when that tells nothing now.
            heard: agent to when it was heard last.
            now: by the loops' clock.
        """
        with self._lock:
            registered, self._registered = self._registered, Counter()
            refused, self._refused = self._refused, Counter()
        proving = [pool for pool in self._pools.values() if pool.agent.role]
        begun_at = self._begun_at
        silent = (
            unheard_meter(pool, seen.snapshot, heard, begun_at=begun_at, now=now)
            for pool in proving
            if seen is not None and seen.snapshot.jenkins is not None
        )
        return (*gateway_meters(registered, refused, self._pools), *silent)
