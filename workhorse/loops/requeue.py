"""The requeue: every build that was lost with its instance, at every tick, one look further.

It runs after the drainer, whose drains tell who was warned and who is no more.
What may have been asked of Jenkins is journalled before it is asked; where that cannot be
journalled, nothing is asked.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf

from workhorse.core.drain import Cause, Drain
from workhorse.core.effects import Effect, MarkBuild, QueueAgain
from workhorse.core.errors import Missing, Surprise, Unreadable
from workhorse.core.machine import step
from workhorse.core.meters import Meter
from workhorse.core.model import Pool, Snapshot
from workhorse.core.requeue import (
    OPEN,
    BuildRecord,
    Lost,
    RequeueAction,
    RequeueEvent,
    RequeuePolicy,
    RequeueState,
    as_record,
    from_record,
    job_of,
    mark_text,
)
from workhorse.core.requeue_looks import (
    KEEP_SECONDS,
    holds_until,
    is_lost,
    judged,
    rests,
    sought,
)
from workhorse.core.requeue_table import REQUEUE
from workhorse.loops.agent_ports import Builds
from workhorse.loops.notes import note
from workhorse.loops.perform import Performer
from workhorse.loops.ports import Ports

LOOK_SECONDS = 30.0
"""How often Jenkins is asked about a build of which nothing new was heard."""

LOOKS = 8
"""Builds that one tick asks Jenkins about, at two or three small requests each."""

MOST = 1000
"""Builds that are followed at once; of more, those that came later are left."""

SAVED = frozenset({RequeueEvent.SEEN_SAFE, RequeueEvent.SEEN_GOOD})
"""Why a build is left that was not lost."""


class Requeue:
    """Holds the lost builds by their path."""

    def __init__(
        self,
        ports: Ports,
        builds: Builds,
        pools: tuple[Pool, ...],
        performer: Performer,
        policy: RequeuePolicy,
    ) -> None:
        """Take up what an earlier run journalled.

        Args:
            ports: the outside.
            builds: Jenkins' builds.
            pools: whose agents' builds are followed.
            performer: what performs effects.
            policy: which builds may be queued again; without a marker nothing is done at all.
        """
        self.holds_until = inf
        """The facts of the last tick give nothing to do at any time before."""
        self._ports = ports
        self._builds = builds
        self._pools = {pool.group: pool for pool in pools}
        self._performer = performer
        self._policy = policy
        self._running: dict[str, tuple[str, ...]] = {}
        """Instance to the builds on it, as of the last reading that showed it online."""
        self._pool_of: dict[str, Pool] = {}
        """The pools of those instances."""
        self._counts: Counter[tuple[str, str]] = Counter()
        """(pool, meter) to what came of lost builds since it was published last."""
        kept = ports.journal.last("requeue") if policy.marker else None
        found = map(from_record, kept.get("builds", ()) if kept else ())
        self.lost: dict[str, Lost] = {each.build: each for each in found}

    @property
    def followed(self) -> frozenset[str]:
        """Instances with builds on them, as far as is known: EC2 is to tell when they are lost."""
        noted = (x.instance for x in self.lost.values() if x.state is RequeueState.NOTED)
        return frozenset((*self._running, *noted))

    def tick(self, snapshot: Snapshot, drains: Mapping[str, Drain]) -> None:
        """Note who is warned, find who is lost, and take every lost build one look further.

        Args:
            snapshot: what was read; blind means still.
            drains: the drains as the drainer left them.
        """
        self.holds_until = inf
        jenkins = snapshot.jenkins
        if not self._policy.marker or jenkins is None or snapshot.frozen:
            return
        before: Mapping[str, Lost] = dict(self.lost)
        self._note_warned(snapshot, drains)
        self._find_lost(snapshot, drains)
        self._see(snapshot)
        before = self._remember(before, snapshot.at)
        for lost in self._due(snapshot.at):
            self._look(lost, snapshot.at)
        self._forget(snapshot.at)
        self._remember(before, snapshot.at)
        self.holds_until = min(map(holds_until, self.lost.values()), default=inf)

    def meters(self) -> tuple[Meter, ...]:
        """`BuildsRequeued` and `BuildsLost` since they were asked for last, by pool."""
        counts, self._counts = self._counts, Counter()
        return tuple(
            Meter(name=name, value=counts[pool.name, name], unit="Count", pool=pool.name)
            for pool in (self._pools.values() if self._policy.marker else ())
            for name in ("BuildsRequeued", "BuildsLost")
        )

    def _members(self, snapshot: Snapshot) -> Iterator[tuple[str, Pool]]:
        for name, pool in self._pools.items():
            group = snapshot.groups.get(name)
            yield from ((i.id, pool) for i in (group.instances if group else ()))

    def _note_warned(self, snapshot: Snapshot, drains: Mapping[str, Drain]) -> None:
        """The builds on agents that EC2 warned of are followed from now on."""
        nodes = snapshot.jenkins.nodes if snapshot.jenkins else {}
        for drain in drains.values():
            node = nodes.get(drain.instance)
            if drain.cause is Cause.SPOT and node is not None and not node.offline:
                for build in node.running:
                    self._open(build.path, drain.instance, self._pools[drain.group], snapshot.at)

    def _open(self, path: str, instance: str, pool: Pool, now: float) -> None:
        job = job_of(path)
        if not job or job == pool.release_job or path in self.lost or len(self.lost) >= MOST:
            return
        self._keep(Lost(build=path, instance=instance, pool=pool.name, opened_at=now, job=job))

    def _find_lost(self, snapshot: Snapshot, drains: Mapping[str, Drain]) -> None:
        """Whose instance is no more; without a warning too, by what the last look knew."""
        for instance, paths in list(self._running.items()):
            pool = self._pool_of[instance]
            if is_lost(instance, snapshot.groups.get(pool.group), snapshot, drains):
                for path in paths:
                    self._open(path, instance, pool, snapshot.at)
                del self._running[instance], self._pool_of[instance]
        groups = {pool.name: snapshot.groups.get(name) for name, pool in self._pools.items()}
        for lost in list(self.lost.values()):
            if lost.state is RequeueState.NOTED and is_lost(
                lost.instance, groups.get(lost.pool), snapshot, drains
            ):
                self._step(replace(lost, looked_at=0), RequeueEvent.INSTANCE_LOST)

    def _see(self, snapshot: Snapshot) -> None:
        """Remember what runs on every agent that is online."""
        nodes = snapshot.jenkins.nodes if snapshot.jenkins else {}
        for instance, pool in self._members(snapshot):
            node = nodes.get(instance)
            if node is None or node.offline:
                continue
            if node.running:
                self._running[instance] = tuple(build.path for build in node.running)
                self._pool_of[instance] = pool
            else:
                self._running.pop(instance, None)
                self._pool_of.pop(instance, None)
        for lost in list(self.lost.values()):
            node = nodes.get(lost.instance)
            if lost.state is not RequeueState.NOTED or node is None or node.offline:
                continue
            if all(build.path != lost.build for build in node.running):
                self._step(lost, RequeueEvent.SEEN_SAFE)

    def _due(self, now: float) -> Sequence[Lost]:
        """Those to look at in this tick, the longest not looked at first."""
        due = [
            lost
            for lost in self.lost.values()
            if lost.state in OPEN
            and not rests(lost)
            and not 0 <= now - lost.looked_at < LOOK_SECONDS
        ]
        return sorted(due, key=lambda lost: lost.looked_at)[:LOOKS]

    def _look(self, lost: Lost, now: float) -> None:
        """Ask Jenkins, and go on for as long as that takes it further."""
        lost = self._keep(replace(lost, looked_at=now))
        try:
            if lost.state in {RequeueState.NOTED, RequeueState.LOST}:
                after, event = judged(lost, self._read(lost.build), self._policy, now)
                lost = self._step(after, event)
            if lost.state is RequeueState.MARKED or lost.state is RequeueState.ASKED:
                others = [each for each in self.lost.values() if each.build != lost.build]
                runs = self._builds.since(lost.job, lost.queue_id)
                self._step(*sought(lost, runs, others, now))
        except Missing as missing:
            self._step(replace(lost, because=str(missing)), RequeueEvent.SEEN_REFUSED)
        except Surprise:
            return  # Unknown by now; the next look asks again.

    def _read(self, path: str) -> BuildRecord | None:
        try:
            return self._builds.build(path)
        except Missing:
            return None

    def _step(self, lost: Lost, event: RequeueEvent) -> Lost:
        """Step one build; what may be asked of Jenkins is remembered before it is asked.

        Raises:
            Surprise: Jenkins or the journal failed.
        """
        row = step(REQUEUE, lost.state, event)
        because = lost.because if event is RequeueEvent.SEEN_REFUSED else row.because
        after = replace(lost, state=row.state, because=because)
        for action in row.actions:
            if action is RequeueAction.QUEUE:
                return self._ask(after, event)
            self._performer.perform(_effect(action, lost), f"{lost.instance}: {because}")
        self._tell(lost, after, event)
        return self._keep(after)

    def _ask(self, lost: Lost, event: RequeueEvent) -> Lost:
        had, now = self.lost[lost.build], self._ports.clock.now()
        lost = replace(lost, asked_at=now, none_at=0)
        try:
            self.lost[lost.build] = lost
            self._write(now)
        except Surprise:
            self.lost[lost.build] = had
            raise
        self._tell(had, lost, event)
        try:
            self._performer.perform(_effect(RequeueAction.QUEUE, lost), f"{lost.instance}: lost")
        except Unreadable:
            raise
        except Surprise:
            self._keep(replace(lost, refusals=lost.refusals + 1))
            raise
        return self._step(lost, RequeueEvent.TAKEN)

    def _keep(self, lost: Lost) -> Lost:
        self.lost[lost.build] = lost
        return lost

    def _tell(self, before: Lost, after: Lost, event: RequeueEvent) -> None:
        """Journal and count what is new of a build."""
        if (before.state, self.lost[after.build].because) == (after.state, after.because):
            return
        told = {"build": after.build, "instance": after.instance, "because": after.because}
        states = {"before": before.state, "after": after.state}
        note(self._ports, "lost", pool=after.pool, **told, **states)
        if after.state is RequeueState.QUEUED:
            self._counts[after.pool, "BuildsRequeued"] += 1
        elif after.state is RequeueState.LEFT and event not in SAVED:
            self._counts[after.pool, "BuildsLost"] += 1

    def _forget(self, now: float) -> None:
        """Those that are done with long ago."""
        for lost in list(self.lost.values()):
            if lost.state not in OPEN and not 0 <= now - lost.looked_at < KEEP_SECONDS:
                del self.lost[lost.build]

    def _remember(self, before: Mapping[str, Lost], now: float) -> Mapping[str, Lost]:
        """Journal what is known, where it is more than before."""
        if self.lost != before:
            # What may have been asked of Jenkins was written before it was: this may fail.
            with suppress(Surprise):
                self._write(now)
        return dict(self.lost)

    def _write(self, now: float) -> None:
        builds = [as_record(lost) for lost in self.lost.values()]
        self._ports.journal.write({"at": now, "kind": "requeue", "builds": builds})


def _effect(action: RequeueAction, lost: Lost) -> Effect:
    if action is RequeueAction.MARK:
        return MarkBuild(build=lost.build, text=mark_text(lost))
    return QueueAgain(build=lost.build, job=lost.job, parameters=lost.parameters)
