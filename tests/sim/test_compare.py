"""Comparing: everybody on every trace, the bound beside, told to the byte."""

import json
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.sim.weeks import FLEET, SEED, morning
from workhorse.core.errors import Refusal
from workhorse.sim import __main__ as door
from workhorse.sim import compare, report
from workhorse.sim.contender import Contender, Kind, contender
from workhorse.sim.contest import (
    Heat,
    Patience,
    Trace,
    boot_seconds,
    contest,
    limit_seconds,
    play_task,
)
from workhorse.sim.fleet import Boot, Fleet, Machines
from workhorse.sim.replay import replay
from workhorse.sim.rivals import RIVALS
from workhorse.sim.spread import Kept
from workhorse.sim.workload import Job, write_csv

GOLDEN = Path(__file__).parent / "golden"
PATIENCES = (
    Patience(wait_seconds=90),
    Patience(wait_seconds=90, share=0.95),
    Patience(wait_seconds=0),
)
BROKEN = Contender(name="nobody", kind=Kind.RIVAL)
"""A contender that no replay accepts."""

TRACES = (
    Trace.of("morning", morning()),
    Trace.of("one", [Job(0.0, 600.0, "linux")]),
)


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    """This process: replays of a morning are shorter than the start of another one."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture(scope="module")
def heats(pool: Executor) -> tuple[Heat, ...]:
    """Three rivals on two traces, and one that fails."""
    field = [
        contender("poll", {}),
        contender("vespene", {}),
        contender("fixed", {"size": 3}),
        BROKEN,
    ]
    return contest(TRACES, field, FLEET, seed=SEED, executor=pool, patiences=PATIENCES)


SUBJECTS = [report.Subject(trace=t.name, fleet=FLEET, seed=SEED, days=0.5) for t in TRACES]


def test_the_text_is_golden_to_the_byte(heats: tuple[Heat, ...]) -> None:
    assert compare.text(SUBJECTS, heats) == (GOLDEN / "compare.txt").read_text()


def test_everybody_plays_the_same_world_as_alone(heats: tuple[Heat, ...]) -> None:
    alone = replay(morning(), FLEET, contender("poll", {}), seed=SEED)
    beside = heats[0].outcomes[0]

    assert beside.total.waits == alone.total.waits
    assert beside.total.phases == alone.total.phases
    assert beside.total.timeline == alone.total.timeline


def test_who_fails_is_told_and_the_others_stay(heats: tuple[Heat, ...]) -> None:
    assert [o.contender for o in heats[0].outcomes] == ["poll", "vespene", "fixed(size=3)"]
    assert list(heats[0].faults) == ["nobody"]
    assert "Refusal: policy" in heats[0].faults["nobody"]


def test_bounds_fall_as_builds_may_wait_longer_and_more_of_them(heats: tuple[Heat, ...]) -> None:
    everybody, most, at_once = heats[0].bounds

    assert most.lower_seconds <= everybody.lower_seconds <= at_once.lower_seconds
    assert everybody.lower_seconds <= everybody.upper_seconds
    assert set(everybody.pools) == {"linux", "windows"}
    assert sum(everybody.pools.values()) == pytest.approx(everybody.lower_seconds)
    assert most.pools == {}


def test_the_first_bound_stands_beside_the_figures(heats: tuple[Heat, ...]) -> None:
    bounds = heats[0].bounds[0]
    total, *pools = (heats[0].outcomes[0].total, *heats[0].outcomes[0].pools)

    assert total.bound_seconds == bounds.lower_seconds
    assert total.bound_wait_seconds == 90
    assert {f.name: f.bound_seconds for f in pools} == dict(bounds.pools)


def test_one_build_needs_its_own_time_and_a_boot(heats: tuple[Heat, ...]) -> None:
    boot = FLEET.machines.boot.mean_seconds

    assert heats[1].bounds[0].lower_seconds == pytest.approx(600 + boot, abs=0.01)
    assert heats[1].bounds[0].upper_seconds == pytest.approx(600 + boot, abs=0.01)


def test_pools_that_differ_have_no_bound_for_most_of_their_builds(pool: Executor) -> None:
    fleet = Fleet(pools={"windows": Machines(executors=2)})

    [heat] = contest(
        TRACES[:1], [contender("poll", {})], fleet, seed=1, executor=pool, patiences=PATIENCES
    )

    assert [bounds.patience for bounds in heat.bounds] == [PATIENCES[0], PATIENCES[2]]
    [(who, why)] = heat.faults.items()
    assert who == "bound where 95 % of the builds wait no longer than 90 s"
    assert "must be alike" in why


def test_without_bounds_there_are_no_ratios(pool: Executor) -> None:
    [heat] = contest(TRACES[1:], [contender("poll", {})], FLEET, seed=1, executor=pool)

    assert heat.outcomes[0].total.ratio is None
    assert compare.text(SUBJECTS[1:], [heat]).splitlines()[-1].split()[:7][-1] == report.NOTHING


def test_the_record_holds_bounds_and_faults_beside_the_report(heats: tuple[Heat, ...]) -> None:
    told = json.loads(json.dumps(compare.record(SUBJECTS[0], heats[0])))

    assert told["bounds"][1]["patience"] == {"wait_seconds": 90, "share": 0.95}
    assert set(told["bounds"][0]["pools"]) == {"linux", "windows"}
    assert set(told["faults"]) == {"nobody"}
    assert [one["contender"] for one in told["outcomes"]] == ["poll", "vespene", "fixed(size=3)"]


def test_everything_that_a_replay_depends_on_is_in_its_key() -> None:
    poll = contender("poll", {})
    slow = Fleet(machines=Machines(boot=Boot(median_seconds=90)))
    keys = {
        play_task(trace, fleet, who, seed).key
        for trace in TRACES
        for fleet in (FLEET, slow)
        for who in (poll, contender("poll", {"idle_seconds": 60}))
        for seed in (1, 2)
    }

    assert len(keys) == 16


def test_a_trace_is_known_by_its_builds_and_not_by_its_name() -> None:
    assert Trace.of("a", morning()).digest == Trace.of("b", morning()).digest
    assert Trace.of("a", morning()[1:]).digest != Trace.of("a", morning()).digest


def test_a_boot_has_quantiles_that_its_draws_would_have() -> None:
    boot = Boot(median_seconds=60, p99_seconds=120)

    assert boot_seconds(boot, 0.5) == pytest.approx(60)
    assert boot_seconds(boot, 0.99) == pytest.approx(120)
    assert boot_seconds(boot, 0.95) == pytest.approx(97.9, abs=0.1)
    assert boot_seconds(Boot(median_seconds=40, p99_seconds=None), 0.95) == 40


def test_the_limit_is_a_boot_and_thirty_seconds() -> None:
    assert limit_seconds(FLEET) == pytest.approx(90)
    assert limit_seconds(FLEET, 0.95) == pytest.approx(127.9, abs=0.1)


# --- The command ---------------------------------------------------------------------------------


def test_all_policies_compete_when_none_is_named() -> None:
    names = [str(each) for each in compare.contenders(())]

    assert set(RIVALS) < set(names)
    assert {"exact", "stock", "duration", "objective"} <= set(names) - set(RIVALS)


def test_a_policy_may_compete_twice_with_different_settings_only() -> None:
    assert len(compare.contenders(["poll", "poll(idle_seconds=60)"])) == 2
    with pytest.raises(Refusal, match="must differ from each other"):
        compare.contenders(["poll", "poll()"])


def test_the_command_spreads_writes_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In two processes; the second time everything is there already."""
    write_csv(morning(), tmp_path / "morning.csv")
    out = tmp_path / "new/out"
    words = ["compare", "--trace", str(tmp_path / "morning.csv"), "--out", str(out), "--quiet"]
    words += ["--policy", "poll", "--policy", "exact(buffer=1)", "--jobs", "2", "--wait", "60"]

    assert door.main(words) == 0
    told = capsys.readouterr().out
    kept = (out / "kept.jsonl").read_bytes()
    assert door.main(words) == 0

    assert capsys.readouterr().out == told
    assert (out / "kept.jsonl").read_bytes() == kept
    assert len(Kept(out / "kept.jsonl")) == 3
    assert (out / "compare.txt").read_text() in told
    assert "no build waits longer than 60 s" in told
    assert json.loads((out / "compare.json").read_text())[0]["trace"] == "morning"
    assert (out / "morning.png").read_bytes().startswith(b"\x89PNG")


def test_traces_of_one_name_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_csv(morning(), tmp_path / folder / "morning.csv")
    words = [f"--trace={tmp_path}/{folder}/morning.csv" for folder in ("a", "b")]

    assert door.main(["compare", *words, f"--out={tmp_path}/out"]) == 2
    assert "morning, morning: must be of different names" in capsys.readouterr().err
