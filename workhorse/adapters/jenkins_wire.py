"""Jenkins' JSON to the core's facts: what is asked for, and what its answers mean.

Pure functions; the field meanings were measured on Jenkins 2.462.3 and 2.541.2.
Unknown means busy: an executor or a computer that does not say `idle` counts as busy.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from workhorse.adapters.jenkins_paths import path_of
from workhorse.core.errors import Unreadable
from workhorse.core.labels import Atom
from workhorse.core.model import ItemState, Node, QueueItem, RunningBuild
from workhorse.core.owner import owner_of

QUEUE_TREE = (
    "items[id,inQueueSince,stuck,blocked,buildable,pending,timestamp,why,"
    "task[name,fullName,labelExpression,jobs[name]{0,1}],actions[parameters[name,value,label]]]"
)
GLANCE_TREE = "items[id]"
COMPUTER_TREE = (
    "displayName,computer[displayName,description,offline,temporarilyOffline,idle,numExecutors,"
    "assignedLabels[name],"
    "executors[idle,currentExecutable[url,timestamp,estimatedDuration]],"
    "oneOffExecutors[currentExecutable[url]]]"
)
LABEL_TREE = "nodes[nodeName]"
ROOT_TREE = "quietingDown,jobs[name]{0,1}"

SENTINEL = "workhorse:queue-labels v1"
"""Begins the one line that the script prints: a script that fails is answered with 200 too."""

QUEUE_LABELS_SCRIPT = f"""// {SENTINEL}
import groovy.json.JsonOutput
import jenkins.model.Jenkins
def labels = [:]
Jenkins.get().queue.items.each {{ labels[it.id as String] = it.assignedLabel?.expression }}
println '{SENTINEL} ' + JsonOutput.toJson(labels)
"""
"""The label expression of every queued item, pipelines' bodies too; prints, changes nothing."""

_NODES = "Nodes"
"""What Jenkins calls its nodes in English."""

_BUILT_IN = "MasterComputer"
_PLACEHOLDER = "PlaceholderTask"
_FLYWEIGHTS = ("WorkflowJob", "MatrixProject")
_JOBS = "jobs"
"""What a folder has, and no job. Those that wait look for their branches (ComputedFolder of the
plugin Folders, a FlyweightTask): they do that on the built-in node and without an executor."""
_MATRIX_CHILD = "MatrixConfiguration"
_LABEL_PARAMETERS = ("NodeParameterValue", "LabelParameterValue")
_LABEL_AXES = frozenset({"label", "labels", "node", "nodes", "agent"})
"""What people call a label axis; the API tells an axis' name, never its sort."""


@contextmanager
def sense_of(what: str) -> Iterator[None]:
    """Turn what comes of an answer of another shape than was measured into `Unreadable`."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as wrong:
        raise Unreadable(f"{what}: Jenkins' answer makes no sense: {wrong!r}") from wrong


def queue_items(
    answer: Mapping[str, Any], labels: Mapping[int, str | None] | None = None
) -> tuple[QueueItem, ...]:
    """The items of `/queue/api/json`; `labels` are those of the script console, where asked.

    Raises:
        Unreadable: the answer has another shape.
    """
    with sense_of("the queue"):
        return tuple(
            _item(raw, labels or {})
            for raw in answer["items"]
            if not raw["_class"].endswith("LeftItem")
        )


def item_ids(answer: Mapping[str, Any]) -> frozenset[int]:
    """The ids of the items of `/queue/api/json`.

    Raises:
        Unreadable: the answer has another shape.
    """
    with sense_of("the queue"):
        return frozenset(int(raw["id"]) for raw in answer["items"])


def nodes(answer: Mapping[str, Any]) -> dict[str, Node]:
    """The nodes of `/computer/api/json` by name, without the built-in one.

    Raises:
        Unreadable: the answer has another shape.
    """
    with sense_of("the nodes"):
        return {
            raw["displayName"]: _node(raw)
            for raw in answer["computer"]
            if not raw["_class"].endswith(_BUILT_IN)
        }


def other_language(answer: Mapping[str, Any]) -> str:
    """Why the words of a Jenkins that answered so may not be read; empty where they are English.

    What an item waits for stands in its `why`, and every translation has a word of its own for the
    nodes (hudson.model.Messages, ComputerSet.DisplayName). We ask in English, but the plugin Locale
    can have Jenkins answer everybody in one language; a node that a pinned item names would then
    look as if nobody waited for it.
    """
    name = answer.get("displayName") or _NODES
    if str(name).casefold() == _NODES.casefold():
        return ""
    return f"does not answer in English: it says {name!r} for {_NODES!r}; see its plugin Locale"


def labelled(answer: Mapping[str, Any]) -> frozenset[str]:
    """The names of the nodes of `/label/NAME/api/json`.

    Raises:
        Unreadable: the answer has another shape.
    """
    with sense_of("the nodes of a label"):
        return frozenset(str(node["nodeName"]) for node in answer["nodes"])


def quieting_down(answer: Mapping[str, Any]) -> bool:
    """Whether `/api/json` says that Jenkins is about to shut down; an odd answer says yes."""
    return answer.get("quietingDown") is not False


def sees_jobs(answer: Mapping[str, Any]) -> bool:
    """Whether `/api/json` shows at least one job."""
    return bool(answer.get("jobs"))


def script_labels(printed: str) -> dict[int, str | None]:
    """What `QUEUE_LABELS_SCRIPT` printed: item id to label expression.

    Raises:
        Unreadable: the script did not reach its end.
    """
    for line in printed.splitlines():
        if line.startswith(SENTINEL):
            with sense_of(f"the script console printed {line[:200]!r}"):
                told = json.loads(line[len(SENTINEL) :])
                return {int(item): label for item, label in told.items()}
    first = printed.strip().partition("\n")[0]
    raise Unreadable(f"the script console did not run our script: {first[:200]!r}")


def _item(raw: Mapping[str, Any], labels: Mapping[int, str | None]) -> QueueItem:
    task = raw["task"]
    sort = task.get("_class", "")
    item = int(raw["id"])
    why = raw.get("why") or ""
    state = _state(raw)
    return QueueItem(
        id=item,
        task=task.get("fullName") or task.get("name") or "",
        state=state,
        since=raw["inQueueSince"] / 1000,
        due=raw["timestamp"] / 1000 if state is ItemState.WAITING else 0,
        stuck=raw.get("stuck") is True,
        expression=labels.get(item) or _expression(task, sort, raw.get("actions") or (), why),
        placeholder=sort.endswith(_PLACEHOLDER),
        flyweight=sort.endswith(_FLYWEIGHTS) or _JOBS in task,
        why=why,
    )


def _state(raw: Mapping[str, Any]) -> ItemState:
    if raw["_class"].endswith("WaitingItem"):
        return ItemState.WAITING
    if raw.get("pending"):
        return ItemState.PENDING
    return ItemState.BLOCKED if raw.get("blocked") else ItemState.BUILDABLE


def _expression(
    task: Mapping[str, Any], sort: str, actions: Iterable[Mapping[str, Any] | None], why: str
) -> str | None:
    """What Jenkins tells outright: a NodeLabel parameter first, for it overrides the job's own."""
    for action in actions:
        for parameter in (action or {}).get("parameters") or ():
            if parameter.get("_class", "").endswith(_LABEL_PARAMETERS):
                value = parameter.get("value") or parameter.get("label")
                if value:
                    node = parameter["_class"].endswith(_LABEL_PARAMETERS[0])
                    return Atom(str(value)).expression if node else str(value)
    expression = task.get("labelExpression")
    if expression:
        return str(expression)
    return _of_axes(task.get("name") or "", why) if sort.endswith(_MATRIX_CHILD) else None


def _of_axes(name: str, why: str) -> str | None:
    """The expression in a matrix child's name, as in `jdk=21,label=linux`.

    An axis of another name counts only where `why` names its value too: it may be any text.
    """
    pairs = [pair.split("=", 1) for pair in name.split(",") if "=" in pair]
    values = [
        value
        for axis, value in pairs
        if axis.lower() in _LABEL_AXES or f"\u2018{value}\u2019" in why
    ]
    return "&&".join(values) or None


def _node(raw: Mapping[str, Any]) -> Node:
    name = raw["displayName"]
    executors = raw["executors"]
    labels = frozenset([label["name"] for label in raw["assignedLabels"]])
    busy = sum(1 for executor in executors if executor.get("idle") is not True)
    # Every node carries its own name; a computer without it outlived its node, with what still
    # runs there, and must never look like an idle agent.
    ghost = not labels
    return Node(
        name=name,
        labels=labels - {name},
        offline=ghost or raw.get("offline") is not False,
        temporarily_offline=raw.get("temporarilyOffline") is True,
        idle=raw.get("idle") is True and busy == 0 and not ghost,
        executors=int(raw["numExecutors"]),
        busy=busy,
        running=_running(executors, raw.get("oneOffExecutors") or ()),
        owner=owner_of(raw.get("description") or ""),
        ghost=ghost,
    )


def _running(*groups: Iterable[Mapping[str, Any]]) -> tuple[RunningBuild, ...]:
    """Builds; `currentExecutable` is null for a task only assigned, or not ours to see."""
    return tuple(
        _running_build(executable)
        for executors in groups
        for executor in executors
        if (executable := executor.get("currentExecutable") or {}).get("url")
    )


def _running_build(raw: Mapping[str, Any]) -> RunningBuild:
    """Jenkins tells milliseconds, and an estimate of -1 when it has none."""
    timestamp, estimate = raw.get("timestamp"), raw.get("estimatedDuration")
    return RunningBuild(
        path=path_of(raw["url"]),
        started_at=timestamp / 1000 if timestamp else None,
        estimated_seconds=estimate / 1000 if estimate is not None and estimate > 0 else None,
    )
