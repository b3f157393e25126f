"""What agents of the simulated world have of the gateway: they speak to it, and register there.

An agent that lives says every minute that it is there.  That is no event of the world's: whoever
asks is told when each was heard last, and a quiet hour stays quiet.
"""

from collections.abc import Iterator, Mapping

from workhorse.sim.groups import Machine
from workhorse.sim.kernel import Kernel

SPEAKS_SECONDS = 60.0
"""How often an agent says that it is there: its unit's timer."""
AGAIN_SECONDS = 90.0
"""From the end of a node to its agent's registering anew: the timer's minute, and some jitter."""


class SimGate:
    """The gateway as agents find it.

    Args:
        kernel: time.
        machines: who speaks.
    """

    def __init__(self, kernel: Kernel, machines: Mapping[str, Machine]) -> None:
        self._kernel = kernel
        self._machines = machines
        self._begun_at = kernel.now
        self._closed_at: float | None = None
        self._silent_at: dict[str, float] = {}

    @property
    def closed(self) -> bool:
        """Nobody gets through."""
        return self._closed_at is not None

    def begin(self) -> None:
        """The process of the gateway starts anew: it has heard nobody."""
        self._begun_at = self._kernel.now

    def close(self) -> None:
        """From now on nobody gets through."""
        if self._closed_at is None:
            self._closed_at = self._kernel.now

    def open(self) -> None:
        """Agents get through again."""
        self._closed_at = None

    def silence(self, instance: str) -> None:
        """From now on it says nothing any more."""
        self._silent_at.setdefault(instance, self._kernel.now)

    def heard(self, ahead_seconds: float = 0.0) -> Mapping[str, float]:
        """Instance to when it was heard last, by a clock that is so much ahead."""
        return _Heard(self, ahead_seconds)

    def heard_at(self, instance: str) -> float | None:
        """When it was heard last; None when it was not since the gateway began."""
        machine = self._machines.get(instance)
        if machine is None or not machine.came:
            return None
        ends = (self._kernel.now, self._closed_at, self._silent_at.get(instance))
        until = min(end for end in ends if end is not None)
        spoken = (until - machine.launched_at) // SPEAKS_SECONDS * SPEAKS_SECONDS
        last = machine.launched_at + spoken
        return last if last >= self._begun_at else None

    def everybody(self) -> Iterator[str]:
        """All that were heard."""
        return (name for name in self._machines if self.heard_at(name) is not None)


class _Heard(Mapping[str, float]):
    """Worked out for whom it is asked."""

    def __init__(self, gate: SimGate, ahead_seconds: float) -> None:
        self._gate = gate
        self._ahead_seconds = ahead_seconds

    def __getitem__(self, instance: str) -> float:
        heard_at = self._gate.heard_at(instance)
        if heard_at is None:
            raise KeyError(instance)
        return heard_at + self._ahead_seconds

    def __iter__(self) -> Iterator[str]:
        return self._gate.everybody()

    def __len__(self) -> int:
        return sum(1 for _ in self)
