"""What the accounting is made from: the truth as the cloud, Jenkins and the demo itself tell it.

All times are virtual epoch seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build as Jenkins keeps it; `started` and `ended` are None until they happen."""

    job: str
    number: int
    queued: float
    started: float | None = None
    ended: float | None = None
    node: str = ""
    result: str = ""
    cause: str = ""
    """Why it was lost, in Jenkins' words; empty when it was not."""

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.job} #{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that the embedded AWS says has happened; see `workhorse.local.aws.journal`."""

    at: float
    kind: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def instance(self) -> str:
        """The instance it is about, or nothing."""
        return str(self.detail.get("instance", ""))


class Hand(StrEnum):
    """What somebody other than workhorse does to the fleet."""

    OPERATOR_TERMINATE = "operator terminates a busy agent"
    REBALANCE = "Auto Scaling rebalances zones"
    LOWERED_DESIRED = "desired capacity lowered from outside"
    SPOT_WARNING = "spot interruption warning"
    EC2_TERMINATE = "EC2 TerminateInstances, past the hook"
    NODE_DELETED = "node of an agent deleted by hand"
    KILL_CONTROLLER = "controller killed in mid-drain"


RUTHLESS = frozenset({Hand.EC2_TERMINATE, Hand.SPOT_WARNING})
"""After these the machine goes whatever a hook says: what dies of it is nobody's fault here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a hand did, when, and to whom: an instance id, a group, or nothing in particular."""

    at: float
    hand: Hand
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What was still there when all should have been gone, each with its name."""

    nodes: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    """Volumes, groups, processes."""

    def __bool__(self) -> bool:
        """Whether anything remained."""
        return bool(self.nodes or self.instances or self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What an instance left on a cache volume when it mounted it."""

    volume: str
    instance: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that the accounting may look at."""

    began: float
    ended: float
    asked: int
    """Builds that the trace asked for."""
    builds: tuple[Build, ...]
    happenings: tuple[Happening, ...]
    deeds: tuple[Deed, ...] = ()
    journal: tuple[Mapping[str, Any], ...] = ()
    remains: Remains = Remains()
    pools: Mapping[str, str] = field(default_factory=dict)
    """Job name to group name."""
    online: frozenset[str] = frozenset()
    """Nodes of ours that were seen online."""
    comings: Mapping[str, float] = field(default_factory=dict)
    """When each node of the stand-in was first online; a real Jenkins does not tell."""
    requests: Mapping[str, int] = field(default_factory=dict)
    """What the stand-in was asked, by request; a real Jenkins does not tell."""
    exposed: tuple[str, ...] = ()
    """Where Jenkins' token was found with an agent."""
    uses: tuple[Use, ...] = ()
    """What is on the cache volumes, oldest first."""
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Group and zone of each instance that was seen."""
