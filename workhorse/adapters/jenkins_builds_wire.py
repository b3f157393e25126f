"""Jenkins' JSON about builds that were lost: what is asked for, and what its answers mean.

Pure functions. A build is given again exactly or not at all: every parameter must be of a kind
whose value the API tells and a request can give back, and the job must take the very same names.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from workhorse.adapters.jenkins_paths import job_path, path_of
from workhorse.adapters.jenkins_wire import sense_of
from workhorse.core.requeue import BuildRecord, Parameters, job_of

_ACTIONS = "actions[causes[userId],parameters[name,value]]"
BUILD_TREE = f"number,queueId,building,result,timestamp,description,{_ACTIONS}"
JOB_TREE = "description,property[parameterDefinitions[name,type]]"
QUEUE_TREE = f"items[id,task[url],{_ACTIONS}]"
BUILDS_TREE = f"builds[url,number,queueId,building,result,timestamp,{_ACTIONS}]{{0,100}}"
"""A hundred: should more have begun since the build was lost, one of them counts as deleted."""

_GIVEN = frozenset({"String", "Text", "Boolean"})
"""Kinds of values that the API tells in full; of a password and a file it tells nothing."""
_TAKEN = _GIVEN | {"Choice"}
"""Kinds of definitions that such a value can be given to."""


def record(path: str, build: Mapping[str, Any], job: Mapping[str, Any], user: str) -> BuildRecord:
    """The build of that path.

    Args:
        path: of the build, as `job/api-tests/812/`.
        build: the answer to `BUILD_TREE`.
        job: the answer to `JOB_TREE`.
        user: whose runs are ours.

    Raises:
        Unreadable: an answer has another shape.
    """
    with sense_of(f"build {path}"):
        return BuildRecord(
            path=path,
            job=unquote(job_of(path)),
            number=int(build["number"]),
            queue_id=int(build["queueId"]),
            building=build["building"] is not False,
            result=build.get("result") or "",
            started_at=float(build["timestamp"]) / 1000,
            parameters=_exactly(parameters_of(build), job),
            description=build.get("description") or "",
            job_description=job.get("description") or "",
            ours=_is_ours(build, user),
        )


def newer(
    name: str, queue: Mapping[str, Any], builds: Mapping[str, Any], queue_id: int, user: str
) -> Sequence[BuildRecord]:
    """Builds and queued items of a job whose queue id is higher, newest first.

    The queue must have been read before the builds: so none is in neither.

    Raises:
        Unreadable: an answer has another shape.
    """
    place = unquote(job_path(name))
    with sense_of(f"the runs of {name}"):
        found = {
            each.queue_id: each
            for each in (
                *(
                    _run(name, raw, raw["id"], user)
                    for raw in queue["items"]
                    if unquote(path_of(raw["task"].get("url") or "")) == place
                ),
                *(_run(name, raw, raw["queueId"], user) for raw in builds["builds"]),
            )
        }
    return tuple(found[item] for item in sorted(found, reverse=True) if item > queue_id)


def parameters_of(raw: Mapping[str, Any]) -> Parameters | None:
    """What an item or a build was given; None when the API does not tell all of it."""
    given = [
        each
        for action in raw.get("actions") or ()
        for each in (action or {}).get("parameters") or ()
    ]
    if any(_kind(each["_class"], "ParameterValue") not in _GIVEN for each in given):
        return None
    if any(not isinstance(each.get("value"), str | bool) for each in given):
        return None
    return tuple((str(each["name"]), _text(each["value"])) for each in given)


def _exactly(given: Parameters | None, job: Mapping[str, Any]) -> Parameters | None:
    """The same, where the job takes these parameters and no others."""
    taken = {
        each["name"]: _kind(each["type"], "ParameterDefinition")
        for entry in job.get("property") or ()
        for each in (entry or {}).get("parameterDefinitions") or ()
    }
    if given is None or dict(given).keys() != taken.keys() or len(given) != len(taken):
        return None
    return given if set(taken.values()) <= _TAKEN else None


def _run(job: str, raw: Mapping[str, Any], queue_id: int, user: str) -> BuildRecord:
    return BuildRecord(
        path=path_of(raw.get("url") or "") if "number" in raw else "",
        job=job,
        number=int(raw.get("number", 0)),
        queue_id=int(queue_id),
        building=raw.get("building") is not False,
        result=raw.get("result") or "",
        started_at=float(raw.get("timestamp", 0)) / 1000,
        parameters=parameters_of(raw),
        ours=_is_ours(raw, user),
    )


def _is_ours(raw: Mapping[str, Any], user: str) -> bool:
    """Jenkins' user ids differ by more than case."""
    return any(who.lower() == user.lower() for who in _users(raw))


def _users(raw: Mapping[str, Any]) -> Iterable[str]:
    for action in raw.get("actions") or ():
        for cause in (action or {}).get("causes") or ():
            yield str(cause.get("userId") or "")


def _kind(java_class: str, suffix: str) -> str:
    """`String` of `hudson.model.StringParameterValue`; what is no core class keeps its whole name.

    A class of a plugin may mean anything by the same name.
    """
    return java_class.removeprefix("hudson.model.").removesuffix(suffix)


def _text(value: str | bool) -> str:  # noqa: FBT001 - what Jenkins tells
    return value if isinstance(value, str) else str(value).lower()
