"""docs/planners.md: its options are the planners', and its package can be shipped."""

import json
import re
import sys
import tomllib
from dataclasses import MISSING, fields
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from types import ModuleType
from typing import Any

import pytest

from scripts import sources
from tests.core.situations import situation
from workhorse import plugins
from workhorse.core.errors import Refusal
from workhorse.core.plan import TAIL
from workhorse.core.planners.outlay import State
from workhorse.core.planners.windows import Window

PAGE = (sources.ROOT / "docs/planners.md").read_text()
PLANNERS = ("exact", "stock", "duration", "objective")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def section(planner: str) -> str:
    _, _, rest = PAGE.partition(f"## The planner `{planner}`\n")
    return rest.partition("\n## ")[0]


def rows(text: str, head: str) -> dict[str, str]:
    """First and second column of the table that begins so, without the marks of code."""
    _, _, rest = text.partition(f"| {head} | ")
    table = rest.partition("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip().strip("`") for cell in row.strip("| ").split(" | ")] for row in table]
    return {row[0]: row[1] for row in cells}


def defaults(kind: Any) -> dict[str, str]:
    assert all(f.default is not MISSING for f in fields(kind))
    return {f.name: json.dumps(f.default) for f in fields(kind)}


@pytest.mark.parametrize("name", PLANNERS)
def test_every_option_of_a_planner_is_told_with_its_default(name: str) -> None:
    kind = type(plugins.planner(name, {}))

    assert rows(section(name), "option") == defaults(kind)


def test_every_planner_of_ours_has_its_section() -> None:
    assert set(PLANNERS) == set(re.findall(r"^## The planner `(\w+)`$", PAGE, re.MULTILINE))
    assert set(PLANNERS) <= set(plugins.names(plugins.PLANNERS))


def test_every_key_of_a_window_is_told_with_its_default() -> None:
    assert rows(section("exact"), "key") == defaults(Window)


def test_the_rules_that_end_every_pipeline_are_told_in_order() -> None:
    assert list(rows(PAGE, "rule")) == [rule.__name__ for rule in TAIL]


def test_every_state_of_an_objective_is_told() -> None:
    assert list(rows(section("objective"), "state")) == [
        str(state) for state in (State.COLD, State.LEARNING, State.ON_TARGET, State.LATE)
    ] + [str(State.OVER), str(State.IMPOSSIBLE)]


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's package is installed beside ours, by its own entry point."""
    (code,) = blocks("python")
    (project,) = [tomllib.loads(b) for b in blocks("toml") if b.startswith("[project]")]
    module = ModuleType("release_planner")
    monkeypatch.setitem(sys.modules, "release_planner", module)
    exec(code, module.__dict__)  # noqa: S102 - the page's own example
    theirs = project["project"]["entry-points"][plugins.PLANNERS]
    found = [EntryPoint(name, value, plugins.PLANNERS) for name, value in theirs.items()]
    ours = entry_points(group=plugins.PLANNERS)
    both = EntryPoints((*ours, *found))
    monkeypatch.setattr(plugins, "entry_points", both.select)


@pytest.mark.usefixtures("shipped")
def test_the_package_of_the_page_plans() -> None:
    planner = plugins.planner("release", {"agents": 6})

    assert planner.plan(situation(queued=2)).target == 6
    assert planner.plan(situation()).target == 0
    assert planner.plan(situation(queued=2, ceiling=5)).target == 5
    with pytest.raises(Refusal, match="must be at least 0"):
        plugins.planner("release", {"agents": -1})


@pytest.mark.usefixtures("shipped")
def test_the_settings_of_the_page_are_good_settings() -> None:
    pools = [tomllib.loads(b)["pool"][0] for b in blocks("toml") if b.startswith("[[pool]]")]

    assert [pool["planner"] for pool in pools] == ["objective", "exact", "release"]
    for pool in pools:
        assert plugins.planner(pool["planner"], pool["planner_options"])
