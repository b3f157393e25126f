"""The samples of every metric, kept on moto's CloudWatch backend so that a reset forgets them.

moto keeps one flat list and scans it for every question; here each metric has its own samples
in order of time. A metric of regular resolution is stored by the minute, a high-resolution one
(StorageResolution 1) by the second:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
"""

import threading
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.models import CloudWatchBackend, MetricDatum

from workhorse.local.aws.engine import active, utc
from workhorse.local.aws.metrics_series import Sample, between, floor_to

REGULAR = 60
"""Seconds of the regular storage resolution."""

LIMITS = {"MetricData": 1000, "Values": 150, "Dimensions": 30}
"""Most members in one PutMetricData, values in a member, dimensions of a metric (AWS quotas)."""

PAST = 14 * 86400.0
FUTURE = 2 * 3600.0
"""How far a timestamp may lie in the past and future, in seconds (PutMetricData's own page)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricKey:
    """What makes a metric: CloudWatch treats every set of dimensions as one of its own."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Iterable[Mapping[str, str]]) -> "MetricKey":
        """The key of a metric whose dimensions are written as requests write them."""
        pairs = frozenset((d["Name"], d["Value"]) for d in dimensions)
        return cls(namespace=namespace, name=name, dimensions=pairs)


class MetricStore:
    """Samples by metric, each list in rising order of time; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._samples: dict[MetricKey, list[Sample]] = {}

    def add(self, key: MetricKey, samples: Iterable[Sample]) -> bool:
        """Keep samples; true when the metric was not known before."""
        with self._lock:
            new = key not in self._samples
            kept = self._samples.setdefault(key, [])
            for sample in samples:
                insort(kept, sample, key=lambda s: s.at)
            return new

    def window(
        self, key: MetricKey, start: float, end: float, unit: str | None = None
    ) -> Sequence[Sample]:
        """The samples with start <= at < end, only those of one unit if it is given."""
        with self._lock:
            found = between(self._samples.get(key, ()), start, end)
        return found if unit is None else [s for s in found if s.unit == unit]


def store_of(backend: CloudWatchBackend) -> MetricStore:
    """The store of one account and region."""
    found: MetricStore = backend.__dict__.setdefault("metric_store", MetricStore())
    return found


def epoch(moment: datetime) -> float:
    """Epoch seconds of a datetime; moto's have no zone and mean UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def publish(backend: CloudWatchBackend, key: MetricKey, samples: Sequence[Sample]) -> None:
    """Keep samples of a metric, and let ListMetrics know of it."""
    if store_of(backend).add(key, samples):
        dimensions = [{"Name": n, "Value": v} for n, v in sorted(key.dimensions)]
        backend.metric_data.append(
            MetricDatum(key.namespace, key.name, 0.0, dimensions, utc(samples[0].at))
        )


def _member_samples(member: Mapping[str, Any], at: float) -> list[Sample]:
    unit = member.get("Unit")
    if values := member.get("Values"):
        counts = member.get("Counts") or [1.0] * len(values)
        pairs = zip(values, counts, strict=True)
        return [Sample.of(at, float(v), unit, float(n)) for v, n in pairs]
    if stats := member.get("StatisticValues"):
        return [
            Sample(
                at=at,
                minimum=float(stats["Minimum"]),
                maximum=float(stats["Maximum"]),
                total=float(stats["Sum"]),
                count=float(stats["SampleCount"]),
                unit=unit,
            )
        ]
    return [Sample.of(at, float(member.get("Value", 0.0)), unit)]


def _check_size(name: str, members: Sequence[object]) -> None:
    if len(members) > LIMITS[name]:
        raise InvalidParameterValue(
            f"The collection {name} must not have a size greater than {LIMITS[name]}."
        )


def _member_time(number: int, member: Mapping[str, Any], now: float) -> float:
    """When a member was measured, cut to its resolution; refuses what AWS refuses."""
    stamp = member.get("Timestamp")
    at = now if stamp is None else epoch(stamp)
    path = f"The parameter MetricData.member.{number}"
    if at > now + FUTURE:
        raise InvalidParameterValue(
            f"{path}.Timestamp must specify a time no more than two hours in the future."
        )
    if at < now - PAST:
        raise InvalidParameterValue(
            f"{path}.Timestamp must specify a time within the past two weeks."
        )
    resolution = int(member.get("StorageResolution") or REGULAR)
    if resolution not in (1, REGULAR):
        raise InvalidParameterValue(f"{path}.StorageResolution must be 1 or 60.")
    return floor_to(at, resolution)


def put_metric_data(
    self: CloudWatchBackend, namespace: str, metric_data: list[dict[str, Any]]
) -> None:
    """PutMetricData: all members are checked before any is kept."""
    now = active().clock.now()
    if namespace.startswith("AWS/"):
        raise InvalidParameterValue("The value AWS/ for parameter Namespace is invalid.")
    _check_size("MetricData", metric_data)
    ready = []
    for number, member in enumerate(metric_data, start=1):
        self._validate_parameters_put_metric_data(member, number)
        dimensions = member.get("Dimensions") or ()
        _check_size("Values", member.get("Values") or ())
        _check_size("Dimensions", dimensions)
        key = MetricKey.of(namespace, member["MetricName"], dimensions)
        ready.append((key, _member_samples(member, _member_time(number, member, now))))
    for key, samples in ready:
        publish(self, key, samples)
