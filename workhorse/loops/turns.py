"""One loop of many in one thread: what its turn does, and when it is due."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Loop:
    """A turn, and how long to pause between two of them, in seconds."""

    turn: Callable[[], float]
    """Runs once; says until when its turns do nothing if the world stays as it is."""
    pause: float
    due: float = 0.0
    quiet_until: float = 0.0

    def first(self, limit: float) -> float:
        """When its first turn is due that is not before `limit`."""
        due = self.due
        if self.pause % 1 == 0:
            # Whole seconds add up exactly to a time since the epoch: one jump is as many steps.
            due += max(0.0, (limit - due) // self.pause) * self.pause
        while due < limit:
            due += self.pause
        return due
