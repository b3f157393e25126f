"""All loops of one process, and when each is due.

One thread runs them in turn, so that no two of them ever see or change different worlds.
A glance at the queue and the mailbox run often and are cheap; when either finds something new, the
next tick is due at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workhorse.core.effects import Publish
from workhorse.core.errors import Surprise
from workhorse.core.measure import pool_meters
from workhorse.core.meters import Meter
from workhorse.core.model import Pool
from workhorse.core.plan import Planner
from workhorse.loops.control import Control, Wishes
from workhorse.loops.drainer import Drainer
from workhorse.loops.observe import Observer, Trust
from workhorse.loops.perform import Performer
from workhorse.loops.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often each loop runs, in seconds."""

    tick: float = 10
    glance: float = 1
    mail: float = 2
    publish: float = 60


class Driver:
    """Observe, decide, perform, remember; once per tick, for every pool."""

    def __init__(  # noqa: PLR0913 - what a controller is made of, by name
        self,
        ports: Ports,
        pools: tuple[Pool, ...],
        performer: Performer,
        *,
        pace: Pace,
        trust: Trust,
        blind_step: int,
        default_pool: str = "",
        planners: Mapping[str, Planner] | None = None,
        forced: bool = False,
        deaf: bool = False,
    ) -> None:
        """Make the loops.

        Args:
            ports: the outside.
            pools: what to keep.
            performer: what performs effects.
            pace: how often.
            trust: how old readings may be.
            blind_step: agents that may be added while Jenkins cannot be trusted.
            default_pool: where pipeline bodies of unknown label go.
            planners: pool name to its planner; `exact` for a pool without one.
            forced: the first tick plans afresh, as an operator asked.
            deaf: do not take messages: a dry run must not hide them from the real one.
        """
        self._ports = ports
        self._performer = performer
        self._observer = Observer(ports, pools, trust)
        self._control = Control(
            ports,
            pools,
            performer,
            blind_step=blind_step,
            default_pool=default_pool,
            planners=planners,
        )
        self._control.forced = forced
        self._drainer = Drainer(ports, pools, performer, stale_seconds=trust.stale_seconds)
        self._seen: frozenset[int] = frozenset()
        self._meters: tuple[Meter, ...] = ()
        self._pauses: dict[Callable[[], None], float] = {
            self.glance: pace.glance,
            self.mail: pace.mail,
            self.tick: pace.tick,
            self.publish: pace.publish,
        }
        if deaf:
            del self._pauses[self.mail]
        self._due: dict[Callable[[], None], float] = dict.fromkeys(self._pauses, 0.0)

    def run_due(self) -> float:
        """Run every loop that is due, and say how many seconds nothing will be."""
        for loop, pause in self._pauses.items():
            started = self._ports.clock.now()
            if self._due[loop] <= started or self._due[loop] > started + pause:
                self._due[loop] = started + pause
                loop()
        return max(0.0, min(self._due.values()) - self._ports.clock.now())

    def once(self) -> None:
        """One turn of everything, for `--once`."""
        for loop in self._pauses:
            loop()

    def glance(self) -> None:
        """A cheap look at the queue: an item not seen before makes the next tick due now."""
        try:
            items = self._ports.controller.glance()
        except Surprise:
            return  # The tick reads in full and says what is wrong.
        if items - self._seen:
            self._due[self.tick] = 0
        self._seen = items

    def mail(self) -> None:
        """Take messages; they are handled by the next tick, which is due now."""
        if self._drainer.receive():
            self._due[self.tick] = 0

    def tick(self) -> None:
        """Observe, decide, perform, remember."""
        snapshot = self._observer.observe(self._drainer.drains)
        ended = dict(self._drainer.ended)
        self._drainer.ended.clear()
        wishes = self._control.tick(snapshot, self._drainer.drains, ended)
        self._drainer.tick(snapshot, leave=wishes.leave, recall=wishes.recall)
        self._meters = _meters(wishes, snapshot.at)

    def publish(self) -> None:
        """Publish what the last tick saw, once."""
        if not self._meters:
            return
        meters, self._meters = self._meters, ()
        try:
            self._performer.perform(Publish(meters=meters), "published as seen by the last tick")
        except Surprise:
            return  # Journalled by the performer; the next tick measures anew.


def _meters(wishes: Wishes, now: float) -> tuple[Meter, ...]:
    demands = wishes.placement.demands if wishes.placement else {}
    return tuple(
        meter
        for decision in wishes.decisions
        for meter in pool_meters(decision.pool, decision.survey, demands.get(decision.pool), now)
    )
