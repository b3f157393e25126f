"""One tick's decision for one pool: survey, plan, moves; nothing is done here."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from workhorse.core.boots import expecting
from workhorse.core.demand import Demand
from workhorse.core.drain import Drain
from workhorse.core.effects import Effect, SetDesiredCapacity
from workhorse.core.learn import Learned
from workhorse.core.learning import learn
from workhorse.core.model import Pool, Reason, Scaling, Snapshot
from workhorse.core.plan import Moves, Plan, Planner, Situation, first_to_leave, kept, moves
from workhorse.core.planners.exact import Exact
from workhorse.core.steady import recallable
from workhorse.core.survey import Survey, Times

NO_MOVES = Moves()
EXACTLY = Exact()
"""The planner where none is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMemory:
    """What a pool's planning remembers from tick to tick."""

    changed_at: float
    """When the size last changed, by whichever hand."""
    seen: int | None = None
    """Desired capacity as last read."""
    expected: int | None = None
    """Desired capacity as it will be once all that we asked for shows."""
    times: Times = field(default_factory=Times)
    learned: Learned = field(default_factory=Learned)
    planner: Mapping[str, Any] = field(default_factory=dict)
    """What the planner's last plan left for the next."""

    def blinded(self) -> "PoolMemory":
        """The same after the pool could not be seen: what was seen last is too old to compare."""
        return replace(self, learned=self.learned.blinded())


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Desired capacity reads otherwise than at the last tick."""

    before: int
    after: int
    ours: bool

    @property
    def because(self) -> str:
        """For the journal."""
        return "as we asked" if self.ours else "changed by another hand than ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a pool should become, why, and what to ask for."""

    pool: str
    at: float
    situation: Situation
    survey: Survey
    plan: Plan
    moves: Moves
    effects: tuple[Effect, ...]
    memory: PoolMemory
    change: Change | None = None
    """What became of desired capacity since the last tick."""
    holds_until: float
    """The same facts, and the memory that this leaves, give the same and nothing to do at any time
    before; the time of the decision when it moved anything or learned something."""

    @property
    def target(self) -> int:
        """The capacity that the planner wants."""
        return self.plan.target

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The planner's, one for each rule."""
        return self.plan.reasons

    def gist(self) -> tuple[object, ...]:
        """What makes a record new: a decision of the same gist need not be journalled again."""
        s, seen = self.situation, self.survey
        counted = (s.queued, s.running, s.ready, s.booting, s.coming)
        gone = (len(seen.draining), len(seen.lost))
        asked = (s.group.desired, self.plan.target, self.moves.desired)
        return (asked, counted, gone, s.told, s.frozen)

    def minds_queue(self, demand: Demand | None) -> bool:
        """Another queue could teach something, though the same demand is left of it.

        An item that holds an executor and has not begun is no demand, and is followed all the same.
        """
        sight = self.memory.learned.sight
        return sight is not None and demand is not None and sight.items is not demand.items

    def as_record(self) -> dict[str, Any]:
        """The decision as the journal keeps it."""
        s = self.situation
        return {
            "pool": self.pool,
            "desired": s.group.desired,
            "target": self.target,
            "set_desired": self.moves.desired,
            "recall": list(self.moves.recall),
            "leave": list(self.moves.leave),
            "reasons": [str(r) for r in self.reasons],
            "facts": {
                "queued": s.queued,
                "running": s.running,
                "ready": s.ready,
                "booting": s.booting,
                "coming": s.coming,
                "draining": len(self.survey.draining),
                "lost": len(self.survey.lost),
                "jenkins": "read" if s.told else "unread",
                "frozen": s.frozen,
                "boot_seconds": s.policy.boot_seconds,
            },
            **({"report": dict(self.plan.report)} if self.plan.report else {}),
        }


def decide(  # noqa: PLR0913 - the facts of one decision, by name
    pool: Pool,
    snapshot: Snapshot,
    seen: Survey,
    *,
    demand: Demand | None,
    drains: Mapping[str, Drain],
    memory: PoolMemory,
    ended: int = 0,
    blind_step: int,
    planner: Planner = EXACTLY,
    forced: bool = False,
    surge: int = 0,
) -> Decision:
    """Decide for one pool whose group could be read; for others nothing may move.

    Args:
        pool: the pool, as the operator wrote it.
        snapshot: what was read.
        seen: the pool's agents in that snapshot.
        demand: what waits for the pool; None when Jenkins could not be read.
        drains: the drains under way, by instance id.
        memory: what the last decision left.
        ended: agents that we ended since then, each taking desired capacity down by one.
        blind_step: agents that may be added while Jenkins cannot be trusted.
        planner: says how large the pool should be.
        forced: an operator asked for a fresh plan.
        surge: agents that a rollout wants beyond what the builds need.
    """
    expected = None if memory.expected is None else memory.expected - ended
    change = _change(memory.seen, expected, seen.group.desired)
    outside = change is not None and not change.ours
    changed_at = snapshot.at if outside else min(memory.changed_at, snapshot.at)
    learned = learn(memory.learned, snapshot, seen, demand, pool.policy)
    situation = _situation(
        expecting(pool, learned),
        snapshot,
        seen,
        demand,
        changed_at=changed_at,
        blind_step=blind_step,
        learned=learned,
        memory=memory.planner,
        forced=forced,
        surge=surge,
    )
    plan = kept(planner.plan(situation), situation)
    wish = _moves(pool, snapshot, situation, seen, plan, drains)
    left = PoolMemory(
        changed_at=changed_at if wish == NO_MOVES else snapshot.at,
        seen=seen.group.desired,
        expected=_expected(expected, seen.group.desired, wish.desired, outside=outside),
        times=seen.times,
        learned=learned,
        planner=plan.memory,
    )
    steady = wish == NO_MOVES and left.planner == memory.planner
    return Decision(
        pool=pool.name,
        at=snapshot.at,
        situation=situation,
        survey=seen,
        plan=plan,
        moves=wish,
        effects=_effects(pool, situation, wish),
        memory=left,
        change=change,
        holds_until=_holds_until(situation, seen, plan) if steady else snapshot.at,
    )


def _holds_until(situation: Situation, seen: Survey, plan: Plan) -> float:
    """Until the plan may change, a booting agent is lost, or one is idle for long enough to go."""
    s = situation
    if seen.boot_seconds != s.policy.boot_seconds:
        return s.now  # Who was lost by what was expected so far may be booting by what is now.
    ends = [plan.holds_until, seen.booting_until]
    if plan.target < s.have:
        idle = (since + plan.idle_seconds for since in seen.times.idle_since.values())
        ends += (end for end in idle if end > s.now)
    return min(ends)


def _effects(pool: Pool, situation: Situation, wish: Moves) -> tuple[Effect, ...]:
    if wish.desired is None:
        return ()
    queued = min(ceil(situation.queued / pool.policy.executors), situation.ceiling)
    return (SetDesiredCapacity(group=pool.group, size=wish.desired, queued_size=queued),)


def _situation(
    pool: Pool,
    snapshot: Snapshot,
    seen: Survey,
    demand: Demand | None,
    **remembered: Any,  # noqa: ANN401 - fields of the situation
) -> Situation:
    return Situation(
        policy=pool.policy,
        group=seen.group,
        now=snapshot.at,
        queued=demand.queued if demand else 0,
        running=seen.running,
        ready=len(seen.ready),
        booting=len(seen.booting),
        coming=seen.coming,
        told=demand is not None,
        frozen=snapshot.frozen,
        waiting=tuple(demand.items.values()) if demand else (),
        builds=tuple([b for a in seen.ready if a.node for b in a.node.running]),
        **remembered,
    )


def _moves(  # noqa: PLR0913, PLR0917 - the facts of one decision
    pool: Pool,
    snapshot: Snapshot,
    situation: Situation,
    seen: Survey,
    plan: Plan,
    drains: Mapping[str, Drain],
) -> Moves:
    if pool.scaling is Scaling.ALARMS or plan.target == situation.have:
        return NO_MOVES
    back = [
        drain.instance
        for drain in drains.values()
        if drain.group == pool.group
        and recallable(drain, seen.group.by_id.get(drain.instance))
        and _online(snapshot, drain.instance)
    ]
    idle = seen.idle(snapshot.at, plan.idle_seconds)
    leaving = first_to_leave(idle, seen.group.template_version)
    return moves(situation, plan.target, recallable=back, idle=leaving)


def _online(snapshot: Snapshot, instance: str) -> bool:
    """An agent that is not would be no capacity, however often it is called back."""
    node = snapshot.jenkins.nodes.get(instance) if snapshot.jenkins else None
    return node is not None and not node.offline


def _change(seen: int | None, expected: int | None, found: int) -> Change | None:
    """A reading may show only part of what we asked for: that is ours too."""
    if seen is None or expected is None or seen == found:
        return None
    ours = min(seen, expected) <= found <= max(seen, expected)
    return Change(before=seen, after=found, ours=ours)


def _expected(expected: int | None, found: int, wish: int | None, *, outside: bool) -> int:
    if wish is not None:
        return wish
    return found if outside or expected is None else expected
