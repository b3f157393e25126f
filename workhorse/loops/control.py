"""The control loop: place the queue, decide for every pool, set sizes, begin and recall drains."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from workhorse.core.decide import EXACTLY, NO_MOVES, Decision, PoolMemory, decide
from workhorse.core.demand import Placement, Unplaced
from workhorse.core.drain import Drain
from workhorse.core.errors import Surprise
from workhorse.core.learn import Learned
from workhorse.core.measure import pool_meters
from workhorse.core.meters import Meter
from workhorse.core.model import Pool, Snapshot
from workhorse.core.plan import Moves, Planner
from workhorse.core.survey import Survey
from workhorse.loops.notes import note
from workhorse.loops.perform import Performer
from workhorse.loops.ports import Ports
from workhorse.loops.standing import Placed, Standing
from workhorse.loops.warmth import launch_warm

KEEP_SECONDS = 3600.0
"""What was learned is journalled no more often: a restart forgets an hour of it."""

NO_SURGES: Mapping[str, int] = {}
"""No rollout wants anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the control loop wants of the drainer, and what it saw, for the publisher."""

    leave: tuple[str, ...] = ()
    recall: tuple[str, ...] = ()
    placement: Placement | None = None
    decisions: tuple[Decision, ...] = field(default=())

    @property
    def holds_until(self) -> float:
        """The same facts give the same decisions and nothing to do at any time before."""
        if self.placement is None:
            return 0.0
        return min((self.placement.holds_until, *[d.holds_until for d in self.decisions]))

    def meters(self, now: float) -> tuple[Meter, ...]:
        """What is measured of the pools that were decided for."""
        demands = self.placement.demands if self.placement else {}
        return tuple(
            meter
            for decision in self.decisions
            for meter in pool_meters(
                decision.pool, decision.survey, demands.get(decision.pool), now
            )
        )


class Control:
    """Decides for all pools from one snapshot; remembers a little of each pool."""

    def __init__(  # noqa: PLR0913 - what planning is made of, by name
        self,
        ports: Ports,
        pools: tuple[Pool, ...],
        performer: Performer,
        *,
        blind_step: int,
        default_pool: str = "",
        planners: Mapping[str, Planner] | None = None,
    ) -> None:
        self.forced = False
        """The next tick plans afresh, as an operator asked."""
        self._planners = planners or {}
        self._ports = ports
        self._pools = pools
        self._performer = performer
        self._blind_step = blind_step
        self._memory: dict[str, PoolMemory] = {}
        self._told: dict[str, object] = {}
        self._standing = {pool.name: Standing(pool) for pool in pools}
        self._placed = Placed(pools, default_pool)
        self._kept_at: dict[str, float] = {}

    def tick(
        self,
        snapshot: Snapshot,
        drains: Mapping[str, Drain],
        ended: Mapping[str, int],
        surges: Mapping[str, int] = NO_SURGES,
    ) -> Wishes:
        """Decide for every pool and set the sizes; agents to leave or come back are returned.

        Args:
            snapshot: what was read.
            drains: the drains under way, by instance id.
            ended: pool name to the agents ended with a decrement since the last tick.
            surges: pool name to the agents that a rollout wants beyond what the builds need.
        """
        self._say("blind", "notes", snapshot.notes)
        surveys = dict(self._surveys(snapshot, drains))
        placement = self._place(snapshot, drains, surveys)
        decisions: list[Decision] = []
        made: list[Moves] = []
        for pool in self._pools:
            name = pool.name
            if (seen := surveys.get(name)) is None:
                self._memory[name] = self._memory_of(pool, snapshot).blinded()
                continue
            demand = placement.demands[name] if placement else None
            memory, standing = self._memory[name], self._standing[name]
            fresh, surge = self.forced or name in ended, surges.get(name, 0)
            decision = None if fresh else standing.decision(seen, demand, snapshot, memory, surge)
            if decision is None:
                decision = decide(
                    pool,
                    snapshot,
                    seen,
                    demand=demand,
                    drains=drains,
                    memory=memory,
                    ended=ended.get(name, 0),
                    blind_step=self._blind_step,
                    planner=self._planners.get(name, EXACTLY),
                    forced=self.forced,
                    surge=surge,
                )
                standing.keep(decision, demand, snapshot)
                if self._perform(decision, pool):
                    made.append(decision.moves)
            decisions.append(decision)
        self.forced = False
        return Wishes(
            leave=tuple(name for moves in made for name in moves.leave),
            recall=tuple(name for moves in made for name in moves.recall),
            placement=placement,
            decisions=tuple(decisions),
        )

    def _memory_of(self, pool: Pool, snapshot: Snapshot) -> PoolMemory:
        had = self._memory.get(pool.name)
        if had is None:
            kept = self._ports.journal.last(f"learned:{pool.name}") or {}
            learned = Learned.from_record(kept)
            had = self._memory[pool.name] = PoolMemory(changed_at=snapshot.at, learned=learned)
        return had

    def _surveys(
        self, snapshot: Snapshot, drains: Mapping[str, Drain]
    ) -> Iterator[tuple[str, Survey]]:
        """The agents of every pool whose group was read."""
        for pool in self._pools:
            if (group := snapshot.groups.get(pool.group)) is not None:
                memory = self._memory_of(pool, snapshot)
                seen = self._standing[pool.name].survey(group, snapshot, drains, memory)
                yield pool.name, seen

    def _place(
        self, snapshot: Snapshot, drains: Mapping[str, Drain], surveys: Mapping[str, Survey]
    ) -> Placement | None:
        if snapshot.jenkins is None:
            return None
        placement = self._placed.place(
            snapshot.jenkins, now=snapshot.at, surveys=surveys, cordoned=frozenset(drains)
        )
        self._say("unplaced", "items", placement.unplaced)
        return placement

    def _tell(self, decision: Decision) -> None:
        """Journal a change of desired capacity, and the decision when it says something new."""
        if (change := decision.change) is not None:
            told = {"before": change.before, "after": change.after, "because": change.because}
            note(self._ports, "desired", pool=decision.pool, **told)
        key, gist = f"decision:{decision.pool}", decision.gist()
        if decision.moves != NO_MOVES or self._told.get(key) != gist:
            self._told[key] = gist
            note(self._ports, "decision", **decision.as_record())
        self._keep_learned(decision)

    def _keep_learned(self, decision: Decision) -> None:
        """Journal what was learned, when something is learned and the last time is long ago."""
        learned, had = decision.memory.learned, self._memory[decision.pool].learned
        if learned is had or learned.lessons == had.lessons:
            return
        kept_at = self._kept_at.setdefault(decision.pool, decision.at)
        if decision.at - kept_at >= KEEP_SECONDS:
            self._kept_at[decision.pool] = decision.at
            note(self._ports, f"learned:{decision.pool}", **learned.as_record())

    def _perform(self, decision: Decision, pool: Pool) -> bool:
        """Tell it and set the size; only when that worked do agents leave or come back."""
        self._tell(decision)
        self._memory[decision.pool] = decision.memory
        if not decision.effects:
            return True
        pool = replace(pool, policy=decision.situation.policy)  # As its boots were learned.
        rule = next((r for r in reversed(decision.reasons) if r.before != r.after), None)
        because = f"{decision.pool}: {rule}" if rule else f"{decision.pool}: as before"
        try:
            for effect in decision.effects:
                launch_warm(self._ports, self._performer, pool, decision.survey.group, effect)
                self._performer.perform(effect, because)
        except Surprise:
            return False
        return True

    def _say(self, kind: str, key: str, told: Sequence[str | Unplaced]) -> None:
        """Write a record when it differs from the last of its kind; that nothing is, is noted."""
        if self._told.get(kind, ()) == told:
            return
        self._told[kind] = told
        if told:
            plain = [each if isinstance(each, str) else asdict(each) for each in told]
            note(self._ports, kind, **{key: plain})
