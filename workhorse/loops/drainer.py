"""The drainer: every leaving agent, at every tick, one step further.

It hears messages, finds drains that an earlier run began, sends heartbeats, steps the machines and
performs what they ask for.
A drain is remembered only after its effects were performed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from workhorse.core.demand import bound_nodes
from workhorse.core.drain import PRESSING, Cause, Drain, DrainEvent, DrainState
from workhorse.core.drain_steps import advance, heard
from workhorse.core.drains import found_cordon, look, noted, opening, uncordoned
from workhorse.core.effects import Effect, ForgetMessage, TerminateInstance
from workhorse.core.errors import Surprise
from workhorse.core.heartbeat import heartbeat
from workhorse.core.model import Pool, Snapshot
from workhorse.core.notices import CAUSES, Handling, Notice, handling, understand
from workhorse.core.steady import quiet_until
from workhorse.loops.inbox import Inbox
from workhorse.loops.members import Members, Membership
from workhorse.loops.notes import note
from workhorse.loops.perform import KEEPING, Performer
from workhorse.loops.ports import Message, Ports

FAILURES_PER_TICK = 3
"""After so many failed effects nobody else is looked at: heartbeats must not wait."""

NONE_OF_THEMSELVES: Mapping[str, Cause] = {}
NONE_LOST: Mapping[str, float] = {}


class Drainer:
    """Holds the drains under way, by instance id."""

    def __init__(
        self,
        ports: Ports,
        pools: tuple[Pool, ...],
        performer: Performer,
        *,
        stale_seconds: float = 30,
    ) -> None:
        """Make a drainer without drains.

        Args:
            ports: the outside.
            pools: whose agents it drains.
            performer: what performs effects.
            stale_seconds: how old a reading may become while a tick acts on it.
        """
        self._stale_seconds = stale_seconds
        self.drains: dict[str, Drain] = {}
        self._ports = ports
        self._pools = {pool.group: pool for pool in pools}
        self._performer = performer
        self._membership = Membership(pools)
        self._bound: frozenset[str] = frozenset()  # Nodes that queued items name, as of this tick.
        self.inbox = Inbox(ports, pools)
        self.ended: Counter[str] = Counter()
        """Pool name to the agents ended with a decrement; whoever reads it clears it."""
        self._asked: Counter[str] = Counter()  # Those of this tick, also where the answer was lost.
        self._registered: frozenset[str] = frozenset()  # Members whose node was seen, or may be.
        self._given_up: frozenset[str] = frozenset()  # By the ledger: Jenkins has no node of them.
        self._moved: set[str] = set()
        """Drains with effects performed since the snapshot: it shows nothing of them yet."""
        self.holds_until = 0.0
        """The facts of the last tick, and no message, give nothing to do at any time before; 0 when
        that tick did anything."""
        self._acted = False

    def tick(  # noqa: PLR0913 - who asks for what, by name
        self,
        snapshot: Snapshot,
        *,
        leave: Iterable[str] = (),
        retire: Iterable[str] = (),
        recall: Iterable[str] = (),
        own: Mapping[str, Cause] = NONE_OF_THEMSELVES,
        lost: Mapping[str, float] = NONE_LOST,
    ) -> None:
        """Hear, find, send heartbeats, and step every drain once.

        Args:
            snapshot: what was read.
            leave: instances that the planner chose to leave.
            retire: instances that a rollout chose to leave.
            recall: instances whose drain the planner or a rollout calls back.
            own: instances that leave of themselves, or that EC2 or the ledger takes, and why.
            lost: instances that the ledger gave up, and since when they are missed.
        """
        members = self._membership.of(snapshot.groups)
        self._moved.clear()
        self._acted, self._asked = False, Counter()
        had = self.drains.copy()
        nodes = snapshot.jenkins.nodes if snapshot.jenkins else {}
        kept = self._registered if snapshot.unread else self._registered & members.pools.keys()
        self._registered = (kept | (nodes.keys() & members.pools.keys())) - lost.keys()
        self._given_up = (self._given_up | lost.keys()) & members.pools.keys() - nodes.keys()
        self._registered |= self.drains.keys() - self._given_up  # A restart forgot who had a node.
        self._bound = self._bound_nodes(snapshot)
        self._beat(snapshot)
        self._find(snapshot, members)
        self._hear(snapshot, members.pools)
        chosen = [(i, Cause.SCALE_IN) for i in leave] + [(i, Cause.ROLLOUT) for i in retire]
        for instance, cause in (*chosen, *own.items()):
            self._open(instance, members.pools[instance], cause, snapshot)
        for drain in [self.drains[i] for i in recall if self.drains[i].cause not in PRESSING]:
            self._step(drain, DrainEvent.RECALL_ASKED, snapshot)
        self._miss(lost)
        self._look(snapshot)
        self.holds_until = 0.0
        if not self._acted and not self.inbox.messages:
            told = {"bound": self._bound, "registered": self._registered}
            self.holds_until = quiet_until(had, self.drains, self._pools, snapshot, **told)

    def _miss(self, lost: Mapping[str, float]) -> None:
        """The ledger has waited for them already: their drains begin from there."""
        for name in lost.keys() & self.drains.keys():
            since = self.drains[name].missing_since
            if since is None or lost[name] < since:
                self.drains[name] = replace(self.drains[name], missing_since=lost[name])

    def _bound_nodes(self, snapshot: Snapshot) -> frozenset[str]:
        if snapshot.jenkins is None or not snapshot.jenkins.queue:
            return frozenset()
        jobs = frozenset(pool.release_job for pool in self._pools.values())
        return bound_nodes(snapshot.jenkins, except_jobs=jobs)

    def _hear(self, snapshot: Snapshot, members: Mapping[str, Pool]) -> None:
        for (queue, key), message in list(self.inbox.messages.items()):
            notice = understand(message.body)
            known = self.drains.keys() | members.keys()
            what = handling(notice, groups=self._pools, known=known, unread=snapshot.unread)
            if what is None:
                continue
            del self.inbox.messages[queue, key]
            note(
                self._ports,
                "heard",
                notice=notice.kind,
                handling=what,
                instance=notice.instance,
                detail=notice.detail,
                message=message.id,
            )
            if what is Handling.DRAIN:
                pool = members.get(notice.instance) or self._pool_told(notice)
                self._open(notice.instance, pool, CAUSES[notice.kind], snapshot)
                self._join(notice.instance, queue, message)
            elif what in {Handling.FORGET, Handling.WAKE}:
                self._forget(queue, message, notice.kind)

    def _pool_told(self, notice: Notice) -> Pool:
        """The pool of an instance that no reading shows: by its drain, else by the notice."""
        drain = self.drains.get(notice.instance)
        return self._pools[drain.group if drain else notice.group]

    def _join(self, instance: str, queue: str, message: Message) -> None:
        """The drain answers for the message; a newer receipt of the same message replaces it."""
        drain = self.drains.get(instance)
        if drain is None:
            return
        others = tuple(m for m in drain.messages if m[:2] != (queue, message.id))
        held = (*others, (queue, message.id, message.receipt))
        self.drains[instance] = replace(drain, messages=held, held_at=0)

    def _forget(self, queue: str, message: Message, why: str) -> None:
        try:
            effect = ForgetMessage(queue=queue, receipt=message.receipt)
            self._perform(effect, f"{why}: nothing to do")
        except Surprise:
            return  # It comes back, and is forgotten then.

    def _find(self, snapshot: Snapshot, members: Members) -> None:
        """Drains that the world shows and we do not know: cordoned, dead, or at the hook."""
        for node in snapshot.jenkins.nodes.values() if snapshot.jenkins else ():
            if node.name in self.drains:
                continue
            cause, member = found_cordon(node), members.pools.get(node.name)
            if cause is not None and member is not None:
                self._open(node.name, member, cause, snapshot, event=DrainEvent.CORDON_FOUND)
            elif member is None and snapshot.states.get(node.name) == "terminated":
                # Only EC2's plain word: one that it does not know may be of another region.
                pool = self._pool_of(node.labels)
                self._open(node.name, pool, Cause.HOOK, snapshot, event=DrainEvent.VANISHED)
        for name in members.leaving:
            if name not in self.drains:
                self._open(name, members.pools[name], Cause.HOOK, snapshot)

    def _pool_of(self, labels: frozenset[str]) -> Pool:
        pools = list(self._pools.values())
        return next((p for p in pools if p.policy.labels <= labels), pools[0])

    def _open(
        self,
        instance: str,
        pool: Pool,
        cause: Cause,
        snapshot: Snapshot,
        *,
        event: DrainEvent | None = None,
    ) -> None:
        """Open a drain, or let the one that is open hear of it again."""
        drain = self.drains.get(instance)
        if drain is None:
            drain = Drain(
                instance=instance,
                pool=pool.name,
                group=pool.group,
                cause=cause,
                opened_at=snapshot.at,
            )
            self.drains[instance] = drain
            group = snapshot.groups.get(pool.group)
            if event is None and (group is None or instance not in group.by_id):
                return  # Not seen as a member: the looks decide whether there is anything to do.
        else:
            drain, again = heard(drain, cause, snapshot.at)
            self.drains[instance], event = drain, event or again
        self._step(drain, event or opening(cause), snapshot)

    def _beat(self, snapshot: Snapshot) -> None:
        for name, had in list(self.drains.items()):
            drain = self.drains[name] = noted(had, snapshot)
            after, effects = heartbeat(drain, snapshot.at)
            try:
                for effect in effects:
                    self._perform(effect, f"{drain.cause} drain in {drain.state}")
            except Surprise:
                continue
            self.drains[name] = after

    def _look(self, snapshot: Snapshot) -> None:
        failures = 0
        for drain in list(self.drains.values()):
            if drain.instance in self._moved or failures >= FAILURES_PER_TICK:
                # Nobody looks what this reading shows of it, and that may be a build.
                self._step(uncordoned(drain, snapshot), DrainEvent.SEEN_UNKNOWN, snapshot)
                continue
            if self._too_old(snapshot):
                # What it showed of this agent is unknown by now, and unknown means busy.
                snapshot = replace(snapshot, jenkins=None, frozen=True)
            seen, event = look(
                drain,
                self._pools[drain.group],
                snapshot,
                bound=self._bound,
                registered=self._registered,
                ended=self._asked[drain.pool],
            )
            self.drains[drain.instance] = seen
            failures += not self._step(seen, event, snapshot)

    def _too_old(self, snapshot: Snapshot) -> bool:
        """Effects that took long have made the reading stale; the next tick goes on."""
        read_at = snapshot.jenkins.read_at if snapshot.jenkins else snapshot.at
        return self._ports.clock.now() - read_at > self._stale_seconds

    def _step(self, drain: Drain, event: DrainEvent, snapshot: Snapshot) -> bool:
        """Step one drain; False when an effect failed, and the drain stays where it was."""
        pool, now = self._pools[drain.group], self._ports.clock.now()
        taken = advance(drain, event, pool, snapshot, now, ended=self._asked[drain.pool])
        if taken.effects or taken.drain.state is not drain.state:
            note(
                self._ports,
                "drain",
                pool=drain.pool,
                instance=drain.instance,
                cause=drain.cause,
                event=event,
                before=taken.before,
                after=taken.drain.state,
                because=taken.because,
            )
        try:
            for effect in taken.effects:
                self._moved.add(drain.instance)
                fewer = isinstance(effect, TerminateInstance) and effect.decrement
                self._asked[drain.pool] += fewer
                self._perform(effect, f"{drain.cause} drain: {taken.because}")
                if fewer:
                    self.ended[drain.pool] += 1
        except Surprise:
            self.drains[drain.instance] = taken.failed(drain)
            return False
        if taken.drain.state is DrainState.ENDED:
            self.drains.pop(drain.instance, None)
        else:
            self.drains[drain.instance] = taken.drain
        return True

    def _perform(self, effect: Effect, because: str) -> None:
        """Perform it; only what keeps messages and hooks as they are, and works, is no act."""
        acted, self._acted = self._acted, True
        self._performer.perform(effect, because)
        self._acted = acted or not isinstance(effect, (*KEEPING, ForgetMessage))
