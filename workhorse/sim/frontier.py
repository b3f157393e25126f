"""What was tried of a planner's settings, and which of it is worth a look.

A point is dominated when another waits no longer and costs no more, and does one of both better.
Those that nobody dominates are the frontier: on it, less waiting costs more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from workhorse.sim.contender import Contender


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One try: settings, and what became of the trace with them."""

    number: int
    """Of the trial, from 1 on; 0 for the planner's defaults."""
    contender: Contender
    wait_seconds: float
    """p95 over all builds."""
    instance_hours: float
    cost: float
    boots: int

    def as_record(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """All that was tried on one trace."""

    trace: str
    planner: str
    seed: int
    limit_seconds: float
    """The p95 wait that the settings to paste must reach."""
    points: tuple[Point, ...]
    """In the order of their numbers."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """Contender to why there is no point of it."""

    @property
    def frontier(self) -> tuple[Point, ...]:
        """The points that nobody dominates, shortest wait first."""
        return frontier(self.points)

    @property
    def chosen(self) -> Point | None:
        """The cheapest that reaches the limit; None where none does."""
        return next((p for p in reversed(self.frontier) if self._reaches(p)), None)

    def _reaches(self, point: Point) -> bool:
        return point.wait_seconds <= self.limit_seconds

    def as_record(self) -> dict[str, Any]:
        """Plain JSON: everything that was tried, and which of it is on the frontier."""
        record = asdict(self)
        record["frontier"] = [point.number for point in self.frontier]
        record["chosen"] = None if self.chosen is None else self.chosen.number
        return record


def frontier(points: Iterable[Point]) -> tuple[Point, ...]:
    """The points that nobody dominates, shortest wait first; of equals that of the least number."""
    best: list[Point] = []
    for point in sorted(points, key=lambda p: (p.wait_seconds, p.cost, p.number)):
        if not best or point.cost < best[-1].cost:
            best.append(point)
    return tuple(best)


def told(search: Search) -> str:
    """The frontier as text, and the settings to paste."""
    who, best = f"{search.planner} on {search.trace}", len(search.frontier)
    lines = [
        f"{who}: {len(search.points)} tried with seed {search.seed}, {best} on the frontier",
        "",
        *_table(search.frontier),
        "",
        *_defaults(search.points),
        *_chosen(search),
    ]
    lines += [f"failed: {contender}: {why}" for contender, why in sorted(search.faults.items())]
    return "\n".join(lines) + "\n"


def _table(points: Sequence[Point]) -> Iterable[str]:
    yield f"{'trial':>5}  {'p95 wait s':>10}  {'instance-hours':>14}  {'cost':>9}  settings"
    yield from map(_row, points)


def _row(point: Point) -> str:
    figures = f"{point.wait_seconds:>10.1f}  {point.instance_hours:>14.1f}  {point.cost:>9.2f}"
    return f"{point.number:>5}  {figures}  {point.contender}"


def _defaults(points: Sequence[Point]) -> Iterable[str]:
    """Its defaults, to compare with; nothing when their replay failed."""
    for point in points:
        if point.number == 0:
            yield (
                f"Its defaults are trial 0: p95 wait {point.wait_seconds:.1f} s, "
                f"{point.instance_hours:.1f} instance-hours, cost {point.cost:.2f}."
            )


def _chosen(search: Search) -> Iterable[str]:
    limit = f"a p95 wait of at most {search.limit_seconds:g} s"
    if search.chosen is None:
        yield f"Nothing tried reaches {limit}."
        return
    yield f"The cheapest with {limit} is trial {search.chosen.number}; to paste:"
    yield ""
    yield toml(search.chosen.contender)


def toml(contender: Contender) -> str:
    """The settings of a pool, as its table in the settings file has them."""
    lines = ["[[pool]]", f"planner = {_value(contender.name)}"]
    lines += [f"{key} = {_value(value)}" for key, value in sorted(contender.policy.items())]
    if contender.options:
        lines += ["", "[pool.planner_options]"]
        lines += [f"{key} = {_value(value)}" for key, value in sorted(contender.options.items())]
    return "\n".join(lines)


def _value(value: str | float | bool) -> str:  # noqa: FBT001 - what a setting may be
    """TOML's and JSON's spelling are one for these."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else repr(value)
