"""Statistics of samples and their periods.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.local.aws.metrics_series import (
    Sample,
    check_statistic,
    floor_to,
    series,
    statistic,
)

HUNDRED = [Sample.of(0.0, float(value)) for value in range(1, 101)]
SET = Sample(at=0.0, minimum=1.0, maximum=9.0, total=30.0, count=10.0)


@pytest.mark.parametrize(
    ("stat", "answer"),
    [
        ("SampleCount", 100.0),
        ("Sum", 5050.0),
        ("Average", 50.5),
        ("Minimum", 1.0),
        ("Maximum", 100.0),
        ("p0", 1.0),
        ("p50", 50.5),
        ("p99", 99.01),
        ("p99.9", 99.901),
        ("p100", 100.0),
        ("tm90", 45.5),
        ("tc90", 90.0),
        ("ts90", 4095.0),
        ("IQM", 50.5),
        ("TM(10%:90%)", 50.5),
        ("TC(10:20)", 11.0),
        ("TS(:3)", 6.0),
        ("PR(:25)", 25.0),
        ("WM(20%:80%)", 50.5),
    ],
)
def test_each_statistic_of_one_to_a_hundred(stat: str, answer: float) -> None:
    """The plain ones, percentiles, trimmed and winsorized means, ranks."""
    assert statistic(HUNDRED, stat) == pytest.approx(answer)


def test_a_statistic_set_adds_to_the_plain_statistics_and_hides_percentiles() -> None:
    """A set of ten unequal values has an average but no p99."""
    samples = [SET, Sample.of(1.0, 12.0)]
    assert statistic(samples, "Average") == pytest.approx(42 / 11)
    assert statistic(samples, "Maximum") == 12.0
    assert statistic(samples, "SampleCount") == 11.0
    assert statistic(samples, "p99") is None


def test_a_value_given_with_a_count_stands_that_often() -> None:
    """Values and Counts of PutMetricData."""
    samples = [Sample.of(0.0, 1.0, count=9.0), Sample.of(0.0, 100.0)]
    assert statistic(samples, "p50") == 1.0
    assert statistic(samples, "Average") == pytest.approx(10.9)


def test_nothing_has_no_statistic() -> None:
    """No samples, no number; not zero."""
    assert statistic([], "Sum") is None


@pytest.mark.parametrize("stat", ["Median", "p101", "pp9", "", "TM(1", "average"])
def test_an_unknown_statistic_is_refused(stat: str) -> None:
    """The error names it."""
    with pytest.raises(ValueError, match="statistic"):
        check_statistic(stat)


@pytest.mark.parametrize("period", [1, 10, 30, 60, 300])
def test_periods_begin_at_their_start_and_end_before_the_next(period: int) -> None:
    """A sample on the border belongs to the later period; the end is not included."""
    samples = [Sample.of(at, 1.0) for at in (0.0, period - 0.5, float(period), 2.0 * period)]
    found = series(samples, stat="Sum", start=0.0, end=2.0 * period, period=period)
    assert found == {0.0: 2.0, float(period): 1.0}


@given(
    times=st.lists(st.floats(0, 3599), min_size=1, max_size=50),
    period=st.sampled_from([1, 10, 30, 60, 300]),
)
def test_no_sample_is_lost_or_counted_twice(times: list[float], period: int) -> None:
    """Whatever the period, all samples are in exactly one of them."""
    samples = sorted((Sample.of(at, 1.0) for at in times), key=lambda s: s.at)
    found = series(samples, stat="SampleCount", start=0.0, end=3600.0, period=period)
    assert sum(found.values()) == len(times)
    assert all(at == floor_to(at, period) for at in found)
