"""Planners and executors by name: what is found, and that every fault is told."""

from dataclasses import dataclass
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from workhorse import plugins
from workhorse.core.errors import Refusal
from workhorse.core.planners.exact import Exact


@dataclass(frozen=True)
class Picky:
    """A planner of somebody's own package."""

    most: int = 3
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.share > 1:
            raise ValueError(f"share: {self.share}: must be at most 1")


class NoDataclass:
    """Has no options to read."""


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's package is installed beside ours."""
    theirs = [
        EntryPoint("picky", f"{__name__}:Picky", plugins.PLANNERS),
        EntryPoint("plain", f"{__name__}:NoDataclass", plugins.PLANNERS),
        EntryPoint("gone", "no_such_module:Planner", plugins.PLANNERS),
        EntryPoint("exact", "workhorse.core.planners.exact:Exact", plugins.PLANNERS),
    ]
    monkeypatch.setattr(plugins, "entry_points", lambda **by: EntryPoints(theirs).select(**by))


def refused(name: str, options: dict | None = None) -> str:
    with pytest.raises(Refusal) as wrong:
        plugins.planner(name, options or {}, key="pool[0].planner")
    return str(wrong.value)


def test_ours_is_found_by_its_name() -> None:
    assert plugins.planner("exact", {}) == Exact()


def test_a_planner_of_another_package_gets_its_options() -> None:
    assert plugins.made(plugins.PLANNERS, "picky", {"most": 7, "share": 1}, key="k") == Picky(7, 1)


def test_an_unknown_name_tells_the_known_ones() -> None:
    assert refused("exakt") == (
        'pool[0].planner: "exakt": must be an entry point of workhorse.planners '
        "(exact, gone, picky, plain)"
    )


def test_all_faults_of_the_options_are_told() -> None:
    told = refused("picky", {"most": "many", "share": 0.1, "colour": "red"})
    assert "pool[0].planner_options.colour: is no option here (most, share)" in told
    assert 'pool[0].planner_options.most: "many": must be a valid integer' in told


def test_a_rule_of_the_plugins_own_is_told() -> None:
    assert "share: 2.0: must be at most 1" in refused("picky", {"share": 2})


@pytest.mark.parametrize(("name", "why"), [("gone", "cannot be loaded"), ("plain", "a dataclass")])
def test_what_cannot_be_a_plugin_is_refused(name: str, why: str) -> None:
    assert why in refused(name)


def test_what_a_planner_itself_refuses_is_told_of_its_options_as_a_whole() -> None:
    fault = refused("picky", {"share": 7}).splitlines()[-1]

    assert fault == 'pool[0].planner_options: {"share": 7}: share: 7.0: must be at most 1'
