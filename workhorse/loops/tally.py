"""What became of claims since it was last told, for the meters of the cache."""

from collections import Counter
from collections.abc import Mapping, Sequence
from threading import Lock

from workhorse.core.cache_meters import Outcome, cache_meters
from workhorse.core.meters import Meter
from workhorse.core.volume import Volume
from workhorse.core.volumes import contents


class Tally:
    """Counts, from any thread.

    A volume that was given counts when its agent tells how it found it; one that tells nothing, as
    its instance ended, counts for nothing.
    """

    def __init__(self, pools: tuple[str, ...]) -> None:
        self._pools = pools
        self._lock = Lock()
        self._outcomes: dict[str, Counter[Outcome]] = {pool: Counter() for pool in pools}
        self._ages: dict[str, list[float]] = {pool: [] for pool in pools}
        self._given: dict[str, tuple[str, bool]] = {}
        """Instance to the volume that it got and whether that held something; until it tells."""

    def given(self, pool: str, instance: str, volume: Volume, now: float) -> None:
        """The instance got the volume, which is as it was before."""
        with self._lock:
            self._given[instance] = (volume.id, contents(volume).hit)
            if volume.used_at is not None:
                self._ages[pool].append(max(0.0, now - volume.used_at))

    def told(self, pool: str, instance: str, volume: str, *, mounted: bool, wiped: bool) -> None:
        """The instance tells of it; a second time counts no more."""
        with self._lock:
            had, hit = self._given.pop(instance, ("", False))
            if had != volume:
                return
            outcome = Outcome.HIT if hit and not wiped else Outcome.MISS
            self._outcomes[pool][outcome if mounted else Outcome.FAILED] += 1

    def missed(self, pool: str) -> None:
        """An agent got none, for there is none."""
        self._count(pool, Outcome.MISS)

    def failed(self, pool: str) -> None:
        """An agent got none, for EC2 would not."""
        self._count(pool, Outcome.FAILED)

    def meters(self, volumes: Sequence[Volume]) -> tuple[Meter, ...]:
        """All of it; the counts begin anew."""
        with self._lock:
            outcomes, ages = self._taken()
        return tuple(
            meter
            for pool in self._pools
            for meter in cache_meters(pool, outcomes[pool], ages[pool], volumes)
        )

    def _taken(self) -> tuple[Mapping[str, Counter[Outcome]], Mapping[str, list[float]]]:
        taken = self._outcomes, self._ages
        self._outcomes = {pool: Counter() for pool in self._pools}
        self._ages = {pool: [] for pool in self._pools}
        return taken

    def _count(self, pool: str, outcome: Outcome) -> None:
        with self._lock:
            self._outcomes[pool][outcome] += 1
