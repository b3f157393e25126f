"""Jenkins' JSON about runs of a job: what is asked for, and what its answers mean.

Pure functions. A run is in the queue until it has an executor; a build keeps the id of the queue
item that it was, so that a run seen in both is one.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from workhorse.adapters.jenkins_paths import job_path, path_of
from workhorse.adapters.jenkins_wire import sense_of
from workhorse.core.jobs import AXIS
from workhorse.core.orders import JobRun

QUEUE_TREE = "items[id,task[url],actions[parameters[name,value]]]"
BUILDS_TREE = "builds[url,building,result,queueId,actions[parameters[name,value]]]{0,100}"
"""A hundred: as many runs of one job as may have been asked for since the one that is looked for.
"""
DEFINITIONS_TREE = "property[parameterDefinitions[name,type]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A run as it was seen."""

    item: int
    """Id of its queue item; of two runs the newer has the greater."""
    parameters: Mapping[str, str]
    path: str = ""
    """As `job/smoke/7/`; empty while it is queued."""
    result: str | None = None

    @property
    def over(self) -> bool:
        """It has ended."""
        return self.result is not None

    def told(self) -> JobRun:
        """As the core knows it."""
        return JobRun(queued=not self.path, path=self.path, result=self.result)


def runs(job: str, queue: Mapping[str, Any], builds: Mapping[str, Any]) -> tuple[Seen, ...]:
    """The runs of a job, newest first; the queue must have been read before the builds.

    Raises:
        Unreadable: an answer has another shape.
    """
    place = unquote(job_path(job))
    with sense_of(f"the runs of {job}"):
        found = {
            int(raw["id"]): Seen(item=int(raw["id"]), parameters=_parameters(raw))
            for raw in queue["items"]
            if unquote(path_of(raw["task"].get("url") or "")) == place
        }
        found |= {
            int(raw["queueId"]): Seen(
                item=int(raw["queueId"]),
                parameters=_parameters(raw),
                path=path_of(raw["url"]),
                result=raw.get("result") if raw["building"] is False else None,
            )
            for raw in builds["builds"]
        }
    return tuple(found[item] for item in sorted(found, reverse=True))


def waiting_children(job: str, queue: Mapping[str, Any]) -> Mapping[int, str]:
    """Of a matrix job's children that are queued, the item and the node it waits for.

    Raises:
        Unreadable: the answer has another shape.
    """
    child = re.compile(re.escape(unquote(job_path(job))) + f"{AXIS}=([^/,]+)/")
    with sense_of("the queue"):
        matches = {
            int(raw["id"]): child.fullmatch(unquote(path_of(raw["task"].get("url") or "")))
            for raw in queue["items"]
        }
    return {item: match[1] for item, match in matches.items() if match}


def including(seen: Iterable[Seen], parameters: Mapping[str, str]) -> Iterable[Seen]:
    """Those whose parameters include these."""
    wanted = parameters.items()
    return (each for each in seen if wanted <= each.parameters.items())


def definitions(job: str, answer: Mapping[str, Any]) -> Mapping[str, str]:
    """Name and type of the parameters of that job.

    Raises:
        Unreadable: the answer has another shape.
    """
    with sense_of(f"the parameters of {job}"):
        return {
            each["name"]: each["type"]
            for entry in answer.get("property") or ()
            for each in entry.get("parameterDefinitions") or ()
        }


def _parameters(raw: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        str(each["name"]): str(each.get("value", ""))
        for action in raw.get("actions") or ()
        for each in (action or {}).get("parameters") or ()
    }
