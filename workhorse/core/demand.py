"""Which pool each queued item waits for.

Every item is placed once, on the first pool in the order of the configuration that fits it and has
room, else on the first that fits.
Items that no pool can run are reported with the reason and counted nowhere.

What an item asks for is found in this order of trust:
its label expression where Jenkins tells it, then its `why`, whose wording follows
hudson.model.Queue.BuildableItem.getCauseOfBlockage and needs two cautions.
A label that exactly one node carries is told by the *name of that node*;
and where Jenkins has no agent at all, no label is told.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from workhorse.core.labels import parse
from workhorse.core.model import INSTANCE_ID, ItemState, Jenkins, Node, Pool, QueueItem
from workhorse.core.others import Others

AHEAD_SECONDS = 30.0
"""An item in its quiet period counts when it is due this soon: sooner than any agent boots.

EC2 alone takes some 16 s from pending to running and an agent some 10 s to connect.
"""

_QUOTED = re.compile("\u2018([^\u2019]+)\u2019")
_ASKS = (
    re.compile("^There are no nodes with the label \u2018(.+)\u2019$"),
    re.compile("^All nodes of label \u2018(.+)\u2019 are offline$"),
    re.compile("^Waiting for next available executor on \u2018(.+)\u2019$"),
    re.compile("doesn\u2019t have label \u2018([^\u2019]+)\u2019"),
    re.compile("^\u2018(.+)\u2019 is offline$"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelQueue:
    """The items of one pool that wait for one label expression; an empty one for any agent."""

    count: int
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What waits for one pool."""

    queued: int = 0
    since: float | None = None
    """When the item that has waited longest entered the queue."""
    labels: Mapping[str, LabelQueue] = field(default_factory=dict)
    items: Mapping[int, float] = field(default_factory=dict)
    """Queue item id to when it entered the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """An item that no pool can run, and why."""

    item: int
    task: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Every item that asks for an executor, once: with a pool, with another node, or nowhere."""

    demands: Mapping[str, Demand]
    """Pool name to demand; every pool is there."""
    unplaced: tuple[Unplaced, ...] = ()
    elsewhere: int = 0
    """Items that wait for one certain node, that only nodes outside the pools fit, or that an idle
    one of these will take."""
    asked: Mapping[int, str] = field(default_factory=dict)
    """What the bodies of pipelines asked for when Jenkins told it last, by item."""
    holds_until: float = inf
    """The same queue and nodes give the same at any time before: until an item is due so soon that
    it counts."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """What an item asks for: an expression, one node, anything, or nobody can tell."""

    expression: str | None = None
    node: str | None = None
    like: str | None = None
    """Named by its only node: whatever expression, this node fits it."""
    told: bool = True


def counts(item: QueueItem, now: float) -> bool:
    """The item asks for an executor that it does not hold yet.

    Blocked items could not run on any agent; pending ones hold an executor already, which is
    counted as busy.
    """
    if item.flyweight:
        return False
    if item.state is ItemState.WAITING:
        return item.due <= now + AHEAD_SECONDS
    return item.state is ItemState.BUILDABLE


def _ask(item: QueueItem, nodes: Mapping[str, Node], cordoned: frozenset[str]) -> _Ask:
    if item.expression:
        name = item.expression.strip('"')
        return _Ask(node=name) if name in nodes else _Ask(expression=item.expression)
    for pattern in _ASKS:
        found = pattern.search(item.why)
        if found is None:
            continue
        name = found.group(1)
        if name not in nodes:
            return _Ask(told=False) if _hidden(item, name) else _Ask(expression=name)
        return _Ask(node=name) if name in cordoned else _Ask(like=name)
    return _Ask(told=not (item.placeholder and item.stuck))


def _hidden(item: QueueItem, name: str) -> bool:
    """Jenkins names the one node that fits, not the label; without executors it is not listed."""
    there = not item.why.startswith("There are no nodes")
    return item.placeholder and there and INSTANCE_ID.fullmatch(name) is not None


def bound_nodes(jenkins: Jenkins, *, except_jobs: frozenset[str]) -> frozenset[str]:
    """The nodes that queued items name: a job pinned there, or a pipeline that resumes there.

    Args:
        jenkins: the queue and the nodes.
        except_jobs: jobs that are queued there to end the agent, and so do not keep it.
    """
    items = [item for item in jenkins.queue if item.task not in except_jobs]
    named = {name for why in {item.why for item in items} for name in _QUOTED.findall(why)}
    named |= {told.strip('"') for told in {item.expression for item in items} if told}
    return frozenset(named & jenkins.nodes.keys())


def _fits(ask: _Ask, pool: Pool, nodes: Mapping[str, Node]) -> bool:
    labels = pool.policy.labels
    if ask.node:
        return False
    if ask.like is not None:
        return labels <= nodes[ask.like].labels
    if ask.expression is None:
        return not pool.exclusive
    return parse(ask.expression).matches(labels)


class _Tally:
    """Items per pool while they are being placed."""

    def __init__(self, pools: Sequence[Pool], room: Mapping[str, int]) -> None:
        self.room = {p.name: room.get(p.name, 0) for p in pools}
        self.labels: dict[str, dict[str, list[float]]] = {p.name: {} for p in pools}
        self.items: dict[str, dict[int, float]] = {p.name: {} for p in pools}

    def put(self, fits: Sequence[str], label: str, item: QueueItem) -> None:
        """Count it for the first of these pools that has room, else for the first."""
        pool = fits[0]
        if len(fits) > 1 and self.room[pool] <= 0:
            pool = next((name for name in fits if self.room[name] > 0), pool)
        self.items[pool][item.id] = item.since
        self.labels[pool].setdefault(label, []).append(item.since)
        self.room[pool] -= 1

    def demand(self, pool: str, had: Demand | None) -> Demand:
        labels = {
            label: LabelQueue(count=len(since), since=min(since))
            for label, since in self.labels[pool].items()
        }
        items = self.items[pool]
        if had is not None and had.labels == labels and list(had.items) == list(items):
            return had
        return Demand(
            queued=len(items),
            since=min(items.values(), default=None),
            labels=labels,
            items=items,
        )


def place(  # noqa: PLR0913 - the facts of one placement, by name
    jenkins: Jenkins,
    pools: Sequence[Pool],
    *,
    now: float,
    room: Mapping[str, int],
    cordoned: frozenset[str] = frozenset(),
    default_pool: str = "",
    had: Placement | None = None,
) -> Placement:
    """Place every item of the queue.

    Args:
        jenkins: the queue and the nodes.
        pools: in the order in which they are preferred.
        now: seconds since the epoch.
        room: pool name to the executors that it could still add below its ceiling.
        cordoned: the nodes that we cordoned; an item can name one only by its own name.
        default_pool: the pool that gets one agent when items wait whose label nobody can tell.
        had: the placement before this one: its demands are told again where they are the same, and
            what it heard is not forgotten.
    """
    told = had.demands if had else {}
    asked = _asked_before(jenkins, had)
    tally = _Tally(pools, room)
    fitting: dict[_Ask, tuple[str, ...]] = {}
    unplaced: list[Unplaced] = []
    elsewhere = 0
    untold: list[QueueItem] = []
    asks: dict[object, _Ask] = {}
    others = Others(jenkins.nodes)
    for item in jenkins.queue:
        if not counts(item, now):
            continue
        key = item.expression or (item.why, item.placeholder, item.stuck)
        ask = asks.get(key) or asks.setdefault(key, _ask(item, jenkins.nodes, cordoned))
        ask = _ask_again(item, ask, asked)
        if not ask.told:
            untold.append(item)
            continue
        if others.take(item):
            elsewhere += 1
            continue
        if (fits := fitting.get(ask)) is None:
            fits = fitting[ask] = tuple(p.name for p in pools if _fits(ask, p, jenkins.nodes))
        if fits:
            tally.put(fits, ask.expression or "", item)
        elif _someone_else(ask, jenkins.nodes):
            elsewhere += 1
        else:
            unplaced.append(_nowhere(item, ask))
    unplaced += _untold(untold, tally, default_pool)
    return Placement(
        demands={p.name: tally.demand(p.name, told.get(p.name)) for p in pools},
        unplaced=tuple(unplaced),
        elsewhere=elsewhere,
        asked=asked,
        holds_until=_holds_until(jenkins.queue, now),
    )


def _asked_before(jenkins: Jenkins, had: Placement | None) -> dict[int, str]:
    before = had.asked if had else {}
    return {i.id: before[i.id] for i in jenkins.queue if i.id in before} if before else {}


def _ask_again(item: QueueItem, ask: _Ask, asked: dict[int, str]) -> _Ask:
    """What a pipeline's body asked for before: Jenkins tells it only while there is an agent.

    Else an item that nobody can run would have an agent started for it, to learn its label, each
    time that agent had left.
    """
    if item.placeholder and ask.expression:
        asked[item.id] = ask.expression
    elif item.placeholder and not ask.told and item.id in asked:
        return _Ask(expression=asked[item.id])
    return ask


def _holds_until(items: Iterable[QueueItem], now: float) -> float:
    """When the next item in its quiet period begins to count."""
    early = (i.due - AHEAD_SECONDS for i in items if i.state is ItemState.WAITING)
    return min((at for at in early if at > now), default=inf)


def _someone_else(ask: _Ask, nodes: Mapping[str, Node]) -> bool:
    if ask.node or ask.like:
        return True
    if ask.expression is None:
        return bool(nodes)
    expression = parse(ask.expression)
    return any(expression.matches(n.labels | {n.name}) for n in nodes.values())


def _nowhere(item: QueueItem, ask: _Ask) -> Unplaced:
    asked = f"label expression {ask.expression!r}" if ask.expression else "any agent"
    return Unplaced(item=item.id, task=item.task, because=f"no pool and no node fits {asked}")


def _untold(items: Iterable[QueueItem], tally: _Tally, default_pool: str) -> list[Unplaced]:
    """One agent of the default pool for all of them: once it is there, `why` tells the labels."""
    waiting = list(items)
    if waiting and default_pool in tally.labels:
        oldest = min(waiting, key=lambda i: i.since)
        tally.put((default_pool,), "", oldest)
        return []
    because = "Jenkins tells no label while it has no agent; set default_pool or script_console"
    return [Unplaced(item=i.id, task=i.task, because=because) for i in waiting]
