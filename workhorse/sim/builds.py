"""Builds and computers as the simulated Jenkins keeps them: mutable, unlike the facts it tells."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from workhorse.core.labels import parse
from workhorse.core.model import Node, QueueItem
from workhorse.core.owner import Owner
from workhorse.sim.kernel import Event
from workhorse.sim.truth import Finish


class Stage(StrEnum):
    """Where a build is on its way; the first four are the queue's."""

    WAITING = "waiting"
    BLOCKED = "blocked"
    BUILDABLE = "buildable"
    PENDING = "pending"
    """An executor is assigned, and the item still in the queue."""
    RUNNING = "running"
    SUSPENDED = "suspended"
    """A pipeline's body after a restart of Jenkins, until its item is in the queue again."""
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Errand:
    """What a run of a job of workhorse's own is for; no user misses it when it is lost."""

    job: str
    over: Callable[[str | None], None]
    """Told the node where it ran to its end, or None when it was lost."""


@dataclass(slots=True, kw_only=True, eq=False)
class Build:
    """One build, from its entering the queue to its end."""

    id: int
    task: str
    expression: str | None
    remaining: float
    """Seconds that it has yet to run."""
    since: float
    due: float = 0.0
    pipeline: bool = False
    """The body of a pipeline: the API tells no label, and it survives a restart of Jenkins."""
    pin: str | None = None
    """The node it must go on with, as a pipeline after a restart."""
    errand: Errand | None = None
    """None for a user's build."""
    stage: Stage = Stage.WAITING
    node: str = ""
    started_at: float | None = None
    estimated_seconds: float | None = None
    """What Jenkins expects it to take, from earlier builds of its job."""
    resumed_at: float = 0.0
    timer: Event | None = None
    fact: QueueItem | None = None

    def finish(self, at: float, node: str) -> Finish:
        """That it ran to its end there."""
        began = self.since if self.started_at is None else self.started_at
        return Finish(
            at=at,
            build=self.id,
            task=self.task,
            node=node,
            waited=began - self.since,
            expression=self.expression,
        )

    def tell(self, node: str | None) -> None:
        """Tell whoever sent it, if it is an errand, where it ran to its end, or that it is lost."""
        if self.errand is not None:
            self.errand.over(node)

    def stop_timer(self) -> None:
        """Nothing more happens to it by itself."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


@dataclass(slots=True, kw_only=True, eq=False)
class Computer:
    """One node and its connection."""

    name: str
    labels: frozenset[str]
    """As its configuration has them."""
    exclusive: bool = False
    executors: int = 1
    online: bool = True
    temporarily_offline: bool = False
    owner: Owner | None = None
    """Which pool of whom its description says it was made for."""
    ghost: bool = False
    """Its node was deleted, and it stays for the pipelines that ran on it."""
    unlisted: bool = False
    """Somebody took its executors away: Jenkins tells of it no more, and its builds go on."""
    remembered: tuple[frozenset[str], bool, int] | None = None
    """Labels, mode and executors from before a cordon, as its description keeps them."""
    builds: list[Build] = field(default_factory=list)
    """On its executors: assigned, running, and pipelines that hang on a dead connection."""
    heeded: tuple[frozenset[str], bool] = (frozenset(), False)
    """Labels and mode that the queue goes by; behind the configuration while a cache is stale."""
    fits: dict[str, bool] = field(default_factory=dict)
    fact: Node | None = None

    @property
    def accepting(self) -> bool:
        """The queue may give it work."""
        return self.online and not self.temporarily_offline

    @property
    def free(self) -> bool:
        """The queue may give it work now."""
        return self.accepting and not self.unlisted and len(self.builds) < self.executors

    def heed(self) -> None:
        """Let the queue go by the present configuration."""
        self.heeded = (self.labels, self.exclusive)
        self.fits = {}

    def takes(self, build: Build) -> bool:
        """Jenkins' `canTake`, as far as labels, mode and pins go."""
        if build.pin is not None:
            return build.pin == self.name
        if build.expression is None:
            return not self.heeded[1]
        known = self.fits.get(build.expression)
        if known is None:
            known = parse(build.expression).matches(self.heeded[0] | {self.name})
            self.fits[build.expression] = known
        return known


@dataclass(slots=True, kw_only=True)
class Timings:
    """How long Jenkins takes over things, in seconds."""

    quiet: float = 0.0
    """The quiet period of every job."""
    start: float = 0.5
    """From the assignment of an executor to the start of the build."""
    label_lag: float = 0.0
    """How long the queue goes by the old labels after a change, as swarm's label cache does."""
    resume: float = 10.0
    """From Jenkins' being up after a restart to its pipelines' return into the queue."""
    release: float = 5.0
    """How long the release job runs."""
