"""Instance-seconds by what the instance did: every second in exactly one phase."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.sim.fleet import Billing, Fleet, Machines
from workhorse.sim.outcome import Phases, Waits
from workhorse.sim.record import MONDAY, Life
from workhorse.sim.tally import Run, figures, phases_of, stays_of, timeline
from workhorse.sim.truth import Hand


def life(launched: float = 0, **changes: object) -> Life:
    facts = {"pool": "linux", "spot": False, "due_at": launched + 60, "online_at": launched + 60}
    return Life(launched_at=launched, **{**facts, **changes})


def run(node: str, queued: float, started: float, ended: float, hand: Hand | None = None) -> Run:
    return Run(
        pool="linux", queued_at=queued, started_at=started, ended_at=ended, node=node, hand=hand
    )


def test_a_life_by_the_book() -> None:
    one = life(away=[(200, 230), (300, None)], gone_at=390, ended_at=400)

    assert phases_of(one, [(100, 160), (290, 310)], 0, 400) == Phases(
        boot=60, busy=80, idle=40 + 40 + 60, drain=30 + 80, zombie=10
    )


def test_two_builds_at_once_make_an_agent_busy_once() -> None:
    assert phases_of(life(), [(60, 100), (80, 120)], 0, 120).busy == 60


def test_an_agent_that_never_comes_is_a_zombie_from_when_it_was_due() -> None:
    assert phases_of(life(online_at=None), [], 0, 400) == Phases(boot=60, zombie=340)


def test_an_agent_that_is_called_off_while_it_boots_was_booting() -> None:
    assert phases_of(life(online_at=None, ended_at=20), [], 0, 20) == Phases(boot=20)


def test_what_lies_outside_the_window_is_nobodys() -> None:
    lives = {
        "before": life(-500, ended_at=-10),
        "across": life(-500, ended_at=50),
        "after": life(200),
        "to the end": life(90),
    }
    stays = stays_of(lives, [run("across", 0, 10, 40)], (0, 100))

    assert [stay.phases for stay in stays] == [Phases(busy=30, idle=20), Phases(boot=10)]


TIMES = st.integers(0, 1000).map(float)
SPANS = st.tuples(TIMES, TIMES).map(lambda pair: (min(pair), max(pair)))


LIVES = st.builds(
    life,
    online_at=st.none() | TIMES,
    due_at=TIMES,
    away=st.lists(st.tuples(TIMES, st.none() | TIMES), max_size=3),
    gone_at=st.none() | TIMES,
)


@given(one=LIVES, runs=st.lists(SPANS, max_size=5), window=SPANS)
def test_phases_add_up_and_none_is_negative_whatever_was_recorded(
    one: Life, runs: list[tuple[float, float]], window: tuple[float, float]
) -> None:
    told = phases_of(one, runs, *window)

    assert told.total == pytest.approx(window[1] - window[0])
    assert min(told.boot, told.busy, told.idle, told.drain, told.zombie) >= 0


def test_an_hour_begun_is_billed_whole_and_a_second_is_billed_a_minute() -> None:
    by_hour = Machines(billing=Billing.HOUR)

    assert [by_hour.billed_hours(s) for s in (1, 3600, 3601)] == [1, 1, 2]
    assert [Machines().billed_hours(s) for s in (1, 60, 90)] == pytest.approx(
        [1 / 60, 1 / 60, 1 / 40]
    )


def test_figures_of_two_lives_by_hand() -> None:
    """One on-demand hour and a spot half hour that was taken back with a build on it."""
    lives = {"a": life(ended_at=3600), "b": life(600, spot=True, ended_at=2400)}
    runs = [
        run("a", 0, 60, 3600),
        run("b", 600, 700, 2400, Hand.SPOT),
        run("a", 2400, 3600, 3660),
    ]
    fleet = Fleet(machines=Machines(on_demand_price=0.2, spot_price=0.05))
    window = (0.0, 3600.0)
    told = figures("linux", runs, stays_of(lives, runs, window), fleet, window)

    assert (told.builds, told.finished, told.killed) == (2, 2, {"spot": 1})
    assert told.waits == Waits(p50=100, p95=1200, p99=1200, max=1200, mean=pytest.approx(1360 / 3))
    assert told.phases == Phases(boot=120, busy=3540 + 1700, idle=40)
    assert (told.boots, told.peak) == (2, 2)
    assert told.billed_hours == pytest.approx(1.5)
    assert told.cost == pytest.approx(0.2 + 0.025)
    assert told.churn == 1
    assert told.utilisation == pytest.approx(5240 / 5400)


def test_killed_builds_that_nobody_runs_again_still_count_as_builds() -> None:
    runs = [run("a", 0, 60, 100, Hand.AWS)]
    told = figures("linux", runs, (), Fleet(rerun_killed=False), (0, 100))

    assert (told.builds, told.finished, told.kills) == (1, 0, 1)


def test_quantiles_are_exact_by_the_nearest_rank() -> None:
    waits = Waits.of([float(n) for n in range(1, 101)])

    assert (waits.p50, waits.p95, waits.p99, waits.max, waits.mean) == (50, 95, 99, 100, 50.5)
    assert Waits.of([7.0]) == Waits(p50=7, p95=7, p99=7, max=7, mean=7)
    assert Waits.of([]) == Waits()


def test_a_timeline_tells_means_over_its_steps() -> None:
    begin = MONDAY + 3600
    lives = {"a": life(begin + 30, ended_at=begin + 150)}
    runs = [run("a", begin, begin + 90, begin + 150)]
    window = (begin, begin + 180)
    told = timeline(runs, stays_of(lives, runs, window), window)

    assert (told.start, told.step) == (3600, 60)
    assert told.capacity == (0.5, 1.0, 0.5)
    assert told.busy == (0.0, 0.5, 0.5)
    assert told.queued == (1.0, 0.5, 0.0)


@given(spans=st.lists(SPANS, max_size=8), end=st.integers(1, 500_000))
def test_a_timeline_leaves_out_no_second(spans: list[tuple[float, float]], end: int) -> None:
    window = (MONDAY, MONDAY + end)
    lives = {
        str(n): life(MONDAY + a, ended_at=MONDAY + b) for n, (a, b) in enumerate(spans) if b > a
    }
    told = timeline([], stays_of(lives, [], window), window)
    within = sum(max(0.0, min(b, end) - min(a, end)) for a, b in spans)

    assert sum(told.capacity) * told.step == pytest.approx(within, abs=0.01 * len(told.capacity))
    assert len(told.capacity) <= 721
