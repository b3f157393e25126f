"""The parts of the bound: the checker, the levels, the search, and prices that need no trust."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.brute import cheapest
from workhorse.core.errors import Misuse
from workhorse.sim.bound_horizon import priced
from workhorse.sim.bound_levels import boots_and_idle, events, full_agents, peak
from workhorse.sim.bound_pool import Terms, stretches
from workhorse.sim.bound_prices import Table
from workhorse.sim.bound_schedule import Stint, verified
from workhorse.sim.bound_search import improved, in_line

BUILDS = [(0.0, 100.0), (50.0, 100.0), (110.0, 40.0)]
ASKED = {"boot_seconds": 60.0, "wait_seconds": 60.0}

many = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 90)), min_size=1, max_size=30)
few = st.lists(st.tuples(st.integers(0, 14), st.integers(1, 8)), min_size=1, max_size=4)


# --- The checker ---------------------------------------------------------------------------------


def test_the_checker_counts_from_launch_to_end() -> None:
    schedule = [Stint(builds=((0, 0.0), (2, 110.0))), Stint(builds=((1, 60.0),))]

    assert verified(schedule, BUILDS, **ASKED) == (60 + 150) + (60 + 100)


def test_the_checker_lets_an_agent_run_as_many_as_it_has_executors() -> None:
    schedule = [Stint(builds=((0, 0.0), (1, 50.0), (2, 110.0)))]

    assert verified(schedule, BUILDS, **ASKED, executors=2) == 60 + 150
    with pytest.raises(Misuse, match="no free executor"):
        verified(schedule, BUILDS, **ASKED)


@pytest.mark.parametrize(
    ("agents", "wrong"),
    [
        ([[(0, 0)], [(1, 50)]], "1 builds never run"),
        ([[(0, 0)], [(1, 50)], [(2, 110)], [(0, 0)]], "build 0 runs twice"),
        ([[(0, 0)], [(1, 49.999)], [(2, 110)]], "arrives at 50000 ms and starts at 49999 ms"),
        ([[(0, 0)], [(1, 110.001)], [(2, 110)]], "starts at 110001 ms"),
        ([[(0, 0), (1, 99)], [(2, 110)]], "build 1 finds no free executor"),
        ([[(0, 0)], [(1, 50)], [(2, 110)], []], "an agent runs nothing"),
    ],
)
def test_the_checker_refuses(agents: list[list[tuple[int, float]]], wrong: str) -> None:
    schedule = [Stint(builds=tuple(builds)) for builds in agents]

    with pytest.raises(Misuse, match=wrong):
        verified(schedule, BUILDS, **ASKED)


# --- Levels --------------------------------------------------------------------------------------


def test_each_level_pays_for_its_own_gaps() -> None:
    """Two at once, twice, 40 apart and 100 apart at the second level: kept, and booted anew."""
    runs = [(0, 100), (0, 40), (140, 240), (140, 240)]

    assert boots_and_idle(events(runs), 60) == 60 + 40 + 60 + 60


def test_whole_agents_are_needed_for_each_started_handful() -> None:
    """Three builds on two executors each: one agent at first, a second while all three run."""
    runs = [(0, 100), (10, 60), (20, 50)]

    assert sorted(full_agents(runs, 2)) == [(0, 100), (20, 50)]
    assert peak(runs) == 3


@given(many, st.integers(0, 90), st.integers(0, 60))
@settings(max_examples=50)
def test_stretches_are_all_builds_in_order_and_too_far_apart_to_share_an_agent(
    builds: list[tuple[int, int]], boot: int, wait: int
) -> None:
    builds = sorted(builds)
    parts = list(stretches(builds, Terms(boot=boot, wait=wait, executors=1)))

    assert [build for part in parts for build in part] == builds
    for one, two in pairwise(parts):
        assert min(a for a, _ in two) - max(a + wait + d for a, d in one) > boot


# --- The search ----------------------------------------------------------------------------------


@given(many, st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=100)
def test_the_search_tells_what_its_starts_cost_and_never_makes_them_worse(
    builds: list[tuple[int, int]], boot: int, wait: int
) -> None:
    """It counts differences near a move only; they add up to the whole."""
    builds = sorted(builds)
    for begin in (in_line(builds, boot=boot, wait=wait), tuple(a for a, _ in builds)):
        cost, starts = improved(builds, begin, boot=boot, wait=wait, enough=0)
        lines = [
            events((start, start + d) for start, (_, d) in zip(each, builds, strict=True))
            for each in (begin, starts)
        ]

        assert all(0 <= s - a <= wait for s, (a, _) in zip(starts, builds, strict=True))
        assert cost == boots_and_idle(lines[1], boot)
        assert cost <= boots_and_idle(lines[0], boot)


def test_a_build_waits_in_line_for_an_agent_that_is_free_in_time() -> None:
    """The third would have to wait for 80 s, so it boots one at once."""
    assert in_line([(0, 50), (20, 50), (20, 50)], boot=60, wait=60) == (0, 50, 20)


# --- Prices --------------------------------------------------------------------------------------


@given(few, st.integers(0, 6), st.integers(0, 3), st.booleans(), st.data())
@settings(max_examples=200)
def test_any_prices_prove_a_bound(
    builds: list[tuple[int, int]],
    boot: int,
    wait: int,
    finely: bool,  # noqa: FBT001 - hypothesis draws it
    data: st.DataObject,
) -> None:
    """However bad the solver's answer: made to fit, it promises no more than the least."""
    table = Table(1000 * np.array(builds), 1000 * boot, 1000 * wait, finely=finely)
    count = len(table.moments) + len(table.short)
    price = st.floats(-1, 9)
    drawn = data.draw(st.lists(price, min_size=count, max_size=count))
    worths, _ = table.worths(table.repaired(np.array(drawn)))
    least = cheapest(builds, [wait] * len(builds), boot, 1)

    assert worths.sum() + sum(d for _, d in builds) <= least + 1e-9


@given(few, st.integers(1, 6), st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=100)
def test_held_prices_prove_a_bound_too(
    builds: list[tuple[int, int]], boot: int, wait: int, at_once: int
) -> None:
    """A stretch may be priced some builds at a time."""
    moments = [(1000 * arrival, 1000 * duration) for arrival, duration in sorted(builds)]
    prices = priced(moments, 1000 * boot, 1000 * wait, at_once=at_once)
    least = cheapest(builds, [wait] * len(builds), boot, 1)

    assert prices.worths.sum() + sum(d for _, d in builds) <= least + 1e-5


def test_little_is_lost_where_prices_are_held() -> None:
    """Of a day and a night of builds without a pause, priced forty at a time."""
    builds = [(60_000 * n, 1000 * (200 + 311 * n * n % 977)) for n in range(150)]
    whole = priced(builds, 60_000, 30_000).worths.sum()
    held = priced(builds, 60_000, 30_000, at_once=40).worths.sum()

    assert 0.95 * whole < held < 1.001 * whole
