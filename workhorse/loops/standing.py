"""What need not be worked out again: the same facts give the same survey and the same decision.

Survey and decision are pure functions of what was read, of what is remembered and of the time, and
say themselves until when the time makes no difference.  So the last ones stand for as long as they
are asked about the very same objects; a reading that gives equal ones anew costs what it always
did.  The simulator's readings keep what did not change.
"""

from collections.abc import Mapping
from operator import is_

from workhorse.core.boots import expecting
from workhorse.core.decide import Decision, PoolMemory
from workhorse.core.demand import Demand, Placement, place
from workhorse.core.drain import Drain
from workhorse.core.model import Group, Jenkins, Node, Pool, QueueItem, Snapshot
from workhorse.core.steady import ROUNDING_SECONDS, planned_as
from workhorse.core.survey import Survey, survey


class Standing:
    """The last survey and decision of one pool, and what they were made from."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._survey: Survey | None = None
        self._nodes: tuple[Node | None, ...] = ()
        self._drains: list[tuple[str, bool, bool]] = []
        self._read = False
        self._decision: Decision | None = None
        self._demand: Demand | None = None
        self._frozen = False
        self._queue: tuple[QueueItem, ...] = ()

    def survey(
        self, group: Group, snapshot: Snapshot, drains: Mapping[str, Drain], memory: PoolMemory
    ) -> Survey:
        """The pool's agents, each in its place."""
        found = snapshot.jenkins.nodes if snapshot.jenkins else {}
        nodes = tuple(map(found.get, group.by_id))
        own = [planned_as(d) for d in drains.values() if d.group == group.name]
        pool, had = expecting(self._pool, memory.learned), self._survey
        if (
            had is not None
            and had.times is memory.times
            and self._read == (snapshot.jenkins is not None)
            and same_group(had.group, group)
            and same(self._nodes, nodes)
            and self._drains == own
            and had.boot_seconds == pool.policy.boot_seconds
            and had.holds(snapshot.at)
        ):
            return had
        self._survey = survey(pool, group, snapshot, drains, memory.times)
        self._nodes, self._drains = nodes, own
        self._read = snapshot.jenkins is not None
        return self._survey

    def decision(
        self,
        seen: Survey,
        demand: Demand | None,
        snapshot: Snapshot,
        memory: PoolMemory,
        surge: int = 0,
    ) -> Decision | None:
        """The last decision, when it holds for these facts; it moved nothing."""
        had = self._decision
        if (
            had is not None
            and had.survey is seen
            and had.memory is memory
            and self._demand is demand
            and self._frozen == snapshot.frozen
            and had.situation.surge == surge
            and had.at <= snapshot.at < had.holds_until - ROUNDING_SECONDS
            and (self._queue is _queue(snapshot) or not had.minds_queue(demand))
        ):
            return had
        return None

    def keep(self, decision: Decision, demand: Demand | None, snapshot: Snapshot) -> None:
        """Let this decision stand."""
        self._decision, self._demand = decision, demand
        self._frozen, self._queue = snapshot.frozen, _queue(snapshot)


class Placed:
    """The last placement of the queue, and what it was made from."""

    def __init__(self, pools: tuple[Pool, ...], default_pool: str) -> None:
        self._pools = pools
        self._default_pool = default_pool
        self._placement: Placement | None = None
        self._jenkins: Jenkins | None = None
        self._room: Mapping[str, int] = {}
        self._cordoned: frozenset[str] = frozenset()

    def place(
        self,
        jenkins: Jenkins,
        *,
        now: float,
        surveys: Mapping[str, Survey],
        cordoned: frozenset[str],
    ) -> Placement:
        """Place every item of the queue, as `core.demand.place` does."""
        had, before = self._placement, self._jenkins
        if had is not None and before is not None and not jenkins.queue and not before.queue:
            return had
        room = {p.name: _room(p, surveys[p.name]) for p in self._pools if p.name in surveys}
        if (
            had is not None
            and before is not None
            and jenkins.queue is before.queue
            and jenkins.nodes is before.nodes
            and now < had.holds_until - ROUNDING_SECONDS
            and (room, cordoned) == (self._room, self._cordoned)
        ):
            return had
        self._placement = place(
            jenkins,
            self._pools,
            now=now,
            room=room,
            cordoned=cordoned,
            default_pool=self._default_pool,
            had=had,
        )
        self._jenkins, self._room, self._cordoned = jenkins, room, cordoned
        return self._placement


def _room(pool: Pool, seen: Survey) -> int:
    """Executors that the pool could still give to queued items below its ceiling."""
    most = min(pool.policy.ceiling, seen.group.maximum)
    return most * pool.policy.executors - seen.running


def same(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    """The same objects in the same order."""
    return len(some) == len(others) and all(map(is_, some, others))


def same_group(one: Group, other: Group) -> bool:
    """The group as it was but for the time of the reading."""
    return (
        one.instances is other.instances
        and one.desired == other.desired
        and one.minimum == other.minimum
        and one.maximum == other.maximum
        and one.scale_in_off == other.scale_in_off
        and one.hook == other.hook
        and one.template_version == other.template_version
    )


def _queue(snapshot: Snapshot) -> tuple[QueueItem, ...]:
    return snapshot.jenkins.queue if snapshot.jenkins else ()
