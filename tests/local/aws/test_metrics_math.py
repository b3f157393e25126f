"""Metric math: syntax and the values of expressions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.local.aws.metrics_functions import Grid, Scope, Value, as_series, evaluate
from workhorse.local.aws.metrics_math import MathError, Name, Operation, parse
from workhorse.local.aws.metrics_series import Series

GRID = Grid(start=0.0, end=300.0, period=60)
SERIES: dict[str, Series] = {
    "m1": {0.0: 1.0, 60.0: 2.0, 180.0: 4.0},
    "m2": {0.0: 10.0, 60.0: 0.0, 120.0: 30.0, 180.0: 2.0},
    "none": {},
}


def value(text: str) -> Value:
    scope = Scope(lookup=SERIES.__getitem__, metrics=lambda: SERIES, grid=GRID)
    return evaluate(parse(text), scope)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("-2 ^ 2", -4.0),
        ("2 ^ 3 ^ 1", 8.0),
        ("10 - 4 - 3", 3.0),
        ("1 < 2 AND 2 < 1", 0.0),
        ("1 < 2 || 2 < 1", 1.0),
        ("1.5e1 == 15", 1.0),
        ("IF(1 > 2, 5, 6)", 6.0),
        ("SUM(m1)", 7.0),
        ("AVG(m2)", 10.5),
        ("MIN(m1)", 1.0),
        ("MAX(m2)", 30.0),
        ("PERIOD(m1)", 60.0),
        ("DATAPOINT_COUNT(m1)", 3.0),
        ("ABS(-3)", 3.0),
        ("CEIL(1.2) + FLOOR(1.8)", 3.0),
    ],
)
def test_an_expression_of_numbers(text: str, answer: float) -> None:
    """Operators bind as usual; a statistic of one series is a number."""
    assert value(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("m1 + m2", {0.0: 11.0, 60.0: 2.0, 180.0: 6.0}),
        ("m1 / m2", {0.0: 0.1, 180.0: 2.0}),
        ("m1 - 1", {0.0: 0.0, 60.0: 1.0, 180.0: 3.0}),
        ("10 / m1", {0.0: 10.0, 60.0: 5.0, 180.0: 2.5}),
        ("-m1", {0.0: -1.0, 60.0: -2.0, 180.0: -4.0}),
        ("m1 >= 2", {0.0: 0.0, 60.0: 1.0, 180.0: 1.0}),
        ("IF(m1 > 1, m2, 7)", {0.0: 7.0, 60.0: 0.0, 180.0: 2.0}),
        ("IF(m2 > 1, m1)", {0.0: 1.0, 180.0: 4.0}),
        ("FILL(m1, 0)", {0.0: 1.0, 60.0: 2.0, 120.0: 0.0, 180.0: 4.0, 240.0: 0.0}),
        ("FILL(m1, REPEAT)", {0.0: 1.0, 60.0: 2.0, 120.0: 2.0, 180.0: 4.0, 240.0: 4.0}),
        ("FILL(m1, LINEAR)", {0.0: 1.0, 60.0: 2.0, 120.0: 3.0, 180.0: 4.0, 240.0: 4.0}),
        ("FILL(none, 0)", dict.fromkeys((0.0, 60.0, 120.0, 180.0, 240.0), 0.0)),
        ("SUM([m1, m2])", {0.0: 11.0, 60.0: 2.0, 120.0: 30.0, 180.0: 6.0}),
        ("MAX([m1, m2])", {0.0: 10.0, 60.0: 2.0, 120.0: 30.0, 180.0: 4.0}),
        ("MIN([m1, 2])", {0.0: 1.0, 60.0: 2.0, 120.0: 2.0, 180.0: 2.0, 240.0: 2.0}),
        ("AVG(METRICS('m'))", {0.0: 5.5, 60.0: 1.0, 120.0: 30.0, 180.0: 3.0}),
        ("SUM(METRICS()) * 2", {0.0: 22.0, 60.0: 4.0, 120.0: 60.0, 180.0: 12.0}),
        ("DIFF(m1)", {60.0: 1.0, 180.0: 2.0}),
        ("RUNNING_SUM(m1)", {0.0: 1.0, 60.0: 3.0, 180.0: 7.0}),
        ("m1 + none", {}),
        ("none", {}),
    ],
)
def test_an_expression_of_series(text: str, answer: Series) -> None:
    """Series meet where both have a number; arrays take whoever has one; 1/0 is no number."""
    assert value(text) == answer


def test_a_number_stands_in_every_period_where_a_series_is_needed() -> None:
    """TIME_SERIES and results that are plain numbers."""
    assert as_series(3.0, GRID) == dict.fromkeys((0.0, 60.0, 120.0, 180.0, 240.0), 3.0)
    assert value("TIME_SERIES(3)") == as_series(3.0, GRID)


def test_several_series_are_no_one_series() -> None:
    """An alarm cannot watch an array."""
    with pytest.raises(MathError, match="array of 2"):
        as_series(value("[m1, m2]"), GRID)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "ends too early"),
        ("m1 +", "ends too early"),
        ("m1 m2", "goes on with"),
        ("(m1", "needs"),
        ("SUM(m1, m2)", "does not take 2"),
        ("ANOMALY_DETECTION_BAND(m1)", "ANOMALY_DETECTION_BAND is not supported"),
        ("m9 * 2", "m9"),
        ("m1 ? 2", "cannot read"),
        ("'text'", "no value"),
    ],
)
def test_nonsense_is_refused_by_name(text: str, why: str) -> None:
    """Every error names what is wrong."""
    with pytest.raises(MathError, match=why):
        value(text)


def test_a_tree_is_made_of_operations_and_the_ids_between_them() -> None:
    assert parse("a+b") == Operation("+", Name("a"), Name("b"))


NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))


@given(a=NUMBERS, b=NUMBERS, sign=st.sampled_from(["+", "-", "*", "<", ">=", "=="]))
def test_plain_arithmetic_is_pythons(a: float, b: float, sign: str) -> None:
    """For numbers an expression means what it means in Python."""
    table = {
        "+": a + b,
        "-": a - b,
        "*": a * b,
        "<": float(a < b),
        ">=": float(a >= b),
        "==": float(a == b),
    }
    assert value(f"({a:f}) {sign} ({b:f})") == pytest.approx(table[sign])


@given(st.text("m12+-*/^()[],<>=! .IFSUMAXRE&|'0", max_size=30))
def test_any_text_is_a_value_or_a_math_error(text: str) -> None:
    """Whatever an expression holds, nothing but MathError comes out."""
    try:
        found = value(text)
    except MathError:
        return
    assert isinstance(found, float | dict | list)
