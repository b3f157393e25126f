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
        while due < limit:
            due += self.pause
        return due
