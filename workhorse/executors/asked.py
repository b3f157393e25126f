"""What a pool's last command was told, for as long as the group may not show it yet.

A command that is told "three more" must not be told so twice for one change. Until the group reads
otherwise than before the command, what the command was told counts as the size; at most for the
pool's `boot_seconds`, after which it is taken to have done nothing. The journal keeps it over a
restart.
"""

from dataclasses import dataclass

from workhorse.core.model import Group, Pool
from workhorse.loops.ports import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    at: float
    before: int
    size: int


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
        told = _Told(at=now, before=group.desired, size=size)
        record = {"at": now, "pool": self._pool.name, "before": told.before, "size": size}
        self._journal.write({"kind": self._kind, **record})
        self._told, self._recalled = told, True

    def failed(self) -> None:
        """The command failed: the group is believed as it reads."""
        self._told = None

    def base(self, group: Group, now: float) -> int:
        """The size from which a difference is to be told."""
        told = self._recall()
        if told is None or group.desired != told.before:
            return group.desired
        return told.size if 0 <= now - told.at < self._pool.policy.boot_seconds else group.desired

    @property
    def _kind(self) -> str:
        """The journal gives back the last record of a kind, and every pool needs its own."""
        return f"asked:{self._pool.name}"

    def _recall(self) -> _Told | None:
        if not self._recalled:
            self._recalled = True
            if kept := self._journal.last(self._kind):
                self._told = _Told(at=kept["at"], before=kept["before"], size=kept["size"])
        return self._told
