"""Pictures of replays: capacity and demand over time, and wait against cost.

Colours are those of Okabe and Ito, which people who see few colours tell apart too, and no figure
is told by colour alone.
"""

from collections.abc import Sequence
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, MultipleLocator

from workhorse.sim.outcome import Figures, Outcome, Timeline

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW, BLACK = "#56B4E9", "#CC79A7", "#F0E442", "#000000"
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK)
MARKERS = "osD^vP*Xh<>p"
"""Shapes, so that points are told apart without colours."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY_SECONDS = 86_400.0
DOTS = 110
"""Dots per inch of a picture."""
SHOWN_DAYS = 14
"""Up to so many days each day is named; beyond, weeks are numbered."""

ROUND = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Marks of a logarithmic axis, in every power of ten."""
LEGEND: dict[str, Any] = {"frameon": False, "fontsize": 9}

Point = tuple[float, float]


def over_time(panels: Sequence[tuple[str, Figures]], path: Path) -> None:
    """Write the picture of `drawn_over_time` as a PNG."""
    _save(drawn_over_time(panels), path)


def drawn_over_time(panels: Sequence[tuple[str, Figures]]) -> Figure:
    """Capacity and demand over time, a panel for each title and its figures, on one time axis.

    Panels of one thing, as of a pool with several policies, share the other axis too.
    """
    figure = Figure(figsize=(11, 1.1 + 2.3 * len(panels)), layout="constrained")
    alike = len({figures.name for _, figures in panels}) == 1
    axes = figure.subplots(len(panels), 1, sharex=True, sharey=alike, squeeze=False)[:, 0]
    for axis, (title, figures) in zip(axes, panels, strict=True):
        _panel(axis, title, figures)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside upper right", **LEGEND, ncols=3
    )
    _days(axes[-1], panels[0][1].timeline)
    return figure


def _panel(axis: Axes, title: str, figures: Figures) -> None:
    line = figures.timeline
    hours = [line.start + number * line.step for number in range(len(line.capacity) + 1)]
    demand = [busy + queued for busy, queued in zip(line.busy, line.queued, strict=True)]
    axis.stairs(line.capacity, hours, fill=True, color=SKY, alpha=0.6, label="agents alive")
    axis.stairs(line.busy, hours, fill=True, color=BLUE, label="builds running")
    axis.stairs(
        demand, hours, baseline=line.busy, fill=True, color=RED, label="builds queued, on top"
    )
    axis.set_ylabel("agents, builds")
    axis.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axis.set_ylim(bottom=0)
    axis.set_xlim(hours[0], hours[-1])
    axis.set_title(
        f"{title}: {figures.instance_hours:.0f} instance-hours, "
        f"{100 * figures.utilisation:.0f} % of them busy, wait p95 {figures.waits.p95:.0f} s",
        loc="left",
        fontsize=10,
    )
    _plain(axis)


def _days(axis: Axes, line: Timeline) -> None:
    """Ticks at midnight UTC; names of days, or numbers of weeks for a long time."""
    end = line.start + len(line.capacity) * line.step
    days = (end - line.start) / DAY_SECONDS
    every = DAY_SECONDS if days <= SHOWN_DAYS else 7 * DAY_SECONDS
    if days < 1:
        axis.xaxis.set_major_locator(MultipleLocator(3600))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x // 3600 % 24:02.0f}:00"))
        axis.set_xlabel("time, UTC")
        return
    first = -(-line.start // every) * every
    ticks = [first + number * every for number in range(int((end - first) // every) + 1)]
    axis.xaxis.set_major_locator(FixedLocator(ticks))
    axis.xaxis.set_major_formatter(
        FuncFormatter(
            lambda x, _: (
                DAYS[int(x // DAY_SECONDS) % 7]
                if every == DAY_SECONDS
                else f"{x / (7 * DAY_SECONDS):.0f}"
            )
        )
    )
    axis.set_xlabel(
        "days, marked at midnight UTC"
        if every == DAY_SECONDS
        else "weeks since the Monday that the trace counts from"
    )


def wait_against_cost(
    outcomes: Sequence[Outcome], path: Path, *, title: str, bound: Sequence[Point] = ()
) -> None:
    """Write the picture of `drawn_wait_against_cost` as a PNG."""
    _save(drawn_wait_against_cost(outcomes, title=title, bound=bound), path)


def drawn_wait_against_cost(
    outcomes: Sequence[Outcome], *, title: str, bound: Sequence[Point] = ()
) -> Figure:
    """A point for each policy: p95 of the wait against instance-hours, and the least possible.

    Args:
        outcomes: of one trace.
        title: above it.
        bound: wait in seconds to instance-hours, no policy below the line; a single point is drawn
            as a level line.
    """
    figure = Figure(figsize=(8.5, 5.2), layout="constrained")
    axis = figure.subplots()
    for number, outcome in enumerate(outcomes):
        total = outcome.total
        killed = f", {total.kills} killed" if total.kills else ""
        axis.plot(
            total.waits.p95,
            total.instance_hours,
            marker=MARKERS[number % len(MARKERS)],
            color=COLOURS[number % len(COLOURS)],
            linestyle="none",
            markersize=10,
            markeredgecolor="white",
            markeredgewidth=0.6,
            label=f"{outcome.contender}{killed}",
        )
    _least(axis, bound)
    axis.set_xscale("symlog", linthresh=60)
    axis.xaxis.set_major_locator(FixedLocator([0, 30, 60, 120, 300, 600, 1800, 3600, 14400]))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axis.xaxis.set_minor_locator(FixedLocator([]))
    axis.set_xlim(-5, 1.6 * max(120.0, *(o.total.waits.p95 for o in outcomes)))
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=ROUND))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    axis.yaxis.set_minor_locator(FixedLocator([]))
    axis.set_ylim(*_room(*axis.get_ylim()))
    axis.set_xlabel("wait of the 95th percentile, seconds")
    axis.set_ylabel("instance-hours")
    axis.set_title(title, loc="left", fontsize=11)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside right upper", **LEGEND)
    _plain(axis)
    return figure


def _room(low: float, high: float) -> Point:
    """Round figures below and above everything, so that two marks at least are told."""
    tens = range(floor(log10(low)) - 1, ceil(log10(high)) + 2)
    rounds = [figure * 10.0**ten for ten in tens for figure in ROUND]
    return max(r for r in rounds if r <= low), min(r for r in rounds if r >= high)


def _least(axis: Axes, bound: Sequence[Point]) -> None:
    """As steps: between two waits only the bound of the longer one is proven."""
    label = "clairvoyant bound"
    if len(bound) == 1:
        axis.axhline(bound[0][1], color=BLACK, linestyle="--", linewidth=1.2, label=label)
    elif bound:
        waits, hours = zip(*sorted(bound), strict=True)
        axis.step(
            waits, hours, where="pre", color=BLACK, linestyle="--", linewidth=1.2, label=label
        )


def _plain(axis: Axes) -> None:
    axis.grid(visible=True, axis="y", color="#DDDDDD", linewidth=0.7)
    axis.set_axisbelow(True)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _save(figure: Figure, path: Path) -> None:
    """Without the time and the program's version, so that the same picture is the same file."""
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=DOTS, metadata={"Software": None})
