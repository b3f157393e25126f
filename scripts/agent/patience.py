"""Trying again, in bounded time and never in step with a thousand others."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from .exchange import FailedError
from .tell import say

SHORTEST, LONGEST = 1.0, 30.0
"""Seconds between one try and the next. Each is drawn between the shortest and three times the one
before ("decorrelated jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)."""

MOST_RETRY_AFTER = 120.0
"""Seconds; what a Retry-After asks for beyond it is not waited for."""

SPREAD = 5.0
"""Seconds over which those that were given the same Retry-After come back."""

FINAL = frozenset({400, 409})
"""HTTP statuses that another try does not change: not understood; the agent is leaving."""

Got = TypeVar("Got")


@dataclass
class Patience:
    """Try again until the seconds are over. The clock and the rest are arguments, for tests."""

    seconds: float
    seed: str = ""
    """The instance's id: every agent has pauses of its own, and each time the same. Without one
    they are drawn anew: a machine that has no name yet must not keep step with the others."""
    clock: Callable[[], float] = time.monotonic
    rest: Callable[[float], None] = time.sleep
    _chance: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds
        self.draw_by(self.seed)

    def draw_by(self, seed: str) -> None:
        """Draw the pauses by this seed from now on."""
        self._chance = random.Random(seed or None)  # noqa: S311 - pauses are no secret
        self._pause = SHORTEST

    def left(self) -> float:
        """Seconds until the end."""
        return self._end - self.clock()

    def __call__(self, act: Callable[[], Got]) -> Got:
        """What `act` gives; raises its last error when no time is left for another try."""
        self._pause = SHORTEST
        while True:
            try:
                return act()
            except (OSError, FailedError) as error:
                pause = self._after(error)
                if pause is None or pause >= self.left():
                    raise
                say(f"{error}; again in {pause:.1f} s")
                self.rest(pause)

    def _after(self, error: Exception) -> float | None:
        """Seconds to rest after this; None: it is final."""
        self._pause = min(LONGEST, self._chance.uniform(SHORTEST, 3 * self._pause))
        if not isinstance(error, FailedError):
            return self._pause
        if error.status in FINAL:
            return None
        if error.retry_seconds <= 0:
            return self._pause
        asked = min(error.retry_seconds, MOST_RETRY_AFTER)
        return max(self._pause, asked + self._chance.uniform(0, SPREAD))
