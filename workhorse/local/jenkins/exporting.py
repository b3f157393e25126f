"""Objects as the remote API shows them: beans with properties of graded visibility.

A property's getter is called only when the pruner wants it. `_class` comes with every bean
whose class is not the one that its owner's property declares, and always at the root.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workhorse.local.jenkins.tree import Pruner

ALWAYS = 999
"""Visibility of what is shown at any depth."""

HIDDEN = -2
"""Visibility of what only a tree shows."""

_SHORT_ESCAPE = re.compile(r'\\(["\\/]|u[0-9a-f]{4}|[bfnrt])')
_LONG = {"b": "\\u0008", "f": "\\u000c", "n": "\\u000a", "r": "\\u000d", "t": "\\u0009"}


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a kind of bean."""

    name: str
    get: Callable[[Any], object]
    visibility: int = 1
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Bean:
    """An object to show: its class, its properties, and what these are asked about.

    `declared` says that the class is the one its owner's property declares.
    """

    java_class: str
    properties: tuple[Property, ...] = ()
    subject: Any = None
    declared: bool = False


def export(bean: Bean, pruner: Pruner, *, root: bool = True) -> dict[str, object]:
    """The bean as JSON values, as far as the pruner shows it."""
    shown: dict[str, object] = {}
    if root or not bean.declared:
        shown["_class"] = bean.java_class
    for each in bean.properties:
        below = pruner.child(each.name, each.visibility, inline=each.inline)
        if below is not None:
            shown[each.name] = _value(each.get(bean.subject), below)
    return shown


def as_json(shown: dict[str, object], *, pretty: bool = False) -> str:
    """JSON text; control characters are written in the long form, other text as it is."""
    if pretty:
        return json.dumps(shown, ensure_ascii=False, indent=2, separators=(",", " : "))
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
    if "\\" not in text:
        return text
    return _SHORT_ESCAPE.sub(lambda found: _LONG.get(found[1], found[0]), text)


def _value(value: object, pruner: Pruner) -> object:
    if isinstance(value, Bean):
        return export(value, pruner, root=False)
    if isinstance(value, (list, tuple)):
        window = pruner.window
        return [_value(each, pruner) for each in (value if window is None else value[window])]
    if isinstance(value, dict):
        return {name: _map_value(each) for name, each in value.items()}
    return value


def _map_value(value: object) -> object:
    """Values of a map are shown whole."""
    if isinstance(value, Bean):
        return {"_class": value.java_class} | {
            each.name: each.get(value.subject) for each in value.properties
        }
    return value
