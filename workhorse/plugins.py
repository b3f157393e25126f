"""Planners and executors by name: ours and those of any package that is installed.

A package offers one by an entry point of the group `workhorse.planners` or `workhorse.executors`
that names a dataclass.  Its fields are its options, their defaults the defaults; it may refuse
values in `__post_init__` by a `ValueError` that names the option, the value and the rule.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from workhorse.core.errors import Refusal
from workhorse.core.plan import Planner
from workhorse.settings.faults import refusal, told

PLANNERS = "workhorse.planners"
EXECUTORS = "workhorse.executors"

Kind = TypeVar("Kind")


def planner(name: str, options: Mapping[str, Any], *, key: str = "planner") -> Planner:
    """The planner of that name with these options.

    Args:
        name: of an entry point of `workhorse.planners`.
        options: its settings, plain JSON.
        key: what errors call it, as in `pool[0].planner`.

    Raises:
        Refusal: there is none of that name, it cannot be loaded, or an option is refused; every
            fault is told.
    """
    return cast("Planner", made(PLANNERS, name, options, key=key))


def made(group: str, name: str, options: Mapping[str, Any], *, key: str) -> Any:  # noqa: ANN401 - as loaded
    """An instance of the class that the entry point names; see `planner`."""
    kind = _loaded(group, name, key)
    faults = list(_unknown(kind, options, key))
    try:
        instance = TypeAdapter(kind).validate_json(json.dumps(dict(options)), strict=True)
    except ValidationError as wrong:
        raise refusal(key, (*faults, *told(wrong, prefix=f"{key}_options."))) from None
    except TypeError as wrong:
        raise Refusal(f"{key}_options: must be plain values: {wrong}") from None
    if faults:
        raise refusal(key, faults)
    return instance


def names(group: str) -> tuple[str, ...]:
    """The names of a group, sorted."""
    return tuple(sorted(entry_points(group=group).names))


def options_of(group: str, name: str) -> tuple[str, ...]:
    """The names of the options of that planner or executor.

    Raises:
        Refusal: there is none of that name, or it cannot be loaded.
    """
    return _options(_loaded(group, name, key=name))


def _options(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.init)


def _loaded(group: str, name: str, key: str) -> type[Any]:
    found: list[EntryPoint] = list(entry_points(group=group, name=name))
    if not found:
        known = ", ".join(names(group)) or "none is installed"
        raise Refusal(f"{key}: {json.dumps(name)}: must be an entry point of {group} ({known})")
    try:
        kind = found[0].load()
    except (ImportError, AttributeError) as wrong:
        raise Refusal(f"{key}: {json.dumps(name)}: cannot be loaded: {wrong}") from wrong
    if not (isinstance(kind, type) and is_dataclass(kind)):
        raise Refusal(f"{key}: {json.dumps(name)}: must name a dataclass, not {kind!r}")
    return kind


def _unknown(kind: type[Any], options: Mapping[str, Any], key: str) -> Iterator[str]:
    known = _options(kind)
    for option in options:
        if option not in known:
            told_known = ", ".join(known) or "it has none"
            yield f"{key}_options.{option}: is no option here ({told_known})"
