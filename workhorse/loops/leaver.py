"""The leaver: hears what agents ask, counts their builds, and says who is to leave for that.

It runs between the control loop and the drainer: what the one saw it judges by, and whom it
names the other drains.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from workhorse.core.asks import Ask
from workhorse.core.decide import Decision
from workhorse.core.drain import Cause, Drain, presses_more
from workhorse.core.leaving import ASK_SECONDS, CAUSES, Answer, answers, idle_until
from workhorse.core.model import Pool, Snapshot
from workhorse.core.spent import Builds, as_record, counted, from_record, spent
from workhorse.core.steady import OVER
from workhorse.loops.control import Wishes
from workhorse.loops.notes import note
from workhorse.loops.ports import Ports


@dataclass(slots=True, eq=False)
class _Known:
    """What is remembered of one pool."""

    builds: Builds
    """The builds seen on its agents, where these are counted."""
    asks: dict[tuple[str, str], Ask] = field(default_factory=dict)
    """Not answered yet, the newest of each kind of each instance."""
    told: dict[str, str] = field(default_factory=dict)
    """Why an instance stays that would leave, as journalled last."""


class Leaver:
    """Holds what was asked and not answered yet, and the builds counted, by pool name."""

    def __init__(self, ports: Ports, pools: tuple[Pool, ...]) -> None:
        """Make a leaver; the builds counted by an earlier run are in the journal."""
        self.holds_until = 0.0
        """The facts of the last tick, and no ask, name nobody at any time before."""
        self.counts = any(pool.agent.max_builds for pool in pools)
        """Builds are counted: what leaves the queue is worth a tick."""
        self._ports = ports
        self._pools = {pool.name: pool for pool in pools}
        self._known = {
            pool.name: _Known(self._counted_before(pool)) for pool in self._pools.values()
        }

    def _counted_before(self, pool: Pool) -> Builds:
        if not pool.agent.max_builds:
            return {}
        return from_record(self._ports.journal.last(f"spent:{pool.name}") or {})

    def tick(
        self, snapshot: Snapshot, drains: Mapping[str, Drain], wishes: Wishes, asks: Iterable[Ask]
    ) -> Mapping[str, Cause]:
        """Instance to the cause for which it is to leave now, of all pools.

        Args:
            snapshot: what was read.
            drains: the drains under way, by instance id.
            wishes: what the control loop decided from it.
            asks: what agents asked since the last tick.
        """
        for ask in asks:
            self._hear(ask)
        self.holds_until = inf
        own: dict[str, Cause] = {}
        for decision in wishes.decisions:
            pool, known = self._pools[decision.pool], self._known[decision.pool]
            if not (known.asks or pool.agent.max_builds or pool.agent.idle_minutes):
                continue  # Nobody asked, and nobody leaves unasked: as it is most of the time.
            self._count(pool, known, decision, snapshot)
            for answer in self._answers(pool, decision, snapshot, drains, wishes):
                if answer.begun and _is_news(answer, own, drains):
                    own[answer.instance] = answer.cause
                self._tell(pool, known, answer)
            known.asks.clear()
            self.holds_until = min(self.holds_until, idle_until(pool, decision, snapshot.at))
        self._drop_old(snapshot.at)
        if own or any(known.asks for known in self._known.values()):
            self.holds_until = 0.0
        return own

    def _hear(self, ask: Ask) -> None:
        known = self._known.get(ask.pool)
        if known is None or ask.kind not in CAUSES:
            return
        known.asks[ask.instance, ask.kind] = ask

    def _count(self, pool: Pool, known: _Known, decision: Decision, snapshot: Snapshot) -> None:
        """Count what runs, where an agent may run so many builds only."""
        if not pool.agent.max_builds or snapshot.jenkins is None:
            return
        instances = decision.survey.group.instances
        builds = counted(known.builds, instances, snapshot.jenkins.nodes)
        if builds is not known.builds:
            known.builds = builds
            note(self._ports, f"spent:{pool.name}", **as_record(builds))

    def _answers(
        self,
        pool: Pool,
        decision: Decision,
        snapshot: Snapshot,
        drains: Mapping[str, Drain],
        wishes: Wishes,
    ) -> tuple[Answer, ...]:
        known = self._known[pool.name]
        if not (known.asks or known.builds or pool.agent.idle_minutes):
            return ()
        return answers(
            pool,
            decision,
            drains,
            now=snapshot.at,
            leave=frozenset(wishes.leave),
            asks=tuple(known.asks.values()),
            spent=spent(known.builds, pool.agent.max_builds),
        )

    def _tell(self, pool: Pool, known: _Known, answer: Answer) -> None:
        """Journal that an agent would leave and stays, when that is news."""
        if answer.begun:
            known.told.pop(answer.instance, None)
            return
        if known.told.get(answer.instance) == answer.because:
            return
        known.told[answer.instance] = answer.because
        facts = {"cause": answer.cause, "because": answer.because}
        note(self._ports, "stays", pool=pool.name, instance=answer.instance, **facts)

    def _drop_old(self, now: float) -> None:
        """Asks of groups that could not be read for long."""
        for known in self._known.values():
            for key, ask in list(known.asks.items()):
                if not 0 <= now - ask.at <= ASK_SECONDS:
                    del known.asks[key]


def _is_news(answer: Answer, own: Mapping[str, Cause], drains: Mapping[str, Drain]) -> bool:
    """It does not leave for that, or for what presses more, already."""
    if (had := own.get(answer.instance)) is not None and not presses_more(answer.cause, had):
        return False
    drain = drains.get(answer.instance)
    if drain is None or drain.state in OVER:
        return True
    return presses_more(answer.cause, drain.cause)
