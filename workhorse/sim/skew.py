"""The loops' own clock, which may be wrong, and what it stamps on what they read.

Everything else in the world goes by the kernel: AWS, Jenkins and the auditor know the time.
`adapters/clock.py` promises that a process lives through no jump: a clock that is set while the
loops run is noticed when they start anew.  Here that promise can be broken on purpose.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from workhorse.core.model import Group, Jenkins
from workhorse.loops.ports import Clock
from workhorse.sim.ports import CloudPort, ControllerPort

Offset = Callable[[], float]
"""Seconds that the loops' clock is ahead."""


class SkewedClock:
    """The `Clock` port of a machine whose clock is wrong."""

    def __init__(self, clock: Clock, offset: Offset) -> None:
        self._clock = clock
        self._offset = offset

    def now(self) -> float:
        """Seconds since the epoch, as this machine believes."""
        return self._clock.now() + self._offset()

    def wait(self, seconds: float) -> bool:
        """Seconds are as long as anywhere."""
        return self._clock.wait(seconds)


class SkewedController(ControllerPort):
    """Stamps a reading with the time of a wrong clock, when it was asked for."""

    offset: Offset

    def read(self) -> Jenkins:
        """As told, read at the time that this machine believes."""
        ahead = self.offset()
        told = super().read()
        return replace(told, read_at=told.read_at + ahead)


class SkewedCloud(CloudPort):
    """Stamps groups with the time of a wrong clock, when they were asked for."""

    offset: Offset

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """As told, read at the time that this machine believes."""
        ahead = self.offset()
        told = super().groups(names)
        return {name: replace(g, read_at=g.read_at + ahead) for name, g in told.items()}
