"""Schedule windows: which holds when, in the operator's wall clock, and until when."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.core.planners.windows import Window, open_now

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Window(days="mon-fri", start="08:00", end="19:00", zone="Europe/Berlin", floor=2)


def at(text: str, zone: ZoneInfo | None = None) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone or UTC).timestamp()


@pytest.mark.parametrize(
    ("local", "open_windows", "until"),
    [
        ("2026-03-02T07:59", 0, "2026-03-02T08:00"),
        ("2026-03-02T08:00", 1, "2026-03-02T19:00"),
        ("2026-03-02T18:59", 1, "2026-03-02T19:00"),
        ("2026-03-06T19:00", 0, "2026-03-07T01:00"),
        ("2026-03-07T12:00", 0, "2026-03-08T01:00"),
        ("2026-07-01T08:00", 1, "2026-07-01T19:00"),
    ],
)
def test_a_window_holds_in_its_hours_and_is_looked_at_again_each_day(
    local: str, open_windows: int, until: str
) -> None:
    """When no edge is near, it is the next midnight of UTC, 01:00 in Berlin in winter."""
    found, end = open_now((OFFICE,), at(local, BERLIN))

    assert found == (OFFICE,) * open_windows
    assert end == at(until, BERLIN)


def test_summer_time_moves_the_window_with_the_clock_on_the_wall() -> None:
    winter, summer = at("2026-03-27T07:00"), at("2026-03-30T06:00")

    assert open_now((OFFICE,), winter)[0] == (OFFICE,)
    assert open_now((OFFICE,), winter - 60)[0] == ()
    assert open_now((OFFICE,), summer)[0] == (OFFICE,)
    assert open_now((OFFICE,), summer - 60)[0] == ()


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = Window(days="fri", start="22:00", end="06:00")

    assert open_now((night,), at("2026-03-06T23:00"))[0] == (night,)
    assert open_now((night,), at("2026-03-07T05:59"))[0] == (night,)
    assert open_now((night,), at("2026-03-07T06:00"))[0] == ()
    assert open_now((night,), at("2026-03-06T05:00"))[0] == ()


def test_a_window_of_whole_days_has_no_gap_at_midnight() -> None:
    always = Window()

    assert open_now((always,), at("2026-03-01T00:00"))[0] == (always,)
    assert open_now((always,), at("2026-03-01T23:59:59"))[0] == (always,)


def test_days_may_run_over_the_end_of_the_week() -> None:
    late = Window(days="sat-mon,wed")
    days = [open_now((late,), at(f"2026-03-0{n}T12:00"))[0] != () for n in range(2, 9)]

    assert days == [True, False, True, False, False, True, True]


def test_without_windows_nothing_ever_changes() -> None:
    assert open_now((), 0) == ((), float("inf"))


@given(st.integers(0, 40 * 366 * 86_400), st.integers(1, 86_400))
def test_nothing_changes_before_it_is_said_to(now: int, later: int) -> None:
    windows = (OFFICE, Window(days="sun", start="23:30", end="03:10", zone="America/New_York"))
    found, until = open_now(windows, now)

    assert until > now
    if now + later < until:
        assert open_now(windows, now + later)[0] == found


def test_every_fault_is_told() -> None:
    with pytest.raises(ValueError, match="days") as wrong:
        Window(days="monday", start="8", end="25:00", zone="Middle/Earth", floor=-1)

    assert str(wrong.value).splitlines() == [
        "days: monday: must be of mon, tue, wed, thu, fri, sat, sun and ranges of them",
        "start: 8: must be a time from 00:00 to 24:00",
        "end: 25:00: must be a time from 00:00 to 24:00",
        "zone: Middle/Earth: must be a time zone of the IANA database",
        "floor: -1: must be at least 0",
    ]
