"""The control loop: place the queue, decide for every pool, set sizes, begin and recall drains."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workhorse.core.decide import Decision, PoolMemory, decide
from workhorse.core.demand import Placement, place
from workhorse.core.drain import Drain
from workhorse.core.errors import Surprise
from workhorse.core.model import Pool, Snapshot
from workhorse.core.survey import survey
from workhorse.loops.perform import Performer
from workhorse.loops.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the control loop wants of the drainer, and what it saw, for the publisher."""

    leave: tuple[str, ...] = ()
    recall: tuple[str, ...] = ()
    placement: Placement | None = None
    decisions: tuple[Decision, ...] = field(default=())


class Control:
    """Decides for all pools from one snapshot; remembers a little of each pool."""

    def __init__(
        self,
        ports: Ports,
        pools: tuple[Pool, ...],
        performer: Performer,
        *,
        blind_step: int,
        default_pool: str = "",
    ) -> None:
        self._ports = ports
        self._pools = pools
        self._performer = performer
        self._blind_step = blind_step
        self._default_pool = default_pool
        self._memory: dict[str, PoolMemory] = {}
        self._told: dict[str, object] = {}

    def tick(
        self, snapshot: Snapshot, drains: Mapping[str, Drain], ended: Mapping[str, int]
    ) -> Wishes:
        """Decide for every pool and set the sizes; agents to leave or come back are returned.

        Args:
            snapshot: what was read.
            drains: the drains under way, by instance id.
            ended: pool name to the agents ended with a decrement since the last tick.
        """
        self._say("blind", "notes", {"notes": list(snapshot.notes)}, quiet=not snapshot.notes)
        placement = self._place(snapshot, drains)
        leave: list[str] = []
        recall: list[str] = []
        decisions: list[Decision] = []
        for pool in self._pools:
            decision = self._decide(pool, snapshot, placement, drains, ended.get(pool.name, 0))
            if decision is None:
                continue
            decisions.append(decision)
            if self._perform(decision):
                leave += decision.moves.leave
                recall += decision.moves.recall
        return Wishes(
            leave=tuple(leave),
            recall=tuple(recall),
            placement=placement,
            decisions=tuple(decisions),
        )

    def _place(self, snapshot: Snapshot, drains: Mapping[str, Drain]) -> Placement | None:
        if snapshot.jenkins is None:
            return None
        placement = place(
            snapshot.jenkins,
            self._pools,
            now=snapshot.at,
            room={pool.name: self._room(pool, snapshot, drains) for pool in self._pools},
            cordoned=frozenset(drains),
            default_pool=self._default_pool,
        )
        unplaced = [asdict(u) for u in placement.unplaced]
        self._say("unplaced", "items", {"items": unplaced}, quiet=not unplaced)
        return placement

    def _room(self, pool: Pool, snapshot: Snapshot, drains: Mapping[str, Drain]) -> int:
        group = snapshot.groups.get(pool.group)
        if group is None:
            return 0
        memory = self._memory.get(pool.name)
        times = memory.times if memory else PoolMemory(changed_at=snapshot.at).times
        running = survey(pool, group, snapshot, drains, times).running
        return min(pool.policy.ceiling, group.maximum) * pool.policy.executors - running

    def _decide(
        self,
        pool: Pool,
        snapshot: Snapshot,
        placement: Placement | None,
        drains: Mapping[str, Drain],
        ended: int,
    ) -> Decision | None:
        decision = decide(
            pool,
            snapshot,
            demand=placement.demands[pool.name] if placement else None,
            drains=drains,
            memory=self._memory.get(pool.name, PoolMemory(changed_at=snapshot.at)),
            ended=ended,
            blind_step=self._blind_step,
        )
        if decision is None:
            return None
        if (change := decision.change) is not None:
            told = {"before": change.before, "after": change.after, "because": change.because}
            self._write("desired", pool=pool.name, **told)
        record = decision.as_record()
        still = {key: record[key] for key in ("desired", "target", "set_desired", "facts")}
        moved = decision.moves.leave or decision.moves.recall or decision.effects
        self._say("decision", f"decision:{pool.name}", record, still=still, force=bool(moved))
        return decision

    def _perform(self, decision: Decision) -> bool:
        """Set the size; only when that worked is the decision remembered and followed."""
        rule = next((r for r in reversed(decision.reasons) if r.before != r.after), None)
        because = f"{decision.pool}: {rule}" if rule else f"{decision.pool}: as before"
        try:
            for effect in decision.effects:
                self._performer.perform(effect, because)
        except Surprise:
            return False
        self._memory[decision.pool] = decision.memory
        return True

    def _say(  # noqa: PLR0913 - the parts of a record, by name
        self,
        kind: str,
        key: str,
        record: Mapping[str, Any],
        *,
        still: object = None,
        quiet: bool = False,
        force: bool = False,
    ) -> None:
        """Write a record when it differs from the last of its key; a quiet one is only noted."""
        told = record if still is None else still
        if self._told.get(key) == told and not force:
            return
        self._told[key] = told
        if not quiet:
            self._write(kind, **record)

    def _write(self, kind: str, **facts: object) -> None:
        self._ports.journal.write({"at": self._ports.clock.now(), "kind": kind, **facts})
