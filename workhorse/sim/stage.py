"""The real loops on the simulated world, killed and started again as often as anybody likes.

What a restart keeps is the journal and the world; the loops are built from scratch each time, as a
process would be.
"""

from collections.abc import Callable, Mapping, Sequence

from workhorse.core.model import Pool
from workhorse.core.plan import Planner
from workhorse.loops.driver import Driver, Pace
from workhorse.loops.observe import Trust
from workhorse.loops.perform import Performer, RealPerformer
from workhorse.loops.ports import Ports
from workhorse.sim.line import Crash
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
        performer: makes what performs effects; the real one if nothing else is said.
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
        performer: Callable[[Ports], Performer] = RealPerformer,
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
        self._performer = performer
        self.driver = self._begin()

    def _begin(self) -> Driver:
        ports = self.world.ports()
        return Driver(
            ports,
            self.pools,
            self._performer(ports),
            pace=self._pace,
            trust=self._trust,
            blind_step=self._blind_step,
            default_pool=self._default_pool,
            planners=self._planners,
        )

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
        clock = self.world.clock
        until = clock.now() + seconds
        while clock.now() < until:
            try:
                pause = self.driver.run_due()
            except Crash:
                self.restart()
                continue
            clock.wait(min(pause, until - clock.now()))
