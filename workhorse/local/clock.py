"""Virtual time, shared by several processes that agree on one line of text.

The embedded cloud, the Jenkins stand-in and the agents may run faster than the wall.
They all read the same spec, "ORIGIN:REAL0:SPEED", and so live at the same virtual instant:

    virtual = ORIGIN + (real - REAL0) * SPEED

Speed 1 is the wall; speed 60 is a minute a second; speed 0 stands still and moves by
`advance` only, which is how tests stay fast and exact.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSpec:
    """The three numbers that define a virtual time.

    `origin` is the virtual epoch second at `real0`, `real0` a real epoch second and
    `speed` the virtual seconds that pass in one real second (0 or more).
    """

    origin: float
    real0: float
    speed: float

    def __post_init__(self) -> None:
        """Refuse what is no time: a negative speed, or a number that is not finite."""
        if not all(map(math.isfinite, (self.origin, self.real0, self.speed))):
            raise ValueError(f"clock {self} has a number that is not finite")
        if self.speed < 0:
            raise ValueError(f"clock speed {self.speed} is below 0")

    @classmethod
    def parse(cls, text: str) -> "ClockSpec":
        """Read "ORIGIN:REAL0:SPEED"; raises ValueError naming the text."""
        try:
            origin, real0, speed = (float(part) for part in text.split(":"))
        except ValueError:
            raise ValueError(f"clock {text!r} is not ORIGIN:REAL0:SPEED") from None
        return cls(origin=origin, real0=real0, speed=speed)

    def __str__(self) -> str:
        return f"{self.origin!r}:{self.real0!r}:{self.speed!r}"

    def at(self, real: float) -> float:
        """Virtual epoch seconds at the real epoch second `real`."""
        return self.origin + (real - self.real0) * self.speed


class ScaledClock:
    """A virtual clock; make one with a speed, or parse the spec another process printed.

    `origin` is the virtual epoch second it starts at (default: the real one), `speed` the
    virtual seconds per real second. `wall` gives real epoch seconds. Safe between threads.
    """

    def __init__(
        self,
        origin: float | None = None,
        speed: float = 1.0,
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        real0 = wall()
        start = real0 if origin is None else origin
        self._spec = ClockSpec(origin=start, real0=real0, speed=speed)

    @classmethod
    def parse(cls, text: str, *, wall: Callable[[], float] = time.time) -> "ScaledClock":
        """The clock of "ORIGIN:REAL0:SPEED"; raises ValueError on other text."""
        clock = cls(wall=wall)
        clock._spec = ClockSpec.parse(text)
        return clock

    def __str__(self) -> str:
        return str(self.spec)

    @property
    def spec(self) -> ClockSpec:
        """The present spec; hand its text to another process to share this time."""
        with self._lock:
            return self._spec

    @property
    def speed(self) -> float:
        """Virtual seconds per real second."""
        return self.spec.speed

    def now(self) -> float:
        """Virtual epoch seconds."""
        return self.spec.at(self._wall())

    def wall(self) -> float:
        """Real epoch seconds, for what leaves the virtual world (expiry of credentials)."""
        return self._wall()

    def advance(self, seconds: float) -> float:
        """Jump forward by virtual seconds (0 or more) and return the new now.

        Only this process sees the jump: others must be told the new spec.
        """
        if seconds < 0:
            raise ValueError(f"a clock cannot advance by {seconds} seconds")
        with self._lock:
            old = self._spec
            self._spec = ClockSpec(origin=old.origin + seconds, real0=old.real0, speed=old.speed)
            return self._spec.at(self._wall())

    def real(self, seconds: float) -> float:
        """Real seconds that a virtual duration lasts; infinite when the clock stands still."""
        speed = self.speed
        return seconds / speed if speed else math.inf
