"""Virtual time that several processes share."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.local.clock import ClockSpec, ScaledClock

numbers = st.floats(-1e12, 1e12)


def test_virtual_time_is_the_origin_and_the_scaled_way_from_there() -> None:
    wall = [100.0]
    clock = ScaledClock(1_000.0, 60.0, wall=lambda: wall[0])
    assert clock.now() == 1_000.0
    wall[0] = 102.0

    assert clock.now() == 1_120.0
    assert clock.real(120.0) == 2.0


@given(numbers, numbers, st.floats(0, 1e6))
def test_a_spec_survives_its_text(origin: float, real0: float, speed: float) -> None:
    """Whatever the numbers: parse gives back what was printed."""
    spec = ClockSpec(origin=origin, real0=real0, speed=speed)

    assert ClockSpec.parse(str(spec)) == spec


def test_two_processes_with_the_same_text_read_the_same_time() -> None:
    here = ScaledClock(5.0, 7.0, wall=lambda: 11.0)
    there = ScaledClock.parse(str(here), wall=lambda: 13.0)

    assert there.now() == 5.0 + 2 * 7.0


@pytest.mark.parametrize("text", ["", "1:2", "a:b:c", "1:2:-3", "nan:0:1", "1:inf:1"])
def test_a_text_that_is_no_clock_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="clock"):
        ScaledClock.parse(text)


def test_a_clock_jumps_forward_and_never_back() -> None:
    clock = ScaledClock(0.0, 0.0, wall=lambda: 1.0)
    assert clock.advance(5) == 5.0
    assert str(clock) == "5.0:1.0:0.0"
    with pytest.raises(ValueError, match="cannot advance by -1"):
        clock.advance(-1)


def test_a_clock_that_stands_still_never_gets_there() -> None:
    assert math.isinf(ScaledClock(0.0, 0.0).real(1.0))


def test_without_an_origin_a_clock_begins_at_the_wall() -> None:
    clock = ScaledClock(wall=lambda: 42.0)

    assert clock.now() == clock.wall() == 42.0
