"""What the one call of the `Metrics` port means."""

from dataclasses import replace

import pytest

from tests.contracts.stages import METERS, MetricsStage
from workhorse.core.errors import Surprise
from workhorse.core.meters import Meter

AS_TOLD = {
    ("QueueLength", "linux", "linux&&docker"): 3,
    ("QueueLength", "linux", ""): 4,
    ("OldestWait", "linux", ""): 1.5,
}


def test_every_meter_arrives_with_its_dimensions(metrics_stage: MetricsStage) -> None:
    metrics_stage.port.publish(METERS, metrics_stage.now())
    assert metrics_stage.published() == AS_TOLD


def test_no_meters_are_no_trouble(metrics_stage: MetricsStage) -> None:
    metrics_stage.port.publish((), metrics_stage.now())
    assert metrics_stage.published() == {}


def test_more_meters_than_one_call_takes_arrive_all_the_same(
    metrics_stage: MetricsStage,
) -> None:
    many = [replace(METERS[0], label=f"label-{n}", value=float(n)) for n in range(1100)]
    metrics_stage.port.publish(many, metrics_stage.now())
    told = metrics_stage.published()
    # Some systems list no more than 500 at once; the ends tell enough.
    assert len(told) >= 500
    assert all(
        value == float(label.removeprefix("label-")) for (_, _, label), value in told.items()
    )


def test_a_label_of_any_letters_is_published(metrics_stage: MetricsStage) -> None:
    odd = Meter(name="QueueLength", value=1, unit="Count", pool="linux", label=":\u00f6 'x'" * 300)
    metrics_stage.port.publish((odd,), metrics_stage.now())
    assert list(metrics_stage.published().values()) == [1]


def test_when_it_does_not_answer_publishing_is_a_surprise(metrics_stage: MetricsStage) -> None:
    metrics_stage.shut()
    with pytest.raises(Surprise):
        metrics_stage.port.publish(METERS, metrics_stage.now())
