"""Gives metric math its values: a tree and the series it names, to one value.

A value is a number, a series, or an array of them. Rules from
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
An operation on two series has a number only where both have one; a division by zero has none.
"""

import itertools
import math
import operator
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from workhorse.local.aws.metrics_math import (
    Array,
    Call,
    MathError,
    Name,
    Node,
    Number,
    Operation,
    Text,
)
from workhorse.local.aws.metrics_series import Series

Value = float | Series | list["Value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The periods asked for: starts from `start` up to, not including, `end`, in seconds."""

    start: float
    end: float
    period: int

    def starts(self) -> list[float]:
        """The start of every period, rising."""
        count = max(0, math.ceil((self.end - self.start) / self.period))
        return [self.start + i * self.period for i in range(count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an expression sees.

    `lookup` gives the value of an id (KeyError: there is none), `metrics` the series of every
    metric query by id, `grid` the periods.
    """

    lookup: Callable[[str], Value]
    metrics: Callable[[], Mapping[str, Series]]
    grid: Grid


_BINARY: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "AND": lambda a, b: float(bool(a) and bool(b)),
    "OR": lambda a, b: float(bool(a) or bool(b)),
}


def _apply(name: str, a: float, b: float) -> float:
    try:
        found = _BINARY[name](a, b)
    except (ZeroDivisionError, OverflowError):
        return math.nan
    return found if isinstance(found, float) else math.nan


def _clean(found: Series) -> Series:
    return {at: value for at, value in sorted(found.items()) if math.isfinite(value)}


def _combine(name: str, a: Value, b: Value) -> Value:
    """An operator over any two values; an array passes it on to each of its members."""
    if isinstance(a, list):
        return [_combine(name, one, b) for one in a]
    if isinstance(b, list):
        return [_combine(name, a, one) for one in b]
    if isinstance(a, dict) and isinstance(b, dict):
        return _clean({at: _apply(name, a[at], b[at]) for at in a.keys() & b.keys()})
    if isinstance(a, dict):
        return _clean({at: _apply(name, value, _number(b)) for at, value in a.items()})
    if isinstance(b, dict):
        return _clean({at: _apply(name, a, value) for at, value in b.items()})
    return _apply(name, a, b)


def _number(value: Value) -> float:
    if isinstance(value, dict | list):
        raise MathError("a number is needed where a time series stands")
    return value


def _each(function: Callable[[float], float]) -> Callable[[Value, Grid], Value]:
    """Lift a function of one number to series and arrays."""

    def lifted(value: Value, grid: Grid) -> Value:
        if isinstance(value, list):
            return [lifted(one, grid) for one in value]
        if isinstance(value, dict):
            return _clean({at: function(number) for at, number in value.items()})
        return function(value)

    return lifted


def _gather(function: Callable[[list[float]], float]) -> Callable[[Value, Grid], Value]:
    """A series becomes one number; an array becomes one series, period by period.

    In an array a series without a number in a period does not take part in it.
    """

    def gathered(value: Value, grid: Grid) -> Value:
        if isinstance(value, dict):
            return function(list(value.values())) if value else math.nan
        if not isinstance(value, list):
            return value
        rows: dict[float, list[float]] = {}
        for at in grid.starts() if any(not isinstance(one, dict) for one in value) else ():
            rows[at] = [_number(one) for one in value if not isinstance(one, dict)]
        for one in value:
            for at, number in one.items() if isinstance(one, dict) else ():
                rows.setdefault(at, []).append(number)
        return _clean({at: function(numbers) for at, numbers in rows.items()})

    return gathered


def _over_series(
    function: Callable[[list[tuple[float, float]]], Series],
) -> Callable[[Value, Grid], Value]:
    """Lift a function of one series, as (start, number) in order, to arrays."""

    def lifted(value: Value, grid: Grid) -> Value:
        if isinstance(value, list):
            return [lifted(one, grid) for one in value]
        return _clean(function(sorted(as_series(value, grid).items())))

    return lifted


def as_series(value: Value, grid: Grid) -> Series:
    """A value as one series: a number stands in every period; an array must hold one."""
    if isinstance(value, list):
        if len(value) != 1:
            raise MathError(f"an array of {len(value)} time series stands where one is needed")
        return as_series(value[0], grid)
    if isinstance(value, dict):
        return value
    return _clean(dict.fromkeys(grid.starts(), value))


def _steps(rows: list[tuple[float, float]], *, per_second: bool) -> Series:
    return {
        at: (value - old) / (at - before if per_second else 1)
        for (before, old), (at, value) in itertools.pairwise(rows)
    }


def _running(rows: list[tuple[float, float]]) -> Series:
    total = 0.0
    found: Series = {}
    for at, value in rows:
        total += value
        found[at] = total
    return found


_ONE: dict[str, Callable[[Value, Grid], Value]] = {
    "ABS": _each(abs),
    "CEIL": _each(lambda x: float(math.ceil(x))),
    "FLOOR": _each(lambda x: float(math.floor(x))),
    "LOG": _each(lambda x: math.log(x) if x > 0 else math.nan),
    "LOG10": _each(lambda x: math.log10(x) if x > 0 else math.nan),
    "MIN": _gather(min),
    "MAX": _gather(max),
    "SUM": _gather(math.fsum),
    "AVG": _gather(statistics.fmean),
    "STDDEV": _gather(statistics.pstdev),
    "DIFF": _over_series(lambda rows: _steps(rows, per_second=False)),
    "RATE": _over_series(lambda rows: _steps(rows, per_second=True)),
    "RUNNING_SUM": _over_series(_running),
    "TIME_SERIES": as_series,
    "PERIOD": lambda _value, grid: float(grid.period),
    "DATAPOINT_COUNT": lambda value, grid: float(len(as_series(value, grid))),
}

FUNCTIONS = frozenset({*_ONE, "IF", "FILL", "METRICS"})
"""What we know of AWS' functions; any other is a MathError that names it."""


def _if(condition: Value, then: Value, otherwise: Value) -> Value:
    if not isinstance(condition, dict):
        return then if _number(condition) else otherwise
    found: Series = {}
    for at, truth in condition.items():
        chosen = then if truth else otherwise
        number = chosen.get(at, math.nan) if isinstance(chosen, dict) else _number(chosen)
        found[at] = number
    return _clean(found)


def _between(rows: list[tuple[float, float]], at: float) -> float:
    """The straight line between the neighbours of a gap; beyond the ends the nearest."""
    before = [row for row in rows if row[0] < at]
    after = [row for row in rows if row[0] > at]
    if not before or not after:
        return (before[-1:] or after[:1])[0][1]
    (t0, v0), (t1, v1) = before[-1], after[0]
    return v0 + (v1 - v0) * (at - t0) / (t1 - t0)


def _fill(value: Value, filler: Node, scope: Scope) -> Value:
    if isinstance(value, list):
        return [_fill(one, filler, scope) for one in value]
    found = dict(as_series(value, scope.grid))
    gaps = [at for at in scope.grid.starts() if at not in found]
    rows = sorted(found.items())
    if filler in (Name("REPEAT"), Name("LINEAR")):
        for at in gaps if rows else ():
            earlier = [number for start, number in rows if start < at]
            linear = filler == Name("LINEAR")
            number = _between(rows, at) if linear else (earlier or [math.nan])[-1]
            found[at] = number
        return _clean(found)
    other = as_series(evaluate(filler, scope), scope.grid)
    return _clean(found | {at: other[at] for at in gaps if at in other})


def _metrics(arguments: tuple[Node, ...], scope: Scope) -> Value:
    part = arguments[0].value if arguments and isinstance(arguments[0], Text) else ""
    return [found for name, found in scope.metrics().items() if part in name]


def _call(name: str, arguments: tuple[Node, ...], scope: Scope) -> Value:
    if name in _ONE and len(arguments) == 1:
        return _ONE[name](evaluate(arguments[0], scope), scope.grid)
    match name, arguments:
        case "IF", (condition, then, *rest) if len(rest) <= 1:
            otherwise = evaluate(rest[0], scope) if rest else math.nan
            return _if(evaluate(condition, scope), evaluate(then, scope), otherwise)
        case "FILL", (value, filler):
            return _fill(evaluate(value, scope), filler, scope)
        case "METRICS", _ if len(arguments) <= 1:
            return _metrics(arguments, scope)
    if name in FUNCTIONS:
        raise MathError(f"function {name} does not take {len(arguments)} arguments")
    raise MathError(f"function {name} is not supported by the embedded CloudWatch")


def evaluate(tree: Node, scope: Scope) -> Value:
    """The value of a tree; raises MathError for an unknown id, function or a wrong type."""
    match tree:
        case Number(value):
            return value
        case Text(value):
            raise MathError(f"the text {value!r} has no value here")
        case Name(value):
            try:
                return scope.lookup(value)
            except KeyError:
                raise MathError(f"no query has the id {value!r}") from None
        case Array(items):
            return [evaluate(item, scope) for item in items]
        case Call(function, arguments):
            return _call(function, arguments, scope)
        case Operation(sign, left, right):
            return _combine(sign, evaluate(left, scope), evaluate(right, scope))
        case _:
            assert_never(tree)
