"""Pictures of replays: what is on them, and that the same replay is the same file."""

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import asarray

from tests.sim.weeks import played
from workhorse.sim import pictures
from workhorse.sim.outcome import Outcome

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """Three policies on one morning."""
    return [played("poll"), played("vespene"), played("fixed", size=3)]


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for one in figure.legends for text in one.get_texts()]


def test_each_pool_has_a_panel_with_named_axes(outcomes: list[Outcome]) -> None:
    panels = [(pool.name, pool) for pool in outcomes[0].pools]
    figure = pictures.drawn_over_time(panels)

    assert [axis.get_title(loc="left").split(":")[0] for axis in figure.axes] == [
        "linux",
        "windows",
    ]
    assert {axis.get_ylabel() for axis in figure.axes} == {"agents, builds"}
    assert figure.axes[-1].get_xlabel() == "time, UTC"
    assert legend(figure) == ["agents alive", "builds running", "builds queued, on top"]


def test_panels_of_one_thing_can_be_compared_by_height(outcomes: list[Outcome]) -> None:
    figure = pictures.drawn_over_time([(o.contender, o.total) for o in outcomes])
    apart = pictures.drawn_over_time([(pool.name, pool) for pool in outcomes[0].pools])

    assert len({axis.get_ylim() for axis in figure.axes}) == 1
    assert len({axis.get_ylim() for axis in apart.axes}) == 2


def stretched(outcome: Outcome, days: float) -> Axes:
    """The time axis of the same outcome, as if it had taken so many days from the Monday on."""
    line = outcome.total.timeline
    longer = replace(line, start=0.0, step=days * 86_400 / len(line.capacity))
    figure = pictures.drawn_over_time([("x", replace(outcome.total, timeline=longer))])
    return figure.axes[-1]


def test_days_are_named_at_midnight(outcomes: list[Outcome]) -> None:
    axis = stretched(outcomes[0], 8)
    told = axis.xaxis.get_major_formatter().format_ticks(axis.get_xticks())

    assert told == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon", "Tue"]
    assert axis.get_xlabel() == "days, marked at midnight UTC"


def test_weeks_are_counted_where_days_are_too_many(outcomes: list[Outcome]) -> None:
    axis = stretched(outcomes[0], 42)
    told = axis.xaxis.get_major_formatter().format_ticks(axis.get_xticks())

    assert told == ["0", "1", "2", "3", "4", "5", "6"]
    assert axis.get_xlabel().startswith("weeks since the Monday")


def test_each_policy_is_a_point_with_its_kills_and_the_bound_a_line(
    outcomes: list[Outcome],
) -> None:
    figure = pictures.drawn_wait_against_cost(
        outcomes, title="morning", bound=[(90.0, 5.0), (0.0, 6.0)]
    )
    [axis] = figure.axes
    points = [asarray(line.get_xydata()).tolist() for line in axis.lines[: len(outcomes)]]
    killed = outcomes[1].total.kills

    assert killed > 0
    assert legend(figure) == [
        "poll",
        f"vespene, {killed} killed",
        "fixed(size=3)",
        "clairvoyant bound",
    ]
    assert points == [[[o.total.waits.p95, o.total.instance_hours]] for o in outcomes]
    assert asarray(axis.lines[-1].get_xydata()).tolist() == [[0, 6], [90, 5]]
    assert axis.lines[-1].get_drawstyle() == "steps-pre"
    assert axis.get_xlabel() == "wait of the 95th percentile, seconds"
    assert axis.get_ylabel() == "instance-hours"


def test_a_bound_for_one_wait_is_a_level_line(outcomes: list[Outcome]) -> None:
    figure = pictures.drawn_wait_against_cost(outcomes, title="morning", bound=[(90.0, 5.0)])

    assert asarray(figure.axes[0].lines[-1].get_ydata()).tolist() == [5, 5]


def test_points_differ_by_shape_as_well_as_by_colour(outcomes: list[Outcome]) -> None:
    many = [replace(outcomes[0], contender=str(n)) for n in range(len(pictures.MARKERS))]
    lines = pictures.drawn_wait_against_cost(many, title="many").axes[0].lines

    assert len({line.get_marker() for line in lines}) == len(many)
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == len(many)


@pytest.mark.parametrize(
    ("low", "high", "room"),
    [(430, 610, (400, 800)), (1, 1, (1, 1)), (0.35, 7, (0.3, 8)), (520, 2000, (500, 2000))],
)
def test_the_cost_axis_ends_at_round_figures(
    low: float, high: float, room: tuple[float, float]
) -> None:
    assert pictures._room(low, high) == pytest.approx(room)


def test_the_same_replay_is_the_same_file(outcomes: list[Outcome], tmp_path: Path) -> None:
    one, again = tmp_path / "one.png", tmp_path / "again.png"
    for path in (one, again):
        pictures.wait_against_cost(outcomes, path, title="morning")
    drawn = tmp_path / "time.png"
    pictures.over_time([(o.contender, o.total) for o in outcomes], drawn)

    assert one.read_bytes() == again.read_bytes()
    assert one.read_bytes().startswith(PNG)
    assert drawn.read_bytes().startswith(PNG)
