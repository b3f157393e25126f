"""Random fault plans, some of each run's; `./inv chaos` lives through thousands."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.properties.breakages import forgets_first
from workhorse.core.errors import Refusal
from workhorse.loops import drainer
from workhorse.sim import chaos
from workhorse.sim.faults import draw
from workhorse.sim.faults.kinds import KINDS
from workhorse.sim.faults.written import as_json

SCENARIOS = 150


def test_every_promise_is_kept_through_random_faults() -> None:
    total = chaos.live(range(SCENARIOS))
    assert total.failed == ()
    assert total.plans == SCENARIOS
    assert set(total.faults) == set(KINDS) - {"Upon"}
    assert total.crashes > SCENARIOS / 20
    assert total.finished > total.builds / 2
    assert {"restart", "outside", "network"} <= set(total.kills)


def test_what_is_found_does_not_depend_on_the_number_of_processes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def told(processes: int) -> list[str]:
        words = ["--scenarios", "45", "--seed", "7", "--processes", str(processes)]
        assert chaos.main(words) == 0
        return capsys.readouterr().out.splitlines()

    alone, together = told(1), told(2)
    assert alone[0].startswith("45 scenarios, ")
    assert alone[:-1] == together[:-1]
    assert alone[-1].endswith("scenarios a second")


def test_a_plan_that_fails_is_printed_as_a_test_that_runs_when_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bug is planted: messages are deleted before they are handled."""
    words = ["--scenarios", "1", "--seed", "0", "--processes", "1", "--save", str(tmp_path)]
    with monkeypatch.context() as planted:
        planted.setattr(drainer.Drainer, "_join", forgets_first)
        assert chaos.main(words) == 1
        out = capsys.readouterr().out
        assert "1 scenarios broke a promise" in out
        pasted = out.partition("to paste into tests/properties/test_found.py:\n\n")[2]
        names: dict[str, Any] = {}
        exec(pasted, names)  # noqa: S102 - it is there to be pasted
        test = names["test_plan_0_keeps_every_promise"]
        assert "BACKED" in test.__doc__
        with pytest.raises(AssertionError, match="forgotten while it waits at its hook"):
            test()
        assert chaos.main(["--plan", str(tmp_path / "plan_0.json")]) == 1
    test()


def test_one_plan_is_lived_through_again_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a-plan.json"
    path.write_text(json.dumps(as_json(draw.plan(0))))
    assert chaos.main(["--plan", str(path)]) == 0
    assert capsys.readouterr().out == "all promises were kept\n"
    monkeypatch.setattr(drainer.Drainer, "_join", forgets_first)
    assert chaos.main(["--plan", str(path)]) == 1
    assert "def test_a_plan_keeps_every_promise() -> None:" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pools": 1}'])
def test_a_file_that_holds_no_plan_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(Refusal, match="no fault plan"):
        chaos.main(["--plan", str(path)])


def test_seeds_of_different_runs_never_meet() -> None:
    one, two = chaos.chunks(1, 10_000), chaos.chunks(2, 10_000)
    assert sum(map(len, one)) == 10_000
    assert not {seed for part in one for seed in part} & {seed for part in two for seed in part}
