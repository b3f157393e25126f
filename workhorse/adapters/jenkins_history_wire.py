"""Jenkins' JSON about past builds to facts: what is asked for, and what its answers mean.

What a build leaves behind, by Jenkins' own code and that of the metrics plugin:

timestamp                when it began; of a pipeline, when its parent did, which needs no executor
duration                 from then to its end; of a pipeline, with all the time its bodies waited
buildableDurationMillis  how long it waited for an executor: told where the metrics plugin is there
executingTimeMillis      with bodies: how long all of them together held executors
subTaskCount             how many bodies it had
builtOn                  the node it ran on, "" for the built-in one; a pipeline tells none

A matrix build holds no executor itself: its `runs` do, among which are left-overs of older builds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workhorse.adapters.jenkins_wire import sense_of

_METRICS = "buildableDurationMillis,executingTimeMillis,subTaskCount"
_BUILD = f"number,timestamp,duration,building,builtOn,actions[{_METRICS}]"
BUILDS_TREE = f"allBuilds[{_BUILD},runs[{_BUILD},url]]"
JOBS_TREE = "jobs[name,labelExpression,lastBuild[timestamp],jobs[name]{0,1}]"
NODES_TREE = "computer[displayName,assignedLabels[name]]"

_BUILT_IN = "MasterComputer"
_PIPELINE = "WorkflowRun"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastJob:
    """A job."""

    name: str
    """With its folders, as `team/api-tests`."""
    expression: str | None
    """The label expression it is bound to, where it tells one; a pipeline does not."""
    built_at: float | None
    """When its newest build began; None without a build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastBuild:
    """An ended build that held an executor."""

    key: str
    """Names it within its job."""
    started_at: float
    seconds: float
    """How long it held executors."""
    waited_seconds: float | None
    """How long it waited for an executor; None when nobody knows."""
    built_on: str | None
    """Its node, "" for the built-in one; None when nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some builds of a job."""

    builds: tuple[PastBuild, ...]
    """Those that ended and held an executor, newest first."""
    oldest_at: float | None
    """When the last one of the page began; None on an empty page."""
    more: bool
    """The page was full."""


def labels(answer: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """The nodes of `/computer/api/json` with their labels but for their names.

    Raises:
        Unreadable: the answer has another shape.
    """
    with sense_of("the nodes"):
        return {
            raw["displayName"]: frozenset(label["name"] for label in raw["assignedLabels"])
            - {raw["displayName"]}
            for raw in answer["computer"]
            if not raw["_class"].endswith(_BUILT_IN)
        }


def jobs(answer: Mapping[str, Any], folder: str) -> tuple[list[PastJob], list[str]]:
    """The jobs and the folders in the folder of that full name, "" for the root.

    Raises:
        Unreadable: the answer has another shape.
    """
    found: list[PastJob] = []
    below: list[str] = []
    with sense_of(f"the jobs in {folder or 'the root'}"):
        for raw in answer["jobs"]:
            name = f"{folder}/{raw['name']}" if folder else str(raw["name"])
            if "jobs" in raw:
                below.append(name)
                continue
            last = raw.get("lastBuild")
            built_at = last["timestamp"] / 1000 if last else None
            expression = raw.get("labelExpression") or None
            found.append(PastJob(name=name, expression=expression, built_at=built_at))
    return found, below


def page(answer: Mapping[str, Any], job: str, size: int) -> Page:
    """A page of up to `size` builds.

    Raises:
        Unreadable: the answer has another shape.
    """
    with sense_of(f"the builds of {job!r}"):
        builds = answer.get("allBuilds") or ()
        return Page(
            builds=tuple(each for raw in builds for each in _executed(raw)),
            oldest_at=builds[-1]["timestamp"] / 1000 if builds else None,
            more=len(builds) >= size,
        )


def _executed(raw: Mapping[str, Any]) -> Iterator[PastBuild]:
    """What of a build held an executor, if it did and has ended."""
    number = int(raw["number"])
    if "runs" in raw:
        for run in raw["runs"]:
            if run["number"] == number and run.get("building") is False:
                combination = run["url"].rstrip("/").split("/")[-2]
                yield _build(run, f"{combination}/{number}")
        return
    if raw.get("building") is not False:
        return
    metrics = _metrics(raw)
    if raw["_class"].endswith(_PIPELINE) and metrics and not metrics.get("subTaskCount"):
        return  # It never asked for an executor of an agent.
    yield _build(raw, str(number))


def _build(raw: Mapping[str, Any], key: str) -> PastBuild:
    metrics = _metrics(raw)
    bodies = metrics.get("subTaskCount") or 0
    millis = metrics["executingTimeMillis"] if bodies else raw["duration"]
    waited = metrics.get("buildableDurationMillis")
    return PastBuild(
        key=key,
        started_at=raw["timestamp"] / 1000,
        seconds=millis / 1000,
        waited_seconds=None if waited is None else waited / 1000,
        built_on=raw.get("builtOn"),
    )


def _metrics(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The action of the metrics plugin; empty without one."""
    actions = (action for action in raw.get("actions") or () if action)
    return next((a for a in actions if "buildableDurationMillis" in a), {})
