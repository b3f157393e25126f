"""The roller: every ordered rollout, at every tick, one look further.

It runs between the control loop and the drainer: what the one saw it judges by, and whom it
chooses the other drains.
How a rollout stands is told before anything is done for it; where that cannot be told, nothing is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

from workhorse.core.drain import Drain
from workhorse.core.effects import CloseOrder, Effect, LaunchCanary, RunMatrix, TellRollout
from workhorse.core.errors import Surprise, Unreadable
from workhorse.core.measure import rollout_meters
from workhorse.core.meters import Meter
from workhorse.core.model import Pool, Snapshot
from workhorse.core.orders import Command, Order, RolloutPolicy, Standing
from workhorse.core.rollout import RolloutState
from workhorse.core.rollout_effects import reason
from workhorse.core.rollout_facts import Facts
from workhorse.core.rollouts import Advance, advance, order_of, ordered, surge
from workhorse.loops.control import Wishes
from workhorse.loops.notes import note
from workhorse.loops.perform import Performer
from workhorse.loops.ports import Ports
from workhorse.loops.rollout_facts import Gathering, first_facts
from workhorse.loops.rollout_ports import Rolling

LOOKS = len(RolloutState)
"""Looks of one tick at one rollout: a state is passed through once."""

PULSE_SECONDS = 60.0
"""How often a standing is told that says nothing new: whoever watches sees that we live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What rollouts want of the drainer."""

    retire: tuple[str, ...] = ()
    """Instances that are to leave."""
    recall: tuple[str, ...] = ()
    """Instances whose drain is called back."""


NONE_CHOSEN = Chosen()
"""Where no rollouts can be ordered."""
DEFAULT = RolloutPolicy()
"""What a rollout may do in a pool that says nothing of it."""


class Roller:
    """Holds how the rollouts stand, by pool name."""

    def __init__(
        self,
        ports: Ports,
        rolling: Rolling,
        pools: tuple[Pool, ...],
        performer: Performer,
        rollouts: Mapping[str, RolloutPolicy],
    ) -> None:
        """Make a roller that has read no order yet.

        Args:
            ports: the outside.
            rolling: what of it rollouts need beyond the loops' own.
            pools: whose rollouts it runs.
            performer: what performs effects.
            rollouts: pool name to what a rollout may do there; the defaults for a pool without.
        """
        self.standings: dict[str, Standing] = {}
        """Of every pool that ever had a rollout, over or not."""
        self.surges: dict[str, int] = {}
        """Pool name to the agents wanted beyond what the builds need."""
        self.holds_until = 0.0
        """The facts of the last tick give nothing to do at any time before."""
        self._ports = ports
        self._rolling = rolling
        self._pools = {pool.name: pool for pool in pools}
        self._performer = performer
        self._rollouts = rollouts
        self._known: set[str] = set()
        """Pools whose last standing was read."""
        self._orders: dict[str, Order] = {}
        self._said: dict[str, Standing] = {}
        """What was told last of each pool; what was only seen since then is in `standings`."""
        self._told: dict[str, object] = {}
        """What was journalled last of each pool."""
        self._asked_at: dict[str, float] = {}
        """Order id to when EC2 first took the request for its canary."""
        self._matrixed: dict[str, frozenset[str]] = {}
        """Order id to the nodes for which Jenkins took the request for the matrix job."""
        self._trouble: dict[str, str] = {}
        """Order id to why the last thing that was asked for was not done."""

    def read(self) -> bool:
        """Read what people ordered; True when that is news.

        An order that somebody took away goes on as a roll back.

        Raises:
            Surprise: it could not be read, or that of a pool is no order; what was read of it last
                counts, and other pools have theirs.
        """
        found, wrong = self._placed()
        for pool in self._pools.keys() - self._known:
            self._recollect(pool)
        for pool in sorted(self.standings.keys() - found.keys() - wrong.keys()):
            if (order := self._unended(pool)) is not None:
                found[pool] = replace(order, command=Command.ROLL_BACK)
        had, self._orders = self._orders, found
        for surprise in wrong.values():
            raise surprise
        return had != found

    def _unended(self, pool: str) -> Order | None:
        """The order of a rollout that nobody was told the end of.

        One that ended while nothing could be told goes on from where it was told to stand: nothing
        was done for it since.
        """
        order, said = order_of(self.standings[pool]), self._said.get(pool)
        if order is None and said is not None and (order := order_of(said)) is not None:
            self.standings[pool] = said
        return order

    def _placed(self) -> tuple[dict[str, Order], dict[str, Surprise]]:
        """The orders, and what is wrong with those that are none, by pool."""
        pools, placed = tuple(self._pools), self._rolling.orders.placed
        try:
            return dict(placed(pools)), {}
        except Unreadable:
            raise
        except Surprise:
            found: dict[str, Order] = {}
            wrong: dict[str, Surprise] = {}
        for pool in pools:
            try:
                found |= placed((pool,))
            except Unreadable:
                raise
            except Surprise as surprise:
                wrong[pool] = surprise
                found |= {name: had for name, had in self._orders.items() if name == pool}
        return found, wrong

    def _recollect(self, pool: str) -> None:
        """How the pool's last rollout stands, as an earlier run told it.

        One that a newer release told in words of its own is begun anew as well.
        """
        try:
            told = self._rolling.orders.standing(pool)
        except Unreadable:
            raise
        except Surprise as surprise:
            # Somebody else wrote it: a rollout begins anew, and finds what there is.
            note(self._ports, "failed", effect="reading a standing", error=str(surprise))
            told = None
        if told is not None and told.state in set(RolloutState):
            self.standings[pool] = self._said[pool] = told
        self._known.add(pool)

    def tick(self, snapshot: Snapshot, drains: Mapping[str, Drain], wishes: Wishes) -> Chosen:
        """Step every rollout until its state needs the world to change.

        Args:
            snapshot: what was read.
            drains: the drains under way, by instance id.
            wishes: what the control loop decided from the same snapshot.
        """
        self.surges = {}
        retire, recall = list[str](), list[str]()
        for order in list(self._orders.values()):
            pool = self._pools[order.pool]
            policy = self._rollouts.get(pool.name, DEFAULT)
            known = replace(
                first_facts(order, pool, policy, snapshot, drains, wishes),
                asked_at=self._asked_at.get(order.id),
                matrixed=self._matrixed.get(order.id, frozenset()),
                trouble=self._trouble.pop(order.id, ""),
            )
            taken, facts = self._stepped(Gathering(self._rolling, known), order, snapshot.at)
            self.standings[order.pool] = taken.standing
            if self._tell(taken.standing):
                retire += taken.retire
                recall += taken.recall
                self._perform(taken, facts)
            if (said := self._said.get(order.pool)) is not None:
                self.surges[order.pool] = surge(said, facts)
        self.holds_until = 0.0 if self._orders else inf
        return Chosen(retire=tuple(retire), recall=tuple(recall))

    def meters(self, now: float) -> tuple[Meter, ...]:
        """Whether a rollout has failed, of every pool."""
        return tuple(
            meter
            for pool in self._pools
            for meter in rollout_meters(pool, self.standings.get(pool), now)
        )

    def _stepped(self, gathering: Gathering, order: Order, now: float) -> tuple[Advance, Facts]:
        """Look until a look leads to no other state; nothing is done between."""
        standing = self.standings.get(order.pool)
        if standing is None or standing.order != order.id:
            standing = ordered(order, now)
        for _ in range(LOOKS):
            facts = gathering.facts(standing)
            taken = advance(standing, facts)
            standing = taken.standing
            self._note(taken)
            if not taken.moved:
                break
        return taken, facts

    def _tell(self, standing: Standing) -> bool:
        """Tell it, when it says something new or was not told for long; whether it is told now."""
        had = self._said.get(standing.pool)
        known = had is not None and replace(had, at=standing.at) == standing
        if had is not None and known and standing.at - had.at < PULSE_SECONDS:
            return True
        text = json.dumps(standing.as_record(), sort_keys=True)
        try:
            effect = TellRollout(pool=standing.pool, standing=text)
            self._performer.perform(effect, f"rollout {standing.order}: {standing.state}")
        except Surprise:
            return known
        self._said[standing.pool] = standing
        return True

    def _perform(self, taken: Advance, facts: Facts) -> None:
        because = reason(taken.standing)
        try:
            for effect in taken.effects:
                self._performer.perform(effect, because)
                self._after(effect, facts)
        except Surprise as surprise:
            self._trouble[facts.order.id] = str(surprise)

    def _after(self, effect: Effect, facts: Facts) -> None:
        """What is to be known of an effect that worked, and does not show by itself."""
        order = facts.order
        if isinstance(effect, LaunchCanary):
            self._asked_at.setdefault(order.id, facts.now)
        elif isinstance(effect, RunMatrix):
            asked = facts.matrixed | {*effect.nodes}
            self._matrixed[order.id] = asked & facts.nodes.keys()
        elif isinstance(effect, CloseOrder):
            self._orders.pop(order.pool, None)

    def _note(self, taken: Advance) -> None:
        """Journal a look that says something new."""
        standing = taken.standing
        gist = (standing.order, taken.event, standing.state, standing.because)
        if self._told.get(standing.pool) == gist:
            return
        self._told[standing.pool] = gist
        note(
            self._ports,
            "rollout",
            pool=standing.pool,
            order=standing.order,
            event=taken.event,
            before=taken.before,
            after=standing.state,
            because=standing.because,
            wave=standing.wave,
            left=standing.left,
            leaving=standing.leaving,
            launched=standing.launched,
            registered=standing.registered,
            failed=standing.failed,
        )
