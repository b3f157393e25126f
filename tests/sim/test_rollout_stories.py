"""Rollouts from end to end: the real loops, in the simulated world."""

from dataclasses import replace

import pytest

from tests.sim.rolling import BOOT_SECONDS, BRISK, GROUP, Rolling
from workhorse.core.errors import Refusal
from workhorse.core.orders import Budget, Command, Strategy
from workhorse.core.planners.windows import Window
from workhorse.core.rollout import RolloutState as S
from workhorse.sim.groups import Template
from workhorse.sim.line import Side
from workhorse.sim.rolling import CANDIDATE, PREVIOUS, STABLE
from workhorse.sim.truth import Hand

BUILD_SECONDS = 400.0


def test_a_busy_pool_is_replaced_without_a_lost_build_and_its_image_promoted() -> None:
    scene = Rolling(4)
    scene.rollings.channels["linux"][STABLE] = "ami-1"
    scene.builds(4, BUILD_SECONDS)
    began = scene.world.kernel.now
    scene.order()
    told = scene.until_over()
    assert (told.state, told.total, told.left) == (S.DONE, 4, 0)
    assert scene.member_versions == {2}
    assert len(scene.world.truth.finished) == 4
    assert scene.rollings.channels["linux"] == {STABLE: "ami-2", PREVIOUS: "ami-1"}
    assert told.ended_at is not None
    assert told.ended_at - began < BUILD_SECONDS + 5 * BOOT_SECONDS + 2 * BRISK.bake_seconds


@pytest.mark.parametrize(
    "template", [Template(image="ami-bad", registers=0), Template(image="ami-bad", smoke="FAILURE")]
)
def test_a_bad_image_is_caught_by_its_canary_and_nothing_else_is_launched_of_it(
    template: Template,
) -> None:
    scene = Rolling(3)
    scene.builds(3, BUILD_SECONDS)
    scene.order(template)
    told = scene.until_over()
    assert told.state == S.FAILED
    assert told.because
    assert scene.launches_of(2) == []
    assert (scene.member_versions, scene.world.cloud.groups[GROUP].template_version) == ({1}, 1)
    assert "ami-bad" in scene.rollings.condemned
    assert CANDIDATE not in scene.rollings.channels["linux"]


def test_a_failed_rollout_is_published_for_an_alarm() -> None:
    scene = Rolling(1)
    scene.order(Template(registers=0))
    seen = 0.0
    for _ in range(60):
        scene.run(30)
        meters = scene.world.metrics.published
        seen = max([seen, *(m.value for m in meters if m.name == "RolloutFailed")])
    scene.until_over()
    assert seen == 1


def test_a_wave_that_goes_bad_trips_the_breaker_and_is_taken_back() -> None:
    scene = Rolling(4)
    scene.builds(2, BUILD_SECONDS)
    scene.order(Template(image="ami-bad", registers=0), canary=False)
    told = scene.until_over()
    assert told.state == S.FAILED
    assert scene.member_versions == {1}
    assert len(scene.members) >= 4
    assert len(scene.launches_of(2)) < 4
    assert "ami-bad" in scene.rollings.condemned


def test_a_halted_rollout_gives_agents_back_and_goes_on_where_it_was() -> None:
    scene = Rolling(4)
    scene.builds(4, 2 * BUILD_SECONDS)
    scene.order(canary=False)
    while not scene.cordoned:
        scene.run(5)
    scene.ask(Command.HALT)
    scene.run(60)
    assert scene.standing.state == S.HALTED
    assert scene.cordoned == []
    scene.run(2000)
    assert scene.standing.state == S.HALTED
    assert 1 in scene.member_versions
    scene.ask(Command.GO)
    assert scene.until_over().state == S.DONE
    assert scene.member_versions == {2}


def test_a_rollout_that_is_taken_back_leaves_the_old_version_and_condemns_nothing() -> None:
    scene = Rolling(4)
    scene.order(canary=False)
    while 2 not in scene.member_versions:
        scene.run(5)
    scene.ask(Command.ROLL_BACK)
    told = scene.until_over()
    assert told.state == S.ROLLED_BACK
    assert scene.member_versions == {1}
    assert scene.rollings.condemned == {}


def test_an_order_for_the_version_before_goes_without_a_canary() -> None:
    scene = Rolling(3)
    scene.order()
    assert scene.until_over().state == S.DONE
    now = scene.world.kernel.now
    scene.rollings.order(GROUP, 1, at=now, canary=False)
    assert scene.until_over().state == S.DONE
    assert scene.member_versions == {1}
    assert len(scene.world.launching.beside) == 1


def test_a_second_order_is_refused_while_one_is_under_way() -> None:
    scene = Rolling(1)
    order = scene.order()
    with pytest.raises(Refusal, match=order.id):
        scene.order()


def test_agents_lost_to_spot_meanwhile_are_no_fault_of_the_image() -> None:
    scene = Rolling(5)
    scene.builds(5, BUILD_SECONDS)
    scene.order(canary=False)
    lost = 0
    while scene.rollings.orders:
        scene.run(40)
        fresh = [m for m in scene.members if m.template_version == 2 and m.came]
        if fresh and lost < 3:
            scene.world.cloud.ec2_terminate(fresh[0].id, Hand.SPOT)
            lost += 1
    assert lost == 3
    assert scene.until_over().state == S.DONE
    assert scene.member_versions == {2}


def test_nobody_leaves_while_a_build_has_waited_for_longer_than_the_limit() -> None:
    scene = Rolling(2, replace(BRISK, queue_wait_seconds=120), ceiling=2)
    scene.builds(2, 900)
    scene.builds(1, 60)
    scene.run(200)
    scene.order(canary=False)
    scene.run(300)
    assert scene.cordoned == []
    assert scene.standing.state == S.WAVE
    assert "waits" in scene.standing.because
    assert scene.until_over().state == S.DONE


def test_nobody_leaves_in_hours_whose_budget_is_nothing() -> None:
    """The world begins at 22:13 UTC on a Tuesday."""
    closed = Budget(percent=0, window=Window(days="tue", start="22:00", end="23:00"))
    scene = Rolling(2, replace(BRISK, budgets=(closed,)))
    scene.order(canary=False)
    while scene.world.kernel.now % 3600 < 3590:
        scene.run(10)
        assert scene.cordoned == []
    assert "23:00" in scene.standing.because
    assert scene.until_over().state == S.DONE


def test_never_more_than_the_budget_are_away_at_once() -> None:
    scene = Rolling(4, replace(BRISK, max_unavailable=25, waves=(100,)))
    scene.order(canary=False)
    fewest = 4
    while scene.rollings.orders:
        scene.run(3)
        online = [m for m in scene.members if m.id in scene.world.jenkins.computers]
        fewest = min(fewest, len(online) - len(scene.cordoned))
    assert fewest == 3
    scene.until_over()


def test_a_surge_launches_ahead_of_those_that_leave_and_ends_with_the_rollout() -> None:
    scene = Rolling(3, replace(BRISK, surge=2))
    scene.builds(3, BUILD_SECONDS)
    scene.order()
    most = 0
    while scene.rollings.orders:
        scene.run(10)
        most = max(most, len(scene.members) - len(scene.cordoned))
    assert most == 5
    scene.until_over()
    scene.run(600)
    assert scene.world.cloud.groups[GROUP].desired == 3
    assert scene.member_versions == {2}


@pytest.mark.parametrize("executors", [1, 2])
def test_the_matrix_job_ends_each_agent_when_its_builds_are_over(executors: int) -> None:
    scene = Rolling(3, executors=executors)
    scene.builds(3, BUILD_SECONDS)
    scene.order(strategy=Strategy.MATRIX)
    assert scene.until_over().state == S.DONE
    assert scene.member_versions == {2}
    assert [run for run in scene.rollings.jobs.runs if run.nodes]
    assert len(scene.world.truth.finished) == 3


def test_an_instance_refresh_is_held_back_by_the_hook_for_each_build() -> None:
    scene = Rolling(3)
    scene.builds(3, BUILD_SECONDS)
    scene.order(strategy=Strategy.REFRESH)
    assert scene.until_over().state == S.DONE
    assert scene.member_versions == {2}
    assert len(scene.world.truth.finished) == 3


def test_a_bad_refresh_is_cancelled_and_taken_back() -> None:
    scene = Rolling(3)
    scene.order(Template(image="ami-bad", registers=0), strategy=Strategy.REFRESH, canary=False)
    assert scene.until_over().state == S.FAILED
    assert scene.member_versions == {1}


def test_an_empty_pool_is_rolled_out_by_its_version_alone() -> None:
    scene = Rolling(0)
    scene.order()
    assert scene.until_over().state == S.DONE
    scene.builds(1, 60)
    scene.run(200)
    assert scene.member_versions == {2}


@pytest.mark.parametrize("side", [Side.JENKINS, Side.AUTO_SCALING, Side.EC2, Side.SSM])
def test_blind_means_still_and_sight_means_on(side: Side) -> None:
    scene = Rolling(3)
    scene.order(canary=False)
    while not scene.cordoned:
        scene.run(5)
    scene.world.line.out_of_reach.add(side)
    scene.run(1200)
    scene.world.line.out_of_reach.clear()
    assert scene.until_over().state == S.DONE
    assert scene.member_versions == {2}


@pytest.mark.parametrize("pause", [35, 65, 125, 330])
def test_a_controller_that_is_killed_again_and_again_ends_in_the_same_place(pause: int) -> None:
    scene = Rolling(4)
    scene.builds(4, BUILD_SECONDS)
    scene.order()
    while scene.rollings.orders:
        scene.run(pause)
        scene.stage.restart()
    assert scene.until_over().state == S.DONE
    assert scene.member_versions == {2}
    assert len(scene.world.truth.finished) == 4


@pytest.mark.parametrize("strategy", Strategy)
def test_leaving_out_idle_turns_changes_nothing_of_a_rollout(strategy: Strategy) -> None:
    scenes = [Rolling(3, skipping=skipping) for skipping in (True, False)]
    for scene in scenes:
        scene.builds(3, BUILD_SECONDS)
        scene.order(strategy=strategy)
        scene.until_over()
        scene.run(3600)
    one, other = scenes
    assert one.world.journal.records == other.world.journal.records
    assert one.world.truth == other.world.truth
    assert one.rollings.standings == other.rollings.standings


def test_a_build_that_strays_onto_the_canary_is_waited_for() -> None:
    """One that asks for what an agent is not fits the canary too, as Jenkins reads it."""
    scene = Rolling(1)
    scene.builds(1, 2000)
    scene.order()
    while not any(run.begun for run in scene.rollings.jobs.runs):
        scene.run(5)
    stray = scene.world.jenkins.submit("stray", 600, "!windows")
    assert scene.until_over().state == S.DONE
    assert stray.node == scene.world.launching.beside[0].id
    assert stray.id in {finish.build for finish in scene.world.truth.finished}
