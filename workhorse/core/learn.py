"""What a pool has taught us: boots, builds, arrivals, waits and what it has cost today.

Everything is a bounded sample of the newest values, kept sorted as well, so that a quantile or a
share costs a search and never a sort.
What is learned is rounded when it is learned: the journal gives back exactly what it was given.
`core/learning.py` says how it is learned.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil
from typing import Any

from workhorse.core.model import Instance, RunningBuild

DAY_SECONDS = 86_400.0
KEPT = 256
"""Values kept of a sample: a share of one in twenty is told within 3 in a hundred."""
ARRIVALS_KEPT = 1024
"""Arrivals kept: some days of a busy pool, and months of a quiet one."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The newest values of something."""

    newest: tuple[float, ...] = ()
    """In the order in which they came, the oldest first."""
    seen: int = 0
    """How many there ever were."""

    @cached_property
    def ordered(self) -> tuple[float, ...]:
        """The same values, sorted."""
        return tuple(sorted(self.newest))

    def __len__(self) -> int:
        return len(self.newest)

    def added(self, values: Sequence[float], *, digits: int = 1) -> "Sample":
        """With these values, rounded, and without the oldest beyond `KEPT`."""
        if not values:
            return self
        new = tuple(round(value, digits) for value in values)
        return Sample(newest=(self.newest + new)[-KEPT:], seen=self.seen + len(new))

    def quantile(self, share: float) -> float | None:
        """The least value that at least this share of them does not exceed; None of nothing."""
        if not self.newest:
            return None
        return self.ordered[max(0, ceil(share * len(self.newest)) - 1)]

    def beyond(self, value: float) -> int:
        """How many exceed `value`."""
        return len(self.newest) - bisect_right(self.ordered, value)

    def up_to(self, value: float) -> float:
        """The share that does not exceed `value`; of nothing, 0."""
        return 1 - self.beyond(value) / len(self.newest) if self.newest else 0.0

    def ends_within(self, lasted: float, more: float) -> tuple[float, int]:
        """Of those that exceed `lasted`, the share that is over within `more`, and how many."""
        left = self.beyond(lasted)
        return ((left - self.beyond(lasted + more)) / left if left else 0.0), left

    def below(self, value: float) -> tuple[float, ...]:
        """Those less than `value`, sorted."""
        return self.ordered[: bisect_left(self.ordered, value)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Instance seconds of one day, UTC, as of the last change of the number of instances."""

    at: float = 0
    seconds: float = 0
    """Spent on the day of `at`, up to then."""
    instances: int = 0
    """How many there are since `at`."""

    def today(self, now: float) -> float:
        """Instance seconds spent on the day of `now`, up to now."""
        begun = now // DAY_SECONDS * DAY_SECONDS
        before = self.seconds if self.at >= begun else 0.0
        return before + self.instances * max(0.0, now - max(self.at, begun))

    def counted(self, now: float, instances: int) -> "Spent":
        """The same account with another number of instances from now on."""
        if instances == self.instances:
            return self
        return Spent(at=now, seconds=round(self.today(now), 1), instances=instances)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """An instance on its first way to Jenkins."""

    launched_at: float
    watched: bool
    """It was seen from its launch on, and every look since then could be trusted."""
    listed: bool = False
    """Jenkins has shown a node of it, offline: whoever is given up then has hung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What the newest outcome of a boot says of the next, beyond all that was learned."""

    seconds: float = 0
    """Twice what was waited for one that was given up, or what one took that came later than boots
    do; 0 after any other that taught its boot."""
    version: int = 0
    """Of the launch template: another one is another try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen when something was last learned; a restart forgets it."""

    items: Mapping[int, float] = field(default_factory=dict)
    """Queue item id to when it entered the queue."""
    builds: Mapping[str, tuple[str, RunningBuild]] = field(default_factory=dict)
    """Path to the build, and the node that it runs on."""
    booting: Mapping[str, Boot] = field(default_factory=dict)
    """Instances that were never seen online."""
    given_up: frozenset[str] = frozenset()
    """Those of them that leave as lost, after all the time that a boot is waited for."""
    members: Mapping[str, Instance] = field(default_factory=dict, compare=False)
    """All instances, by their id, as of the last look that showed anything new."""
    level: int = 0
    """Executors asked for: queued and running."""
    left: tuple[float, ...] = ()
    """When each higher level was left, the highest first: the last is the next above `level`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was observed of one pool; the journal keeps it across restarts."""

    boots: Sample = field(default_factory=Sample)
    """Seconds from an instance's launch to its first build, or to the first look that showed its
    node online when that was earlier."""
    durations: Sample = field(default_factory=Sample)
    """Seconds from a build's start to the first look that did not show it any more."""
    ratios: Sample = field(default_factory=Sample)
    """The same over what Jenkins had estimated, of the builds that it had an estimate for."""
    waits: Sample = field(default_factory=Sample)
    """Seconds from an item's entering the queue to its build's start."""
    gaps: Sample = field(default_factory=Sample)
    """Seconds from demand's falling below a level until it was there again: what an agent that
    became idle would have waited for its next build."""
    arrivals: tuple[float, ...] = ()
    """When items entered the queue, whole seconds, oldest first."""
    spent: Spent = field(default_factory=Spent)
    patience: Patience = Patience()
    """A restart forgets it, and begins to double anew: an instance or two more are launched."""
    sight: Sight | None = None
    """None until there was a look that could be trusted."""

    def boot(self, share: float) -> float | None:
        """The boot time that this share of the boots kept to, in seconds; None before the first."""
        return self.boots.quantile(share)

    @property
    def lessons(self) -> int:
        """How many things were ever learned: the same number, the same knowledge."""
        return self.boots.seen + self.durations.seen + self.waits.seen + self.gaps.seen

    def blinded(self) -> "Learned":
        """What was seen last is too old to compare with."""
        return self if self.sight is None else replace(self, sight=None)

    def as_record(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            **{name: getattr(self, name).newest for name in _SAMPLES},
            "arrivals": self.arrivals,
            "spent": (self.spent.at, self.spent.seconds, self.spent.instances),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Learned":
        """From what the journal kept; what is not there was not learned."""
        at, seconds, instances = record.get("spent", (0.0, 0.0, 0))
        samples = {name: _sample(record.get(name, ())) for name in _SAMPLES}
        return cls(
            boots=samples["boots"],
            durations=samples["durations"],
            ratios=samples["ratios"],
            waits=samples["waits"],
            gaps=samples["gaps"],
            arrivals=tuple(record.get("arrivals", ())),
            spent=Spent(at=at, seconds=seconds, instances=instances),
        )


_SAMPLES = ("boots", "durations", "ratios", "waits", "gaps")


def _sample(values: Iterable[float]) -> Sample:
    newest = tuple(values)
    return Sample(newest=newest, seen=len(newest))
