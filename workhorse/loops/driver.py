"""All loops of one process, and when each is due.

One thread runs them in turn, so that no two of them ever see or change different worlds.
A glance at the queue and the mailbox run often and are cheap; when either finds something new, the
next tick is due at once.

A turn that would find what the last one found does nothing.  Each loop therefore says until when it
stays so if the world does, and whoever knows that nothing happens in between, as a simulator does,
may `skip` those turns: the rest of the run is the same, to the last record.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import inf

from workhorse.core.effects import Publish
from workhorse.core.errors import Surprise
from workhorse.core.meters import Meter
from workhorse.core.model import Pool
from workhorse.core.orders import RolloutPolicy
from workhorse.core.plan import Planner
from workhorse.core.requeue import RequeuePolicy
from workhorse.core.rollout import OVER
from workhorse.core.steady import ROUNDING_SECONDS
from workhorse.loops.asks import Asks
from workhorse.loops.control import NO_SURGES, Control, Wishes
from workhorse.loops.drainer import Drainer
from workhorse.loops.leaver import Leaver
from workhorse.loops.ledger import Books, Ledger
from workhorse.loops.notes import note
from workhorse.loops.observe import NOBODY_ELSE, Observer, Trust
from workhorse.loops.perform import Performer
from workhorse.loops.ports import Ports
from workhorse.loops.requeue import Requeue
from workhorse.loops.roller import NONE_CHOSEN, Roller
from workhorse.loops.turns import Loop
from workhorse.loops.view import Seen, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often each loop runs, in seconds; one that is infinite never does."""

    tick: float = 10
    glance: float = 1
    mail: float = 2
    publish: float = 60
    orders: float = 5
    """Where rollouts can be ordered."""
    asked: float = 0.5
    """Where agents can ask: a spot notice leaves two minutes, and an ask costs nothing to look."""
    inventory: float = 60
    """Where EC2 is asked what is ours: nothing of that is urgent."""


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
        rollouts: Mapping[str, RolloutPolicy] | None = None,
        asks: Asks | None = None,
        view: View | None = None,
        books: Books | None = None,
        requeue: RequeuePolicy | None = None,
        gate: Callable[[], tuple[Meter, ...]] | None = None,
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
            rollouts: pool name to what a rollout may do there; the defaults for a pool without.
            asks: what agents ask for; None where they have nobody to ask.
            view: where the gateway sees what a tick saw; None for nobody to show it to.
            books: how the ledger's books are kept.
            requeue: which lost builds are queued again; None for none.
            gate: what the gateway and the keeper of the cache volumes measure; None without any.
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
        self._leaver = Leaver(ports, pools)
        self._ledger = Ledger(ports, pools, performer, books or Books())
        self.roller: Roller | None = None
        """None where no rollouts can be ordered."""
        if ports.rolling is not None:
            self.roller = Roller(ports, ports.rolling, pools, performer, rollouts or {})
        self._requeue: Requeue | None = None
        if ports.tending is not None and requeue is not None and requeue.marker:
            self._requeue = Requeue(ports, ports.tending.builds, pools, performer, requeue)
        self._asks, self._gate = asks, gate
        self._view = view or View()
        self._unread = ""  # Why orders could not be read last time.
        self._seen: frozenset[int] = frozenset()
        self._found, self._missing = Wishes(), tuple[str, ...]()
        self._found_at: float | None = None
        """When a tick found that, or would have; None once it is published."""
        self._tick = Loop(self.tick, pace.tick)
        every = (
            Loop(self.asked, inf if asks is None else pace.asked),
            Loop(self.glance, pace.glance),
            Loop(self.mail, inf if deaf else pace.mail),
            Loop(self.orders, pace.orders if self.roller else inf),
            Loop(self.inventory, pace.inventory if self._ledger.reads else inf),
            self._tick,
            Loop(self.publish, pace.publish),
        )
        self._loops = tuple(loop for loop in every if loop.pause < inf)

    def run_due(self) -> float:
        """Run every loop that is due, and say how many seconds nothing will be."""
        now = self._ports.clock.now
        for loop in self._loops:
            started = now()
            if loop.due <= started or loop.due > started + loop.pause:
                loop.due = started + loop.pause
                loop.quiet_until = loop.turn()
        return self._pause()

    def once(self) -> tuple[str, ...]:
        """One turn of everything, for `--once`; why what could not be read is missing."""
        for loop in self._loops:
            loop.turn()
        return (*self._missing, *self._drainer.inbox.missing)

    def stir(self) -> None:
        """The world changed: no turn may be skipped before the loop has looked again."""
        for loop in self._loops:
            loop.quiet_until = 0.0

    def skip(self, before: float) -> float:
        """Leave out turns that would do nothing, and say how many seconds nothing will be due.

        Those turns count as taken, and as having found what the last ones found: when the others
        are due, and what they publish, is as if they had been.

        Args:
            before: the world stays as it is until then, `stir` tells of any change that was.
        """
        wake = before
        for loop in self._loops:
            wake = min(wake, loop.first(min(wake, loop.quiet_until - ROUNDING_SECONDS)))
        ticked = self._tick.due
        for loop in self._loops:
            loop.due = loop.first(wake)
        if self._tick.due > ticked:
            self._found_at = self._tick.due - self._tick.pause
        return self._pause()

    def glance(self) -> float:
        """A cheap look at the queue: an item not seen before makes the next tick due now."""
        try:
            items = self._ports.controller.glance()
        except Surprise:
            return 0.0  # The tick reads in full and says what is wrong.
        begun = self._leaver.counts and self._seen - items
        if begun or items - self._seen:
            self._tick.due = 0
        self._seen = items
        return inf

    def mail(self) -> float:
        """Take messages; they are handled by the next tick, which is due now."""
        if self._drainer.inbox.receive():
            self._tick.due = 0
            return 0.0
        return inf

    def asked(self) -> float:
        """Look whether an agent asked for anything; the next tick answers, and is due now."""
        if self._asks:
            self._tick.due = 0
            return 0.0
        return inf

    def orders(self) -> float:
        """Read what people ordered; when that is news, the next tick is due now."""
        try:
            if self.roller is not None and self.roller.read():
                self._tick.due = 0
        except Surprise as surprise:
            told, self._unread = self._unread, str(surprise)
            if told != self._unread:
                note(self._ports, "failed", effect="reading orders", error=self._unread)
            return 0.0
        self._unread = ""
        return inf

    def inventory(self) -> float:
        """Read what EC2 shows of ours; when that is news, the next tick is due now."""
        if self._ledger.read():
            self._tick.due = 0
        return self._ledger.read_holds_until

    def tick(self) -> float:
        """Observe, decide, perform, remember."""
        asks = self._asks.take() if self._asks else ()
        followed = self._requeue.followed if self._requeue else NOBODY_ELSE
        snapshot = self._observer.observe(self._drainer.drains, followed)
        ended = dict(self._drainer.ended)
        self._drainer.ended.clear()
        drains = self._drainer.drains
        wishes = self._control.tick(snapshot, drains, ended, self._surges)
        chosen = self.roller.tick(snapshot, drains, wishes) if self.roller else NONE_CHOSEN
        verdict = self._ledger.tick(snapshot, drains, wishes, asks, self._rolling)
        own = self._leaver.tick(snapshot, drains, wishes, asks)
        self._drainer.tick(
            snapshot,
            leave=wishes.leave,
            retire=chosen.retire,
            recall=(*wishes.recall, *chosen.recall, *verdict.recall),
            own={**verdict.own, **own},
            lost=verdict.lost,
        )
        if self._requeue is not None:
            self._requeue.tick(snapshot, self._drainer.drains)
        self._view.show(Seen.of(snapshot, self._drainer.drains, wishes.decisions))
        self._found, self._found_at, self._missing = wishes, snapshot.at, snapshot.notes
        holds_until = (
            self._observer.holds_until(snapshot),
            wishes.holds_until,
            self.roller.holds_until if self.roller else inf,
            self._leaver.holds_until,
            self._ledger.holds_until,
            self._drainer.holds_until,
            self._requeue.holds_until if self._requeue else inf,
        )
        quiet_until = min(holds_until)
        if quiet_until <= snapshot.at:
            self.stir()  # Something was done, and the world is another.
        return quiet_until

    def publish(self) -> float:
        """Publish what the last tick saw, once."""
        at, self._found_at = self._found_at, None
        meters = self._meters(at) if at is not None else ()
        if meters:
            # A failure is journalled by the performer, and the next tick measures anew.
            with suppress(Surprise):
                effect = Publish(meters=meters)
                self._performer.perform(effect, "published as seen by the last tick")
        return 0.0

    def _meters(self, now: float) -> tuple[Meter, ...]:
        rolled = self.roller.meters(now) if self.roller else ()
        lost = self._requeue.meters() if self._requeue else ()
        told = (*rolled, *self._ledger.meters(now), *lost, *(self._gate() if self._gate else ()))
        return (*self._found.meters(now), *told)

    @property
    def _surges(self) -> Mapping[str, int]:
        return self.roller.surges if self.roller else NO_SURGES

    @property
    def _rolling(self) -> frozenset[str]:
        standings = self.roller.standings if self.roller else {}
        return frozenset(pool for pool, told in standings.items() if told.state not in OVER)

    def _pause(self) -> float:
        return max(0.0, min(loop.due for loop in self._loops) - self._ports.clock.now())
