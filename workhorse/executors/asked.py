"""What a pool's last command was told, for as long as the group may not show it yet.

A command that is told "three more" must not be told so twice for one change, and its agents may
show one by one. As long as the group reads anything between what it was before and what was asked
for, the latter counts as its size; at most for the pool's `boot_seconds`, after which the group is
believed. A further command in that time widens what is between. The journal keeps it over a
restart.
"""

from dataclasses import asdict, dataclass

from workhorse.core.model import Group, Pool
from workhorse.loops.ports import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    at: float
    low: int
    high: int
    size: int

    def covers(self, desired: int, now: float, seconds: float) -> bool:
        """Whether that reading may be on its way to the size."""
        return self.low <= desired <= self.high and 0 <= now - self.at < seconds


class Asked:
    """The memory of one pool's commands."""

    def __init__(self, pool: Pool, journal: Journal) -> None:
        self._pool = pool
        self._journal = journal
        self._told: _Told | None = None
        self._recalled = False

    def begins(self, group: Group, size: int, now: float) -> None:
        """A command is about to be told `size`.

        Raises:
            Surprise: it could not be journalled, and must not be begun.
        """
        last = self._current(group, now)
        sizes = (group.desired, size) if last is None else (last.low, last.high, size)
        told = _Told(at=now, low=min(sizes), high=max(sizes), size=size)
        self._journal.write(
            {"kind": self._kind, "pool": self._pool.name, "before": group.desired, **asdict(told)}
        )
        self._told = told

    def failed(self) -> None:
        """The command failed: the group is believed as it reads."""
        self._told, self._recalled = None, True

    def base(self, group: Group, now: float) -> int:
        """The size from which a difference is to be told."""
        told = self._current(group, now)
        return group.desired if told is None else told.size

    def _current(self, group: Group, now: float) -> _Told | None:
        told = self._recall()
        seconds = self._pool.policy.boot_seconds
        return told if told is not None and told.covers(group.desired, now, seconds) else None

    @property
    def _kind(self) -> str:
        """The journal gives back the last record of a kind, and every pool needs its own."""
        return f"asked:{self._pool.name}"

    def _recall(self) -> _Told | None:
        if not self._recalled:
            self._recalled = True
            if kept := self._journal.last(self._kind):
                self._told = _Told(**{key: kept[key] for key in ("at", "low", "high", "size")})
        return self._told
