"""Finding what does not agree, in one look; the time is counted in `core/reckoning.py`.

A look goes through what is out of order already: agents without an online node, nodes of no member.
So it costs by what disagrees, and not by what there is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil, inf

from workhorse.core.drain import Cause, Drain, DrainState
from workhorse.core.effects import DeleteNode, DetachVolume, Effect
from workhorse.core.ledger import Disagreement
from workhorse.core.model import Agent, Group, Instance, Lifecycle, Node, Pool, Snapshot
from workhorse.core.survey import Survey
from workhorse.core.token_machines import astray, mended

DAY_SECONDS = 86_400.0
RENEWED_AT_ONCE = 0.1
"""The share of a pool's agents that leave together for the age of their image; one at least."""
_ENDED = frozenset({"shutting-down", "terminated"})
_OVER = frozenset({DrainState.RELEASED, DrainState.GONE, DrainState.RECALLED, DrainState.ENDED})
_NODE = "Jenkins has a node of its name that it does not list: builds may run there"
_JOINING = "it is not in service yet"
_PROTECTED = "an operator protects it"
_OFF = "an operator switched scale-in off"
_FOREIGN = "nothing says that it is ours"
_SAME = "its group launches no other image"
_ROLLING = "a rollout is under way"

D = Disagreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """An instance that carries the tag of a pool, as EC2 shows it."""

    id: str
    pool: str
    state: str
    """EC2's state name."""
    image: str = ""
    launched_at: float = 0
    canary: bool = False
    """A rollout launched it beside its group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What EC2 shows of everything that is ours, read seldom."""

    owned: tuple[Owned, ...] = ()
    images: Mapping[str, float] = field(default_factory=dict)
    """Image id to when it was made; one that is not there is of unknown age."""
    stranded: tuple[tuple[str, DetachVolume], ...] = ()
    """Volumes of dead instances: the pool, and how each is freed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one look goes by."""

    snapshot: Snapshot
    pools: tuple[Pool, ...]
    surveys: Mapping[str, Survey]
    """Pool name to its agents; of the pools whose group was read."""
    drains: Mapping[str, Drain]
    registered: frozenset[str] = frozenset()
    """Members whose node was listed while we looked."""
    heard: Mapping[str, float] = field(default_factory=dict)
    """Instance to when the gateway last heard it: it had a node then."""
    hidden: frozenset[str] = frozenset()
    """Instances that have a node which Jenkins does not list, or may have for all that we know."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Instance to why its agent says that it cannot be one."""
    patience: Mapping[str, float] = field(default_factory=dict)
    """Pool name to the seconds that a boot is waited for since one was given up."""
    rolling: frozenset[str] = frozenset()
    """Pools in which a rollout is under way."""
    inventory: Inventory = field(default_factory=Inventory)
    home: str = ""
    """Account and region of the pools; empty when that is not known."""

    def member(self, name: str) -> tuple[Pool, Group, Instance] | None:
        """The pool, group and instance of that name, when it is a member of a group."""
        for pool in self.pools:
            group = self.snapshot.groups.get(pool.group)
            if group is not None and name in group.by_id:
                return pool, group, group.by_id[name]
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not agree in this look."""

    kind: Disagreement
    subject: str
    """The instance, node or volume."""
    pool: str
    since: float | None = None
    """From when on, where a book says so; else since it is first found."""
    heard_at: float = -inf
    """Its last sign of life elsewhere: it begins no earlier."""
    held: str = ""
    """Why nothing is done about it whatever its time; empty when something may be."""
    detail: str = ""
    effect: Effect | None = None
    """What mends it, where that is no drain."""


def findings(facts: Facts) -> Iterator[Finding]:
    """All that does not agree; the facts are to be trusted."""
    for pool in facts.pools:
        seen = facts.surveys.get(pool.name)
        if seen is not None:
            for agent in (*seen.booting, *seen.lost):
                yield from _absent(facts, pool, seen.group, agent)
            yield from _old(facts, pool, seen)
    yield from _leaving(facts)
    yield from _strangers(facts)
    yield from _outside(facts)
    yield from _machines(facts)
    for name, effect in facts.inventory.stranded:
        subject, detail = effect.volume, f"held by {effect.instance}"
        kind = D.STRANDED_VOLUME
        yield Finding(kind=kind, subject=subject, pool=name, detail=detail, effect=effect)


def _absent(facts: Facts, pool: Pool, group: Group, agent: Agent) -> Iterator[Finding]:
    """A member that does not leave, without an online node."""
    instance = agent.instance
    held = _PROTECTED if instance.protected else _OFF if group.scale_in_off else ""
    yield _missed(facts, pool, agent, _JOINING if instance.lifecycle.joining else held)


def _missed(facts: Facts, pool: Pool, agent: Agent, held: str) -> Finding:
    node = agent.node
    if node is None:
        return _unlisted(facts, pool, agent.instance, held)
    if node.ghost:
        return _ghost(pool.name, node, "")
    kind = D.STUCK if node.busy or not node.idle else D.HUNG
    return Finding(kind=kind, subject=node.name, pool=pool.name, held=held)


def _unlisted(facts: Facts, pool: Pool, instance: Instance, held: str) -> Finding:
    """A member of whose name Jenkins lists nothing.

    When it was launched says nothing here: our clock may be another than EC2's.
    """
    name = instance.id
    held = held or (_NODE if name in facts.hidden else "")
    if name in facts.failed:
        detail = facts.failed[name]
        return Finding(kind=D.FAILED, subject=name, pool=pool.name, held=held, detail=detail)
    if name in facts.registered or name in facts.heard:
        return Finding(kind=D.FORGOTTEN, subject=name, pool=pool.name, held=held)
    return Finding(kind=D.NEVER_REGISTERED, subject=name, pool=pool.name, held=held)


def _ghost(pool: str, node: Node, held: str) -> Finding:
    effect = DeleteNode(node=node.name)
    return Finding(kind=D.GHOST_COMPUTER, subject=node.name, pool=pool, held=held, effect=effect)


def _leaving(facts: Facts) -> Iterator[Finding]:
    """Members that leave and cannot be seen idle: the time that they are missed goes on."""
    nodes = facts.snapshot.jenkins.nodes if facts.snapshot.jenkins else {}
    for drain in facts.drains.values():
        name, node = drain.instance, nodes.get(drain.instance)
        if drain.state in _OVER or (node is not None and not node.offline):
            continue
        if (found := facts.member(name)) is None:
            continue
        pool, _, instance = found
        waits = instance.lifecycle is Lifecycle.TERMINATING_WAIT
        if waits and facts.snapshot.states.get(name) in _ENDED:
            yield Finding(kind=D.DEAD_AT_HOOK, subject=name, pool=pool.name)
        elif waits or instance.lifecycle is Lifecycle.IN_SERVICE:
            yield _missed(facts, pool, Agent(instance=instance, node=node), "")


def _strangers(facts: Facts) -> Iterator[Finding]:
    """Nodes of no member, of whose instances EC2 was asked."""
    nodes = facts.snapshot.jenkins.nodes if facts.snapshot.jenkins else {}
    for name, state in facts.snapshot.states.items():
        node = nodes.get(name)
        if node is None or not node.offline or facts.member(name) is not None:
            continue
        pool = pool_of(facts, node)
        if state == "terminated":
            if name not in facts.drains:  # The end of a drain is no disagreement.
                yield Finding(kind=D.NODE_WITHOUT_INSTANCE, subject=name, pool=pool)
        elif node.ghost:
            yield _ghost(pool, node, _FOREIGN if state == "gone" else "")
        elif state == "gone" and name not in facts.drains:
            ours = bool(facts.home) and node.owner is not None and node.owner.home == facts.home
            yield Finding(
                kind=D.NODE_OF_FORGOTTEN_INSTANCE,
                subject=name,
                pool=pool,
                held="" if ours else _FOREIGN,
                effect=DeleteNode(node=name),
            )


def pool_of(facts: Facts, node: Node) -> str:
    """The pool that a node of no member is told of: by its owner, its labels, else the first."""
    names = [pool.name for pool in facts.pools]
    if node.owner is not None and node.owner.pool in names:
        return node.owner.pool
    fitting = (pool.name for pool in facts.pools if pool.policy.labels <= node.labels)
    return next(fitting, names[0])


def _outside(facts: Facts) -> Iterator[Finding]:
    """Instances with our tag that no group has, told only when every group was read."""
    if len(facts.surveys) < len(facts.pools):
        return
    for one in facts.inventory.owned:
        strange = one.state not in _ENDED and not one.canary and one.id not in facts.drains
        if strange and facts.member(one.id) is None:
            kind, detail = D.OUTSIDE_GROUP, f"EC2 calls it {one.state}"
            yield Finding(kind=kind, subject=one.id, pool=one.pool, detail=detail)


def _machines(facts: Facts) -> Iterator[Finding]:
    """Nodes that the gateway made for machines with a token; one that still speaks is not gone."""
    nodes = facts.snapshot.jenkins.nodes if facts.snapshot.jenkins else {}
    pools = {pool.name: pool for pool in facts.pools}
    members = set().union(*(seen.group.by_id for seen in facts.surveys.values()))
    for node in (node for name, node in nodes.items() if name not in members):
        owner, kind = node.owner, astray(node)
        if kind is None or owner is None or owner.home != facts.home or owner.pool not in pools:
            continue
        yield Finding(
            kind=kind,
            subject=node.name,
            pool=owner.pool,
            heard_at=facts.heard.get(node.name, -inf) if kind is D.MACHINE_GONE else -inf,
            effect=mended(node, kind, pools[owner.pool]),
        )


def _old(facts: Facts, pool: Pool, seen: Survey) -> Iterator[Finding]:
    """Ready agents of an image that is or will be too old, as many as may leave for that now."""
    if not pool.agent.max_image_days or not facts.inventory.owned:
        return
    images = {one.id: one.image for one in facts.inventory.owned}
    limit = pool.agent.max_image_days * DAY_SECONDS
    launched = {images.get(i.id) for i in _launched_now(seen.group)}
    ready = sorted(seen.ready, key=lambda agent: agent.node is not None and agent.node.busy > 0)
    under_way = [d for d in facts.drains.values() if d.cause is Cause.OLD_IMAGE]
    room = max(1, ceil(RENEWED_AT_ONCE * len(ready))) - sum(d.pool == pool.name for d in under_way)
    for agent in ready:
        image = images.get(agent.instance.id, "")
        made_at = facts.inventory.images.get(image)
        if made_at is None:
            continue
        held = _kept(facts, pool, seen.group, agent, same=image in launched)
        leaves = not held and facts.snapshot.at >= made_at + limit
        if leaves and room <= 0:
            continue
        room -= leaves
        yield Finding(
            kind=D.OLD_IMAGE,
            subject=agent.instance.id,
            pool=pool.name,
            since=made_at + limit,
            held=held,
            detail=image,
        )


def _launched_now(group: Group) -> Iterator[Instance]:
    return (i for i in group.instances if i.template_version == group.template_version)


def _kept(facts: Facts, pool: Pool, group: Group, agent: Agent, *, same: bool) -> str:
    """Why an agent of an old image stays."""
    if same:
        return _SAME
    if pool.name in facts.rolling:
        return _ROLLING
    if agent.instance.protected:
        return _PROTECTED
    return _OFF if group.scale_in_off else ""
