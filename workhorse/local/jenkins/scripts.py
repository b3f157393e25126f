"""The scripts that `/scriptText` understands, told by a marker in their first line.

A script begins with `// workhorse:NAME` and, where it takes arguments, a JSON object behind it.
The output is JSON; `queue-labels` is the script of the Jenkins adapter and repeats its sentinel.
One statement that prints a plain text is understood too.
Any other script gets what Jenkins gives for a broken one: status 200 and the text of an exception.
The Groovy below the marker is for real servers and is not read here.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from workhorse.local.jenkins import agents
from workhorse.local.jenkins.controller import Controller

_PRINT = re.compile(r"""\s*print(?:ln)?\b[\s(]*(["'])([^"'$\\]*)\1[\s)]*""")
_MARKER = re.compile(r"\s*//\s*workhorse:([\w-]+)[ \t]*(\{.*\})?")


_SENTINEL = "workhorse:queue-labels v1"


def output(controller: Controller, script: str) -> str:
    """What the script prints."""
    if not script:
        return ""
    if (text := _PRINT.fullmatch(script)) is not None:
        return f"{text[2]}\n"
    found = _MARKER.match(script)
    known = _SCRIPTS.get(found[1]) if found is not None else None
    if found is None or known is None:
        words = "the stand-in does not know this script"
        return (
            f"groovy.lang.MissingPropertyException: {words}\n\tat Script1.run(Script1.groovy:1)\n"
        )
    try:
        printed = json.dumps(known(controller, json.loads(found[2] or "{}"))) + "\n"
        return f"{_SENTINEL} {printed}" if found[1] == "queue-labels" else printed
    except (KeyError, ValueError) as error:
        return f"java.lang.IllegalArgumentException: {error}\n\tat Script1.run(Script1.groovy:1)\n"


def _queue(controller: Controller, _: dict[str, Any]) -> object:
    """Every item with the label that it is held to, pipeline bodies included."""
    return [
        {
            "id": item.id,
            "task": item.task.name,
            "label": None if item.label is None else str(item.label),
            "state": str(item.state),
            "since": round(item.queued * 1000),
        }
        for item in controller.world.items.values()
    ]


def _queue_labels(controller: Controller, _: dict[str, Any]) -> object:
    """Every item's label expression by its id."""
    found = controller.world.items.values()
    return {str(i.id): None if i.label is None else i.label.expression for i in found}


def _relabel(controller: Controller, arguments: dict[str, Any]) -> object:
    """Change label and mode of a node in place, under the queue's lock."""
    world, name = controller.world, str(arguments["name"])
    node = world.nodes[name].changed(label=str(arguments["label"]), mode=str(arguments["mode"]))
    world.nodes[name] = node
    computer = world.computers.get(name)
    if computer is not None:
        computer.node = node
    world.trim_labels()
    world.touch()
    return {"name": name, "idle": computer is None or computer.idle}


def _remove_if_idle(controller: Controller, arguments: dict[str, Any]) -> object:
    """Remove a node unless it has work, under the queue's lock."""
    name = str(arguments["name"])
    computer = controller.world.computers[name]
    if computer.idle:
        agents.delete_node(controller.world, computer)
    return {"name": name, "removed": computer.idle}


_SCRIPTS: dict[str, Callable[[Controller, dict[str, Any]], object]] = {
    "queue": _queue,
    "queue-labels": _queue_labels,
    "relabel": _relabel,
    "remove-if-idle": _remove_if_idle,
}
