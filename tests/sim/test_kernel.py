"""Simulated time: what happens when, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.core.errors import Misuse
from workhorse.sim.kernel import Kernel, Priority, SimClock


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Priority)), max_size=30))
def test_events_happen_by_time_then_priority_then_the_order_they_were_planned(
    plans: list[tuple[int, Priority]],
) -> None:
    kernel, happened = Kernel(), list[tuple[int, Priority, int]]()
    for number, (when, priority) in enumerate(plans):
        kernel.at(when, happened.append, (when, priority, number), priority=priority)
    kernel.run_until(10)
    assert happened == sorted(happened)
    assert len(happened) == len(plans)


def test_time_stands_at_each_event_while_it_happens_and_at_the_end_of_the_run_after() -> None:
    kernel, seen = Kernel(start=100.0), list[float]()
    kernel.after(5, lambda: seen.append(kernel.now))
    kernel.run_until(103)
    assert seen == []
    assert kernel.now == 103
    kernel.run_until(200)
    assert seen == [105]
    assert kernel.now == 200


def test_an_event_may_plan_others_of_the_same_instant() -> None:
    kernel, seen = Kernel(), list[str]()
    kernel.at(1, lambda: kernel.after(0, seen.append, "second"))
    kernel.at(1, seen.append, "first")
    kernel.run_until(1)
    assert seen == ["first", "second"]


def test_a_cancelled_event_does_not_happen_and_is_not_next() -> None:
    kernel, seen = Kernel(), list[str]()
    event = kernel.at(1, seen.append, "never")
    kernel.at(2, seen.append, "this")
    event.cancel()
    assert kernel.next_at() == 2
    kernel.run_until(5)
    assert seen == ["this"]
    assert kernel.next_at() is None


def test_an_event_in_the_past_is_our_bug() -> None:
    kernel = Kernel(start=10)
    with pytest.raises(Misuse, match="before now"):
        kernel.at(9, print)


def test_an_event_that_lets_time_go_on_never_turns_it_back() -> None:
    kernel, seen = Kernel(), list[float]()
    kernel.at(1, kernel.run_until, 10)
    kernel.at(2, lambda: seen.append(kernel.now))
    kernel.run_until(3)
    assert seen == [2]
    assert kernel.now == 10


def test_waiting_lets_the_world_go_on_until_told_to_stop() -> None:
    kernel = Kernel()
    clock = SimClock(kernel)
    assert clock.wait(5) is False
    assert clock.now() == 5
    clock.stopping = True
    assert clock.wait(5) is True
    assert clock.now() == 5
