"""The meters to CloudWatch, in as few calls as PutMetricData allows.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote_plus

from workhorse.adapters.session import AwsClients, changing
from workhorse.core.errors import Surprise
from workhorse.core.meters import Meter
from workhorse.loops.ports import Metrics

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

DATA_PER_CALL = 1000
BYTES_PER_CALL = 900_000
"""The API takes 1 MB before compression; a tenth is left for what an estimate misses."""

DIMENSION_CHARACTERS = 1024
_DATUM_BYTES = 512
"""Of one datum without its words, in the most verbose of CloudWatch's protocols."""

HIGH_RESOLUTION_SECONDS = 10
"""Below a minute CloudWatch stores each second, and alarms look at periods of 10 s."""


class CloudWatchMetrics:
    """A `loops.ports.Metrics`.

    Args:
        clients: the clients of the region.
        namespace: CloudWatch namespace.
        resolution_seconds: 60, or 10 for high resolution.
    """

    def __init__(
        self, clients: AwsClients, namespace: str, *, resolution_seconds: Literal[60, 10] = 60
    ) -> None:
        self._clients = clients
        self._namespace = namespace
        self._storage = 1 if resolution_seconds == HIGH_RESOLUTION_SECONDS else 60

    def publish(self, meters: Sequence[Meter], at: float) -> None:
        """Publish all of them.

        Raises:
            Surprise: CloudWatch does not take them.
        """
        moment = datetime.fromtimestamp(at, tz=UTC)
        for data in _calls([self._datum(meter, moment) for meter in meters]):
            with changing(f"PutMetricData of {len(data)} meters"):
                self._clients.cloudwatch.put_metric_data(Namespace=self._namespace, MetricData=data)

    def _datum(self, meter: Meter, moment: datetime) -> "MetricDatumTypeDef":
        return {
            "MetricName": meter.name,
            "Dimensions": [
                {"Name": name, "Value": _dimension(value)}
                for name, value in meter.dimensions.items()
            ],
            "Timestamp": moment,
            "Value": meter.value,
            "Unit": meter.unit,  # type: ignore[typeddict-item] # CloudWatch's own names, in core
            "StorageResolution": self._storage,
        }


class EverySink:
    """A `loops.ports.Metrics` of several: each gets the meters, whatever befalls another."""

    def __init__(self, *sinks: Metrics) -> None:
        self._sinks = sinks

    def publish(self, meters: Sequence[Meter], at: float) -> None:
        """Publish to all.

        Raises:
            Surprise: of the first that failed.
        """
        failed: list[Surprise] = []
        for sink in self._sinks:
            try:
                sink.publish(meters, at)
            except Surprise as surprise:
                failed.append(surprise)
        if failed:
            raise failed[0]


def _dimension(value: str) -> str:
    """CloudWatch takes ASCII without a colon in front, and not too long."""
    plain = value.encode("ascii", "backslashreplace").decode()
    return plain.removeprefix(":")[:DIMENSION_CHARACTERS] or "-"


def _calls(data: "Sequence[MetricDatumTypeDef]") -> "Iterator[list[MetricDatumTypeDef]]":
    """The data in portions within both limits of a call."""
    portion: list[MetricDatumTypeDef] = []
    size = 0
    for datum in data:
        words = [datum["MetricName"], *(d["Value"] for d in datum.get("Dimensions", ()))]
        bytes_more = _DATUM_BYTES + sum(len(quote_plus(word)) for word in words)
        if portion and (len(portion) == DATA_PER_CALL or size + bytes_more > BYTES_PER_CALL):
            yield portion
            portion, size = [], 0
        portion.append(datum)
        size += bytes_more
    if portion:
        yield portion
