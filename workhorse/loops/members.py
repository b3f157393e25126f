"""Which instance belongs to which pool, worked out only when a group has other instances."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import is_

from workhorse.core.model import Group, Instance, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The instances of all groups that were read."""

    pools: Mapping[str, Pool] = field(default_factory=dict)
    """Instance id to its pool."""
    leaving: tuple[str, ...] = ()
    """Those that Auto Scaling has decided to end."""


class Membership:
    """Tells the members; the same object as long as no group has others.

    Facts that did not change are mostly the same objects as at the last reading, in the simulator
    always: asking for their identity is enough, and a reading that gives equal ones anew costs what
    it always did.
    """

    def __init__(self, pools: Iterable[Pool]) -> None:
        self._pools = tuple(pools)
        self._names = [pool.group for pool in self._pools]
        self._had: list[tuple[Instance, ...]] = []
        self._members = Members()

    def of(self, groups: Mapping[str, Group | None]) -> Members:
        """The members of the groups; of those not read, none."""
        read = list(map(groups.get, self._names))
        told = [group.instances if group else () for group in read]
        if len(told) != len(self._had) or not all(map(is_, told, self._had)):
            self._had, self._members = told, self._joined(read)
        return self._members

    def _joined(self, read: list[Group | None]) -> Members:
        pools: dict[str, Pool] = {}
        leaving: list[str] = []
        for pool, group in zip(self._pools, read, strict=True):
            if group is not None:
                pools |= dict.fromkeys(group.by_id, pool)
                leaving += group.leaving
        return Members(pools=pools, leaving=tuple(leaving))
