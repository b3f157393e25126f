"""Where every agent of a pool stands, from a snapshot.

ready     in service, its node online and not cordoned: takes builds
booting   launched or back soon: no online node yet, and not for longer than a boot is expected to
          take, which is the `boot_seconds` of the pool as its boots were learned
lost      no online node for longer: no capacity any more, though AWS counts it
draining  cordoned, in a drain of ours, or being ended by Auto Scaling
other     standby and the like: not ours to touch
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

from workhorse.core.drain import Cause, Drain
from workhorse.core.drains import is_cordoned
from workhorse.core.model import Agent, Group, Instance, Lifecycle, Node, Pool, Snapshot
from workhorse.core.steady import OVER, ROUNDING_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What must be remembered of agents from tick to tick, by instance id."""

    idle_since: Mapping[str, float] = field(default_factory=dict)
    absent_since: Mapping[str, float] = field(default_factory=dict)
    """Since when an instance has no online node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The agents of one pool, each in one place."""

    at: float
    group: Group
    ready: tuple[Agent, ...] = ()
    booting: tuple[Agent, ...] = ()
    lost: tuple[Agent, ...] = ()
    draining: tuple[Agent, ...] = ()
    other: tuple[Agent, ...] = ()
    given_up: frozenset[str] = frozenset()
    """Whom the ledger gave up, also when they are no members any more."""
    running: int = 0
    """Executors that hold a build, on agents that are not draining."""
    times: Times
    boot_seconds: float
    """How long a boot was expected to take."""

    @property
    def coming(self) -> int:
        """Launches that Auto Scaling was asked for and has not begun."""
        return max(0, self.group.desired - self.group.members)

    @property
    def booting_until(self) -> float:
        """When the next booting agent will be lost, if none of them comes until then."""
        if not self.booting:
            return inf
        absent = self.times.absent_since
        since = (absent[a.instance.id] for a in self.booting if a.instance.id in absent)
        return min(since, default=inf) + self.boot_seconds

    def holds(self, now: float) -> bool:
        """The same facts and the times that this leaves give the same now: nobody is lost yet."""
        return self.at <= now < self.booting_until - ROUNDING_SECONDS

    def idle(self, now: float, idle_seconds: float) -> tuple[tuple[Agent, float], ...]:
        """Ready agents that may be chosen to leave, with the time since when they are idle."""
        since = self.times.idle_since
        return tuple(
            (agent, since[agent.instance.id])
            for agent in self.ready
            if not agent.instance.protected
            and agent.instance.id in since
            and now - since[agent.instance.id] >= idle_seconds
        )


def survey(
    pool: Pool, group: Group, snapshot: Snapshot, drains: Mapping[str, Drain], had: Times
) -> Survey:
    """Put every agent of the pool in its place, and carry on the times.

    Args:
        pool: as its boots were learned.
        group: its group as it was read.
        snapshot: what was read.
        drains: the drains under way, by instance id.
        had: the times that the last survey left.
    """
    at, read = snapshot.at, snapshot.jenkins is not None
    idle: dict[str, float] = {}
    absent: dict[str, float] = {}
    ready, booting, lost, draining, other = _nobody()
    running = 0
    nodes = snapshot.jenkins.nodes if snapshot.jenkins else {}
    for instance in group.instances:
        name = instance.id
        node = nodes.get(name)
        agent = Agent(instance=instance, node=node)
        if _leaving(instance, node, drains.get(name)):
            draining.append(agent)
        elif instance.lifecycle is Lifecycle.OTHER:
            other.append(agent)
        elif node is None or node.offline:
            running += node.busy if node else 0
            absent[name] = _absent_since(agent, had, at)
            young = at - absent[name] < pool.policy.boot_seconds
            (booting if young or not read else lost).append(agent)
        else:
            running += node.busy
            ready.append(agent)
            if node.idle and not node.busy:
                idle[name] = had.idle_since.get(name, at)
    if not read:
        idle, absent = dict(had.idle_since), dict(had.absent_since)
    return Survey(
        at=at,
        group=group,
        ready=tuple(ready),
        booting=tuple(booting),
        lost=tuple(lost),
        draining=tuple(draining),
        other=tuple(other),
        given_up=frozenset(_given_up(group, drains)),
        running=running,
        times=Times(idle_since=idle, absent_since=absent),
        boot_seconds=pool.policy.boot_seconds,
    )


def _nobody() -> tuple[list[Agent], list[Agent], list[Agent], list[Agent], list[Agent]]:
    return [], [], [], [], []


def _leaving(instance: Instance, node: Node | None, drain: Drain | None) -> bool:
    if instance.lifecycle is not Lifecycle.IN_SERVICE and instance.lifecycle.leaving:
        return True
    if drain is not None and drain.state not in OVER:
        return True
    return node is not None and is_cordoned(node)


def _given_up(group: Group, drains: Mapping[str, Drain]) -> Iterator[str]:
    for drain in drains.values():
        if drain.group == group.name and drain.cause is Cause.LOST:
            yield drain.instance


def _absent_since(agent: Agent, had: Times, now: float) -> float:
    """Since its launch when it never had a node, else since it was first seen without."""
    if agent.node is None and agent.instance.launched_at is not None:
        return min(agent.instance.launched_at, now)
    return min(had.absent_since.get(agent.instance.id, now), now)
