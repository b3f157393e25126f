"""The line between the loops and the simulated world: every call passes here, and may go wrong.

A call may fail, take time, do its work and fail all the same, be answered with an older answer, or
be the last that the caller ever makes.  Which, is set by whoever plays the world's part in a test.
"""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar

from workhorse.core.errors import Unreadable
from workhorse.core.word import Word
from workhorse.sim.kernel import Kernel

Answer = TypeVar("Answer")


class Side(Word):
    """Which outside a call goes to; each can be out of reach by itself."""

    JENKINS = "jenkins"
    AUTO_SCALING = "auto scaling"
    EC2 = "ec2"
    SQS = "sqs"
    CLOUDWATCH = "cloudwatch"
    SSM = "ssm"
    JOURNAL = "journal"


class Crash(BaseException):
    """The process of the loops is killed here: nothing may catch it."""


@dataclass(slots=True, kw_only=True)
class CrashPoint:
    """Kill the caller at the n-th change from now, before or after it is made."""

    changes: int
    after: bool = False


@dataclass(slots=True, kw_only=True)
class Trip:
    """Let the n-th change of that side from now fail, whether it is made all the same or not."""

    side: Side
    changes: int
    done: bool = False


class Line:
    """Faults, waits and counts of all calls."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.out_of_reach: set[Side] = set()
        """Sides of which no call is answered."""
        self.ambiguous: set[Side] = set()
        """Sides whose changes are made, and the answer gets lost."""
        self.seconds: dict[Side, float] = {}
        """How long a call takes; the world goes on meanwhile."""
        self.lost_cordons = 0
        """So many of the next cordons are answered and have no effect: somebody else's write."""
        self.crash: CrashPoint | None = None
        self.throttled: dict[Side, int] = {}
        """Sides that answer one of so many calls only, by chance."""
        self.trips: list[Trip] = []
        self.old: dict[Side, float] = {}
        """Sides that tell an answer again for so many seconds, as a cache between would."""
        self._kept: dict[tuple[Side, type, Hashable], tuple[float, object]] = {}
        self.reads: Counter[Side] = Counter()
        self.changes: Counter[Side] = Counter()
        """Changes that were made."""
        self.failed_at: dict[Side, float] = {}
        """When a side failed a caller last."""
        self._calls = 0

    def read(self, side: Side, ask: Callable[[], Answer], about: Hashable = None) -> Answer:
        """Ask; the answer is of the moment when the call was half done.

        Args:
            side: who is asked.
            ask: gives the answer.
            about: what was asked, where the kind of the answer does not tell: a cache between
                tells an answer again to the same question only.

        Raises:
            Unreadable: the side is out of reach.
        """
        self.reads[side] += 1
        if not (self.seconds or self.out_of_reach or self.throttled or self.old):
            return ask()
        wait = self.seconds.get(side, 0.0) / 2
        if wait:
            self._kernel.run_until(self._kernel.now + wait)
        self._reach(side)
        answer = ask()
        if wait:
            self._kernel.run_until(self._kernel.now + wait)
        return self._again(side, answer, about) if side in self.old else answer

    def change(self, side: Side, act: Callable[[], Answer]) -> Answer:
        """Make a change.

        Raises:
            Unreadable: the side is out of reach, or its answer is lost.
            Crash: the caller dies here.
        """
        if not self.troubled:
            answer = act()
            self.changes[side] += 1
            return answer
        crash = self.crash
        if crash is not None:
            crash.changes -= 1
            if crash.changes <= 0 and not crash.after:
                self.crash = None
                raise Crash(f"before a change of {side}")
        wait = self.seconds.get(side, 0.0)
        if wait:
            self._kernel.run_until(self._kernel.now + wait)
        self._reach(side)
        trip = self._tripped(side) if self.trips else None
        if trip is not None and not trip.done:
            raise self._failure(side, "refused this one call")
        answer = act()
        self.changes[side] += 1
        if crash is not None and crash.changes <= 0:
            self.crash = None
            raise Crash(f"after a change of {side}")
        if side in self.ambiguous or trip is not None:
            raise self._failure(side, "did it, and the answer is lost")
        return answer

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.out_of_reach.clear()
        self.ambiguous.clear()
        self.seconds.clear()
        self.throttled.clear()
        self.trips.clear()
        self.old.clear()
        self._kept.clear()
        self.lost_cordons = 0
        self.crash = None

    @property
    def troubled(self) -> bool:
        """Something is wrong with some call, or will be: how often is asked makes a difference."""
        return bool(
            self.out_of_reach
            or self.seconds
            or self.throttled
            or self.old
            or self.ambiguous
            or self.trips
            or self.lost_cordons
            or self.crash
        )

    @property
    def now(self) -> float:
        """What time it is on the line."""
        return self._kernel.now

    def _reach(self, side: Side) -> None:
        if side in self.out_of_reach:
            raise self._failure(side, "does not answer")
        if side in self.throttled:
            # Scattered, so that it keeps no time with whoever reads and changes in turn.
            self._calls = self._calls * 1_103_515_245 + 12_345 & 0x7FFFFFFF
            if (self._calls >> 16) % self.throttled[side]:
                raise self._failure(side, "throttles")

    def _failure(self, side: Side, how: str) -> Unreadable:
        self.failed_at[side] = self._kernel.now
        return Unreadable(f"{side} {how}")

    def _tripped(self, side: Side) -> Trip | None:
        """The trip that lies at this change."""
        due = None
        for trip in [t for t in self.trips if t.side is side]:
            trip.changes -= 1
            if trip.changes <= 0:
                self.trips.remove(trip)
                due = trip
        return due

    def _again(self, side: Side, answer: Answer, about: Hashable) -> Answer:
        """The answer given last, while it is not too old for whatever lies between."""
        key = side, type(answer), about
        since, kept = self._kept.get(key, (0.0, None))
        if isinstance(kept, type(answer)) and self._kernel.now - since < self.old[side]:
            return kept
        self._kept[key] = self._kernel.now, answer
        return answer
