"""Samples of one metric, the statistics CloudWatch makes of them, and periods.

Pure: a sample is a value or a set of summed-up values at a time, a series is one number per
period. Times are virtual epoch seconds. The names of statistics are CloudWatch's own:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Series = dict[float, float]
"""Start of a period (epoch seconds) to its number; a period without data is absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one PutMetricData member says: `count` observations that add up to `total`.

    A single value has minimum, maximum and total equal and a count of 1.
    """

    at: float
    minimum: float
    maximum: float
    total: float
    count: float = 1.0
    unit: str | None = None

    @classmethod
    def of(cls, at: float, value: float, unit: str | None = None, count: float = 1.0) -> "Sample":
        """`count` observations of the same value."""
        return cls(at=at, minimum=value, maximum=value, total=value * count, count=count, unit=unit)


def _plain(samples: Sequence[Sample], name: str) -> float:
    match name:
        case "SampleCount":
            return sum(s.count for s in samples)
        case "Sum":
            return math.fsum(s.total for s in samples)
        case "Minimum":
            return min(s.minimum for s in samples)
        case "Maximum":
            return max(s.maximum for s in samples)
        case _:
            return math.fsum(s.total for s in samples) / sum(s.count for s in samples)


PLAIN = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
"""The five statistics that a statistic set can answer without its raw values."""

_SHORT = re.compile(r"(?P<name>p|tm|wm|tc|ts)(?P<upper>\d+(?:\.\d+)?)")
_RANGE = re.compile(
    r"(?P<name>TM|WM|TC|TS|PR)\((?P<low>-?[\d.]*)(?P<lowp>%?):(?P<high>-?[\d.]*)(?P<highp>%?)\)"
)


def raw_values(samples: Sequence[Sample]) -> list[float] | None:
    """The single observations in rising order, or None when a set hides them.

    CloudWatch answers percentiles of a statistic set only when its values are all the same
    or it holds one value; we add that to its rule by treating such a set as its values.
    """
    values: list[float] = []
    for sample in samples:
        if sample.minimum != sample.maximum:
            return None
        values.extend([sample.minimum] * round(sample.count))
    return sorted(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value with `percent` of the rising `values` at or below it, between two of them.

    CloudWatch documents no formula; this is linear interpolation between closest ranks.
    """
    place = (len(values) - 1) * percent / 100
    below = math.floor(place)
    above = math.ceil(place)
    return values[below] + (values[above] - values[below]) * (place - below)


def _bounds(values: Sequence[float], stat: str) -> tuple[str, float, float]:
    """The kind of a trimmed statistic and the values between which observations count."""
    if stat == "IQM":
        stat = "TM(25%:75%)"
    if short := _SHORT.fullmatch(stat):
        upper = percentile(values, float(short["upper"]))
        return short["name"].upper(), -math.inf, upper
    found = _RANGE.fullmatch(stat)
    if found is None:
        raise ValueError(f"statistic {stat!r} is none that CloudWatch knows")

    def bound(text: str, percent: str, default: float) -> float:
        if not text:
            return default
        return percentile(values, float(text)) if percent else float(text)

    low = bound(found["low"], found["lowp"], -math.inf)
    return found["name"], low, bound(found["high"], found["highp"], math.inf)


def _trimmed(values: Sequence[float], stat: str) -> float | None:
    kind, low, high = _bounds(values, stat)
    if kind == "P":
        return high
    inside = [v for v in values if low <= v <= high]
    makers: dict[str, Callable[[], float]] = {
        "TM": lambda: math.fsum(inside) / len(inside),
        "WM": lambda: math.fsum(min(max(v, low), high) for v in values) / len(values),
        "TC": lambda: float(len(inside)),
        "TS": lambda: math.fsum(inside),
        "PR": lambda: 100.0 * len(inside) / len(values),
    }
    return makers[kind]() if inside or kind != "TM" else None


def check_statistic(stat: str) -> None:
    """Raise ValueError when CloudWatch knows no statistic of that name."""
    if stat not in PLAIN:
        _bounds([0.0], stat)
        short = _SHORT.fullmatch(stat)
        if short and not 0 <= float(short["upper"]) <= 100:  # noqa: PLR2004 (per cent)
            raise ValueError(f"statistic {stat!r} is not between 0 and 100")


def statistic(samples: Sequence[Sample], stat: str) -> float | None:
    """One statistic of samples, or None where there is nothing to say.

    Raises ValueError for a statistic that CloudWatch does not know.
    """
    if not samples or not sum(s.count for s in samples):
        return None
    if stat in PLAIN:
        return _plain(samples, stat)
    values = raw_values(samples)
    return _trimmed(values, stat) if values else None


def floor_to(at: float, period: float) -> float:
    """The start of the period that holds `at`, counted from the epoch as CloudWatch does."""
    return math.floor(at / period) * period


def between(samples: Sequence[Sample], start: float, end: float) -> Sequence[Sample]:
    """Of samples in rising order, those with start <= at < end."""
    first = bisect_left(samples, start, key=lambda s: s.at)
    return samples[first : bisect_left(samples, end, lo=first, key=lambda s: s.at)]


def bucketed(
    samples: Sequence[Sample], *, start: float, end: float, period: int
) -> dict[float, list[Sample]]:
    """Samples by the start of their period; periods begin at `start` and follow each other."""
    found: dict[float, list[Sample]] = {}
    for sample in between(samples, start, end):
        found.setdefault(start + floor_to(sample.at - start, period), []).append(sample)
    return found


def series(
    samples: Sequence[Sample], *, stat: str, start: float, end: float, period: int
) -> Series:
    """One statistic per period of `period` seconds from `start` up to, not including, `end`."""
    found: Series = {}
    for at, inside in bucketed(samples, start=start, end=end, period=period).items():
        value = statistic(inside, stat)
        if value is not None:
            found[at] = value
    return found
