"""Plans as JSON and as the Python that makes them.

Both leave out what a field would be anyway.  Reading goes by the types of the fields, so a new
fault or a new knob of the policy needs no code here.
"""

import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from workhorse.core.errors import Refusal
from workhorse.sim.faults.fault import Fault
from workhorse.sim.faults.kinds import KINDS
from workhorse.sim.faults.plan import FaultPlan

WIDTH = 100
NAMED = "builds=(),"
"""What may stand on the line beside an expression."""
KIND = "kind"
"""The key that tells which fault an object is."""


def as_json(value: object) -> Any:  # noqa: ANN401 - what json.dumps takes
    """The plan, or a part of one, as objects, lists, texts and numbers."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {name: as_json(each) for name, each in _told(value)}
        return {KIND: type(value).__name__, **told} if isinstance(value, Fault) else told
    if isinstance(value, tuple):
        return [as_json(each) for each in value]
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, Enum) else value


def from_json(record: Mapping[str, Any]) -> FaultPlan:
    """The plan of such an object.

    Raises:
        Refusal: something in it is no part of a plan.
    """
    try:
        plan = cast("FaultPlan", _read(FaultPlan, record))
        for pool in plan.pools:
            pool.made_planner()
    except (TypeError, ValueError, KeyError, AttributeError) as wrong:
        raise Refusal(f"this is no fault plan: {wrong!r}") from None
    return plan


def as_python(value: object, indent: int = 0) -> str:
    """An expression whose value is `value`, given the names of `names_in`.

    It is laid out as the house lays out code: what is too long for its line gets one for each part.
    """
    parts = list(_parts(value))
    opened, closed = _brackets(value)
    line = f"{opened}{', '.join(parts)}{',' if _alone(value) else ''}{closed}"
    if not parts or indent + len(line) + len(NAMED) <= WIDTH:
        return line
    margin = " " * (indent + 4)
    lines = [f"{margin}{part},\n" for part in _parts(value, indent + 4)]
    return f"{opened}\n{''.join(lines)}{' ' * indent}{closed}"


def _brackets(value: object) -> tuple[str, str]:
    if is_dataclass(value):
        return f"{type(value).__name__}(", ")"
    if isinstance(value, tuple):
        return "(", ")"
    if isinstance(value, frozenset):
        return "frozenset({", "})"
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}", ""
    return (json.dumps(value) if isinstance(value, str) else repr(value)), ""


def _parts(value: object, indent: int = 0) -> Iterator[str]:
    if is_dataclass(value):
        yield from (f"{name}={as_python(each, indent)}" for name, each in _told(value))
    elif isinstance(value, tuple):
        yield from (as_python(each, indent) for each in value)
    elif isinstance(value, frozenset):
        yield from map(as_python, sorted(value))


def _alone(value: object) -> bool:
    """A tuple of one, which Python would take for its member."""
    return isinstance(value, tuple) and len(value) == 1


def names_in(value: object) -> frozenset[tuple[str, str]]:
    """The (module, name) pairs that `as_python` of the value needs imported."""
    return frozenset(_names(value))


def _names(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, tuple):
        for each in value:
            yield from _names(each)
    elif is_dataclass(value):
        yield type(value).__module__, type(value).__name__
        for _, each in _told(value):
            yield from _names(each)
    elif isinstance(value, Enum):
        yield type(value).__module__, type(value).__name__


def _told(value: Any) -> Iterator[tuple[str, object]]:  # noqa: ANN401 - any dataclass
    """The fields that are not what they would be anyway."""
    for each in fields(value):
        present = getattr(value, each.name)
        if present != default_of(each):
            yield each.name, present


def default_of(each: "Field[Any]") -> object:
    """What a field is when nothing is said; `MISSING` when something must be."""
    return each.default if each.default_factory is MISSING else each.default_factory()


def _read(kind: Any, record: Any) -> object:  # noqa: ANN401, PLR0911 - types and JSON
    if kind is Fault:
        rest = {key: each for key, each in record.items() if key != KIND}
        return _read(KINDS[record[KIND]], rest)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return cast("Any", kind)(**{k: _read(hints[k], each) for k, each in record.items()})
    origin, inside = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        whole = [each for each in inside if each is not type(None)]
        return None if record is None else _read(whole[0], record)
    if origin is tuple:
        if inside[-1] is Ellipsis:
            return tuple(_read(inside[0], each) for each in record)
        return tuple(map(_read, inside, record))
    if origin is frozenset:
        return frozenset(record)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(record)
    if not isinstance(record, (int, float) if kind is float else kind):
        raise TypeError(f"{record!r} is not {kind.__name__}")
    return record
