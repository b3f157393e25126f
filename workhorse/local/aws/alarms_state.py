"""What an alarm's state is, from its last data points: pure.

CloudWatch looks at more periods than the alarm evaluates, so that late or rare data still
counts. With enough real points it evaluates the newest of them and missing data plays no part;
with fewer it fills in what `TreatMissingData` says, as few times as it can. Rules and the two
tables of examples, which are our tests:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The state of an alarm, in AWS' words."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """What a missing data point counts as (TreatMissingData)."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
"""ComparisonOperator to its test and AWS' words for it; bands of anomaly detection are not here."""

EXTRA_PERIODS = 2
"""Periods looked at beyond EvaluationPeriods; AWS' example looks at 5 for an alarm of 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The part of an alarm that decides: M (`datapoints_to_alarm`) of N (`periods`)."""

    comparison: str
    threshold: float
    periods: int
    datapoints_to_alarm: int
    missing: Missing = Missing.MISSING

    def breaches(self, value: float) -> bool:
        """Whether one data point is beyond the threshold."""
        return COMPARISONS[self.comparison][0](value, self.threshold)

    @property
    def range(self) -> int:
        """How many periods are looked at: the evaluation range."""
        return self.periods + EXTRA_PERIODS


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One data point: the start of its period and its value."""

    at: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state an alarm should have, why in AWS' words, and the real points behind it."""

    state: State
    reason: str
    points: tuple[Point, ...] = ()


def _number(count: int) -> str:
    return f"{count} datapoint{'s were' if count != 1 else ' was'}"


def _crossed(rule: Rule, points: Sequence[Point], state: State, was: State) -> str:
    words = COMPARISONS[rule.comparison][1]
    breaching = [p for p in points if rule.breaches(p.value)]
    alarm = state is State.ALARM
    told = breaching if alarm else [p for p in points if p not in breaching]
    needed = rule.datapoints_to_alarm if alarm else rule.periods - rule.datapoints_to_alarm + 1
    values = ", ".join(f"{p.value}" for p in reversed(told))
    verb = "were" if len(told) != 1 else "was"
    not_ = "" if alarm else "not "
    return (
        f"Threshold Crossed: {len(told)} out of the last {len(points)} datapoints [{values}] "
        f"{verb} {not_}{words} the threshold ({float(rule.threshold)}) (minimum {needed} "
        f"datapoint{'s' if needed != 1 else ''} for {was} -> {state} transition)."
    )


def _filled(rule: Rule, real: Sequence[Point]) -> Verdict:
    """The verdict when missing points are given a value."""
    filler = rule.missing is Missing.BREACHING
    absent = rule.periods - len(real)
    breaching = sum(rule.breaches(p.value) for p in real) + (absent if filler else 0)
    state = State.ALARM if breaching >= rule.datapoints_to_alarm else State.OK
    word = "Breaching" if filler else "NonBreaching"
    reason = (
        f"Threshold Crossed: {_number(len(real)) if real else 'no datapoints were'} received for "
        f"{rule.periods} period{'s' if rule.periods != 1 else ''} and {absent} missing "
        f"datapoint{'s were' if absent != 1 else ' was'} treated as [{word}]."
    )
    return Verdict(state=state, reason=reason, points=tuple(real))


def _sparse(rule: Rule, values: Sequence[Point | None], was: State) -> Verdict:
    """The verdict when missing points stay unknown: `missing` and `ignore`."""
    real = tuple(p for p in values if p is not None)
    breaching = [p for p in real if rule.breaches(p.value)]
    keep = Verdict(state=was, reason="", points=real)
    if not real:
        if rule.missing is Missing.IGNORE:
            return keep
        reason = f"Insufficient Data: {_number(rule.periods)} unknown."
        return Verdict(state=State.INSUFFICIENT_DATA, reason=reason)
    if len(breaching) < len(real) and len(breaching) < rule.datapoints_to_alarm:
        state = State.OK
    elif len(breaching) >= rule.datapoints_to_alarm:
        state = State.ALARM
    else:
        # Only breaching points, fewer than M: it is too early for an alarm until the oldest of
        # them is M periods old ("avoiding premature transitions").
        age = len(values) - next(i for i, p in enumerate(values) if p is not None)
        if rule.missing is Missing.IGNORE or age < rule.datapoints_to_alarm:
            return keep
        state = State.ALARM
    return Verdict(state=state, reason=_crossed(rule, real, state, was), points=real)


def judge(rule: Rule, values: Sequence[Point | None], was: State) -> Verdict:
    """The state after these data points, oldest first, None where one is missing.

    `values` covers the evaluation range (`rule.range` periods), `was` is the state before. An
    empty reason means that the state stays and nothing was decided.
    """
    real = [p for p in values if p is not None]
    if len(real) >= rule.periods:
        newest = real[-rule.periods :]
        breaching = sum(rule.breaches(p.value) for p in newest)
        state = State.ALARM if breaching >= rule.datapoints_to_alarm else State.OK
        reason = _crossed(rule, newest, state, was)
        return Verdict(state=state, reason=reason, points=tuple(newest))
    if rule.missing in (Missing.BREACHING, Missing.NOT_BREACHING):
        return _filled(rule, real)
    return _sparse(rule, values, was)


def evaluation_interval(period: int) -> int:
    """Seconds between two evaluations of an alarm with this period.

    An alarm of a minute or more is evaluated every minute over a sliding window, one of 10, 20
    or 30 seconds every 10 seconds:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
    """
    return 10 if period < 60 else 60  # noqa: PLR2004 (a minute)


def few_samples(stat: str, count: float) -> bool:
    """Whether a percentile of `count` samples is not statistically significant.

    That is fewer than 10/(1-p) samples above the median, 10/p below it:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    share = float(stat[1:]) / 100
    tail = 1 - share if share >= 0.5 else share  # noqa: PLR2004 (the median)
    return tail > 0 and count < 10 / tail
