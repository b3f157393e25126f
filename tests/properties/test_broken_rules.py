"""Promises can be broken: each rule that is broken on purpose is noticed.

`docs/faults.md` names the random fault plan that notices it; the very same plan keeps every promise
when nothing is broken.
"""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import Promises
from tests.properties.mutations import BREAKAGES, LIMIT, PAGE, filled, read
from tests.properties.scene import Options, Scene
from workhorse.sim.faults import draw
from workhorse.sim.faults.play import run

TOLD = read(PAGE.read_text())
LOOK_ANEW = "PYTHONPATH=. python tests/properties/mutations.py looks anew, and writes the page"


def test_every_breakage_is_on_the_page_and_the_page_is_as_it_would_be_written_now() -> None:
    page = PAGE.read_text()
    assert list(TOLD) == list(BREAKAGES), LOOK_ANEW
    assert page == filled(page, TOLD), LOOK_ANEW
    assert len(BREAKAGES) >= 20
    assert max(caught.plan for caught in TOLD.values()) < LIMIT


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_broken_rule_is_noticed_by_a_plan_that_keeps_its_promises_otherwise(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = draw.plan(TOLD[name].plan)
    whole = run(plan)
    assert whole.kept, whole
    BREAKAGES[name].patch(monkeypatch)
    broken = run(plan, BREAKAGES[name].loops)
    assert TOLD[name].broken in {promise.name for promise in broken.promises}, LOOK_ANEW


@pytest.mark.parametrize(
    "name",
    [
        "unknown taken for idle",
        "hook never completed",
        "message forgotten first",
        "ceiling one too high",
    ],
)
def test_the_properties_notice_a_broken_rule_too(
    name: str, quick: settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    BREAKAGES[name].patch(monkeypatch)

    class Broken(Promises):
        @staticmethod
        def make(options: Options) -> Scene:
            """With loops that are broken."""
            return Scene(options, BREAKAGES[name].loops)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Broken, settings=quick)
