"""Answers questions about metrics: queries as GetMetricData and alarms write them, to series.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
Periods are counted from the epoch (an alarm's from the end of its window), expressions may name
each other in any order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch.models import MetricDataQuery

from workhorse.local.aws.metrics_functions import Grid, Scope, Value, as_series, evaluate
from workhorse.local.aws.metrics_math import MathError, parse
from workhorse.local.aws.metrics_series import (
    Sample,
    Series,
    check_statistic,
    floor_to,
    series,
)
from workhorse.local.aws.metrics_store import MetricKey


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricStat:
    """One statistic of one metric per `period` seconds."""

    key: MetricKey
    stat: str
    period: int
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A metric (`metric`) or an expression over other queries (`expression`)."""

    id: str
    metric: MetricStat | None = None
    expression: str | None = None
    period: int | None = None
    label: str | None = None
    returned: bool = True

    @classmethod
    def of_request(cls, request: Mapping[str, Any]) -> "Query":
        """The query in a request's MetricDataQuery."""
        metric = None
        if found := request.get("MetricStat"):
            asked = found["Metric"]
            dimensions = asked.get("Dimensions") or ()
            metric = MetricStat(
                key=MetricKey.of(asked["Namespace"], asked["MetricName"], dimensions),
                stat=found["Stat"],
                period=int(found["Period"]),
                unit=found.get("Unit"),
            )
        returned = request.get("ReturnData")
        return cls(
            id=request["Id"],
            metric=metric,
            expression=request.get("Expression"),
            period=int(request["Period"]) if request.get("Period") else None,
            label=request.get("Label"),
            returned=returned not in (False, "false"),
        )

    @classmethod
    def of_moto(cls, query: MetricDataQuery) -> "Query":
        """The query that moto keeps with an alarm."""
        request: dict[str, Any] = {
            "Id": query.id,
            "Expression": query.expression,
            "Period": query.period,
            "Label": query.label,
            "ReturnData": query.return_data,
        }
        if (found := query.metric_stat) is not None:
            dimensions = [{"Name": d.name, "Value": d.value} for d in found.metric.dimensions]
            metric = {
                "Namespace": found.metric.namespace,
                "MetricName": found.metric.metric_name,
                "Dimensions": dimensions,
            }
            request["MetricStat"] = {
                "Metric": metric,
                "Stat": found.stat,
                "Period": found.period,
                "Unit": found.unit,
            }
        return cls.of_request(request)


def check(queries: Sequence[Query]) -> None:
    """Raise ValueError for queries CloudWatch refuses: ids, statistics, periods, syntax."""
    ids = [query.id for query in queries]
    if len(set(ids)) < len(ids):
        raise ValueError(f"the ids {', '.join(ids)} are not all different")
    for query in queries:
        if query.metric is not None:
            check_statistic(query.metric.stat)
            check_period(query.metric.period)
        elif query.expression is None:
            raise ValueError(f"query {query.id} has neither MetricStat nor Expression")
        else:
            parse(query.expression)


def check_period(period: int) -> None:
    """Raise ValueError unless a period is 1, 5, 10, 20, 30 or a multiple of 60 seconds."""
    if period not in (1, 5, 10, 20, 30) and (period <= 0 or period % 60):
        raise ValueError("Period must be 1, 5, 10, 20, 30 or a multiple of 60")


def common_period(queries: Sequence[Query]) -> int:
    """The longest period of the queries' metrics, in seconds; 300 without any."""
    periods = [q.metric.period for q in queries if q.metric is not None]
    return max(periods, default=max((q.period or 0 for q in queries), default=0) or 300)


Window = Callable[[MetricKey, float, float, str | None], Sequence[Sample]]
"""Samples of a metric from, up to, and of a unit."""


class Resolution:
    """The values of a set of queries between two times, each worked out once.

    `start` and `end` are epoch seconds. With `aligned` periods begin on multiples of their
    length, else at `start`.
    """

    def __init__(
        self,
        queries: Sequence[Query],
        window: Window,
        *,
        start: float,
        end: float,
        aligned: bool = True,
    ) -> None:
        self._queries = {query.id: query for query in queries}
        self._window = window
        self._start = start
        self._end = end
        self._aligned = aligned
        self._period = common_period(queries)
        self._known: dict[str, Value] = {}
        self._open: set[str] = set()

    def grid(self, query: Query) -> Grid:
        """The periods that a query answers for."""
        own = query.metric.period if query.metric else query.period
        period = own or self._period
        start = floor_to(self._start, period) if self._aligned else self._start
        return Grid(start=start, end=self._end, period=period)

    def value(self, name: str) -> Value:
        """The value of a query; raises KeyError for no such id, MathError for nonsense."""
        if name not in self._known:
            query = self._queries[name]
            if name in self._open:
                raise MathError(f"the query {name!r} depends on itself")
            self._open.add(name)
            self._known[name] = self._work_out(query)
            self._open.discard(name)
        return self._known[name]

    def series(self, name: str) -> Series:
        """The value of a query as one series."""
        return as_series(self.value(name), self.grid(self._queries[name]))

    def _metric(self, metric: MetricStat, grid: Grid) -> Series:
        samples = self._window(metric.key, grid.start, grid.end, metric.unit)
        return series(samples, stat=metric.stat, start=grid.start, end=grid.end, period=grid.period)

    def _metrics(self) -> dict[str, Series]:
        return {
            name: self._metric(query.metric, self.grid(query))
            for name, query in self._queries.items()
            if query.metric is not None
        }

    def _work_out(self, query: Query) -> Value:
        if query.metric is not None:
            return self._metric(query.metric, self.grid(query))
        scope = Scope(lookup=self.value, metrics=self._metrics, grid=self.grid(query))
        return evaluate(parse(query.expression or ""), scope)
