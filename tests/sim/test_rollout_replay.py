"""Rollouts tried on a trace: what they cost builds, as text and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sim.weeks import FLEET, SEED, morning
from workhorse.core.errors import Refusal
from workhorse.core.orders import RolloutPolicy
from workhorse.sim import __main__ as door
from workhorse.sim import rollout_replay
from workhorse.sim.contender import contender
from workhorse.sim.replay import Trial, replay
from workhorse.sim.rollout_replay import Played, replay_rollout
from workhorse.sim.workload import write_csv

GOLDEN = Path(__file__).parent / "golden"
TRIAL = Trial(at_hours=1.3, policy=RolloutPolicy(waves=(50, 100), bake_seconds=120, surge=1))
BUSY = contender("exact", {"buffer": 3})


@pytest.fixture(scope="module")
def played() -> Played:
    """The morning with a rollout when most builds come."""
    return replay_rollout(morning(), FLEET, BUSY, TRIAL, seed=SEED)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A morning as a file."""
    path = tmp_path / "morning.csv"
    write_csv(morning(), path)
    return path


def run(*words: object) -> int:
    return door.main([str(word) for word in words])


def test_the_text_is_golden_to_the_byte(played: Played) -> None:
    assert rollout_replay.text(TRIAL, [played]) == (GOLDEN / "rollout.txt").read_text()


def test_every_pool_is_rolled_out_without_a_lost_build(played: Played) -> None:
    assert [each.pool for each in played.pools] == ["linux", "windows"]
    for each in played.pools:
        assert (each.state, each.killed) == ("DONE", 0)
        assert each.replaced > 0
        assert each.builds > 0
        assert each.seconds > TRIAL.policy.bake_seconds
    assert played.outcome.total.kills == 0
    assert played.outcome.total.finished == len(morning())


def test_without_a_rollout_the_same_builds_wait_as_they_would_have(played: Played) -> None:
    """What is told as `without` is the plain replay's: the canary changes nothing before it."""
    plain = replay(morning(), FLEET, BUSY, seed=SEED)
    spent = sum(each.more_seconds for each in played.pools)
    told = played.outcome.total.instance_seconds - plain.total.instance_seconds
    assert spent == pytest.approx(told)


def test_a_rollout_is_the_same_again_for_the_same_seed(played: Played) -> None:
    assert replay_rollout(morning(), FLEET, BUSY, TRIAL, seed=SEED) == played


def test_a_stricter_budget_takes_longer(played: Played) -> None:
    strict = replace(TRIAL, policy=replace(TRIAL.policy, max_unavailable=10, surge=0))
    slow = replay_rollout(morning(), FLEET, BUSY, strict, seed=SEED)
    assert sum(p.seconds for p in slow.pools) > sum(p.seconds for p in played.pools)


def test_the_report_ends_with_the_rollout_when_one_is_tried(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("simulate", "--trace", trace, "--quiet")
    assert run(*words) == 0
    plain = capsys.readouterr().out
    assert "rollout" not in plain
    assert run(*words, "--rollout-at", 1, "--rollout-waves", "25,100") == 0
    told = capsys.readouterr().out
    assert "rollout at hour 1: waves of 25, 100 %" in told
    assert run(*words, "--rollout-at", 1, "--rollout-surge", 2, "--json") == 0
    record = json.loads(capsys.readouterr().out)["rollouts"]
    assert record["trial"]["policy"]["surge"] == 2
    assert [each["contender"] for each in record["played"]] == ["exact"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--rollout-surge", "1"), "--rollout-surge: must come with --rollout-at"),
        (("--rollout-at", "99"), "--rollout-at 99: must be from 0 to below 3.0 hours"),
        (("--rollout-at", "1", "--policy", "poll"), "--rollout-at: poll: must be a planner"),
        (("--rollout-at", "1", "--rollout-waves", "50"), "must be rising percentages"),
        (("--rollout-at", "1", "--rollout-waves", "all"), "--rollout-waves all: must be rising"),
        (("--rollout-at", "1", "--rollout-bake", "-1"), "--rollout-bake -1: must be 0 or more"),
        (("--rollout-at", "1", "--rollout-unavailable", "0"), "must be from 1 to 100"),
    ],
)
def test_what_is_wrong_is_told_and_the_status_is_two(
    trace: Path, words: Sequence[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("simulate", "--trace", trace, "--quiet", *words) == 2
    assert told in capsys.readouterr().err


def test_a_rival_cannot_be_rolled_out() -> None:
    with pytest.raises(Refusal, match="must be a planner of ours"):
        replay_rollout(morning(), FLEET, contender("poll", {}), TRIAL, seed=SEED)
