"""Traces played to planners and rivals in the simulated world."""

import json
from dataclasses import replace
from random import Random

import pytest

from tests.sim.grounds import HOUR, burst, stood
from tests.sim.weeks import FLEET, SEED, morning, played
from workhorse.core.errors import Refusal
from workhorse.sim import rivals
from workhorse.sim.contender import Contender, Kind, contender, names
from workhorse.sim.fleet import Boot, Fleet, Machines
from workhorse.sim.outcome import Outcome
from workhorse.sim.replay import PATIENCE_SECONDS, cut, replay
from workhorse.sim.workload import Job


@pytest.fixture(scope="module", params=names())
def outcome(request: pytest.FixtureRequest) -> Outcome:
    """The morning, played to each policy as it comes."""
    return played(request.param)


def test_every_build_is_run_to_its_end_once(outcome: Outcome) -> None:
    jobs = morning()
    total = outcome.total

    assert (total.builds, total.finished) == (len(jobs), len(jobs))
    assert total.build_seconds == pytest.approx(sum(job.seconds for job in jobs))


def test_figures_of_the_pools_add_up_to_those_of_all(outcome: Outcome) -> None:
    total, pools = outcome.total, outcome.pools

    for key in ("builds", "finished", "boots", "kills"):
        assert getattr(total, key) == sum(getattr(pool, key) for pool in pools), key
    for key in ("instance_seconds", "billed_hours", "cost", "build_seconds"):
        told = sum(getattr(pool, key) for pool in pools)
        assert getattr(total, key) == pytest.approx(told), key


def test_nobody_uses_less_than_the_builds_themselves_need(outcome: Outcome) -> None:
    for pool in (outcome.total, *outcome.pools):
        assert pool.phases.busy >= pool.build_seconds - 1e-6
        assert pool.instance_seconds > pool.build_seconds
        assert pool.phases.boot > 0


def test_nobody_waits_less_than_a_start_takes(outcome: Outcome) -> None:
    waits = outcome.total.waits

    assert FLEET.start_seconds <= waits.p50 <= waits.p95 <= waits.p99 <= waits.max


def test_an_outcome_is_the_same_again_after_json(outcome: Outcome) -> None:
    assert Outcome.from_record(json.loads(json.dumps(outcome.as_record()))) == outcome


@pytest.mark.parametrize("name", [n for n in names() if n not in rivals.RIVALS])
def test_no_planner_of_ours_kills_a_build(name: str) -> None:
    """Not even with agents that idle for hardly a tick, and label changes that are heeded late."""
    fleet = replace(FLEET, label_lag_seconds=5)

    assert played(name, fleet, **{"policy.idle_seconds": 1}).total.killed == {}


@pytest.mark.parametrize("name", ["exact", "poll", "alarms"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(name: str) -> None:
    def told(seed: int) -> str:
        return json.dumps(replay(morning(), FLEET, contender(name, {}), seed=seed).as_record())

    assert told(SEED) == told(SEED)
    assert told(SEED) != told(SEED + 1)


def test_the_nth_launch_takes_as_long_whoever_asks_for_it() -> None:
    jobs = burst(12, 600)
    boots = []
    for name in ("poll", "alarms"):
        world = stood(name, jobs, machines=Machines())
        world.run(3 * HOUR)
        boots.append([life.due_at - life.launched_at for life in world.lives.values()][:5])

    assert boots[0] == pytest.approx(boots[1])
    assert len(set(boots[0])) == len(boots[0])


def test_boots_have_the_median_and_the_percentile_that_were_asked_for() -> None:
    boot, rng = Boot(median_seconds=60, p99_seconds=120), Random(1)  # noqa: S311 - chance, not secrets
    drawn = sorted(boot.drawn(rng) for _ in range(20_000))

    assert drawn[10_000] == pytest.approx(60, rel=0.02)
    assert drawn[19_800] == pytest.approx(120, rel=0.05)
    assert sum(drawn) / len(drawn) == pytest.approx(boot.mean_seconds, rel=0.01)
    assert Boot(median_seconds=60, p99_seconds=None).drawn(rng) == 60


def test_a_lost_spot_instance_costs_its_build_which_is_queued_again() -> None:
    machines = Machines(spot_share=1, spot_losses_per_hour=6)
    total = played("poll", Fleet(machines=machines)).total

    assert total.killed.keys() == {"spot"}
    assert total.finished == total.builds == len(morning())
    assert total.phases.busy > total.build_seconds
    assert total.cost == pytest.approx(total.billed_hours * machines.spot_price)


def test_a_killed_build_that_nobody_runs_again_stays_unfinished() -> None:
    machines = Machines(spot_share=1, spot_losses_per_hour=6)
    total = played("poll", Fleet(machines=machines, rerun_killed=False)).total

    assert total.builds == len(morning())
    assert total.finished == total.builds - total.kills < total.builds


def test_a_shortage_of_capacity_makes_builds_wait() -> None:
    short = Fleet(shortages_per_day=200, shortage_seconds=400)

    assert played("poll", short).total.waits.p99 > played("poll").total.waits.p99 + 100


def test_two_executors_an_agent_halve_the_agents() -> None:
    one, two = (
        played("poll", Fleet(machines=Machines(executors=executors))) for executors in (1, 2)
    )

    assert two.total.boots < one.total.boots
    assert two.total.instance_seconds < one.total.instance_seconds
    assert two.total.instance_seconds * 2 > two.total.build_seconds


def test_the_floor_is_there_before_the_first_build() -> None:
    fleet = Fleet(machines=Machines(floor=2, boot=Boot(median_seconds=600, p99_seconds=None)))
    [linux] = replay(burst(2, 60, at=10), fleet, contender("exact", {}), seed=1).pools

    assert linux.waits.max == FLEET.start_seconds
    assert linux.phases.boot == 0
    assert linux.boots == 2


def test_the_time_measured_is_from_the_hour_of_the_first_arrival_to_the_last_end() -> None:
    jobs = [Job(2 * HOUR + 600, 50, "linux")]
    steady = Fleet(machines=Machines(boot=Boot(median_seconds=60, p99_seconds=None)))
    told = replay(jobs, steady, contender("poll", {}), seed=1)

    # Seen at once, the group acts a second later, 60 s to boot, 0.5 s to start, 50 s to run.
    assert told.hours * HOUR == pytest.approx(600 + 1 + 60 + 0.5 + 50)
    assert told.total.timeline.start == 2 * HOUR


def test_builds_that_nobody_runs_are_given_up_after_a_week() -> None:
    told = replay(burst(3, 60), FLEET, contender("fixed", {"size": 0}), seed=1)

    assert (told.total.builds, told.total.finished, told.total.boots) == (3, 0, 0)
    assert told.hours * HOUR == pytest.approx(PATIENCE_SECONDS, abs=HOUR)


def test_progress_is_told_up_to_the_end() -> None:
    told: list[float] = []
    replay(morning(), FLEET, contender("poll", {}), seed=1, progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1


def test_days_count_from_the_hour_of_the_first_arrival() -> None:
    jobs = [Job(hour * HOUR + 1800, 1, "linux") for hour in range(50)]

    assert len(cut(jobs, 1)) == 24
    assert cut(jobs, None) == jobs


@pytest.mark.parametrize(
    ("jobs", "days", "told"),
    [
        ([], None, "trace: 0 builds: must have one at least"),
        (burst(1, 1), 0, "days 0: must be above 0"),
        (
            [Job(1800, 1, "linux")],
            0.01,
            "days 0.01: must be long enough for one build at least",
        ),
        (
            [Job(0, 1, "linux && large")],
            None,
            (
                "label 'linux && large': no pool takes it\n"
                "the pools are none; one has more labels by --fleet 'POOL.labels=LABEL LABEL'"
            ),
        ),
    ],
)
def test_what_cannot_be_played_is_refused(jobs: list[Job], days: float | None, told: str) -> None:
    with pytest.raises(Refusal) as refused:
        replay(jobs, FLEET, contender("poll", {}), seed=1, days=days)

    assert str(refused.value) == told


def test_an_expression_counts_for_the_first_pool_that_takes_it() -> None:
    fleet = Fleet(pools={"big": Machines(labels=frozenset({"linux"}))})
    jobs = [Job(0, 60, "big"), Job(1, 60, "linux && big"), Job(2, 60, "windows || mac")]
    jobs.append(Job(3, 60, "windows"))
    told = replay(jobs, fleet, contender("exact", {}), seed=1)

    assert {pool.name: pool.finished for pool in told.pools} == {"big": 2, "windows": 2}


def test_a_label_that_a_named_pool_has_makes_no_pool_of_its_own() -> None:
    fleet = Fleet(pools={"big": Machines(labels=frozenset({"linux"}))})
    told = replay([Job(0, 60, "linux")], fleet, contender("poll", {}), seed=1)

    assert [pool.name for pool in told.pools] == ["big"]


def test_settings_go_to_the_planner_or_to_its_policy() -> None:
    told = contender("exact", {"buffer": 1, "buffer_ratio": 0.5, "policy.idle_seconds": 60})

    assert told == Contender(
        name="exact",
        kind=Kind.PLANNER,
        options={"buffer_ratio": 0.5},
        policy={"buffer": 1, "idle_seconds": 60},
    )
    assert str(told) == "exact(buffer=1, buffer_ratio=0.5, idle_seconds=60)"
    assert str(contender("poll", {})) == "poll"


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("nobody", {}, "policy 'nobody': must be one of "),
        ("exact", {"colour": "red"}, "exact: colour: is no setting here ("),
        ("poll", {"policy.buffer": 1}, "poll: policy.buffer: is no setting here ("),
    ],
)
def test_a_setting_that_nobody_has_is_refused(
    name: str, settings: dict[str, object], told: str
) -> None:
    with pytest.raises(Refusal) as refused:
        contender(name, settings)

    assert str(refused.value).startswith(told)


def test_a_policy_that_is_none_is_refused_by_key_and_value() -> None:
    with pytest.raises(Refusal, match=r"policy.buffer: 'much': "):
        replay(morning(), FLEET, contender("exact", {"buffer": "much"}), seed=1)
