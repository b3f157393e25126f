"""Queue items and the tasks they carry."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from workhorse.core.labels import Expression, parse
from workhorse.local.jenkins.jobs import Job, Parameter
from workhorse.local.jenkins.runs import Cause, Run

if TYPE_CHECKING:
    from workhorse.local.jenkins.computers import Computer, Executor


class State(StrEnum):
    """Where an item stands; the words are Jenkins' own."""

    WAITING = "WaitingItem"
    BLOCKED = "BlockedItem"
    BUILDABLE = "BuildableItem"
    PENDING = "pending"
    LEFT = "LeftItem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What wants an executor: a job, a matrix child (`configuration`) or a pipeline's body."""

    job: Job
    configuration: str = ""
    label: Expression | None = None
    parent: Run | None = None
    """The build that a child or a body is part of."""
    body: bool = False
    resumed: bool = False
    """A body that runs on after a restart, and goes first on its node."""

    @property
    def name(self) -> str:
        """Name as the queue shows it."""
        if self.body and self.parent is not None:
            return f"part of {self.parent.full_name}"
        return self.configuration or self.job.name

    @property
    def key(self) -> tuple[object, ...]:
        """Tasks with equal keys are the same task to the queue."""
        owner = id(self.parent) if self.body else 0
        return (self.job.name, self.configuration, self.body, owner)

    @property
    def flyweight(self) -> bool:
        """It needs a one-off executor only."""
        return self.job.flyweight and not self.body and not self.configuration


@dataclass(eq=False, kw_only=True)
class Item:
    """A queue item; times are virtual epoch seconds."""

    id: int
    task: Task
    queued: float
    due: float
    parameters: tuple[Parameter, ...] = ()
    has_parameters: bool = False
    causes: tuple[Cause, ...] = ()
    state: State = State.WAITING
    buildable: float = 0.0
    order: int = 0
    """Counts entries into the buildable list: first come, first served."""
    computer: "Computer | None" = None
    executor: "Executor | None" = None
    starts: float = 0.0
    """When a pending item begins to run."""
    left: float = 0.0
    cancelled: bool = False
    run: Run | None = None
    label: Expression | None = field(init=False)
    """Label that it is held to: the task's, or a node or label parameter's."""

    def __post_init__(self) -> None:
        """Work out the label; a matrix's child has its own, whatever its parent was pinned to."""
        pinned = (
            []
            if self.task.configuration
            else [each.value for each in self.parameters if each.kind in {"Node", "Label"}]
        )
        self.label = parse(pinned[0]) if pinned and pinned[0] else self.task.label
