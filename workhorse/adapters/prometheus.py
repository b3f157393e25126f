"""The meters as Prometheus text, and a small server that Prometheus scrapes.

`QueueLength` becomes `workhorse_queue_length{pool="...",label="..."}`; a number of the whole pool
has the empty label. Disagreements carry their kind instead. A meter in seconds gets the suffix
that Prometheus' naming asks for:
https://prometheus.io/docs/practices/naming/
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from workhorse.core.errors import Refusal
from workhorse.core.meters import Meter


def exposition(meters: Iterable[Meter]) -> str:
    """The meters in the Prometheus text format."""
    registry = CollectorRegistry()
    registry.register(_Latest(tuple(meters)))
    return generate_latest(registry).decode()


class Prometheus:
    """A `loops.ports.Metrics` that serves the newest meters at http://host:port/metrics."""

    def __init__(self, host: str, port: int) -> None:
        """Start to serve; port 0 takes a free one.

        Raises:
            Refusal: the address is taken or not ours.
        """
        registry = CollectorRegistry()
        self._latest = _Latest(())
        registry.register(self._latest)
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as wrong:
            raise Refusal(f"metrics.prometheus: {host}:{port}: {wrong}") from wrong
        self.url = f"http://{host}:{self._server.server_port}/metrics"

    def publish(self, meters: Sequence[Meter], at: float) -> None:  # noqa: ARG002 - the port's shape
        """Serve these from now on; Prometheus gives them the time of its scrape."""
        self._latest.meters = tuple(meters)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Latest(Collector):
    """What the registry asks at each scrape."""

    def __init__(self, meters: tuple[Meter, ...]) -> None:
        self.meters = meters

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family for each meter name; by kinds where any meter of that name is of one."""
        by_kind = {meter.name for meter in self.meters if meter.kind}
        families: dict[str, GaugeMetricFamily] = {}
        for meter in self.meters:
            name, of_kind = _name(meter), meter.name in by_kind
            labels = ("pool", "kind" if of_kind else "label")
            family = families.setdefault(name, GaugeMetricFamily(name, meter.name, labels=labels))
            family.add_metric((meter.pool, meter.kind if of_kind else meter.label), meter.value)
        yield from families.values()


def _name(meter: Meter) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", meter.name).lower()
    suffix = "_seconds" if meter.unit == "Seconds" and not words.endswith("_seconds") else ""
    return f"workhorse_{words}{suffix}"
