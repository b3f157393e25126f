"""What a late build costs to avoid: ranks, hours and spare launches by hand."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.situations import learned, sample
from tests.facts import NOW
from workhorse.core.learn import DAY_SECONDS
from workhorse.core.planners.forecast import (
    LADDER,
    Forecast,
    forecast,
    hour_of,
    predicted,
    spared_launches,
)

MIDNIGHT = NOW // DAY_SECONDS * DAY_SECONDS


def cast(**changes: Any) -> Forecast:
    """Twelve arrivals an hour, one in two of them with another one; half of the boots in time."""
    facts: dict[str, Any] = {
        "ranks": (0.75, 0.25),
        "hours": (12.0,) * 24,
        "in_time": 0.5,
        "agent_seconds": 100.0,
        "busy_seconds": 86_400.0,
    }
    return Forecast(**(facts | changes))


def test_the_rank_of_an_arrival_is_its_place_among_those_of_one_boot_time() -> None:
    came = tuple(MIDNIGHT + at for at in (0, 10, 20, 75, 200))
    known = learned(arrivals=came, boots=sample(*[60.0] * 5))

    assert forecast(known, 30, 60, 100).ranks == (0.4, 0.4, 0.2)


def test_the_hours_of_the_day_are_told_apart_after_two_days() -> None:
    came = tuple(MIDNIGHT + day * DAY_SECONDS + 36_000 + n for day in range(3) for n in range(4))
    short = came[:8]

    many = forecast(learned(arrivals=came), 30, 60, 100)
    assert [hour for hour in range(24) if many.hours[hour]] == [10]
    assert many.hours[10] == pytest.approx(12 / 2, rel=0.01)
    assert len(set(forecast(learned(arrivals=short), 30, 60, 100).hours)) == 1


def test_the_hour_of_the_day_is_that_of_utc() -> None:
    assert hour_of(MIDNIGHT + 3599) == 0
    assert hour_of(MIDNIGHT + 23 * 3600) == 23


def test_an_idle_agent_is_kept_where_its_hour_costs_less_than_what_it_saves() -> None:
    """The first serves 9 arrivals an hour, of which half would be late: 3600 / 4.5 = 800 s each."""
    assert predicted(cast(), 799, 50).idle[0] == 0
    assert predicted(cast(), 801, 50).idle[0] == 1
    assert predicted(cast(), 2401, 50).idle[0] == 2
    assert predicted(cast(), 2401, 1).idle[0] == 1, "there is no room for more"


def test_quiet_hours_keep_fewer() -> None:
    hours = (12.0,) * 12 + (1.0,) * 12

    assert predicted(cast(hours=hours), 1000, 50).idle == (1,) * 12 + (0,) * 12


def test_nothing_is_bought_for_nothing() -> None:
    outlook = predicted(cast(), 0, 50)

    assert outlook.idle == (0,) * 24
    assert outlook.late == pytest.approx(0.5)
    assert outlook.hours_a_day == pytest.approx((86_400 + 100 * 288) / 3600)


@given(
    st.lists(st.floats(min_value=0.01, max_value=1), min_size=1, max_size=12),
    st.floats(min_value=0, max_value=1),
    st.floats(min_value=0, max_value=100),
)
def test_a_higher_price_costs_more_and_makes_fewer_late(
    ranks: list[float], in_time: float, rate: float
) -> None:
    shares = sorted((r / sum(ranks) for r in ranks), reverse=True)
    some = cast(ranks=tuple(shares), in_time=round(in_time, 2), hours=(rate + 0.1,) * 24)
    outlooks = [predicted(some, price, 50) for price in LADDER]

    for less, more in pairwise(outlooks):
        assert more.late <= less.late + 1e-9
        assert more.hours_a_day >= less.hours_a_day - 1e-9
        assert 0 <= more.late <= 1 + 1e-9


def test_a_spare_launch_saves_a_build_when_one_of_the_others_is_slow() -> None:
    """Of one launch with nine in ten in time, a spare saves 0.9 x 0.1 builds: 100 / 0.09 s each."""
    assert spared_launches(1, 0.9, 1111, 100) == 1
    assert spared_launches(1, 0.9, 1112, 100) == 2
    assert spared_launches(20, 0.9, 150, 100) == 21
    assert spared_launches(20, 1.0, 1e9, 100) == 20
    assert spared_launches(20, 0.0, 1e9, 100) == 20, "no launch at all would be in time"


@given(st.integers(1, 60), st.integers(0, 100), st.floats(min_value=0, max_value=1e6))
def test_spare_launches_are_bounded_and_more_items_never_get_fewer(
    items: int, percent: int, price: float
) -> None:
    launches = spared_launches(items, percent / 100, price, 100)

    assert items <= launches <= 2 * items
    assert spared_launches(items + 1, percent / 100, price, 100) >= launches
