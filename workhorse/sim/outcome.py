"""What became of a replay: figures that add up, for each pool and for all of them together.

All figures are of the time from the hour of the first arrival to the end of the last build.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil, fsum
from typing import Any

from pydantic import TypeAdapter

ALL = "all"
"""The name of the figures of all pools together."""


def quantile(ranked: Sequence[float], share: float) -> float:
    """The exact nearest-rank quantile of sorted values: the least that `share` of them reach."""
    return ranked[max(0, ceil(share * len(ranked)) - 1)] if ranked else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds from a build's entering the queue to its start, of all builds that started."""

    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    max: float = 0.0
    mean: float = 0.0

    @classmethod
    def of(cls, waits: Sequence[float]) -> "Waits":
        """Exact quantiles by the nearest rank; zeros when nothing started."""
        ranked = sorted(waits)
        if not ranked:
            return cls()
        return cls(
            p50=quantile(ranked, 0.50),
            p95=quantile(ranked, 0.95),
            p99=quantile(ranked, 0.99),
            max=ranked[-1],
            mean=fsum(ranked) / len(ranked),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Instance-seconds by what the instance was doing; every second is in exactly one."""

    boot: float = 0.0
    """From its launch to its agent's first being online."""
    busy: float = 0.0
    """At least one of its executors held a build."""
    idle: float = 0.0
    """Online, free to take a build, with none."""
    drain: float = 0.0
    """Without a build and chosen to leave: cordoned, at the hook, or off duty."""
    zombie: float = 0.0
    """Alive without a node: its agent never came, or its node is gone already."""

    @property
    def total(self) -> float:
        """From launch to end, of all instances."""
        return fsum((self.boot, self.busy, self.idle, self.drain, self.zombie))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """How it went over time: means over steps of equal length, for pictures."""

    start: float
    """Seconds after the Monday 00:00 UTC that the trace counts from."""
    step: float
    """Seconds of each step."""
    capacity: tuple[float, ...] = ()
    """Instances alive."""
    busy: tuple[float, ...] = ()
    """Builds on executors."""
    queued: tuple[float, ...] = ()
    """Builds in the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one pool, or of all."""

    name: str
    builds: int
    """That arrived."""
    finished: int
    killed: Mapping[str, int] = field(default_factory=dict)
    """Builds that were killed, by whose hand (`truth.Hand`); each may have been run again."""
    waits: Waits
    build_seconds: float
    """Executor-seconds of builds that ran to their end."""
    phases: Phases
    boots: int
    """Instances launched."""
    peak: int
    """The most instances alive at once."""
    billed_hours: float
    cost: float
    """In the currency of the prices."""
    timeline: Timeline
    bound_seconds: float | None = None
    """The fewest instance-seconds that any policy could use; None where it was not computed."""
    bound_wait_seconds: float | None = None
    """The wait that the bound allows each build."""

    @property
    def instance_seconds(self) -> float:
        """From launch to end, of all instances."""
        return self.phases.total

    @property
    def instance_hours(self) -> float:
        """The same in hours."""
        return self.phases.total / 3600

    @property
    def churn(self) -> float:
        """Boots per finished build."""
        return self.boots / self.finished if self.finished else 0.0

    @property
    def utilisation(self) -> float:
        """The share of instance-seconds in which a build ran."""
        total = self.phases.total
        return self.phases.busy / total if total else 0.0

    @property
    def kills(self) -> int:
        """Builds killed, by whatever hand."""
        return sum(self.killed.values())

    @property
    def ratio(self) -> float | None:
        """Instance-seconds over the bound; None without a bound."""
        return self.instance_seconds / self.bound_seconds if self.bound_seconds else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One contender's replay of one trace."""

    contender: str
    """Its name with its settings, as `exact(idle_seconds=60)`."""
    seed: int
    hours: float
    """From the hour of the first arrival to the end of the last build."""
    total: Figures
    pools: tuple[Figures, ...]
    """By name."""

    def as_record(self) -> dict[str, Any]:
        """Plain JSON, from which `from_record` makes the same outcome."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Outcome":
        """What `as_record` gave, JSON round trip or not."""
        return _READER.validate_python(record)


_READER = TypeAdapter(Outcome)
