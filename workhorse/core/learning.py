"""How a pool teaches us: one look compared with the last.

Only looks at a Jenkins that can be trusted are compared: after an unread, frozen or stale one the
next look is the first again, and what ended meanwhile teaches nothing.
Times are those of the looks; where Jenkins tells when a build began, that is taken, and ends a
boot as well.
A boot that took longer than `boot_seconds` is believed when it was seen from its launch on: then no
outage made it late, nobody was forgotten by Jenkins, and our clock goes like EC2's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from workhorse.core.boots import LONGEST_SECONDS, usual_boot
from workhorse.core.demand import Demand
from workhorse.core.learn import ARRIVALS_KEPT, Boot, Learned, Patience, Sight
from workhorse.core.ledger import boot_seconds
from workhorse.core.model import Agent, Instance, ItemState, Policy, RunningBuild, Snapshot
from workhorse.core.survey import Survey

DEEPEST = 1024
"""Levels of demand whose leaving is remembered."""

SHOWN_SECONDS = 60.0
"""A launch shows within so long: some ticks."""
NO_PATIENCE = Patience()


def learn(
    had: Learned, snapshot: Snapshot, seen: Survey, demand: Demand | None, policy: Policy
) -> Learned:
    """What is known after this look; `had` itself when it showed nothing new.

    Args:
        had: what was known.
        snapshot: what was read.
        seen: the pool's agents in it.
        demand: what waits for the pool; None when Jenkins could not be read.
        policy: of the pool, as the operator wrote it.
    """
    if demand is None or snapshot.jenkins is None or snapshot.frozen:
        return had.blinded()
    spent = had.spent.counted(snapshot.at, len(seen.group.instances))
    last, version = had.sight, seen.group.template_version
    if had.patience.seconds and had.patience.version != version:
        had = replace(had, patience=NO_PATIENCE)
    sight = _sight(had, snapshot, seen, demand, policy)
    if sight == last and spent is had.spent:
        return had
    if last is None:
        return replace(had, sight=sight, spent=spent)
    ends, ratios = _ends(last, sight, snapshot)
    new = [since for item, since in demand.items.items() if item not in last.items]
    came = _came(last, sight, snapshot)
    told = [seconds for boot, seconds in came if boot.watched or seconds < policy.boot_seconds]
    learned = Learned(
        boots=had.boots.added(told),
        durations=had.durations.added(ends),
        ratios=had.ratios.added(ratios, digits=3),
        waits=had.waits.added(_waits(last, sight, snapshot)),
        gaps=had.gaps.added(_gaps(last, sight.level, snapshot.at)),
        arrivals=_arrived(had.arrivals, new),
        spent=spent,
        patience=had.patience,
        sight=sight,
    )
    if told:
        latest = max(told)
        seconds = latest if latest > usual_boot(policy, learned) else 0.0
    elif sight.given_up - last.given_up:
        seconds = min(2 * _waited(had, policy), LONGEST_SECONDS)
    else:
        return learned
    return replace(learned, patience=Patience(seconds=seconds, version=version))


def _sight(had: Learned, snapshot: Snapshot, seen: Survey, demand: Demand, policy: Policy) -> Sight:
    agents = (*seen.ready, *seen.booting, *seen.lost, *seen.draining)
    last, level = had.sight, demand.queued + seen.running
    return Sight(
        items=_items(last, snapshot, demand),
        builds=dict(_builds(agents)),
        booting=dict(_booting(last, seen)),
        given_up=_given_up(had, last, seen, policy) if last and seen.given_up else frozenset(),
        members=seen.group.by_id,
        level=level,
        left=_left(last, level, snapshot.at) if last else (),
    )


def _items(last: Sight | None, snapshot: Snapshot, demand: Demand) -> Mapping[int, float]:
    """What waits, and what has waited and holds an executor that it has not begun to use."""
    if last is None or last.items.keys() <= demand.items.keys():
        return demand.items
    queue = snapshot.jenkins.queue if snapshot.jenkins else ()
    pending = {
        item.id: last.items[item.id]
        for item in queue
        if item.state is ItemState.PENDING and item.id in last.items
    }
    return {**demand.items, **pending} if pending else demand.items


def _builds(agents: Iterable[Agent]) -> Iterator[tuple[str, tuple[str, RunningBuild]]]:
    for agent in agents:
        if agent.node is not None:
            for build in agent.node.running:
                yield build.path, (agent.node.name, build)


def _booting(last: Sight | None, seen: Survey) -> Iterator[tuple[str, Boot]]:
    """Instances on their first way to Jenkins; one that comes back to it teaches no boot.

    Who begins it later than at its launch was online before, except in the first of all looks.
    """
    had = last.booting if last is not None else {}
    gone = (agent for agent in seen.draining if agent.instance.id in seen.given_up)
    for agent in (*seen.lost, *gone):
        name, absent = agent.instance.id, agent.node is None or agent.node.offline
        if name in had and absent:
            yield name, _goes_on(had[name], agent)
    for agent in seen.booting:
        name, launched = agent.instance.id, agent.instance.launched_at
        if name in had:
            yield name, _goes_on(had[name], agent)
        elif agent.node is None and launched is not None:
            watched = last is not None and _is_new(agent.instance, last, seen.at)
            if watched or last is None:
                # EC2's clock may be ahead of ours; the ledger's patience goes by ours.
                yield name, Boot(launched_at=min(launched, seen.at), watched=watched)


def _goes_on(boot: Boot, agent: Agent) -> Boot:
    return boot if agent.node is None or boot.listed else replace(boot, listed=True)


def _is_new(instance: Instance, last: Sight, now: float) -> bool:
    """It was launched since the last look, by EC2's word too when that has come."""
    had = last.members.get(instance.id)
    young = instance.launched_at is not None and now - instance.launched_at <= SHOWN_SECONDS
    return young and (had is None or had.launched_at is None)


def _given_up(had: Learned, last: Sight, seen: Survey, policy: Policy) -> frozenset[str]:
    """Who leaves as lost because it never came, not because it said that it cannot, or hung."""
    waited = seen.at - _waited(had, policy)
    names = seen.given_up & last.booting.keys()
    boots = last.booting
    late = {n for n in names if boots[n].launched_at <= waited and not boots[n].listed}
    return frozenset(late | (names & last.given_up))


def _waited(had: Learned, policy: Policy) -> float:
    """How long the ledger waits for a boot, without its margin."""
    return max(boot_seconds(had, policy), had.patience.seconds)


def _came(last: Sight, sight: Sight, snapshot: Snapshot) -> Iterator[tuple[Boot, float]]:
    """Whoever is online for the first time, and its boot in seconds.

    Until the first look that shows the node online, or the start of a build before that.
    """
    if last.booting.keys() == sight.booting.keys() or snapshot.jenkins is None:
        return
    for name, boot in last.booting.items():
        node = snapshot.jenkins.nodes.get(name)
        if name not in sight.booting and node is not None and not node.offline:
            starts = (b.started_at for b in node.running if b.started_at is not None)
            yield boot, max(0.0, min((snapshot.at, *starts)) - boot.launched_at)


def _ends(last: Sight, sight: Sight, snapshot: Snapshot) -> tuple[list[float], list[float]]:
    """Durations and their ratios to the estimates, of builds whose agent outlived them."""
    durations: list[float] = []
    ratios: list[float] = []
    nodes = snapshot.jenkins.nodes if snapshot.jenkins else {}
    for path, (name, build) in last.builds.items():
        if path in sight.builds or build.started_at is None:
            continue
        node = nodes.get(name)
        if node is None or node.offline:
            continue
        lasted = max(0.0, snapshot.at - build.started_at)
        durations.append(lasted)
        if build.estimated_seconds:
            ratios.append(lasted / build.estimated_seconds)
    return durations, ratios


def _waits(last: Sight, sight: Sight, snapshot: Snapshot) -> list[float]:
    """Of items that left the queue, and of builds whose item was never seen in it.

    Jenkins tells of no build which item it was: the oldest items are taken to be the builds that
    began first. A build that nobody saw waiting did not wait longer than from look to look: that
    counts as nothing. An item that left and has no build ran briefly, or was cancelled: it counts
    until now.
    """
    gone = [item for item in last.items if item not in sight.items]
    begun = sorted(
        build.started_at
        for path, (_, build) in sight.builds.items()
        if path not in last.builds and build.started_at is not None
    )
    if gone and snapshot.jenkins is not None:
        queued = {item.id for item in snapshot.jenkins.queue}  # other pools may serve them now
        gone = [item for item in gone if item not in queued]
    since = sorted(last.items[item] for item in gone)
    starts = begun[: len(since)] + [snapshot.at] * (len(since) - len(begun))
    waited = [max(0.0, start - came) for start, came in zip(starts, since, strict=True)]
    return [*waited, *[0.0] * (len(begun) - len(since))]


def _left(last: Sight, level: int, now: float) -> tuple[float, ...]:
    """When the levels above this one were left, after a change of level."""
    if level >= last.level:
        return last.left[: max(0, len(last.left) - (level - last.level))]
    return (*last.left, *[now] * (last.level - level))[-DEEPEST:]


def _gaps(last: Sight, level: int, now: float) -> list[float]:
    """How long each level that is reached again had been left."""
    risen = max(0, level - last.level)
    return [max(0.0, now - left) for left in last.left[::-1][:risen]]


def _arrived(had: tuple[float, ...], new: list[float]) -> tuple[float, ...]:
    if not new:
        return had
    return (*had, *sorted(float(round(since)) for since in new))[-ARRIVALS_KEPT:]
