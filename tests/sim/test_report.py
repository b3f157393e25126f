"""The report of replays, to the byte."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sim.weeks import FLEET, SEED, played
from workhorse.sim import report
from workhorse.sim.fleet import Billing, Boot, Fleet, Machines
from workhorse.sim.outcome import Figures, Outcome, Phases, Timeline, Waits

GOLDEN = Path(__file__).parent / "golden"
SUBJECT = report.Subject(trace="morning", fleet=FLEET, seed=SEED, days=1)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """Three rivals, one with settings, and a bound beside the first."""
    told = [played("poll"), played("ec2-plugin", idle_minutes=5), played("vespene")]
    bounded = replace(told[0].total, bound_seconds=20_000.0, bound_wait_seconds=90.0)
    return [replace(told[0], total=bounded), *told[1:]]


def test_the_text_is_golden_to_the_byte(outcomes: list[Outcome]) -> None:
    assert report.text(SUBJECT, outcomes) == (GOLDEN / "report.txt").read_text()


def test_the_json_is_golden_to_the_byte(outcomes: list[Outcome]) -> None:
    """One outcome, its timelines left out: they are long, and pictures show them."""
    told = json.loads(report.as_json(SUBJECT, outcomes[:1]))
    for figures in (told["outcomes"][0]["total"], *told["outcomes"][0]["pools"]):
        steps = figures.pop("timeline")
        assert len(steps["capacity"]) == len(steps["busy"]) == len(steps["queued"])
    written = json.dumps(told, indent=1, sort_keys=True) + "\n"

    assert written == (GOLDEN / "report.json").read_text()


def test_every_outcome_has_the_same_keys_in_json(outcomes: list[Outcome]) -> None:
    told = report.record(SUBJECT, outcomes)["outcomes"]
    keys = {frozenset(figures) for one in told for figures in (one["total"], *one["pools"])}

    assert len(keys) == 1
    assert set(report.DERIVED) <= next(iter(keys))
    assert {f"bound_{key}" for key in ("seconds", "wait_seconds")} <= next(iter(keys))


def test_an_outcome_can_be_read_back_from_a_report(outcomes: list[Outcome]) -> None:
    told = json.loads(report.as_json(SUBJECT, outcomes))["outcomes"]

    assert [Outcome.from_record(one) for one in told] == outcomes


def figures(name: str = "all", **changes: object) -> Figures:
    facts: dict[str, object] = {
        "builds": 0,
        "finished": 0,
        "waits": Waits(),
        "build_seconds": 0.0,
        "phases": Phases(),
        "boots": 0,
        "peak": 0,
        "billed_hours": 0.0,
        "cost": 0.0,
        "timeline": Timeline(start=0, step=60),
    }
    return Figures(name=name, **{**facts, **changes})


def test_figures_of_nothing_divide_by_nothing() -> None:
    nothing = figures()

    assert (nothing.churn, nothing.utilisation, nothing.ratio, nothing.kills) == (0, 0, None, 0)


def test_the_ratio_is_to_the_bound() -> None:
    assert figures(phases=Phases(busy=150), bound_seconds=100.0).ratio == 1.5


def test_one_pool_is_told_once() -> None:
    alone = Outcome(contender="x", seed=1, hours=1, total=figures(), pools=(figures("linux"),))
    told = report.text(SUBJECT, [alone])

    assert told.count("instance-hours") == 1


def test_what_is_assumed_is_told_for_every_pool_of_its_own() -> None:
    spot = Machines(
        executors=2,
        boot=Boot(median_seconds=30, p99_seconds=None),
        spot_share=0.5,
        spot_losses_per_hour=0.1,
        billing=Billing.HOUR,
    )
    fleet = Fleet(pools={"mac": spot}, shortages_per_day=2, label_lag_seconds=5)

    assert report.assumptions(fleet) == [
        "boot 60 s (p99 120 s), 1 executor, 0 to 100 agents, 0.2 an hour, billed by the second",
        (
            "mac: boot 30 s, 2 executors, 0 to 100 agents, 0.2 an hour, billed by the hour, "
            "50 % spot at 0.07 an hour with 0.1 losses an hour"
        ),
        (
            "quiet period 0 s, a build starts 0.5 s after its assignment, "
            "labels are heeded 5 s late, 2 shortages a day of 600 s"
        ),
    ]
