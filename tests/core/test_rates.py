"""How often somebody may come."""

from hypothesis import given
from hypothesis import strategies as st

from workhorse.core.rates import BURST_SECONDS, full, taken


@given(
    st.floats(0.1, 100),
    st.lists(st.floats(0, 30), min_size=1, max_size=200),
)
def test_in_any_stretch_of_time_no_more_come_than_the_burst_and_the_rate(
    rate: float, pauses: list[float]
) -> None:
    bucket, now, let_in = full(rate, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        bucket, wait = taken(bucket, rate, now)
        let_in += wait == 0
        assert wait >= 0

    assert let_in <= max(1.0, rate * BURST_SECONDS) + rate * now + 1e-6


@given(st.floats(0.1, 100), st.floats(0, 1e6))
def test_who_waits_as_long_as_told_comes_in(rate: float, start: float) -> None:
    bucket, now = full(rate, start), start
    wait = 0.0
    while not wait:
        bucket, wait = taken(bucket, rate, now)
    bucket, after = taken(bucket, rate, now + wait + 1e-6)

    assert after == 0


def test_a_clock_that_jumps_back_only_stops_the_filling() -> None:
    bucket, _ = taken(full(1.0, 1000.0), 1.0, 1000.0)

    assert taken(bucket, 1.0, 500.0)[0].left == bucket.left - 1
