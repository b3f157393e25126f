"""The one real clock, which can run faster when the embedded cloud does.

Several processes share a virtual time by one line, "ORIGIN:REAL0:SPEED":

    virtual = ORIGIN + (real - REAL0) * SPEED

with ORIGIN a virtual and REAL0 a real second since the epoch.

The wall is read once, when the clock is made; from then on seconds are counted by the machine.
Whoever sets the machine's clock meanwhile, NTP above all, so cuts no settle time and no patience
short: the loops notice at their next start.
"""

import contextlib
import math
import queue
import time
from collections.abc import Callable
from typing import Self

_COUNTED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Set by nobody; where it can it counts on while the machine is suspended, for AWS does too."""


class RealClock:
    """The time of the wall, or `speed` times as fast from `origin` on; can be told to stop.

    `stop` may be called from another thread and from a signal handler.
    """

    def __init__(
        self,
        speed: float = 1.0,
        origin: float | None = None,
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        real0 = wall()
        self._ahead = real0 - time.clock_gettime(_COUNTED)
        self._set(real0 if origin is None else origin, real0, speed)
        # SimpleQueue.put is reentrant; Event.set, called by a handler that interrupted Event.wait,
        # could wait for a lock that its own thread holds.
        self._told: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stopped = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """The clock of "ORIGIN:REAL0:SPEED".

        Raises:
            ValueError: the text is something else, or the speed is not above 0.
        """
        try:
            origin, real0, speed = map(float, text.split(":"))
        except ValueError:
            raise ValueError(f"clock {text!r} must be ORIGIN:REAL0:SPEED, three numbers") from None
        clock = cls()
        clock._set(origin, real0, speed)
        return clock

    def _set(self, origin: float, real0: float, speed: float) -> None:
        if not all(map(math.isfinite, (origin, real0, speed))) or speed <= 0:
            raise ValueError(f"clock {origin}:{real0}:{speed} must be finite, with a speed above 0")
        self._origin, self._real0, self._speed = origin, real0, speed

    def __str__(self) -> str:
        return f"{self._origin!r}:{self._real0!r}:{self._speed!r}"

    def now(self) -> float:
        """Seconds since the epoch."""
        real = time.clock_gettime(_COUNTED) + self._ahead
        return self._origin + (real - self._real0) * self._speed

    def wait(self, seconds: float) -> bool:
        """Wait that many seconds of this clock; True at once when told to stop, before or now."""
        if not self._stopped:
            with contextlib.suppress(queue.Empty):
                self._told.get(timeout=max(0.0, seconds) / self._speed)
        return self._stopped

    def stop(self) -> None:
        """End the wait of now and every later one."""
        self._stopped = True
        self._told.put(None)
