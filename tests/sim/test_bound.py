"""The clairvoyant bound on examples that one can work out by hand, and what it keeps for any."""

import csv
import math
from collections import defaultdict

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scripts import sources
from workhorse.core.errors import Misuse
from workhorse.sim.bound import (
    Work,
    clairvoyant,
    late_at_most,
    ratio,
    scheduled,
    together,
    verified,
)

TRACE = sources.ROOT / "data/traces/bitcoin-core.csv"
HOURS_OF_TRACE = 48

tenths = st.integers(0, 6_000).map(lambda tenth: tenth / 10)
works = st.lists(st.tuples(tenths, tenths.filter(bool)), min_size=1, max_size=12)
boots = st.integers(0, 900).map(lambda tenth: tenth / 10)
waits = st.sampled_from((0.0, 10.0, 30.0, 60.0, 90.0))
some = settings(max_examples=15)


def least(builds: list[Work], boot: float, wait: float) -> float:
    """The bound where it must be exact."""
    found = clairvoyant(builds, boot_seconds=boot, wait_seconds=wait)

    assert found.exact
    assert found.lower_seconds == found.upper_seconds
    return found.lower_seconds


# --- By hand -------------------------------------------------------------------------------------


def test_no_builds_need_nothing() -> None:
    assert least([], 60, 0) == 0
    assert scheduled([], boot_seconds=60, wait_seconds=0) == ()


@pytest.mark.parametrize("wait", [0, 60, 600])
@pytest.mark.parametrize("duration", [4, 1000])
def test_one_build_needs_itself_and_one_boot(duration: float, wait: float) -> None:
    assert least([(100, duration)], 60, wait) == duration + 60


def test_an_agent_is_kept_over_a_gap_shorter_than_a_boot() -> None:
    assert least([(0, 100), (140, 100)], 60, 0) == 60 + 100 + 40 + 100


def test_an_agent_is_ended_before_a_gap_longer_than_a_boot() -> None:
    assert least([(0, 100), (161, 100)], 60, 0) == 2 * (60 + 100)


def test_the_agent_freed_last_takes_the_next_build() -> None:
    """Of two that end at 100 and at 130, for a build at 140, the later is kept."""
    assert least([(0, 100), (0, 130), (140, 50)], 60, 0) == 2 * 60 + 100 + 130 + 10 + 50


def test_a_build_that_ends_as_another_arrives_frees_its_agent_in_time() -> None:
    """Tenths of seconds do not add up in floating point; they do here."""
    assert least([(361.6, 138.7), (500.3, 10.0)], 60, 0) == pytest.approx(60 + 148.7)


def test_patience_saves_the_boot_of_a_build_that_can_wait_for_an_agent() -> None:
    builds = [(0.0, 100.0), (50.0, 100.0)]

    assert least(builds, 60, 0) == 2 * 60 + 200
    assert least(builds, 60, 49) == 2 * 60 + 200
    assert least(builds, 60, 50) == 60 + 200


def test_patience_shortens_a_gap_from_its_beginning() -> None:
    """The first build starts 30 s late, so its agent idles for 10 s and not for 40."""
    assert least([(0, 100), (140, 100)], 60, 30) == 60 + 100 + 10 + 100


def test_a_short_build_goes_before_a_long_one_that_came_earlier() -> None:
    """In order of arrival the short one would wait for the long one's end."""
    assert least([(0, 1000), (10, 20)], 60, 60) == 60 + 1020


def test_short_builds_in_a_row_share_an_agent_as_far_as_patience_goes() -> None:
    """Seven builds of 10 s start within 60 s; the eighth needs an agent of its own."""
    assert least([(0, 10)] * 7, 60, 60) == 60 + 70
    found = clairvoyant([(0, 10)] * 8, boot_seconds=60, wait_seconds=60)

    assert found.upper_seconds == 2 * 60 + 80


def test_agents_of_two_executors_share_boot_and_seconds() -> None:
    found = clairvoyant([(0, 100), (0, 100)], boot_seconds=60, wait_seconds=0, executors=2)

    assert found.exact
    assert found.lower_seconds == 160


def test_the_fewest_agents_are_those_that_run_at_once_at_the_latest() -> None:
    builds = [(0.0, 100.0), (50.0, 100.0), (60.0, 100.0)]
    asked = {"boot_seconds": 60, "wait_seconds": 0}

    assert clairvoyant(builds, **asked).boots_lower == 3
    assert clairvoyant(builds, **asked, executors=2).boots_lower == 2
    assert clairvoyant(builds, boot_seconds=60, wait_seconds=60).boots_lower == 2


def test_pools_that_share_no_agents_add_up() -> None:
    one, two = [(0.0, 100.0)], [(100.0, 50.0)]
    both = together([one, [], two], boot_seconds=60, wait_seconds=0)

    assert both.lower_seconds == least(one, 60, 0) + least(two, 60, 0)
    assert both.busy_seconds == 150
    assert both.boots_lower == 2


def test_the_ratio_says_how_many_times_the_least_was_used() -> None:
    bound = clairvoyant([(0, 100)], boot_seconds=60, wait_seconds=0)
    nothing = clairvoyant([], boot_seconds=60, wait_seconds=0)

    assert ratio(200, bound) == 200 / 160
    assert ratio(0, nothing) == 1
    assert ratio(1, nothing) == math.inf


@pytest.mark.parametrize(
    "changes",
    [
        {"boot_seconds": -1},
        {"boot_seconds": math.nan},
        {"wait_seconds": -1},
        {"wait_seconds": math.inf},
        {"executors": 0},
        {"share": 1.1},
        {"builds": [(0, 0)]},
        {"builds": [(math.nan, 1)]},
    ],
)
def test_figures_out_of_range_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Misuse, match="must"):
        clairvoyant(**{"builds": [(0, 1)], "boot_seconds": 1, "wait_seconds": 1} | changes)


# --- For any builds ------------------------------------------------------------------------------


@given(works, boots, waits, st.integers(1, 3))
@example([(0.0, 0.1)] * 3, 0.1, 10.0, 2)
@some
def test_lower_and_upper_are_in_order_and_the_schedule_is_feasible(
    builds: list[Work], boot: float, wait: float, executors: int
) -> None:
    asked = {"boot_seconds": boot, "wait_seconds": wait, "executors": executors}
    found = clairvoyant(builds, **asked)
    schedule = scheduled(builds, **asked)
    busy = sum(duration for _, duration in builds)

    assert found.lower_seconds <= found.upper_seconds
    assert found.lower_seconds >= busy / executors + boot - 0.001
    assert found.upper_seconds == verified(schedule, builds, **asked)
    assert found.boots_lower <= len(schedule)
    assert found.exact or (wait, executors) != (0, 1)


@given(works, boots, waits, waits)
@some
def test_more_patience_never_costs_more(
    builds: list[Work], boot: float, wait: float, other: float
) -> None:
    """Between bounds that leave a gap, that is: the patient's lower is below the hasty's upper."""
    hasty = clairvoyant(builds, boot_seconds=boot, wait_seconds=min(wait, other))
    patient = clairvoyant(builds, boot_seconds=boot, wait_seconds=max(wait, other))

    assert patient.lower_seconds <= hasty.upper_seconds
    if hasty.exact and patient.exact:
        assert patient.lower_seconds <= hasty.lower_seconds


@given(works, boots, boots, waits)
@some
def test_a_longer_boot_never_costs_less(
    builds: list[Work], boot: float, other: float, wait: float
) -> None:
    short = clairvoyant(builds, boot_seconds=min(boot, other), wait_seconds=wait)
    long = clairvoyant(builds, boot_seconds=max(boot, other), wait_seconds=wait)

    assert short.lower_seconds <= long.upper_seconds
    if short.exact and long.exact:
        assert short.lower_seconds <= long.lower_seconds


@given(works, st.tuples(tenths, tenths.filter(bool)), boots, waits)
@some
def test_a_build_more_never_costs_less(
    builds: list[Work], more: Work, boot: float, wait: float
) -> None:
    fewer = clairvoyant(builds, boot_seconds=boot, wait_seconds=wait)
    all_of_them = clairvoyant([*builds, more], boot_seconds=boot, wait_seconds=wait)

    assert fewer.lower_seconds <= all_of_them.upper_seconds
    if fewer.exact and all_of_them.exact:
        assert fewer.lower_seconds <= all_of_them.lower_seconds


@given(works, boots, waits, st.integers(-1000, 1000))
@some
def test_neither_order_nor_the_zero_of_time_matters(
    builds: list[Work], boot: float, wait: float, days: int
) -> None:
    moved = [(arrival + days * 86_400, duration) for arrival, duration in reversed(builds)]
    asked = {"boot_seconds": boot, "wait_seconds": wait}

    assert clairvoyant(moved, **asked) == clairvoyant(builds, **asked)


@given(works, boots, waits, st.sampled_from((0.0, 0.5, 0.8, 0.95)), st.integers(1, 2))
@some
def test_what_holds_when_some_may_wait_is_below_what_holds_when_nobody_may(
    builds: list[Work], boot: float, wait: float, share: float, executors: int
) -> None:
    asked = {"boot_seconds": boot, "wait_seconds": wait, "executors": executors}
    some_wait = clairvoyant(builds, **asked, share=share)
    busy = sum(duration for _, duration in builds)

    assert some_wait.lower_seconds <= clairvoyant(builds, **asked).upper_seconds + 1e-6
    assert some_wait.lower_seconds >= busy / executors + boot - 1e-6


@pytest.mark.parametrize(
    ("builds", "late"), [(1, 0), (2, 1), (20, 1), (21, 1), (22, 2), (101, 5), (16_366, 819)]
)
def test_a_twentieth_may_be_late_by_either_way_to_count_quantiles(builds: int, late: int) -> None:
    assert late_at_most(builds, 0.95) == late
    assert late >= builds - math.ceil(0.95 * builds)
    assert late_at_most(builds, 1.0) == 0


# --- On recorded builds --------------------------------------------------------------------------


def recorded() -> list[list[Work]]:
    """Two days of a trace, a list for each label."""
    pools: dict[str, list[Work]] = defaultdict(list)
    with TRACE.open() as rows:
        for row in csv.DictReader(rows):
            pools[row["label"]].append((float(row["arrival_s"]), float(row["duration_s"])))
    begin = 7 * 86_400
    return [
        [work for work in pool if begin <= work[0] < begin + HOURS_OF_TRACE * 3600]
        for pool in pools.values()
    ]


def test_on_recorded_builds_the_gap_between_lower_and_upper_is_small() -> None:
    """Less than a thousandth of the instance-seconds, and less than a fiftieth of the boots."""
    found = together(recorded(), boot_seconds=60, wait_seconds=90)
    gap = found.upper_seconds - found.lower_seconds

    assert found.busy_seconds > 100 * 3600
    assert 0 <= gap < 0.001 * found.lower_seconds
    assert gap < 0.02 * (found.lower_seconds - found.busy_seconds)


def test_on_recorded_builds_a_twentieth_of_late_ones_takes_little_off() -> None:
    """Each late build saves two boots at most: one of its own, and one it spares another."""
    pools = recorded()
    strict = together(pools, boot_seconds=60, wait_seconds=90)
    loose = together(pools, boot_seconds=60, wait_seconds=90, share=0.95)
    late = late_at_most(sum(map(len, pools)), 0.95)

    assert 0.98 * strict.lower_seconds < loose.lower_seconds < strict.lower_seconds
    assert strict.lower_seconds - loose.lower_seconds <= late * 2 * 60 + 60
