"""Searching settings: the frontier, the same search every time, and one that goes on."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sim.weeks import FLEET, morning
from workhorse import plugins
from workhorse.core.errors import Refusal
from workhorse.sim import __main__ as door
from workhorse.sim.contender import KNOBS, contender
from workhorse.sim.contest import Trace
from workhorse.sim.frontier import Point, Search, frontier, told, toml
from workhorse.sim.replay import replay
from workhorse.sim.search import BATCH, Question, Range, _measured, search
from workhorse.sim.spread import Kept, Task
from workhorse.sim.tune import PLANNERS, POLICY, STATED, ranges, ranges_given
from workhorse.sim.workload import write_csv

TRACE = Trace.of("hour", morning(1))


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    """This process."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


def question(**changes: object) -> Question:
    asked: dict[str, object] = {
        "planner": "exact",
        "trials": BATCH + 2,
        "limit_seconds": 80.0,
        "seed": 3,
        "ranges": {
            "idle_seconds": Range(low=10, high=1000, log=True),
            "buffer": Range(low=0, high=4, whole=True),
        },
        "settings": {},
    }
    return Question(**{**asked, **changes})


@pytest.fixture(scope="module")
def found(pool: Executor) -> Search:
    """A search of ten trials."""
    return search(question(), TRACE, FLEET, executor=pool)


# --- The frontier --------------------------------------------------------------------------------


DEFAULTS = contender("duration", {})


def point(number: int, wait: float, cost: float, **settings: float | str) -> Point:
    return Point(
        number=number,
        contender=contender("duration", settings) if settings else DEFAULTS,
        wait_seconds=wait,
        instance_hours=cost * 5,
        cost=cost,
        boots=number,
    )


figures = st.floats(0, 20, width=16)
POINTS = st.lists(st.tuples(figures, figures), max_size=12).map(
    lambda pairs: [point(n, wait, cost) for n, (wait, cost) in enumerate(pairs)]
)


def dominates(one: Point, other: Point) -> bool:
    no_worse = one.wait_seconds <= other.wait_seconds and one.cost <= other.cost
    return no_worse and (one.wait_seconds, one.cost) != (other.wait_seconds, other.cost)


@given(POINTS)
def test_nobody_on_the_frontier_is_dominated_and_everybody_else_is_or_has_a_twin(
    points: list[Point],
) -> None:
    best = frontier(points)
    figures_of_best = {(p.wait_seconds, p.cost) for p in best}

    assert not any(dominates(one, other) for one in points for other in best)
    for p in points:
        beaten = any(dominates(one, p) for one in best)
        assert beaten or (p.wait_seconds, p.cost) in figures_of_best
    assert len(figures_of_best) == len(best)


@given(POINTS)
def test_along_the_frontier_waits_grow_and_costs_fall(points: list[Point]) -> None:
    best = frontier(points)

    assert [p.wait_seconds for p in best] == sorted({p.wait_seconds for p in best})
    assert [p.cost for p in best] == sorted({p.cost for p in best}, reverse=True)


def a_search(limit: float) -> Search:
    return Search(
        trace="week",
        planner="duration",
        seed=1,
        limit_seconds=limit,
        points=(
            point(0, 90.0, 5.0),
            point(1, 50.0, 9.0, buffer=2, idle_seconds="auto"),
            point(2, 70.0, 4.0, confidence=0.5, buffer=1),
            point(3, 95.0, 4.5),
            point(4, 120.0, 3.0),
        ),
        faults={"duration(buffer=3)": "Refusal: 1 of 9 builds never ended"},
    )


def test_the_text_tells_the_frontier_and_what_to_paste() -> None:
    assert told(a_search(80.0)).splitlines() == [
        "duration on week: 5 tried with seed 1, 3 on the frontier",
        "",
        "trial  p95 wait s  instance-hours       cost  settings",
        "    1        50.0            45.0       9.00  duration(buffer=2, idle_seconds=auto)",
        "    2        70.0            20.0       4.00  duration(buffer=1, confidence=0.5)",
        "    4       120.0            15.0       3.00  duration",
        "",
        "Its defaults are trial 0: p95 wait 90.0 s, 25.0 instance-hours, cost 5.00.",
        "The cheapest with a p95 wait of at most 80 s is trial 2; to paste:",
        "",
        "[[pool]]",
        'planner = "duration"',
        "buffer = 1",
        "",
        "[pool.planner_options]",
        "confidence = 0.5",
        "failed: duration(buffer=3): Refusal: 1 of 9 builds never ended",
    ]


def test_a_limit_that_nothing_reaches_is_told() -> None:
    assert a_search(10.0).chosen is None
    assert "Nothing tried reaches a p95 wait of at most 10 s." in told(a_search(10.0))


@pytest.mark.parametrize(
    ("planner", "settings"),
    [
        ("duration", {"idle_seconds": "auto", "confidence": 0.75, "cool_down_seconds": 12.5}),
        ("exact", {"scale_in": False, "buffer": 2, "scale_out_factor": 1.5}),
        ("stock", {}),
    ],
)
def test_what_is_pasted_is_what_was_tried(planner: str, settings: Mapping[str, object]) -> None:
    tried = contender(planner, settings)
    [pasted] = tomllib.loads(toml(tried))["pool"]
    options = pasted.pop("planner_options", {})

    assert pasted.pop("planner") == planner
    assert options == tried.options
    assert pasted == tried.policy


# --- The search ----------------------------------------------------------------------------------


def test_the_same_seed_is_the_same_search_in_one_process_or_two(
    found: Search, pool: Executor
) -> None:
    with ThreadPoolExecutor(2) as two:
        again = search(question(), TRACE, FLEET, executor=two)
    other = search(question(seed=4), TRACE, FLEET, executor=pool)

    assert again == found
    assert [p.contender for p in other.points[2:]] != [p.contender for p in found.points[2:]]


def test_the_defaults_come_first_and_as_the_first_trial_too(found: Search) -> None:
    defaults, first, *rest = found.points

    assert str(defaults.contender) == "exact"
    assert defaults.number == 0
    assert first.contender.policy == {"buffer": 0, "idle_seconds": 300.0}
    assert (first.wait_seconds, first.cost) == (defaults.wait_seconds, defaults.cost)
    assert [p.number for p in rest] == list(range(2, BATCH + 3))


def test_proposals_lie_within_their_ranges(found: Search) -> None:
    for each in found.points[1:]:
        assert isinstance(each.contender.policy["buffer"], int)
        assert 0 <= each.contender.policy["buffer"] <= 4
        assert 10 <= each.contender.policy["idle_seconds"] <= 1000


def test_a_search_goes_on_where_it_was_and_further(
    found: Search, pool: Executor, tmp_path: Path
) -> None:
    """A kill leaves what is kept, whole batches or not; the rest is what it would have been."""
    path = tmp_path / "kept.jsonl"
    whole = search(question(), TRACE, FLEET, executor=pool, kept=Kept(path))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:6]))

    kept = Kept(path)
    assert len(kept) == 6
    again = search(question(), TRACE, FLEET, executor=pool, kept=kept)

    assert again == whole == found
    further = search(question(trials=BATCH + 4), TRACE, FLEET, executor=pool, kept=Kept(path))
    assert further.points[: len(found.points)] == found.points
    assert len(Kept(path)) == len(found.points) + 2


def test_settings_that_fail_are_told_and_the_search_goes_on(pool: Executor) -> None:
    none = search(question(trials=2, settings={"max_step": "many"}), TRACE, FLEET, executor=pool)

    assert none.points == ()
    assert none.chosen is None
    assert len(none.faults) == 3
    assert all("max_step" in why for why in none.faults.values())


def test_a_replay_that_leaves_builds_behind_is_no_point() -> None:
    """However short the waits of those that ran."""
    played = replay(TRACE.jobs, FLEET, contender("poll", {}), seed=1)
    left = replace(played, total=replace(played.total, finished=played.total.finished - 2))
    builds = played.total.builds

    assert _measured(Task(name="all", key="", run=played.as_record))["boots"] == played.total.boots
    with pytest.raises(Refusal, match=f"2 of {builds} builds never ended"):
        _measured(Task(name="two left", key="", run=left.as_record))


def test_what_is_set_is_not_searched(pool: Executor) -> None:
    asked = question(trials=2, settings={"buffer": 3})

    one = search(asked, TRACE, FLEET, executor=pool)

    assert {p.contender.policy["buffer"] for p in one.points} == {3}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"trials": 0}, "trials 0: must be at least 1"),
        ({"limit_seconds": -1.0}, "wait limit -1.0: must be at least 0"),
        ({"ranges": {}}, "exact: must have a range that is not set"),
    ],
)
def test_a_question_that_is_none_is_refused(changes: Mapping[str, object], rule: str) -> None:
    with pytest.raises(Refusal, match=rule):
        question(**changes)


# --- Ranges --------------------------------------------------------------------------------------


@pytest.mark.parametrize("planner", ["exact", "stock", "duration", "objective"])
def test_every_option_of_our_planners_is_searched_or_stated(planner: str) -> None:
    searched, stated = set(PLANNERS[planner]), set(STATED.get(planner, ()))

    assert searched | stated == set(plugins.options_of(plugins.PLANNERS, planner))
    assert not searched & stated


def test_the_table_names_our_planners_and_knobs_that_exist() -> None:
    assert set(PLANNERS) | set(STATED) <= set(plugins.names(plugins.PLANNERS))
    assert set(POLICY) <= set(KNOBS)


@pytest.mark.parametrize("planner", sorted(PLANNERS))
@pytest.mark.parametrize("end", ["low", "high"])
def test_the_ends_of_every_range_are_accepted(planner: str, end: str) -> None:
    def value(each: Range) -> float:
        edge = getattr(each, end)
        return int(edge) if each.whole else float(edge)

    settings = {key: value(each) for key, each in ranges(planner).items()}

    assert contender(planner, settings).name == planner


def test_an_option_of_the_planner_goes_before_the_knob_of_its_name() -> None:
    assert ranges("duration")["idle_seconds"].word == "auto"
    assert ranges("exact")["idle_seconds"].word == ""


def test_ranges_are_given_by_key_and_ends() -> None:
    given_ranges = ranges_given(["a=1:2", "b=1:9:whole", "c=0.5:8:log"])

    assert given_ranges["a"] == Range(low=1, high=2)
    assert given_ranges["b"] == Range(low=1, high=9, whole=True)
    assert given_ranges["c"] == Range(low=0.5, high=8, log=True)
    assert ranges("exact", given_ranges).keys() > {"a", "b", "c", "buffer_ratio"}


@pytest.mark.parametrize("text", ["a", "a=1", "a=x:2", "=1:2", "a=1:2:odd", "a=2:1", "a=0:1:log"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="range"):
        ranges_given([text])


# --- The command ---------------------------------------------------------------------------------


def test_the_command_writes_the_frontier_as_text_json_and_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(TRACE.jobs, tmp_path / "hour.csv")
    words = ["tune", f"--trace={tmp_path}/hour.csv", "--planner=exact", "--trials=3", "--quiet"]
    words += ["--jobs=1", f"--out={tmp_path}/out", "--wait-limit=100", "--set=scale_in=true"]

    assert door.main(words) == 0
    shown = capsys.readouterr().out
    record = json.loads((tmp_path / "out/hour-exact.json").read_text())

    assert (tmp_path / "out/hour-exact.txt").read_text() in shown
    assert "p95 wait of at most 100 s" in shown
    assert [p["number"] for p in record["points"]] == [0, 1, 2, 3]
    assert set(record["frontier"]) <= {0, 1, 2, 3}
    assert record["limit_seconds"] == 100
    assert (tmp_path / "out/hour-exact.png").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_planner_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(TRACE.jobs, tmp_path / "hour.csv")
    words = ["tune", f"--trace={tmp_path}/hour.csv", "--planner=poll", f"--out={tmp_path}/out"]

    assert door.main(words) == 2
    assert "--planner 'poll': must be one of duration, exact" in capsys.readouterr().err
