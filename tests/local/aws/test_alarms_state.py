"""The decision of a metric alarm, by the tables that AWS prints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.local.aws.alarms_state import (
    COMPARISONS,
    Missing,
    Point,
    Rule,
    State,
    evaluation_interval,
    few_samples,
    judge,
)

KEEP = "keep"


def points(text: str) -> list[Point | None]:
    """'0 - X': a point below the threshold, none, one above; oldest first."""
    values = {"0": 0.0, "X": 9.0}
    return [
        Point(at=60.0 * place, value=values[sign]) if sign in values else None
        for place, sign in enumerate(text.split())
    ]


def rule(needed: int = 3, periods: int = 3, missing: Missing = Missing.MISSING) -> Rule:
    return Rule(
        comparison="GreaterThanThreshold",
        threshold=5.0,
        periods=periods,
        datapoints_to_alarm=needed,
        missing=missing,
    )


# Columns: MISSING, IGNORE, BREACHING, NOT BREACHING, as the page has them.
THREE_OF_THREE = [
    ("0 - X - X", ("OK", "OK", "OK", "OK")),
    ("- - - - 0", ("OK", "OK", "OK", "OK")),
    ("- - - - -", ("INSUFFICIENT_DATA", KEEP, "ALARM", "OK")),
    ("0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("- - X - -", ("ALARM", KEEP, "ALARM", "OK")),
]
TWO_OF_THREE = [
    ("0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0 - X - -", ("OK", "OK", "ALARM", "OK")),
    ("- - - - 0", ("OK", "OK", "ALARM", "OK")),
    ("- - - X -", ("ALARM", KEEP, "ALARM", "OK")),
]
ROWS = [
    (needed, text, missing, answer)
    for needed, table in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
    for text, answers in table
    for missing, answer in zip(
        (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING),
        answers,
        strict=True,
    )
]


@pytest.mark.parametrize("was", list(State))
@pytest.mark.parametrize(("needed", "text", "missing", "answer"), ROWS)
def test_every_cell_of_aws_own_tables(
    needed: int, text: str, missing: Missing, answer: str, was: State
) -> None:
    """Every cell of the two tables of missing data, from every state.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    verdict = judge(rule(needed, 3, missing), points(text), was)
    assert verdict.state == (was if answer == KEEP else answer)


@pytest.mark.parametrize("text", ["- - - - X", "- - - X -"])
@pytest.mark.parametrize("was", [State.OK, State.INSUFFICIENT_DATA])
def test_one_young_breaching_point_is_no_alarm_yet(text: str, was: State) -> None:
    """Avoiding premature transitions to alarm state.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    assert judge(rule(), points(text), was).state is was


def test_points_older_than_the_evaluation_periods_are_not_needed_when_all_are_there() -> None:
    """Of five points an alarm of three looks at the newest three.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    assert judge(rule(), points("X X 0 0 0"), State.ALARM).state is State.OK
    assert judge(rule(), points("0 0 X X X"), State.OK).state is State.ALARM


@pytest.mark.parametrize(
    ("comparison", "value", "breaches"),
    [
        ("GreaterThanThreshold", 5.0, False),
        ("GreaterThanOrEqualToThreshold", 5.0, True),
        ("LessThanThreshold", 5.0, False),
        ("LessThanOrEqualToThreshold", 5.0, True),
        ("GreaterThanThreshold", 5.1, True),
        ("LessThanThreshold", 4.9, True),
    ],
)
def test_the_four_comparisons(comparison: str, value: float, breaches: bool) -> None:  # noqa: FBT001 (a column of the table)
    """Each comparison on its own side of the threshold."""
    one = Rule(comparison=comparison, threshold=5.0, periods=1, datapoints_to_alarm=1)
    assert one.breaches(value) is breaches


def test_the_reason_is_written_as_aws_writes_it() -> None:
    """The words that people grep for in alarm mails."""
    verdict = judge(rule(2), points("0 0 X X X"), State.OK)
    assert verdict.reason == (
        "Threshold Crossed: 3 out of the last 3 datapoints [9.0, 9.0, 9.0] were greater than the "
        "threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition)."
    )
    nothing = judge(rule(), points("- - - - -"), State.OK)
    assert nothing.reason == "Insufficient Data: 3 datapoints were unknown."
    filled = judge(rule(missing=Missing.BREACHING), points("- - - - -"), State.OK)
    assert filled.reason == (
        "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints "
        "were treated as [Breaching]."
    )


def test_alarms_of_a_minute_are_evaluated_each_minute_and_shorter_ones_every_ten_seconds() -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
    """
    assert [evaluation_interval(period) for period in (10, 30, 60, 300)] == [10, 10, 60, 60]


def test_a_percentile_needs_enough_samples() -> None:
    """p99 wants 10/(1-0.99) samples, p10 wants 10/0.1.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    assert few_samples("p99", 999)
    assert not few_samples("p99", 1001)
    assert few_samples("p10", 99)
    assert not few_samples("p10", 100)


@given(
    signs=st.lists(st.sampled_from(["0", "X", "-"]), min_size=7, max_size=7),
    needed=st.integers(1, 5),
    missing=st.sampled_from(list(Missing)),
    was=st.sampled_from(list(State)),
)
def test_an_alarm_never_fires_without_reason(
    signs: list[str], needed: int, missing: Missing, was: State
) -> None:
    """A state that changes has a reason; enough real points decide alone, whatever was before."""
    values = points(" ".join(signs))
    verdict = judge(rule(needed, 5, missing), values, was)
    assert verdict.reason or verdict.state is was
    real = [p for p in values if p is not None]
    if len(real) >= 5:
        breaching = sum(p.value > 5.0 for p in real[-5:])
        assert verdict.state is (State.ALARM if breaching >= needed else State.OK)
    elif verdict.state is State.ALARM and was is not State.ALARM and missing != Missing.BREACHING:
        assert any(p.value > 5.0 for p in real)


def test_only_static_thresholds_are_compared() -> None:
    """Bands of anomaly detection are not modelled, and say so by being absent."""
    assert "GreaterThanUpperThreshold" not in COMPARISONS
