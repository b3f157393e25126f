"""What an agent does beside its builds: it says that it lives, and passes on what EC2 tells it.

Time is the cloud's virtual time; how often it really looks is bounded, for sixty agents share two
cores. On an image `scripts/agent` has the same in a program of its own.
"""

import sys
import threading

from workhorse.local.agent.boot import Machine, patiently
from workhorse.local.agent.gateway import UNAUTHORISED, Gateway
from workhorse.local.agent.place import Place, RegistrationError
from workhorse.local.clock import ScaledClock

HERE_SECONDS = 60.0
"""Between two words to the gateway."""

NOTICE_SECONDS = 2.0
"""Between two looks for a notice: the gateway is to hear of it within five."""

SHORTEST_HERE, SHORTEST_NOTICE = 1.0, 0.5
"""Real seconds that these are at least, however fast the time is."""

FORGOTTEN = 2
"""So often in a row Jenkins must not have the node: one reading may be of a moment between."""


class Keeping:
    """The looks of one agent; `turn` does those that are due."""

    def __init__(
        self, machine: Machine, gateway: Gateway, place: Place, clock: ScaledClock
    ) -> None:
        self._machine = machine
        self._gateway = gateway
        self._place = place
        self._clock = clock
        self._spot = patiently(machine.metadata.is_spot)
        self._told: set[str] = set()
        self._missing = 0
        self._here_at = clock.now() + self._every(HERE_SECONDS, SHORTEST_HERE)

    def start(self) -> None:
        """Look as long as the process lives."""
        threading.Thread(target=self._run, name="keeping", daemon=True).start()

    def turn(self, now: float) -> None:
        """Look at what is due at the virtual time `now`.

        Raises:
            OSError, RegistrationError: a service did not answer, or refused; the next turn tries
                again.
        """
        if self._spot:
            self._notices()
        if now >= self._here_at:
            self._here_at = now + self._every(HERE_SECONDS, SHORTEST_HERE)
            self._here()

    def _run(self) -> None:
        rest = threading.Event()
        seconds = NOTICE_SECONDS if self._spot else HERE_SECONDS
        shortest = SHORTEST_NOTICE if self._spot else SHORTEST_HERE
        while not rest.wait(max(shortest, self._clock.real(seconds))):
            try:
                self._proved_again(self._clock.now())
            except (OSError, RegistrationError) as error:
                sys.stderr.write(f"{error}\n")

    def _proved_again(self, now: float) -> None:
        """A turn; a lease that is good no more, as after a restart of the gateway, is renewed."""
        try:
            self.turn(now)
        except RegistrationError as error:
            if error.status != UNAUTHORISED:
                raise
            self._gateway.register()

    def _notices(self) -> None:
        metadata = self._machine.metadata
        for kind, read in (("spot", metadata.interruption), ("rebalance", metadata.rebalance)):
            if kind not in self._told and (notice := read()):
                self._gateway.ask(kind, notice)
                self._told.add(kind)

    def _here(self) -> None:
        here = self._gateway.here()
        self._missing = self._missing + 1 if here.known is False and not here.leaving else 0
        if self._missing >= FORGOTTEN:
            self._missing = 0
            self._gateway.register()
        limit = self._place.idle_minutes * 60
        idle = here.idle_seconds
        if limit and idle is not None and idle >= limit and not here.leaving:
            self._gateway.ask("idle", f"for {idle:.0f} s")

    def _every(self, seconds: float, shortest: float) -> float:
        """Virtual seconds between two looks."""
        return max(seconds, shortest * self._clock.speed)
