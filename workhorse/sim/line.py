"""The line between the loops and the simulated world: every call passes here, and may go wrong.

A call may fail, take time, do its work and fail all the same, or be the last that the caller ever
makes.  Which, is set by whoever plays the world's part in a test.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from workhorse.core.errors import Unreadable
from workhorse.sim.kernel import Kernel

Answer = TypeVar("Answer")


class Side(StrEnum):
    """Which outside a call goes to; each can be out of reach by itself."""

    JENKINS = "jenkins"
    AUTO_SCALING = "auto scaling"
    EC2 = "ec2"
    SQS = "sqs"
    CLOUDWATCH = "cloudwatch"
    JOURNAL = "journal"


class Crash(BaseException):
    """The process of the loops is killed here: nothing may catch it."""


@dataclass(slots=True, kw_only=True)
class CrashPoint:
    """Kill the caller at the n-th change from now, before or after it is made."""

    changes: int
    after: bool = False


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
        self.reads: Counter[Side] = Counter()
        self.changes: Counter[Side] = Counter()
        """Changes that were made."""

    def read(self, side: Side, ask: Callable[[], Answer]) -> Answer:
        """Ask; the answer is of the moment when the call was half done.

        Raises:
            Unreadable: the side is out of reach.
        """
        self.reads[side] += 1
        wait = self.seconds.get(side, 0.0) / 2
        if wait:
            self._kernel.run_until(self._kernel.now + wait)
        if side in self.out_of_reach:
            raise Unreadable(f"{side} does not answer")
        answer = ask()
        if wait:
            self._kernel.run_until(self._kernel.now + wait)
        return answer

    def change(self, side: Side, act: Callable[[], Answer]) -> Answer:
        """Make a change.

        Raises:
            Unreadable: the side is out of reach, or its answer is lost.
            Crash: the caller dies here.
        """
        crash = self.crash
        if crash is not None:
            crash.changes -= 1
            if crash.changes <= 0 and not crash.after:
                self.crash = None
                raise Crash(f"before a change of {side}")
        wait = self.seconds.get(side, 0.0)
        if wait:
            self._kernel.run_until(self._kernel.now + wait)
        if side in self.out_of_reach:
            raise Unreadable(f"{side} does not answer")
        answer = act()
        self.changes[side] += 1
        if crash is not None and crash.changes <= 0:
            self.crash = None
            raise Crash(f"after a change of {side}")
        if side in self.ambiguous:
            raise Unreadable(f"{side} did it, and the answer is lost")
        return answer
