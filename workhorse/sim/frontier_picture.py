"""The picture of a search: everything tried, the frontier through it, and the limit."""

from collections.abc import Iterable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from workhorse.sim.frontier import Point, Search
from workhorse.sim.pictures import BLACK, BLUE, DOTS, ORANGE, RED

GREY = "#999999"


def drawn(search: Search, path: Path) -> None:
    """Write it as a PNG; the same search is the same file."""
    figure = Figure(figsize=(8.5, 5.2), layout="constrained")
    axis = figure.subplots()
    _dots(axis, search.points, color=GREY, marker=".", label="tried")
    best = search.frontier
    waits, hours = [p.wait_seconds for p in best], [p.instance_hours for p in best]
    axis.plot(waits, hours, color=BLUE, marker="o", drawstyle="steps-post", label="frontier")
    defaults = [point for point in search.points if point.number == 0]
    _dots(axis, defaults, color=ORANGE, marker="s", label="its defaults")
    if search.chosen is not None:
        _dots(axis, [search.chosen], color=RED, marker="*", label="cheapest within the limit")
    axis.axvline(
        search.limit_seconds, color=BLACK, linestyle="--", linewidth=1.2, label="limit of the wait"
    )
    axis.set_xlabel("wait of the 95th percentile, seconds")
    axis.set_ylabel("instance-hours")
    axis.set_title(f"{search.planner} on {search.trace}", loc="left", fontsize=11)
    axis.grid(visible=True, axis="y", color="#DDDDDD", linewidth=0.7)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=9)
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=DOTS, metadata={"Software": None})


def _dots(axis: Axes, points: Iterable[Point], *, color: str, marker: str, label: str) -> None:
    told = tuple(points)
    axis.plot(
        [p.wait_seconds for p in told],
        [p.instance_hours for p in told],
        color=color,
        marker=marker,
        markersize=10,
        linestyle="none",
        label=label,
    )
