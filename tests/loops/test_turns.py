"""When a loop is due: turns that are left out leave its phase alone."""

from hypothesis import given
from hypothesis import strategies as st

from workhorse.loops.turns import Loop

EPOCH = st.floats(1.0e9, 2.0e9)
"""Times of the present, in seconds since the epoch."""


def stepped(due: float, pause: float, limit: float) -> float:
    """The first turn at or after the limit, by every turn between."""
    while due < limit:
        due += pause
    return due


@given(
    due=EPOCH,
    pause=st.sampled_from([0.5, 1, 1.3, 2, 7, 10, 60]),
    ahead=st.floats(-100.0, 5000.0),
)
def test_leaving_turns_out_comes_to_the_very_turn_that_taking_each_comes_to(
    due: float, pause: float, ahead: float
) -> None:
    loop = Loop(lambda: 0.0, pause, due=due)
    assert loop.first(due + ahead) == stepped(due, pause, due + ahead)
    assert loop.due == due


@given(due=EPOCH, turns=st.integers(0, 5000))
def test_a_turn_that_is_due_at_the_limit_itself_is_not_left_out(due: float, turns: int) -> None:
    limit = stepped(due, 10, due + 10 * turns - 5)
    assert Loop(lambda: 0.0, 10, due=due).first(limit) == limit
