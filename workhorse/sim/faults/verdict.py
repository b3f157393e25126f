"""What became of a plan: every promise that was broken, when, and by what names."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Promise(StrEnum):
    """What is promised of every plan."""

    NO_KILL = "no build is killed by our hand"
    BACKED = "nothing is ended, sized or forgotten without what must be known for it"
    BOUNDS = "desired capacity comes to rest within its bounds, where the planner wants it"
    HOOKS = "a hook is completed before its limit, or its instance is gone"
    PAIRS = "at rest, no node without an instance and no instance without a node"
    MESSAGES = "every message about an instance of ours is forgotten when it is done, not before"
    BUILDS = "every build that an agent of a pool can run has run"
    DRAINS = "every drain comes to its end"
    ROLLOUT = "a rollout comes to its end, and its pool to the version that it should have"
    CANARY = "a canary runs nobody's build"
    AGAIN = "a lost build is queued again once, where its job wants it, and no other ever is"
    LEDGER = "who is lost is ended in time, and what is left of the ended is deleted in time"
    REST = "at rest, nothing more is done"
    ALIVE = "the loops end by no error of their own, and as often as they are killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One broken promise."""

    promise: Promise
    at: float
    """Seconds from the beginning of the plan."""
    what: str

    def __str__(self) -> str:
        return f"{self.at:9.1f} s  {self.promise.name}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a plan."""

    broken: tuple[Broken, ...] = ()
    builds: int = 0
    finished: int = 0
    kills: Mapping[str, int] = field(default_factory=Counter)
    """Hand to builds that did not live to their end by it."""
    effects: int = 0
    """Changes that the loops asked for."""
    crashes: int = 0
    """How often the loops were killed."""
    seconds: float = 0.0
    """How long the world lived."""

    @property
    def kept(self) -> bool:
        """All promises were."""
        return not self.broken

    @property
    def promises(self) -> frozenset[Promise]:
        """Those that were broken."""
        return frozenset(each.promise for each in self.broken)

    def __str__(self) -> str:
        return "\n".join(map(str, self.broken)) or "all promises were kept"
