"""The page of results: what it tells, and verdicts that go by the figures."""

import json
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.docs import prose
from tests.sim.weeks import FLEET, SEED, morning
from workhorse.core.errors import Refusal
from workhorse.sim import __main__ as door
from workhorse.sim import report
from workhorse.sim.contender import contender
from workhorse.sim.contest import Bounds, Heat, Patience, Trace, contest
from workhorse.sim.fleet import Boot, Fleet, Machines
from workhorse.sim.outcome import Outcome, Phases, Waits
from workhorse.sim.replay import replay
from workhorse.sim.results import NAMES, command_line, found, limits_of, parser, patiences
from workhorse.sim.results_page import Shown, page
from workhorse.sim.verdict import best_rival, bounds_for, verdict, verdicts
from workhorse.sim.workload import write_csv

LIMITS = limits_of(FLEET)
SHIPPED = Path("data/traces").resolve() / "bitcoin-core.csv"


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    """This process."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


PLAYED = replay(morning(), FLEET, contender("poll", {}), seed=SEED)
"""An outcome to make others of."""


def outcome(policy: str, hours: float, p95: float, *, unfinished: int = 0) -> Outcome:
    """As if that policy had needed so much and let builds wait so long."""
    total = replace(
        PLAYED.total,
        phases=Phases(busy=hours * 3600),
        waits=Waits(p50=p95 / 2, p95=p95, p99=p95 * 1.2, max=p95 * 2, mean=p95 / 2),
        finished=PLAYED.total.builds - unfinished,
    )
    return replace(PLAYED, contender=policy, total=total)


def heat(*outcomes: Outcome, least: float = 100.0) -> Heat:
    """A trace whose bound is that many hours for a wait of 90 s."""
    bounds = Bounds(
        patience=Patience(wait_seconds=90.0),
        lower_seconds=least * 3600,
        upper_seconds=least * 3600 + 360,
    )
    return Heat(trace="week", outcomes=outcomes, bounds=(bounds,))


OURS = outcome("duration", 104, 88)
POLL = outcome("poll", 140, 89)
FLEET_PLUGIN = outcome("ec2-fleet", 135, 89.5)
SLOW = outcome("vespene", 90, 600)

# --- Verdicts ------------------------------------------------------------------------------------


def test_the_best_rival_is_the_cheapest_of_those_in_time() -> None:
    rival = best_rival((OURS, POLL, SLOW, FLEET_PLUGIN), 90)

    assert rival is not None
    assert rival.contender == "ec2-fleet"


def test_our_planners_are_no_rivals_whatever_their_settings() -> None:
    assert best_rival((OURS, outcome("exact(buffer=1)", 1, 1)), 90) is None


def test_a_rival_that_leaves_builds_behind_is_no_match() -> None:
    lazy = outcome("ec2-plugin(idle_minutes=5)", 50, 10, unfinished=1)

    assert best_rival((lazy,), 90) is None
    assert best_rival((lazy, POLL), 90) == POLL


def test_both_goals_are_reached_within_the_limit() -> None:
    one = verdict(heat(OURS, POLL, FLEET_PLUGIN, SLOW), OURS, 90.0)

    assert one.to_bound == pytest.approx(1.04)
    assert one.to_rival == pytest.approx(104 / 135)
    assert one.reaches_bound
    assert one.reaches_rival
    assert list(one.sentences()) == [
        "`duration` on week: p95 wait 88.0 s, within 90 s.",
        (
            "`duration` on week: 4.0 % above a clairvoyant who lets nobody wait longer; the goal "
            "of 10 % is reached."
        ),
        (
            "`duration` on week: 0.770 of the instance-hours of `ec2-fleet`; the goal of 0.80 is "
            "reached."
        ),
    ]


def test_who_lets_builds_wait_too_long_reaches_nothing_however_cheap() -> None:
    late = outcome("duration", 104, 90.5)
    one = verdict(heat(late, POLL), late, 90.0)

    assert not one.reaches_bound
    assert not one.reaches_rival
    assert [line.rpartition("; ")[2] for line in one.sentences()] == [
        "`duration` on week: p95 wait 90.5 s, beyond 90 s.",
        "the goal of 10 % is not reached, for the wait alone.",
        "the goal of 0.80 is not reached, for the wait alone.",
    ]


def test_who_needs_too_much_does_not_reach_the_goals() -> None:
    greedy = outcome("objective", 125, 60)
    one = verdict(heat(greedy, POLL), greedy, 90.0)

    assert not one.reaches_bound
    assert not one.reaches_rival
    assert [line.rpartition("; ")[2] for line in one.sentences()][1:] == [
        "the goal of 10 % is not reached.",
        "the goal of 0.80 is not reached.",
    ]


def test_the_goal_goes_by_the_clairvoyant_with_the_same_p95_wait() -> None:
    """Who may let one in twenty wait is compared with one who may as well."""
    all_wait = heat(OURS, least=96.0)
    few = Bounds(
        patience=Patience(wait_seconds=90.0, share=0.95), lower_seconds=94 * 3600, upper_seconds=1e9
    )
    one = verdict(replace(all_wait, bounds=(*all_wait.bounds, few)), OURS, 90.0)

    assert one.to_bound == pytest.approx(104 / 96)
    assert one.held_to == one.to_least == pytest.approx(104 / 94)
    assert not one.reaches_bound
    assert list(one.sentences())[1] == (
        "`duration` on week: 8.3 % above a clairvoyant who lets nobody wait longer, 10.6 % above "
        "the least that is proven for that p95 wait; the goal of 10 % is not reached."
    )


def test_a_rival_that_nobody_could_beat_by_so_much_is_told() -> None:
    near = outcome("poll", 120, 80)
    one = verdict(heat(OURS, near), OURS, 90.0)

    assert list(one.sentences())[-1].endswith(
        "the goal of 0.80 is not reached, a clairvoyant needs 0.833."
    )


def test_what_is_not_known_is_told_so() -> None:
    alone = verdict(Heat(trace="week", outcomes=(OURS, SLOW)), OURS, 90.0)

    assert (alone.to_bound, alone.to_rival) == (None, None)
    assert not alone.reaches_bound
    assert list(alone.sentences())[1:] == [
        "`duration` on week: the bound is not known.",
        "`duration` on week: no rival keeps within 90 s, so there is no match.",
    ]


def test_a_bound_is_that_of_its_own_wait_and_share() -> None:
    assert bounds_for(heat(OURS), 90.0) is not None
    assert bounds_for(heat(OURS), 120.0) is None
    assert bounds_for(heat(OURS), 90.0, share=0.95) is None


def test_goals_are_for_duration_and_objective() -> None:
    others = (outcome("exact", 1, 1), outcome("stock", 1, 1), POLL)
    each = verdicts(heat(*others, OURS, outcome("objective(wait_seconds=90)", 99, 9)), 90.0)

    assert [one.policy for one in each] == ["duration", "objective(wait_seconds=90)"]


# --- Limits --------------------------------------------------------------------------------------


def test_a_boot_and_thirty_seconds_means_two_things_where_boots_differ() -> None:
    assert [round(limit.seconds) for limit in LIMITS] == [90, 128]
    assert {p.wait_seconds for p in patiences(LIMITS)} >= {0.0, *(x.seconds for x in LIMITS)}
    fixed = Fleet(machines=Machines(boot=Boot(median_seconds=60, p99_seconds=None)))
    assert [limit.seconds for limit in limits_of(fixed)] == [90]


# --- The page ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def text(pool: Executor) -> str:
    """A page of two traces, one of which is not shipped."""
    field = [contender(name, {}) for name in ("duration", "poll", "vespene")]
    traces = [Trace.of("bitcoin-core", morning()), Trace.of("gazebo-jenkins", morning()[:20])]
    heats = contest(traces, field, FLEET, seed=SEED, executor=pool, patiences=patiences(LIMITS))
    shown = [
        Shown(
            subject=report.Subject(trace=trace.name, fleet=FLEET, seed=SEED),
            trace=trace,
            heat=each,
            shipped=number == 0,
            driven=number == 0,
        )
        for number, (trace, each) in enumerate(zip(traces, heats, strict=True))
    ]
    return page(shown, LIMITS, command="a command", missing=["ros2-ci-jenkins"])


def test_every_policy_has_its_row_on_every_trace(text: str) -> None:
    parts = re.split(r"^## ", text, flags=re.MULTILINE)
    for name in ("bitcoin-core", "gazebo-jenkins"):
        [part] = [each for each in parts if each.startswith(name)]
        for policy in ("duration", "poll", "vespene"):
            rows = [line for line in part.splitlines() if line.startswith(f"| `{policy}` ")]
            assert len(rows) == {"duration": 4}.get(policy, 2), "figures, waste, and ours by pool"


def test_the_page_tells_goals_for_what_developers_drive_only(text: str) -> None:
    goals = text.partition("## The goals")[2].partition("\n## ")[0]

    assert "With a median boot and 30 s, 90 s, though one boot in twenty takes longer than" in goals
    assert "With a p95 boot and 30 s, 128 s:" in goals
    assert goals.count("`duration` on bitcoin-core: p95 wait") == 2
    assert goals.count("**bitcoin-core: the bound's goal is ") == 2
    assert (
        len(re.findall(r"the rival's (?:is reached|is not reached|has no match)\.\*\*", goals)) == 2
    )
    assert "gazebo" not in goals


def test_tables_go_by_the_last_limit_and_tell_who_keeps_each(text: str) -> None:
    head = "| policy | wait p50, s | p95, s | p99, s | instance-hours | to bound | to best rival | "

    assert "Tables go by a limit of 128 s, a p95 boot and 30 s." in text
    assert text.count(f"{head}within 90 s | within 128 s |\n") == 2


def test_the_command_is_told_with_what_the_figures_depend_on() -> None:
    words = ["--jobs=2", "--out=x", "--policy=poll", "--policy=fixed(size=3)", "--boot=60"]

    assert command_line(parser().parse_args([])) == "python -m workhorse.sim results"
    assert command_line(parser().parse_args(words)) == (
        "python -m workhorse.sim results --policy poll --policy 'fixed(size=3)' --boot 60"
    )


def test_what_is_not_shipped_and_what_was_not_there_are_told(text: str) -> None:
    assert text.count("This trace is not shipped") == 1
    assert "The trace ros2-ci-jenkins was not there" in text


def test_the_page_keeps_the_style_of_the_documents(text: str) -> None:
    """One sentence a line, plain characters, tables of equal columns."""
    two = re.compile(r"[a-z0-9`)][.!?] +[A-Z`]")
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)

    assert text.isascii()
    assert [line for _, line in prose.prose(text) if two.search(line)] == []
    assert len(tables) == 1 + 2 * 3
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1


# --- The command ---------------------------------------------------------------------------------


def test_shipped_traces_go_before_those_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/traces").mkdir(parents=True)
    (tmp_path / "more").mkdir()
    for path in ("data/traces/bitcoin-core", "more/bitcoin-core", "more/gazebo-jenkins"):
        shutil.copy(SHIPPED, tmp_path / f"{path}.csv")

    assert found(Path("more")) == {
        "bitcoin-core": Path("data/traces/bitcoin-core.csv"),
        "gazebo-jenkins": Path("more/gazebo-jenkins.csv"),
    }
    assert found(Path("nowhere")) == {"bitcoin-core": Path("data/traces/bitcoin-core.csv")}
    monkeypatch.chdir(tmp_path / "data")
    with pytest.raises(Refusal, match="must hold one of bitcoin-core, pulumi-pipelines"):
        found(Path("nowhere"))


def test_the_traces_are_those_of_the_issue() -> None:
    assert [name for name, driven in NAMES.items() if driven] == [
        "bitcoin-core",
        "pulumi-pipelines",
    ]
    assert len(NAMES) == 4


def test_the_command_writes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more").mkdir()
    write_csv(morning(), tmp_path / "more/pulumi-pipelines.csv")
    words = ["results", "--traces=more", "--page=page.md", "--out=out", "--quiet", "--jobs=1"]

    assert door.main([*words, "--policy=poll", "--days=0.05"]) == 0
    text = (tmp_path / "page.md").read_text()
    assert capsys.readouterr().out == "written: page.md\n"
    assert "## pulumi-pipelines, the first 0.05 days" in text
    assert "by `python -m workhorse.sim results --policy poll --days 0.05`;" in text
    assert "The trace bitcoin-core was not there" in text
    assert json.loads((tmp_path / "out/results.json").read_text())[0]["trace"] == "pulumi-pipelines"
