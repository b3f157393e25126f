"""A discrete-event kernel: a heap of what happens when, and a clock that jumps along it.

Events at the same time run by priority, then in the order they were scheduled, so a run is the
same every time.  Nothing here knows of agents or builds.
"""

import heapq
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from workhorse.core.errors import Misuse


class Priority(IntEnum):
    """Which of the events of one instant comes first."""

    ENDS = 0
    """What ends or frees: a build's end, an instance's death."""
    NORMAL = 1
    STARTS = 2
    """What takes: a queue's turn at giving work, a group's turn at launching."""


class Event:
    """Something that will happen; `cancel` makes it not happen."""

    __slots__ = ("action", "arguments", "cancelled", "when")

    def __init__(
        self, when: float, action: Callable[..., object], arguments: tuple[Any, ...]
    ) -> None:
        self.when = when
        self.action = action
        self.arguments = arguments
        self.cancelled = False

    def cancel(self) -> None:
        """Make it not happen; done as well when it has happened."""
        self.cancelled = True


class Kernel:
    """Simulated time in seconds since the epoch, from `start` on."""

    def __init__(self, start: float = 0.0) -> None:
        self.now = start
        self._heap: list[tuple[float, int, int, Event]] = []
        self._sequence = 0
        self.happened = 0
        """How many events have happened."""

    def at(
        self,
        when: float,
        action: Callable[..., object],
        *arguments: Any,  # noqa: ANN401 - the action knows what it takes
        priority: Priority = Priority.NORMAL,
    ) -> Event:
        """Have `action(*arguments)` called at `when`.

        Raises:
            Misuse: `when` is over.
        """
        if when < self.now:
            raise Misuse(f"an event at {when} is before now, {self.now}")
        event = Event(when, action, arguments)
        self._sequence += 1
        heapq.heappush(self._heap, (when, priority, self._sequence, event))
        return event

    def after(
        self,
        seconds: float,
        action: Callable[..., object],
        *arguments: Any,  # noqa: ANN401 - the action knows what it takes
        priority: Priority = Priority.NORMAL,
    ) -> Event:
        """Have `action(*arguments)` called in `seconds`."""
        return self.at(self.now + seconds, action, *arguments, priority=priority)

    def next_at(self) -> float | None:
        """When the next event happens; None when there is none.

        Between now and then nothing changes, so a loop may skip its ticks.
        """
        while self._heap and self._heap[0][3].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def run_until(self, when: float) -> None:
        """Let everything up to and including `when` happen; it is `when` afterwards."""
        heap = self._heap
        while heap and heap[0][0] <= when:
            event = heapq.heappop(heap)[3]
            if event.cancelled:
                continue
            # An action that reads slowly moves time on itself: time never goes back.
            self.now = max(self.now, event.when)
            self.happened += 1
            event.action(*event.arguments)
        self.now = max(self.now, when)


class SimClock:
    """The `Clock` port on simulated time: waiting is letting the world go on."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.stopping = False
        """Set to make `wait` tell its caller to stop."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._kernel.now

    def wait(self, seconds: float) -> bool:
        """Let `seconds` pass in the world; True when told to stop."""
        if not self.stopping:
            self._kernel.run_until(self._kernel.now + max(0.0, seconds))
        return self.stopping
