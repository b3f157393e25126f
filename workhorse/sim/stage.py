"""The real loops on the simulated world, killed and started again as often as anybody likes.

What a restart keeps is the journal and the world; the loops are built from scratch each time, as a
process would be.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf

from workhorse.core.ledger import LedgerPolicy
from workhorse.core.model import Pool
from workhorse.core.orders import RolloutPolicy
from workhorse.core.plan import Planner
from workhorse.core.requeue import RequeuePolicy
from workhorse.loops.driver import Driver, Pace
from workhorse.loops.ledger import Books
from workhorse.loops.observe import Trust
from workhorse.loops.perform import Performer, RealPerformer
from workhorse.loops.ports import Clock, Ports
from workhorse.loops.view import View
from workhorse.sim.line import Crash
from workhorse.sim.registering import HOME
from workhorse.sim.world import World


class Stage:
    """A world and the loops that run in it.

    Args:
        world: the simulated world.
        pools: what the loops are to keep.
        pace: how often each loop runs.
        trust: how old readings may be.
        blind_step: agents that may be added while Jenkins cannot be trusted.
        default_pool: where pipeline bodies of unknown label go.
        planners: pool name to its planner.
        rollouts: pool name to what a rollout may do there, in a world that allows any.
        requeue: which lost builds are queued again, in a world that allows it.
        performer: makes what performs effects; the real one if nothing else is said.
        ledger: what the ledger may do.
        skipping: leave out the turns of the loops that would do nothing; what is journalled and
            what becomes of the world is the same.
    """

    def __init__(  # noqa: PLR0913 - what a controller is made of, by name
        self,
        world: World,
        pools: Sequence[Pool],
        *,
        pace: Pace | None = None,
        trust: Trust | None = None,
        blind_step: int = 5,
        default_pool: str = "",
        planners: Mapping[str, Planner] | None = None,
        rollouts: Mapping[str, RolloutPolicy] | None = None,
        requeue: RequeuePolicy | None = None,
        performer: Callable[[Ports], Performer] = RealPerformer,
        ledger: LedgerPolicy | None = None,
        skipping: bool = True,
    ) -> None:
        self.world = world
        self.pools = tuple(pools)
        self.crashes = 0
        """How often the loops were killed."""
        self._pace = pace or Pace()
        self._trust = trust or Trust()
        self._blind_step = blind_step
        self._default_pool = default_pool
        self._planners = planners
        self._rollouts = rollouts
        self._requeue = requeue
        world.asking.pools = {pool.group: pool.name for pool in pools}
        self._performer = performer
        self._skipping = skipping
        self._ledger = ledger or LedgerPolicy()
        self.view = View()
        world.registering.refuses = self._leaves
        self._clock: Clock = world.clock
        self.driver = self._begin()

    def _begin(self) -> Driver:
        ports = self.world.ports()
        self._clock = ports.clock
        return Driver(
            ports,
            self.pools,
            self._performer(ports),
            pace=self._pace,
            trust=self._trust,
            blind_step=self._blind_step,
            default_pool=self._default_pool,
            planners=self._planners,
            rollouts=self._rollouts,
            asks=self.world.asking.asks,
            requeue=self._requeue,
            view=self.view,
            books=Books(policy=self._ledger, heard=self._heard, home=HOME),
        )

    def _heard(self) -> Mapping[str, float]:
        ahead = self._clock.now() - self.world.kernel.now
        return self.world.registering.gate.heard(ahead)

    def _leaves(self, instance: str) -> bool:
        return self.view.seen is not None and instance in self.view.seen.leaving

    def restart(self) -> None:
        """The process ends, between two effects, and another one begins."""
        self.crashes += 1
        while True:
            try:
                self.driver = self._begin()
            except Crash:
                self.crashes += 1
            else:
                return

    def run(self, seconds: float) -> None:
        """Let the loops and the world go on for so long; a killed process is started anew."""
        kernel = self.world.kernel
        until = kernel.now + seconds
        self.driver.stir()
        while kernel.now < until:
            happened = kernel.happened
            try:
                pause = self.driver.run_due()
            except Crash:
                self.restart()
                continue
            if self._skipping and kernel.happened == happened and self._plain():
                pause = self.driver.skip(min(until, self._next_at()))
            self.world.clock.wait(min(pause, until - kernel.now))
            if kernel.happened != happened:
                self.driver.stir()

    def _plain(self) -> bool:
        """The loops are told what is, at once and at the right time: time alone changes nothing."""
        world = self.world
        lagging = world.line.troubled or world.cloud.lag_seconds
        return not lagging and self._clock.now() == world.kernel.now

    def _next_at(self) -> float:
        """When the world changes next by itself: by an event, or a message that can be received."""
        event = self.world.kernel.next_at()
        letters = (x for queue in self.world.queues.letters.values() for x in queue.values())
        message = min((letter.visible_at for letter in letters), default=inf)
        return message if event is None else min(event, message)
