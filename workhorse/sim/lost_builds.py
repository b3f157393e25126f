"""Builds that are kept after their end, and queued again: the simulated port `Builds`.

What a run does is told by its parameters, so that the same parameters make the same run.
Ids are the world's; the numbers that a job's newer runs are told by count on from the one that is
asked about, as those of a real job do.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from workhorse.core.effects import Effect, MarkBuild, QueueAgain
from workhorse.core.errors import Missing
from workhorse.core.requeue import BuildRecord, Parameters
from workhorse.loops.agent_ports import Tending
from workhorse.sim.builds import Build, Stage
from workhorse.sim.jenkins import SimJenkins
from workhorse.sim.journal import MemoryJournal
from workhorse.sim.line import Line, Side
from workhorse.sim.ports import Auditor, when_up

Answer = TypeVar("Answer")
_QUEUED = frozenset({Stage.WAITING, Stage.BLOCKED, Stage.BUILDABLE})


@dataclass(slots=True, kw_only=True, eq=False)
class Kept:
    """A build and what its job keeps of it."""

    build: Build
    parameters: Parameters
    ours: bool = False
    description: str = ""

    @property
    def path(self) -> str:
        """As the API tells it of an executor."""
        return f"job/{self.build.task}/{self.build.id}/"

    @property
    def forgotten(self) -> bool:
        """It waited in a Jenkins that crashed."""
        return self.build.stage is Stage.OVER and self.build.started_at is None


class SimBuilds:
    """The builds of one Jenkins, by id.

    Args:
        jenkins: where they run.
        jobs: job to its description; a build of any other is not kept.
    """

    def __init__(self, jenkins: SimJenkins, jobs: Mapping[str, str]) -> None:
        self.jobs = jobs
        self.kept: dict[int, Kept] = {}
        self._jenkins = jenkins
        self._good: set[int] = set()
        """Builds that ran to their end, of the first `_told` that the truth tells."""
        self._told = 0

    def submit(  # noqa: PLR0913 - what a run does, by name
        self,
        job: str,
        seconds: float,
        label: str | None,
        *,
        pipeline: bool = False,
        number: int = 0,
        ours: bool = False,
    ) -> Build:
        """Somebody queues the job; `number` tells runs apart that do the same."""
        kinds = {
            "SECONDS": str(float(seconds)),
            "LABEL": label or "",
            "PIPELINE": "x" if pipeline else "",
        }
        build = self._jenkins.submit(job, seconds, label, pipeline=pipeline)
        parameters = (*kinds.items(), ("NUMBER", str(number)))
        self.kept[build.id] = Kept(build=build, parameters=parameters, ours=ours)
        return build

    def build(self, path: str) -> BuildRecord:
        """The build of that path."""
        kept = self._at(path)
        return self._record(kept, kept.build.id)

    def since(self, job: str, queue_id: int) -> Sequence[BuildRecord]:
        """Builds and queued items of the job whose id is higher, newest first."""
        newer = [k for k in self.kept.values() if k.build.task == job and k.build.id > queue_id]
        found, number = list[BuildRecord](), queue_id
        for kept in newer:
            if kept.forgotten:
                continue
            number += kept.build.started_at is not None
            found.append(self._record(kept, number if kept.build.started_at is not None else 0))
        return tuple(found[::-1])

    def mark(self, path: str, text: str) -> None:
        """Add a line to its description."""
        kept = self._at(path)
        if text not in kept.description.splitlines():
            kept.description = "\n".join(filter(None, (kept.description, text)))

    def queue(self, job: str, parameters: Mapping[str, str]) -> None:
        """Queue it; what is like it and waits is that."""
        if job not in self.jobs:
            raise Missing(f"there is no job {job}")
        for kept in self.kept.values():
            same = kept.build.task == job and dict(kept.parameters) == parameters
            if same and kept.build.stage in _QUEUED and kept.build.pin is None:
                return
        self.submit(
            job,
            float(parameters["SECONDS"]),
            parameters["LABEL"] or None,
            pipeline=bool(parameters["PIPELINE"]),
            number=int(parameters["NUMBER"]),
            ours=True,
        )

    def result(self, build: Build) -> str:
        """SUCCESS, FAILURE, or empty while there is none."""
        if build.stage is not Stage.OVER:
            return ""
        finished = self._jenkins.truth.finished
        self._good.update(end.build for end in finished[self._told :])
        self._told = len(finished)
        return "SUCCESS" if build.id in self._good else "FAILURE"

    def reruns(self, kept: Kept) -> list[Kept]:
        """The runs of ours that do what it did."""
        same = kept.build.task, kept.parameters
        return [k for k in self.kept.values() if k.ours and (k.build.task, k.parameters) == same]

    def _at(self, path: str) -> Kept:
        number = path.rstrip("/").rpartition("/")[2]
        kept = self.kept.get(int(number)) if number.isdigit() else None
        if kept is None or kept.path != path:
            raise Missing(f"Jenkins has no build {path}")
        return kept

    def _record(self, kept: Kept, number: int) -> BuildRecord:
        build = kept.build
        return BuildRecord(
            path=kept.path if number else "",
            job=build.task,
            number=number,
            queue_id=build.id,
            building=build.stage is not Stage.OVER,
            result=self.result(build),
            started_at=build.started_at or 0.0,
            parameters=kept.parameters,
            description=kept.description,
            job_description=self.jobs[build.task],
            ours=kept.ours,
        )


class BuildsPort:
    """The `Builds` port."""

    def __init__(
        self,
        line: Line,
        auditor: Auditor,
        jenkins: SimJenkins,
        journal: MemoryJournal,
        builds: SimBuilds,
    ) -> None:
        self._line = line
        self._auditor = auditor
        self._jenkins = jenkins
        self._journal = journal
        self._builds = builds

    def build(self, path: str) -> BuildRecord:
        """The build of that path."""
        return self._read(lambda: self._builds.build(path), path)

    def since(self, job: str, queue_id: int) -> Sequence[BuildRecord]:
        """Builds and queued items of the job whose queue id is higher."""
        return self._read(lambda: self._builds.since(job, queue_id), (job, queue_id))

    def mark(self, path: str, text: str) -> None:
        """Add a line to its description."""
        self._change(MarkBuild(build=path, text=text), lambda: self._builds.mark(path, text))

    def queue(self, job: str, parameters: Mapping[str, str]) -> None:
        """Queue the job; which build that is for is told by the journal only."""
        build = str(self._journal.records[-1].get("build", "")) if self._journal.records else ""
        effect = QueueAgain(build=build, job=job, parameters=tuple(parameters.items()))
        self._change(effect, lambda: self._builds.queue(job, parameters))

    def _read(self, ask: Callable[[], Answer], about: Hashable) -> Answer:
        return self._line.read(Side.JENKINS, when_up(self._jenkins, ask), about)

    def _change(self, effect: Effect, act: Callable[[], None]) -> None:
        self._auditor.changing(effect)
        self._line.change(Side.JENKINS, when_up(self._jenkins, act))


def tending(builds: BuildsPort) -> Tending:
    """What agents need beyond their number, as far as builds go; the rest is never asked."""
    nobody = cast("Any", None)
    return Tending(nodes=nobody, volumes=nobody, builds=builds, zones=nobody)
