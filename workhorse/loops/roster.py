"""Which instance belongs to which pool, for agents that the last tick has not seen yet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from workhorse.core.admission import Denied, Status
from workhorse.core.model import Group, Instance, Pool
from workhorse.core.orders import Canary
from workhorse.loops.coalesced import RETRY_SECONDS, Coalesced
from workhorse.loops.view import Seen

CURRENT_SECONDS = 2.0
"""A reading that began so long ago still tells: an instance is in its group before it boots."""


class Groups(Protocol):
    """Where groups are read; part of `loops.ports.Cloud`."""

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """The groups by name; a name that AWS does not know is absent."""


class Canaries(Protocol):
    """Where canaries are read; part of `loops.rollout_ports.Launcher`."""

    def canaries(self, group: str) -> Sequence[Canary]:
        """The canaries of a group that have not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an instance belongs."""

    pool: Pool
    instance: Instance | None = None
    """None for a canary, which is in no group."""

    @property
    def canary(self) -> bool:
        """It stands beside the group."""
        return self.instance is None


class Roster:
    """Looks instances up; reads one thing at a time, and nothing oftener than it must.

    Args:
        groups: used by one thread at a time; not the loops' own, which has a memory of its own.
        canaries: the same; None where there are no rollouts.
        pools: whose instances may come.
        now: seconds of the wall.
    """

    def __init__(
        self,
        groups: Groups,
        canaries: Canaries | None,
        pools: tuple[Pool, ...],
        now: Callable[[], float],
    ) -> None:
        self._pools = {pool.group: pool for pool in pools}
        self._groups = Coalesced(
            "the groups",
            lambda: groups.groups(list(self._pools)),
            now,
            current_seconds=CURRENT_SECONDS,
        )
        self._canaries = Coalesced(
            "the canaries",
            lambda: self._beside(canaries),
            now,
            current_seconds=CURRENT_SECONDS,
        )

    def place(self, instance: str, seen: Seen | None) -> Place | None:
        """Where the instance belongs; None for nowhere.

        Args:
            instance: its id.
            seen: what the last tick saw; None when that tells nothing now.

        Raises:
            Denied: it cannot be told now.
        """
        if (place := self._member(instance, _read(seen))) is not None:
            return place
        groups = self._groups.get()
        if (place := self._member(instance, groups)) is not None:
            return place
        beside = self._canaries.get().get(instance)
        if beside is not None:
            return Place(pool=self._pools[beside])
        if len(groups) < len(self._pools):
            because = "a group is not there: whether it is a member cannot be told"
            raise Denied(Status.UNAVAILABLE, because, retry_seconds=RETRY_SECONDS)
        return None

    def known(self, instance: str, seen: Seen) -> Instance | None:
        """The member of that id, by what was read before: nothing is asked of AWS."""
        for groups in (_read(seen), self._groups.last or {}):
            if (place := self._member(instance, groups)) is not None:
                return place.instance
        return None

    def _beside(self, canaries: Canaries | None) -> Mapping[str, str]:
        """Canaries to the groups that they stand beside."""
        if canaries is None:
            return {}
        return {one.instance: name for name in self._pools for one in canaries.canaries(name)}

    def _member(self, instance: str, groups: Mapping[str, Group]) -> Place | None:
        for name, group in groups.items():
            if name in self._pools and instance in group.by_id:
                return Place(pool=self._pools[name], instance=group.by_id[instance])
        return None


def _read(seen: Seen | None) -> Mapping[str, Group]:
    if seen is None:
        return {}
    return {name: group for name, group in seen.snapshot.groups.items() if group is not None}
