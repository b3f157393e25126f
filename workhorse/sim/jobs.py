"""The jobs of a rollout on the simulated Jenkins: the smoke job, and the matrix job.

A run of the smoke job ends as its agent's image has it.
A run of the matrix job is one child for each node that it was given; a child waits for the node's
executor and then ends its own instance through Auto Scaling, if it is alone there.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from workhorse.core.errors import Missing, Surprise
from workhorse.core.orders import JobRun
from workhorse.sim.builds import Build, Errand, Stage
from workhorse.sim.cloud import SimCloud
from workhorse.sim.jenkins import SimJenkins
from workhorse.sim.truth import Hand

SUCCESS = "SUCCESS"
FAILURE = "FAILURE"

End = Callable[[str], str]
"""What a part does at its end: the node where it ran to its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as somebody made it."""

    label: str = ""
    """Where its runs run; empty for a matrix job."""
    seconds: float = 20.0


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """One run, of a matrix job with all its children."""

    job: str
    parameters: Mapping[str, str]
    nodes: frozenset[str] = frozenset()
    parts: list[Build] = field(default_factory=list)
    results: list[str] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Every part has ended."""
        return len(self.results) == len(self.parts)

    @property
    def result(self) -> str | None:
        """The worst of its parts' results; None before they are over."""
        return (FAILURE if FAILURE in self.results else SUCCESS) if self.over else None

    @property
    def begun(self) -> bool:
        """A part has left the queue."""
        return any(part.started_at is not None for part in self.parts)

    def told(self) -> JobRun:
        """As Jenkins tells it."""
        path = f"job/{self.job}/{self.parts[0].id}/" if self.begun else ""
        return JobRun(queued=not self.begun, path=path, result=self.result)


class SimJobs:
    """The jobs of one Jenkins, and their runs."""

    def __init__(self, jenkins: SimJenkins, cloud: SimCloud) -> None:
        self.jobs: dict[str, Job] = {}
        self.runs: list[Run] = []
        self._jenkins = jenkins
        self._cloud = cloud

    def run(self, name: str, parameters: Mapping[str, str]) -> None:
        """Queue it; a run with the same parameters that is not over is enough.

        Raises:
            Missing: there is no such job.
        """
        job = self._job(name)
        if any(r.job == name and r.parameters == parameters and not r.over for r in self.runs):
            return
        run = Run(job=name, parameters=dict(parameters))
        self._add(run, job, job.label, self._tested)

    def newest(self, name: str, parameters: Mapping[str, str]) -> JobRun | None:
        """The newest run whose parameters include these."""
        wanted = parameters.items()
        for run in reversed(self.runs):
            if run.job == name and wanted <= run.parameters.items():
                return run.told()
        return None

    def run_matrix(self, name: str, nodes: Sequence[str], order: str) -> None:
        """One executor for each node, and a child on each; a run of the same is enough.

        Raises:
            Missing: there is no such job.
        """
        job, asked = self._job(name), frozenset(nodes)
        for node in nodes:
            if node in self._jenkins.computers:
                self._jenkins.set_executors(node, 1)
        parameters = {"ORDER": order}
        if any(
            r.job == name and r.parameters == parameters and r.nodes == asked and not r.over
            for r in self.runs
        ):
            return
        run = Run(job=name, parameters=parameters, nodes=asked)
        for node in nodes:
            self._add(run, job, node, self._left)

    def _job(self, name: str) -> Job:
        if name not in self.jobs:
            raise Missing(f"Jenkins has no job {name}")
        return self.jobs[name]

    def _add(self, run: Run, job: Job, where: str, end: End) -> None:
        if run not in self.runs:
            self.runs.append(run)
        errand = Errand(job=run.job, over=partial(self._over, run, end))
        run.parts.append(self._jenkins.submit(run.job, job.seconds, where, errand=errand))

    def _over(self, run: Run, end: End, node: str | None) -> None:
        """A part has ended; Jenkins knows nothing of a run that was lost before it began."""
        run.results.append(end(node) if node is not None else FAILURE)
        if run.over and not run.begun:
            self.runs.remove(run)

    def _tested(self, node: str) -> str:
        machine = self._cloud.machines.get(node)
        if machine is None:
            return SUCCESS
        return self._cloud.groups[machine.group].templates[machine.template_version].smoke

    def _left(self, node: str) -> str:
        """The child ends its own instance, unless something else runs there."""
        computer = self._jenkins.computers.get(node)
        if computer is None or any(b.stage is not Stage.OVER for b in computer.builds):
            return FAILURE
        with suppress(Surprise):
            self._cloud.terminate(node, Hand.OURS, decrement=False)
            return SUCCESS
        return FAILURE
