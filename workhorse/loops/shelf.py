"""The last reading of the cache volumes, kept true by what we did since.

Many agents boot in the same minute: one reading serves all who ask within two seconds, and nobody
tries a volume that somebody else in this process is just trying.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf
from threading import Lock
from typing import Any

from workhorse.core.agents import Tier
from workhorse.core.volume import Volume
from workhorse.core.volume_tags import with_tags
from workhorse.core.volumes import free, lower
from workhorse.loops.agent_ports import Volumes

READ_SECONDS = 2.0
"""How old a reading may be: what it shows free and is not, costs one refused attachment."""

LAG_SECONDS = 10.0
"""How long a new reading may not yet show what we did; our own account counts until then.

https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
"""


class Shelf:
    """What is known of the volumes of some pools; its methods may be called from any thread.

    Args:
        volumes: EC2.
        pools: the names of the pools.
        now: seconds since the epoch.
    """

    def __init__(self, volumes: Volumes, pools: Sequence[str], now: Callable[[], float]) -> None:
        self._port = volumes
        self._pools = tuple(pools)
        self._now = now
        self._reader = Lock()
        self._lock = Lock()
        self._known: dict[str, Volume] = {}
        self._read_at = -inf
        self._ours: dict[str, tuple[float, dict[str, Any]]] = {}
        self._tried: set[str] = set()
        self._lowest: dict[str, Tier] = {}

    def look(self) -> tuple[Volume, ...]:
        """The volumes, read anew when the last reading is old.

        Raises:
            Unreadable: EC2 does not answer.
        """
        with self._reader:
            started = self._now()
            if not 0 <= started - self._read_at <= READ_SECONDS:
                self._take(self._port.volumes(self._pools), started)
        with self._lock:
            return tuple(self._known.values())

    def reserve(self, volume: str) -> bool:
        """Have it to oneself for a try; False when it is not free any more."""
        with self._lock:
            known = self._known.get(volume)
            if known is None or volume in self._tried or not free(known):
                return False
            self._tried.add(volume)
            return True

    def give_back(self, volume: str) -> None:
        """The try is over."""
        with self._lock:
            self._tried.discard(volume)

    def note(self, volume: str, **fields: Any) -> None:  # noqa: ANN401 - fields of Volume
        """What became of it by our hand, or as EC2 just told."""
        with self._lock:
            _, before = self._ours.get(volume, (0.0, {}))
            self._ours[volume] = (self._now(), {**before, **fields})
            if volume in self._known:
                self._known[volume] = self._amended(self._known[volume])

    def note_tags(self, volume: str, tags: Sequence[tuple[str, str]]) -> None:
        """What was written on it by our hand."""
        with self._lock:
            known = self._known.get(volume)
        if known is not None:
            self.note(volume, **with_tags(known, dict(tags)))

    def forget(self, volume: str) -> None:
        """It was let go: only a new reading tells when it is free, whoever has it until then."""
        with self._lock:
            self._ours[volume] = (self._now(), {"attachment": "detaching"})
            self._read_at = -inf

    def _take(self, found: Sequence[Volume], started: float) -> None:
        with self._lock:
            self._ours = {
                volume: (at, fields)
                for volume, (at, fields) in self._ours.items()
                if at >= started - LAG_SECONDS
            }
            self._known = {volume.id: self._amended(volume) for volume in found}
            self._read_at = started

    def _amended(self, volume: Volume) -> Volume:
        """With what we did, and never of more trust than we saw it before."""
        _, fields = self._ours.get(volume.id, (0.0, {}))
        amended = replace(volume, **fields)
        lowest = lower(amended.tier, self._lowest.get(volume.id, amended.tier))
        self._lowest[volume.id] = lowest
        return replace(amended, tier=lowest)
