"""The engine: one lock, one clock, and the parts that make moto's state move in time.

A part is anything with `tick(now)`. The driver calls `Engine.tick`, which calls each part in
order with the same virtual time. Everything that touches EC2 or Auto Scaling state holds
`engine.lock`: requests take it in `serving.py`, the driver takes it here.

moto's backends are global to the process, so at most one engine is active at a time.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, cast, runtime_checkable

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, autoscaling_backends

from workhorse.local.aws.credentials import Credentials
from workhorse.local.aws.faults import Faults
from workhorse.local.aws.journal import EventLog
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock

ACCOUNT = "123456789012"
"""The account id that moto gives to credentials it does not know."""

LONGEST_STEP = 10.0
"""Virtual seconds an advance moves at once; the shortest CloudWatch period that is usual."""


Scale = Callable[[FakeAutoScalingGroup, int, str, float], None]
"""Moves a group: the group, its new size, the cause, the virtual epoch second."""


class Part(Protocol):
    """Something that moves in time."""

    def tick(self, now: float) -> None:
        """Do all that is due at the virtual epoch second `now`."""


class TickError(Exception):
    """Parts that failed in one tick, with their errors; the other parts had theirs."""

    def __init__(self, failures: list[Exception]) -> None:
        super().__init__("; ".join(map(repr, failures)))
        self.failures = failures


@runtime_checkable
class Punctual(Protocol):
    """A part that can tell when it wants its next tick."""

    def next_due(self) -> float | None:
        """The virtual epoch second of what comes next, None when nothing does."""


class Engine:
    """State that does not fit on moto's objects, and the order in which parts move.

    `clock` is the virtual time, `timings` how long EC2 takes, `events` what happened.
    """

    def __init__(self, clock: ScaledClock, timings: Timings | None = None) -> None:
        self.clock = clock
        self.timings = timings or Timings()
        self.lock = threading.RLock()
        self.events = EventLog()
        self.faults = Faults()
        self.credentials = Credentials()
        self.parts: list[Part] = []
        self.errors: list[str] = []
        self._scale: Scale | None = None

    def on_desired(self, scale: Scale) -> None:
        """Say who moves a group to its new size (the groups part does)."""
        self._scale = scale

    def set_desired(self, group: FakeAutoScalingGroup, size: int, cause: str, now: float) -> None:
        """Give a group (moto's FakeAutoScalingGroup) a new desired capacity.

        `cause` is the start of the activity's Cause as AWS words it, for example
        "a user request update of AutoScalingGroup constraints". Raises moto's
        ValidationError when the size is outside the group's min and max.
        """
        if self._scale is None:
            raise RuntimeError("no part moves groups: install the engine first")
        with self.lock:
            self._scale(group, size, cause, now)

    def groups(self) -> list[FakeAutoScalingGroup]:
        """Every Auto Scaling group of every account and region, oldest first."""
        return [
            group
            for _account, _region, backend in autoscaling_backends.iter_backends()
            for group in list(cast("AutoScalingBackend", backend).autoscaling_groups.values())
        ]

    def record(self, kind: str, now: float, **detail: object) -> None:
        """Write one line of what happened, at a virtual time."""
        self.events.record(kind, now, **detail)

    def tick(self, now: float | None = None) -> None:
        """Let every part do what is due at `now` (default: the clock's now).

        Raises TickError after the last part when some failed.
        """
        with self.lock:
            moment = self.clock.now() if now is None else now
            failures: list[Exception] = []
            for part in self.parts:
                try:
                    part.tick(moment)
                except Exception as error:  # noqa: BLE001 (one part must not stop the others)
                    failures.append(error)
            if failures:
                raise TickError(failures)

    def advance(self, seconds: float) -> None:
        """Move the clock forward and let everything on the way happen in its order.

        The way is cut into steps, so that what is due in the middle happens at its time and
        not all at the end. Only for clocks that stand still or move slowly beside it.
        """
        if seconds < 0:
            raise ValueError(f"time cannot advance by {seconds} seconds")
        with self.lock:
            end = self.clock.now() + seconds
            while (now := self.clock.now()) < end:
                steps = [at - now for at in self._dues() if at > now]
                self.tick(self.clock.advance(min(end - now, LONGEST_STEP, *steps)))

    def _dues(self) -> list[float]:
        """When parts that can tell want their next tick."""
        dues = [part.next_due() for part in self.parts if isinstance(part, Punctual)]
        return [at for at in dues if at is not None]


_active: Engine | None = None


def activate(engine: Engine | None) -> None:
    """Make this the engine that patched methods find, or none."""
    global _active  # noqa: PLW0603 (moto's backends are global, and so is who moves them)
    _active = engine


def busy() -> bool:
    """Whether an engine is in charge."""
    return _active is not None


def active() -> Engine:
    """The engine in charge; raises RuntimeError when none is installed."""
    if _active is None:
        raise RuntimeError("no engine is active: start EmbeddedAws first")
    return _active


def utc(now: float) -> datetime:
    """A virtual epoch second as the naive UTC datetime that moto works with."""
    return datetime.fromtimestamp(now, tz=UTC).replace(tzinfo=None)
