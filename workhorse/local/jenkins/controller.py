"""The controller as a whole: a world, and the passing of time over it.

Nothing here waits or looks at a clock: `advance(now)` does what fell due until then, in order.
"""

import heapq

from workhorse.local.jenkins import agents, queueing, restarting, spawning
from workhorse.local.jenkins.computers import Computer
from workhorse.local.jenkins.load import LOAD_TICK, Loads
from workhorse.local.jenkins.profile import Profile
from workhorse.local.jenkins.world import LABEL_CACHE_LIFE, TICK, Action, World


class Controller:
    """A Jenkins controller of one profile, from virtual time `now` on."""

    def __init__(self, profile: Profile, now: float) -> None:
        self.world = World(profile=profile, now=now, session=restarting.new_session())
        self.loads = Loads(self.world)
        self._every(TICK, self._tick)
        self._every(LOAD_TICK, self.loads.update)
        self._every(LABEL_CACHE_LIFE, self.world.trim_labels)

    @property
    def booting(self) -> bool:
        """Nobody is answered just now."""
        return self.world.now < self.world.boot_until

    def advance(self, now: float) -> None:
        """Let time pass until `now`; going back is ignored."""
        world = self.world
        self._settle()
        while world.timers and world.timers[0][0] <= now:
            when, _, action = heapq.heappop(world.timers)
            world.now = max(world.now, when)
            action()
            self._settle()
        world.now = max(world.now, now)

    def next_due(self) -> float:
        """When `advance` has something to do again."""
        return self.world.timers[0][0]

    def restart(self, *, hard: bool) -> None:
        """Stop the controller, cleanly or by SIGKILL, and boot it again."""
        restarting.restart(self.world, hard=hard)

    def lost(self, computer: Computer) -> None:
        """The connection to an agent broke."""
        agents.lose(self.world, computer)
        self._settle()

    def _settle(self) -> None:
        if self.world.maintain and not self.booting:
            queueing.maintain(self.world)

    def _tick(self) -> None:
        spawning.forget_left(self.world)
        self.world.maintain = True

    def _every(self, seconds: float, action: Action) -> None:
        """Do something again and again, for ever."""
        world = self.world
        due = world.now

        def turn() -> None:
            nonlocal due
            if due > start:
                action()
            due += seconds
            world.at(due, turn)

        start = due
        turn()
