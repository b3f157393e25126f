"""What runs: builds, and the bodies of pipelines on agents."""

from dataclasses import dataclass, field
from enum import StrEnum

from workhorse.local.jenkins.jobs import FREESTYLE, MATRIX, PIPELINE, Job, Parameter

_RUN_CLASSES = {
    FREESTYLE: "hudson.model.FreeStyleBuild",
    MATRIX: "hudson.matrix.MatrixBuild",
    PIPELINE: "org.jenkinsci.plugins.workflow.job.WorkflowRun",
}
MATRIX_RUN = "hudson.matrix.MatrixRun"
PLACEHOLDER = "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask"


class Lost(StrEnum):
    """Why a build ended before its work was done, where somebody took its machine."""

    AGENT_GONE = "agent gone"
    NODE_DELETED = "node deleted"
    RESTART = "restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who started a build: a user, or a build of another job."""

    user: str = ""
    upstream: str = ""
    upstream_number: int = 0


@dataclass(eq=False, kw_only=True)
class Run:
    """A build; times are virtual epoch seconds, `result` None while it runs."""

    job: Job
    number: int
    java_class: str
    queue_id: int
    parameters: tuple[Parameter, ...] = ()
    causes: tuple[Cause, ...] = ()
    queued: float = 0.0
    buildable: float = 0.0
    """When it waited for nothing but an executor."""
    started: float = 0.0
    ended: float | None = None
    subtasks: list[tuple[float, float]] = field(default_factory=list)
    """Of each pipeline body that ended: seconds for an executor waited, and held."""
    result: str | None = None
    description: str = ""
    built_on: str = ""
    place: str = ""
    """Node that did the work, of a pipeline its last one."""
    configuration: str = ""
    """Combination of a matrix child, such as label=agent-1."""
    parent: "Run | None" = None
    children: list["Run"] = field(default_factory=list)
    lost: Lost | None = None
    block: int = 0
    """Which block of the pipeline runs or waits."""
    body: "Body | None" = None

    @property
    def building(self) -> bool:
        """It has not ended."""
        return self.result is None

    @property
    def execution(self) -> str:
        """The name under which an agent knows it."""
        return f"{self.full_job}#{self.number}"

    @property
    def full_job(self) -> str:
        """Job, with the combination of a matrix child."""
        return self.job.name + (f"/{self.configuration}" if self.configuration else "")

    @property
    def full_name(self) -> str:
        """How Jenkins shows it."""
        return f"{self.full_job.replace('/', ' » ')} #{self.number}"

    @property
    def path(self) -> str:
        """Where it lives below the root URL."""
        middle = f"{self.configuration}/" if self.configuration else ""
        return f"{self.job.path}{middle}{self.number}/"

    def values(self) -> dict[str, str]:
        """Its parameters by name."""
        return {each.name: each.value for each in self.parameters}


@dataclass(eq=False, kw_only=True)
class Body:
    """A pipeline's `node` block on an executor."""

    run: Run
    node: str
    started: float
    waited: float = 0.0
    """Seconds that it waited for an executor."""
    give_up: float | None = None
    """When it is aborted for want of its node; None while nothing is wrong."""
    early_result: str | None = None
    """What the agent reported while the body was away from its executor."""

    @property
    def execution(self) -> str:
        """The name under which an agent knows it."""
        return f"{self.run.job.name}#{self.run.number}.{self.run.block}"

    @property
    def title(self) -> str:
        """How Jenkins calls it in queue and executor."""
        return f"part of {self.run.full_name}"


Executable = Run | Body


def run_class(job: Job) -> str:
    """The `_class` of a job's builds."""
    return _RUN_CLASSES[job.java_class]
