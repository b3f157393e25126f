"""The adapter that runs jobs, against the stand-in, as `rollout_stages.py` wants it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from tests.contracts.real_jenkins import ControllerOnStandIn
from workhorse.adapters.jenkins_http import JenkinsHttp
from workhorse.adapters.jenkins_jobs import JenkinsJobs
from workhorse.adapters.job_templates import rendered
from workhorse.core.jobs import JobSpec, Kind, Variant
from workhorse.local.jenkins import running
from workhorse.local.jenkins.runs import Run
from workhorse.local.jenkins.standin import JenkinsStandIn

COMMAND = re.compile(r"<command>.*?</command>", re.DOTALL)
AN_HOUR = "<command>sleep 3600</command>"


class JobsOnStandIn:
    """`JobsWorld` by `JenkinsJobs`."""

    def __init__(self, standin: JenkinsStandIn, stage: ControllerOnStandIn) -> None:
        self._standin = standin
        self._stage = stage
        self.variant = Variant.NODES
        self.port = JenkinsJobs(JenkinsHttp(standin.url, standin.user, standin.token))
        self.settle = stage.settle
        self.shut = stage.shut

    def add_job(self, name: str, label: str) -> None:
        """A smoke job whose runs take an hour."""
        self._create(JobSpec(name=name, kind=Kind.SMOKE, label=label, checks=("true",)))

    def add_matrix(self, name: str) -> None:
        """A replace job whose runs take an hour."""
        self._create(JobSpec(name=name, kind=Kind.REPLACE, variant=self.variant))

    def add_agent(self, name: str, labels: frozenset[str], *, executors: int = 1) -> None:
        """Create the node, and connect an agent."""
        self._stage.add_agent(name, labels, executors=executors)

    def end_runs(self, job: str, result: str) -> None:
        """As their agents would tell it."""
        world = self._standin.server.controller.world

        def end() -> None:
            for computer, executor in list(world.executing()):
                run = executor.executable
                if isinstance(run, Run) and run.job.name == job and not computer.built_in:
                    running.finished(world, computer.name, run.execution, result)

        self._standin.call(end)
        self._standin.advance(0)

    def started(self, job: str) -> int:
        """Builds, and items that wait."""
        world = self._standin.server.controller.world
        queued = [i for i in world.items.values() if i.task.job.name == job and not i.task.parent]
        builds = world.jobs[job].runs if job in world.jobs else {}
        return len(builds) + len(queued)

    def runs_on(self, job: str) -> frozenset[str]:
        """By the controller's own executors."""
        world = self._standin.server.controller.world
        return frozenset(
            computer.name
            for computer, executor in world.executing()
            if isinstance(executor.executable, Run)
            and executor.executable.job.name == job
            and not computer.built_in
        )

    def executors(self, node: str) -> int:
        """From its config.xml."""
        return self._stage.attributes(node)[2]

    def _create(self, spec: JobSpec) -> None:
        document = COMMAND.sub(AN_HOUR, rendered(spec))
        self._stage._create_job(spec.name, document)


@contextmanager
def jobs_world_on(version: str) -> Iterator[JobsOnStandIn]:
    """A stand-in for that core, behind a context path."""
    with JenkinsStandIn(version=version, prefix="/ci") as standin:
        stage = ControllerOnStandIn(standin)
        yield JobsOnStandIn(standin, stage)
        stage.close()


@contextmanager
def jobs_world() -> Iterator[JobsOnStandIn]:
    """The stand-in for a core of today."""
    with jobs_world_on("2.541.2") as world:
        yield world
