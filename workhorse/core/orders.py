"""What people ask of a rollout, what it may do, and what is told of it.

An order is written by people, through the command line, and by nobody else; the record of how it
stands is written by the controller, and by nobody else.
Both are plain JSON, kept apart from either's machine, so that whoever ordered may go away and any
controller may go on.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite
from typing import Any, get_args, get_origin

from workhorse.core.planners.windows import Window
from workhorse.core.word import Word


class Strategy(Word):
    """How the agents of an older template version leave."""

    DRAIN = "drain"
    """Our loops cordon them, wait, and end them."""
    MATRIX = "matrix"
    """A matrix job on Jenkins runs once on each, alone there, and ends its own instance."""
    REFRESH = "refresh"
    """Auto Scaling's instance refresh ends them; the termination hook holds each back for us."""


class Command(Word):
    """What people last asked of a rollout."""

    GO = "go"
    HALT = "halt"
    ROLL_BACK = "roll back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A rollout as ordered: the agents of `pool` shall be of template version `target`."""

    id: str
    """Never used again; a canary carries it."""
    pool: str
    group: str
    target: int
    """Launch template version that every agent shall be of."""
    image: str
    """The AMI of that version, for people and the image store."""
    previous: int
    """Version that the group launched when this was ordered: what a roll back returns to."""
    previous_image: str = ""
    strategy: Strategy = Strategy.DRAIN
    canary: bool = True
    """Try one agent first; false for a roll back, whose image is known."""
    command: Command = Command.GO
    by: str
    """Who ordered."""
    at: float

    def as_record(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Order":
        """The order of a record; keys of a newer release are left out.

        Raises:
            KeyError, TypeError, ValueError: it is no record of an order.
        """
        found = cls(**_checked(cls, record))
        return replace(found, strategy=Strategy(found.strategy), command=Command(found.command))


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The most agents, in percent of the pool, that a rollout may keep from taking builds.

    It holds in its window of the week; of several that hold, the strictest counts.
    """

    percent: float
    window: Window = field(default_factory=Window)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutPolicy:
    """What a rollout of one pool may do."""

    waves: tuple[float, ...] = (10, 50, 100)
    """The share of the old agents, in percent, that has been asked to leave after each wave."""
    bake_seconds: float = 300
    """How long a wave's new agents are watched before the next wave."""
    max_unavailable: float = 100
    """Cordoned by the rollout at once, in percent of the pool's agents, one at least."""
    surge: int = 0
    """Agents beyond what the builds need, launched ahead of those that leave."""
    budgets: tuple[Budget, ...] = ()
    queue_wait_seconds: float = 600
    """No agent is asked to leave while a build has waited longer than this for the pool."""
    max_failed: float = 10
    """Percent of a wave's launches that may fail to register before the breaker trips; of one
    launch, none."""
    canary_seconds: float = 0
    """How long the canary may take to register; 0 for the learned p99, or `boot_seconds`."""
    smoke_job: str = ""
    """Job that the canary must pass; empty for none."""
    smoke_seconds: float = 1800
    """How long the smoke job may take, queue included."""
    matrix_job: str = "workhorse-replace"
    """The matrix job of `Strategy.MATRIX`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """An agent that a rollout waits for, and the build that runs there."""

    instance: str
    build: str = ""
    """Its path below Jenkins' root; empty when it waits for something else."""
    since: float | None = None
    usual_seconds: float | None = None
    because: str = ""
    """What is waited for when it is no build: `boots`, `settles`, `at its hook`."""


AWAITED_KEPT = 10
"""Awaited agents told in a record: SSM keeps 4 KiB of a standard parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a rollout stands, as its controller tells it; enough to go on after a restart."""

    order: str
    """Id of the order."""
    pool: str
    state: str
    """A state of `core/rollout.py`."""
    at: float
    """When this was told."""
    since: float
    """When it came into this state."""
    started_at: float
    ended_at: float | None = None
    because: str = ""
    """Why it is in this state, or what keeps it from going on; for people."""
    wave: int = 0
    """Index of the wave that runs, from 0."""
    total: int = 0
    """Agents to be replaced, counted when the rollout began."""
    left: int = 0
    """Members of another template version than the target's, now."""
    leaving: int = 0
    """Of those, cordoned or on their way out."""
    launched: int = 0
    """Members of the target's version seen in this wave."""
    registered: int = 0
    """Of those, seen online."""
    failed: int = 0
    """Of those, gone or overdue without ever having been online."""
    boot_seconds: float | None = None
    """Median of the boots of this wave."""
    canary: str = ""
    """Instance of the canary, once launched."""
    smoke: str = ""
    """Path of the smoke build, once it runs."""
    awaited: tuple[Awaited, ...] = ()
    """The first `AWAITED_KEPT` of the agents that are waited for."""
    memory: Mapping[str, Any] = field(default_factory=dict)
    """What the machine needs beside; plain JSON."""

    def as_record(self) -> dict[str, Any]:
        """Plain JSON."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        awaited = tuple(asdict(each) for each in self.awaited)
        return {**told, "awaited": awaited, "memory": dict(self.memory)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Standing":
        """The standing of a record; keys of a newer release are left out.

        Raises:
            KeyError, TypeError, ValueError: it is no record of a standing.
        """
        known = _checked(cls, record)
        awaited = tuple(Awaited(**_checked(Awaited, each)) for each in known.get("awaited", ()))
        return cls(**{**known, "awaited": awaited})


def _checked(kind: Any, record: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - any record
    """What a record says of the fields of `kind`, all of it of the fields' types.

    Records come from parameters that others may write as well: a number that is a text would be
    found out in the middle of a tick.

    Raises:
        TypeError: a value is of another type, or a number that is none.
    """
    known = {f.name: record[f.name] for f in fields(kind) if f.name in record}
    wrong = [f.name for f in fields(kind) if f.name in known and not _fits(known[f.name], f.type)]
    if wrong:
        raise TypeError(f"of another type: {', '.join(wrong)}")
    return known


def _fits(value: object, kind: Any) -> bool:  # noqa: ANN401 - the type of a field
    """Whether a value of JSON may stand in a field of that type."""
    if type(None) in get_args(kind):  # as in `float | None`
        return value is None or any(_fits(value, each) for each in get_args(kind)[:-1])
    plain = get_origin(kind) or kind
    if plain in {int, float}:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return whole or (plain is float and isinstance(value, float) and isfinite(value))
    if plain is tuple:
        return isinstance(value, list | tuple)
    if plain in {bool, Mapping}:
        return isinstance(value, plain)
    return isinstance(value, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """An instance that was launched beside the group to try a template version."""

    instance: str
    order: str
    """Id of the order that it was launched for, from its tag."""
    launched_at: float
    state: str
    """EC2's state name."""


class RefreshStatus(Word):
    """Status of an instance refresh, in Auto Scaling's words; what we do not know is OTHER.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html
    """

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"
    OTHER = "Other"

    @classmethod
    def _missing_(cls, _value: object) -> "RefreshStatus":
        return cls.OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """One instance refresh of a group."""

    id: str
    status: RefreshStatus
    percent: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """The newest run of a job with certain parameters: queued, running or ended."""

    queued: bool = False
    path: str = ""
    """As `job/smoke/7/`; empty while it is queued."""
    result: str | None = None
    """SUCCESS, FAILURE and so on; None while it is queued or runs."""
