"""Builders of facts, so that a test spells out only what it is about."""

from collections.abc import Mapping
from typing import Any

from workhorse.core.decide import Decision, PoolMemory, decide
from workhorse.core.demand import Demand
from workhorse.core.model import (
    Group,
    Hook,
    Instance,
    ItemState,
    Jenkins,
    Lifecycle,
    Node,
    Policy,
    Pool,
    QueueItem,
    Snapshot,
)
from workhorse.core.survey import survey

NOW = 1_000_000.0
HOOK = Hook(name="terminate", heartbeat_seconds=300)


def pool(name: str = "linux", labels: str = "linux", **changes: Any) -> Pool:
    """A pool of up to ten one-executor agents; keys of the policy or of the pool may be given."""
    own = {"group", "queue_url", "scaling", "release_job", "exclusive"}
    policy = {"ceiling": 10} | {k: v for k, v in changes.items() if k not in own}
    rest = {"group": f"{name}-agents"} | {k: v for k, v in changes.items() if k in own}
    return Pool(policy=Policy(name=name, labels=frozenset(labels.split()), **policy), **rest)


def instance(
    id: str = "i-00000001",  # noqa: A002 - its name in the model
    lifecycle: Lifecycle = Lifecycle.IN_SERVICE,
    **changes: Any,
) -> Instance:
    """An instance in service, launched long ago."""
    return Instance(id=id, lifecycle=lifecycle, **({"launched_at": NOW - 3600} | changes))


def node(name: str = "i-00000001", labels: str = "linux", **changes: Any) -> Node:
    """An online, idle node."""
    return Node(name=name, labels=frozenset(labels.split()), **changes)


def busy(name: str = "i-00000001", labels: str = "linux", **changes: Any) -> Node:
    """An online node with a build on it."""
    return node(name, labels, idle=False, busy=1, **changes)


def group(*instances: Instance, name: str = "linux-agents", **changes: Any) -> Group:
    """A group of these instances that wants exactly as many as count."""
    counted = sum(not i.lifecycle.leaving for i in instances)
    facts: dict[str, Any] = {"minimum": 0, "maximum": 100, "desired": counted, "hook": HOOK}
    return Group(name=name, read_at=NOW, instances=instances, **(facts | changes))


def item(id: int = 1, expression: str | None = "linux", **changes: Any) -> QueueItem:  # noqa: A002
    """A buildable item of a freestyle job that has waited for a minute."""
    facts: dict[str, Any] = {"task": f"job-{id}", "state": ItemState.BUILDABLE, "since": NOW - 60}
    return QueueItem(id=id, expression=expression, **(facts | changes))


def jenkins(*nodes: Node, queue: tuple[QueueItem, ...] = (), **changes: Any) -> Jenkins:
    """A reading of Jenkins of just now."""
    facts: dict[str, Any] = {"read_at": NOW, "session": "0123abcd"}
    return Jenkins(nodes={n.name: n for n in nodes}, queue=queue, **(facts | changes))


def snapshot(
    told: Jenkins | None,
    *groups: Group,
    states: Mapping[str, str] | None = None,
    at: float = NOW,
    frozen: bool = False,
) -> Snapshot:
    """What was read, complete unless `told` is None."""
    return Snapshot(
        at=at,
        jenkins=told,
        groups={g.name: g for g in groups},
        states=states or {},
        frozen=frozen or told is None,
    )


def decided(
    shown: Snapshot, demand: Demand | None = None, of: Pool | None = None, **changes: Any
) -> Decision:
    """The decision for one pool, whose demand is nothing where not given."""
    facts: dict[str, Any] = {"drains": {}, "memory": PoolMemory(changed_at=NOW - 3600)}
    facts |= {"blind_step": 5} | changes
    which = of or pool()
    found = shown.groups[which.group]
    assert found is not None
    seen = survey(which, found, shown, facts["drains"], facts["memory"].times)
    told = None if shown.jenkins is None else demand or Demand()
    return decide(which, shown, seen, demand=told, **facts)
