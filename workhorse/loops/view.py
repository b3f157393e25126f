"""What the last tick saw, for threads that may not read the world themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from workhorse.core.decide import Decision
from workhorse.core.drain import Drain
from workhorse.core.model import Snapshot
from workhorse.core.steady import OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One snapshot, and what the loops made of it."""

    snapshot: Snapshot
    leaving: frozenset[str] = frozenset()
    """Instances whose drain is under way."""
    idle_since: Mapping[str, float] = field(default_factory=dict)
    """Instance id to the time since when its agent is ready and idle."""

    @classmethod
    def of(
        cls, snapshot: Snapshot, drains: Mapping[str, Drain], decisions: Iterable[Decision]
    ) -> "Seen":
        """What a tick ended with."""
        return cls(
            snapshot=snapshot,
            leaving=frozenset(name for name, drain in drains.items() if drain.state not in OVER),
            idle_since=dict(
                chain.from_iterable(d.survey.times.idle_since.items() for d in decisions)
            ),
        )


class View:
    """Holds what was seen last; one thread shows, any thread looks, and nobody waits."""

    def __init__(self) -> None:
        self._seen: Seen | None = None

    def show(self, seen: Seen) -> None:
        """Replace what is seen, as one object: whoever looks sees the old one or the new."""
        self._seen = seen

    @property
    def seen(self) -> Seen | None:
        """What was shown last; None before the first tick has ended."""
        return self._seen
