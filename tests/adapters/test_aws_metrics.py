"""How meters are put into as few calls as PutMetricData allows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from workhorse.adapters.aws_metrics import CloudWatchMetrics, EverySink
from workhorse.adapters.session import AwsClients
from workhorse.core.errors import Surprise
from workhorse.core.meters import Meter


@pytest.fixture
def clients() -> AwsClients:
    return AwsClients("eu-west-1", "http://127.0.0.1:9")


@pytest.fixture
def calls(clients: AwsClients) -> list[dict[str, Any]]:
    """The parameters of every call; nothing is sent."""
    found: list[dict[str, Any]] = []

    def capture(params: dict[str, Any], **_: object) -> None:
        found.append(params)

    def answer(**_: object) -> tuple[object, dict[str, Any]]:
        ok = type("Ok", (), {"status_code": 200})()
        return ok, {"ResponseMetadata": {"HTTPStatusCode": 200}}

    events = clients.cloudwatch.meta.events
    events.register("provide-client-params.cloudwatch.PutMetricData", capture)
    events.register("before-call.cloudwatch.PutMetricData", answer)  # type: ignore[arg-type] # an answer stops the request
    return found


def meter(n: int, label: str = "") -> Meter:
    return Meter(name="QueueLength", value=n, unit="Count", pool="linux", label=label)


def test_a_thousand_meters_are_one_call_and_one_more_is_two(
    clients: AwsClients, calls: list[dict[str, Any]]
) -> None:
    sink = CloudWatchMetrics(clients, "workhorse")
    sink.publish([meter(n) for n in range(1000)], at=0)
    sink.publish([meter(n) for n in range(1001)], at=0)
    assert [len(call["MetricData"]) for call in calls] == [1000, 1000, 1]


def test_long_labels_keep_a_call_below_its_megabyte(
    clients: AwsClients, calls: list[dict[str, Any]]
) -> None:
    label = "&&".join(["very-long-label"] * 100)
    CloudWatchMetrics(clients, "workhorse").publish([meter(n, label) for n in range(1000)], at=0)
    assert sum(len(call["MetricData"]) for call in calls) == 1000
    assert len(calls) == 2
    told = calls[0]["MetricData"][0]["Dimensions"][1]["Value"]
    assert told == label[:1024]


@pytest.mark.parametrize(("seconds", "stored"), [(60, 60), (10, 1)])
def test_the_resolution_is_that_of_the_settings(
    clients: AwsClients, calls: list[dict[str, Any]], seconds: Any, stored: int
) -> None:
    CloudWatchMetrics(clients, "workhorse", resolution_seconds=seconds).publish([meter(1)], at=90)
    (datum,) = calls[0]["MetricData"]
    assert datum["StorageResolution"] == stored
    assert datum["Timestamp"].timestamp() == 90
    assert calls[0]["Namespace"] == "workhorse"


@pytest.mark.parametrize(
    ("label", "value"), [("a||b", "a||b"), (":x", "x"), ("\u00f6", "\\xf6"), (":", "-")]
)
def test_a_label_becomes_a_value_that_cloudwatch_takes(
    clients: AwsClients, calls: list[dict[str, Any]], label: str, value: str
) -> None:
    CloudWatchMetrics(clients, "workhorse").publish([meter(1, label)], at=0)
    (datum,) = calls[0]["MetricData"]
    assert datum["Dimensions"] == [
        {"Name": "Pool", "Value": "linux"},
        {"Name": "Label", "Value": value},
    ]


@dataclass
class Sink:
    """Keeps what it gets, and may fail."""

    fails: bool = False
    got: list[Meter] = field(default_factory=list)

    def publish(self, meters: Sequence[Meter], at: float) -> None:
        """Keep, then fail if told so."""
        self.got += meters
        if self.fails:
            raise Surprise(f"no at {at}")


def test_a_sink_that_fails_keeps_no_other_from_the_meters() -> None:
    failing, good = Sink(fails=True), Sink()
    with pytest.raises(Surprise, match="no at 3"):
        EverySink(failing, good).publish([meter(1)], at=3)
    assert good.got == [meter(1)]
