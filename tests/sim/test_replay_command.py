"""The command line of the simulator."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.sim.weeks import morning
from workhorse.core.errors import Refusal
from workhorse.sim import __main__ as door
from workhorse.sim import generate, simulate
from workhorse.sim.fleet import Boot, Machines, fleet
from workhorse.sim.workload import read_csv, write_csv


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A morning as a file."""
    path = tmp_path / "morning.csv"
    write_csv(morning(), path)
    return path


def run(*words: object) -> int:
    return door.main([str(word) for word in words])


def test_simulate_prints_the_report_and_writes_it_with_pictures(
    trace: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new/folder"
    words = ("simulate", "--trace", trace, "--policy", "poll", "--set", "idle_seconds=60")

    assert run(*words, "--boot", "30:40", "--bound", 90, "--out", out, "--quiet") == 0
    told = capsys.readouterr().out
    assert "poll(idle_seconds=60)" in told
    assert "boot 30 s (p99 40 s)" in told
    assert "bound: no build waits longer than 90 s" in told
    assert (out / "report.txt").read_text() == told
    assert json.loads((out / "report.json").read_text())["trace"] == "morning"
    assert sorted(path.name for path in out.iterdir()) == [
        "over-time.png",
        "report.json",
        "report.txt",
        "wait-against-cost.png",
    ]


def test_json_is_printed_when_it_is_asked_for(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("simulate", "--trace", trace, "--policy", "fixed(size=2)", "--policy", "poll")

    assert run(*words, "--json", "--quiet", "--seed", 3) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["contender"] for one in told["outcomes"]] == ["fixed(size=2)", "poll"]
    assert told["seed"] == 3


def test_progress_is_shown_beside_the_report_and_not_in_it(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("simulate", "--trace", trace, "--policy", "poll")
    run(*words, "--quiet")
    quiet = capsys.readouterr().out
    run(*words)

    assert capsys.readouterr().out == quiet


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--policy", "nobody"), "policy 'nobody': must be one of "),
        (("--policy", "poll", "--set", "idle_seconds"), "--set 'idle_seconds': must be KEY=VALUE"),
        (("--policy", "poll", "--set", "idle=1"), "poll: idle: is no setting here ("),
        (("--policy", "poll", "--policy", "exact", "--set", "a=1"), "must be for one --policy"),
        (("--policy", "poll", "--policy", "poll"), "--policy: poll, poll: must differ"),
        (("--boot", "soon"), "fleet: boot 'soon': must be seconds, or median:p99"),
        (("--boot", "60:30"), "boot: p99_seconds 30.0: must be above the median 60.0"),
        (("--boot", "0"), "boot: median_seconds 0.0: must be above 0"),
        (("--fleet", "executors=0"), "fleet: executors 0: must be 1 or more"),
        (("--fleet", "colour=red"), "fleet: colour: is no setting here ("),
        (("--fleet", "labels=x"), "fleet: labels: is no setting here ("),
        (("--fleet", "mac.quiet_seconds=3"), "fleet: mac.quiet_seconds: is no setting here ("),
        (("--fleet", "mac.floor=many"), "fleet: mac.floor: 'many': "),
        (("--fleet", "floor=many"), "fleet: floor: 'many': "),
        (("--days", "0"), "days 0.0: must be above 0"),
    ],
)
def test_what_is_wrong_is_told_and_the_status_is_two(
    trace: Path, words: Sequence[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("simulate", "--trace", trace, "--quiet", *words) == 2
    assert told in capsys.readouterr().err


def test_a_fleet_is_refused_with_all_its_faults() -> None:
    with pytest.raises(Refusal, match="spot_share 2") as refused:
        fleet({"spot_share": 2, "ceiling": 1, "floor": 3, "heartbeat_seconds": 0})

    assert str(refused.value).splitlines() == [
        "fleet: ceiling 1: must be 3 or more",
        "fleet: spot_share 2.0: must be at most 1",
        "fleet: heartbeat_seconds 0.0: must be above 0",
    ]


def test_a_pool_may_have_machines_of_its_own() -> None:
    told = fleet({"executors": 2, "mac.os.boot": "180:300", "mac.os.labels": "xcode, arm"})

    assert told.of("linux") == Machines(executors=2)
    assert told.of("mac.os") == Machines(
        executors=2,
        boot=Boot(median_seconds=180, p99_seconds=300),
        labels=frozenset({"xcode", "arm"}),
    )


def test_generate_writes_a_trace_that_simulate_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "traces/made.csv.gz"
    words = ("--days", 1, "--seed", 2, "--set", 'labels={"mac": 1}', "--set", "weekend=0.5")

    assert run("generate", "--out", out, *words) == 0
    jobs = read_csv(out)
    assert {job.label for job in jobs} == {"mac"}
    assert capsys.readouterr().out == f"{len(jobs)} builds in 1 days written to {out}\n"


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("pushes=3", "workload: pushes: is no setting here (days, "),
        ("sigma=wide", "workload: sigma: 'wide': "),
        ("builds_per_push=0", "workload: builds_per_push 0.0: must be 1 or more"),
    ],
)
def test_a_wrong_shape_is_refused(
    tmp_path: Path, setting: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("generate", "--out", tmp_path / "x.csv", "--set", setting) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("words", [(), ("dance",)])
def test_an_unknown_command_is_told_the_known_ones(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        door.main(words)

    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize("parser", [simulate.parser, generate.parser])
def test_every_option_has_a_help(parser: Callable[[], ArgumentParser]) -> None:
    for action in parser()._actions:
        assert action.help, action.option_strings
