"""CloudWatch metrics: what moto answers wrongly or not at all, and AWS' own metrics each minute.

The patches below go on moto; `tick` publishes the metrics of groups and queues.
"""

import math
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudwatch.exceptions import (
    InvalidParameterCombination,
    InvalidParameterValue,
    ValidationError,
)
from moto.cloudwatch.models import CloudWatchBackend, MetricDatumBase
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from workhorse.local.aws.engine import Engine, active, utc
from workhorse.local.aws.metrics_published import GROUP_METRICS, publish_all
from workhorse.local.aws.metrics_query import Query, Resolution, check, check_period
from workhorse.local.aws.metrics_series import bucketed, check_statistic, floor_to, statistic
from workhorse.local.aws.metrics_store import MetricKey, epoch, put_metric_data, store_of
from workhorse.local.aws.patching import Row

MOST_DATAPOINTS = 1440
"""Data points that one GetMetricStatistics may ask for (its API page)."""

PUBLISHED_EVERY = 60
"""Seconds between two data points of AWS' own metrics."""

_published: WeakKeyDictionary[Engine, float] = WeakKeyDictionary()
"""The minute that each engine published last, in epoch seconds."""


def get_metric_data(
    self: CloudWatchBackend,
    queries: list[dict[str, Any]],
    start_time: datetime,
    end_time: datetime,
    scan_by: str = "TimestampAscending",
) -> list[dict[str, Any]]:
    """GetMetricData: metrics and expressions, each series in the order asked for."""
    start, end = epoch(start_time), epoch(end_time)
    if start >= end:
        raise ValidationError("The parameter StartTime must be less than the parameter EndTime.")
    asked = [Query.of_request(query) for query in queries]
    results = []
    try:
        check(asked)
        resolution = Resolution(asked, store_of(self).window, start=start, end=end)
        for query in asked:
            if query.returned:
                found = sorted(resolution.series(query.id).items())
                rows = found if scan_by == "TimestampAscending" else found[::-1]
                results.append(_result(query, rows))
    except ValueError as error:
        raise ValidationError(str(error)) from error
    return results


def _result(query: Query, rows: list[tuple[float, float]]) -> dict[str, Any]:
    default = query.metric.key.name if query.metric else query.id
    return {
        "id": query.id,
        "label": query.label or default,
        "timestamps": [utc(at) for at, _value in rows],
        "values": [value for _at, value in rows],
        "status_code": "Complete",
    }


def _datapoints(
    backend: CloudWatchBackend, params: dict[str, Any], stats: list[str], extended: list[str]
) -> list[dict[str, Any]]:
    period = int(params["Period"])
    end = epoch(params["EndTime"])
    start = floor_to(epoch(params["StartTime"]), period)
    for stat in (*stats, *extended):
        check_statistic(stat)
    check_period(period)
    key = MetricKey.of(params["Namespace"], params["MetricName"], params.get("Dimensions") or ())
    samples = store_of(backend).window(key, start, end, params.get("Unit"))
    rows = []
    for at, inside in sorted(bucketed(samples, start=start, end=end, period=period).items()):
        row: dict[str, Any] = {"Timestamp": utc(at), "Unit": inside[0].unit or "None"}
        row |= {stat: statistic(inside, stat) for stat in stats}
        tails = {stat: statistic(inside, stat) for stat in extended}
        row["ExtendedStatistics"] = {s: v for s, v in tails.items() if v is not None} or None
        rows.append(row)
    return rows


def get_metric_statistics(self: CloudWatchResponse) -> ActionResult:
    """GetMetricStatistics: periods on multiples of their length, percentiles too."""
    params = self._get_params()
    stats = params.get("Statistics") or []
    extended = params.get("ExtendedStatistics") or []
    span = epoch(params["EndTime"]) - epoch(params["StartTime"])
    if not stats and not extended:
        raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
    if span <= 0:
        raise InvalidParameterValue(
            "The parameter StartTime must be less than the parameter EndTime."
        )
    if span / int(params["Period"]) > MOST_DATAPOINTS:
        raise InvalidParameterCombination(
            f"You have requested up to {int(span / int(params['Period']))} datapoints, which "
            f"exceeds the limit of {MOST_DATAPOINTS}."
        )
    try:
        rows = _datapoints(self.cloudwatch_backend, params, stats, extended)
    except ValueError as error:
        raise InvalidParameterValue(str(error)) from error
    return ActionResult({"Label": params["MetricName"], "Datapoints": rows})


def get_filtered_metrics(
    self: CloudWatchBackend, metric_name: str, namespace: str, dimensions: list[dict[str, str]]
) -> list[MetricDatumBase]:
    """ListMetrics: every metric once; the store already keeps one datum of each."""
    return [
        datum
        for datum in self.get_all_metrics()
        if datum.filter(namespace=namespace, name=metric_name, dimensions=dimensions)
    ]


def enable_group_metrics(self: FakeAutoScalingGroup, metrics: list[str] | None) -> None:
    """EnableMetricsCollection adds to what is enabled; naming nothing means all."""
    wanted = set(metrics or GROUP_METRICS)
    if unknown := sorted(wanted - set(GROUP_METRICS)):
        raise InvalidParameterValue(f"The metric {unknown[0]} is no metric of a group.")
    self.metrics = [name for name in GROUP_METRICS if name in wanted | set(self.metrics)]


def disable_group_metrics(self: AutoScalingResponse) -> EmptyResult:
    """DisableMetricsCollection, which moto lacks; naming nothing means all."""
    backend: AutoScalingBackend = self.autoscaling_backend
    group = backend.describe_auto_scaling_groups([self._get_param("AutoScalingGroupName")])[0]
    unwanted = self._get_param("Metrics") or GROUP_METRICS
    group.metrics = [name for name in group.metrics if name not in unwanted]
    return EmptyResult()


PATCHES: tuple[Row, ...] = (
    (CloudWatchBackend, "put_metric_data", put_metric_data, "resolution, times checked, bounded"),
    (CloudWatchBackend, "get_metric_data", get_metric_data, "aligned periods, expressions"),
    (CloudWatchBackend, "get_filtered_metrics", get_filtered_metrics, "no scan of all samples"),
    (CloudWatchResponse, "get_metric_statistics", get_metric_statistics, "aligned, percentiles"),
    (FakeAutoScalingGroup, "enable_metrics_collection", enable_group_metrics, "adds; none is all"),
    (AutoScalingResponse, "disable_metrics_collection", disable_group_metrics, "moto lacks it"),
)


def tick(now: float) -> None:
    """Publish AWS' own metrics when a new minute has begun since the last time."""
    engine = active()
    minute = floor_to(now, PUBLISHED_EVERY)
    if _published.get(engine, -math.inf) < minute:
        _published[engine] = minute
        publish_all(engine, minute)
