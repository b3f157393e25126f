"""What the properties found once, each as small as it could be made."""

from tests.properties.scene import LABELS, Options, Scene
from workhorse.core.drain import DrainState
from workhorse.core.model import Policy
from workhorse.core.orders import RolloutPolicy
from workhorse.loops.observe import Observer, Trust
from workhorse.sim.faults.aws import (
    AgentsNeverRegister,
    InstanceDied,
    InstanceHung,
    InstanceProtected,
    RebalanceRecommended,
    SpotLost,
    ZoneRebalanced,
)
from workhorse.sim.faults.controller import ConnectionBroke, JenkinsRestarted
from workhorse.sim.faults.fault import AIMED
from workhorse.sim.faults.ledger import AgentForgotten
from workhorse.sim.faults.messages import HookMessageMadeUp
from workhorse.sim.faults.ours import (
    AnswersLost,
    ClockJumped,
    LoopsCrashed,
    LoopsHung,
    SideFailed,
)
from workhorse.sim.faults.plan import BuildPlan, FaultPlan, PoolPlan
from workhorse.sim.faults.play import run
from workhorse.sim.faults.rest import waiting_builds
from workhorse.sim.faults.rollout import Made, OrderTakenAway, RolloutOrdered
from workhorse.sim.faults.upon import Upon
from workhorse.sim.line import Side
from workhorse.sim.truth import Hand


def at_work(options: Options | None = None, *, builds: int = 1, seconds: float = 600) -> Scene:
    """A scene in which an agent runs each of the builds."""
    scene = Scene(options or Options())
    for _ in range(builds):
        scene.world.jenkins.submit("job", seconds, "linux")
    scene.stage.run(150)
    assert len(scene.nodes) == builds
    return scene


def test_a_spot_warning_joins_the_drain_that_is_open_while_the_group_cannot_be_read() -> None:
    scene = at_work()
    [instance] = scene.machines
    scene.world.recommend_rebalance(instance)
    scene.stage.run(15)
    scene.world.line.out_of_reach.add(Side.AUTO_SCALING)
    scene.world.interrupt_spot(instance)
    scene.stage.run(15)
    assert len(scene.stage.driver._drainer.drains[instance].messages) == 2
    scene.settle()
    assert scene.world.truth.ends[instance] is Hand.SPOT


def test_a_hook_message_that_comes_before_the_group_shows_its_instance_is_kept() -> None:
    scene = Scene(Options())
    scene.stage.run(150)
    scene.world.cloud.lag_seconds = 15
    scene.world.jenkins.submit("job", 60, "linux")
    while not scene.machines:
        scene.stage.run(1)
    [instance] = scene.machines
    scene.world.cloud.terminate(instance, Hand.AWS, decrement=False)
    for _ in range(20):
        scene.stage.run(2)
        scene.check()
    scene.settle()
    assert scene.world.truth.counts["hooks_timed_out"] == 0


def test_nothing_is_ended_by_a_reading_that_grew_old_while_earlier_effects_took_their_time() -> (
    None
):
    scene = at_work(Options(ceiling=6), builds=6, seconds=100)
    scene.world.run(60)
    scene.world.line.seconds[Side.AUTO_SCALING] = 16
    for _ in range(30):
        scene.stage.run(60)
        scene.check()
    assert not scene.machines


def test_an_agent_that_was_back_while_jenkins_was_not_trusted_is_lost_anew() -> None:
    scene = at_work(seconds=20)
    [instance] = scene.machines
    scene.world.cloud.terminate(instance, Hand.AWS, decrement=True)
    scene.stage.run(2)
    scene.world.break_connection(instance, 60)
    scene.stage.run(50)
    scene.world.jenkins.quieting_down = True
    scene.stage.run(300)
    scene.world.break_connection(instance, 1000)
    scene.world.jenkins.quieting_down = False
    scene.stage.run(60)
    scene.check()
    scene.settle()


def test_agents_given_up_in_one_tick_do_not_take_desired_capacity_below_the_floor_together() -> (
    None
):
    scene = Scene(Options(floor=2, ceiling=3))
    scene.world.jenkins.stop()
    scene.stage.run(200)
    for machine in scene.world.members():
        scene.world.jenkins.connect(machine.id, LABELS)
    scene.world.jenkins.start()
    scene.stage.run(60)
    for name in scene.machines:
        scene.world.break_connection(name, 5000)
    scene.stage.run(1500)
    scene.check()
    scene.settle()


def test_a_slow_reading_that_began_within_the_grace_after_a_restart_is_not_trusted() -> None:
    scene = Scene(Options())
    observer = Observer(scene.world.ports(), scene.stage.pools, Trust(restart_grace_seconds=120))
    observer.observe({})
    scene.world.line.seconds[Side.JENKINS] = 10
    scene.world.run(115)
    assert observer.observe({}).frozen
    assert not observer.observe({}).frozen


def test_a_clock_set_between_two_runs_cuts_no_grace() -> None:
    """When a grace began is told in a clock that may be another when the next run reads it."""
    scene = Scene(Options())
    trust = Trust(restart_grace_seconds=120)
    Observer(scene.world.ports(), scene.stage.pools, trust).observe({})
    scene.world.ahead_seconds = 3600
    again = Observer(scene.world.ports(), scene.stage.pools, trust)
    assert again.observe({}).frozen
    scene.world.run(121)
    assert not again.observe({}).frozen
    another = Observer(scene.world.ports(), scene.stage.pools, trust)
    assert not another.observe({}).frozen


def test_a_cordon_whose_answer_got_lost_settles_anew() -> None:
    scene = at_work(seconds=600)
    [instance] = scene.machines
    scene.world.cloud.terminate(instance, Hand.AWS, decrement=True)
    scene.stage.run(120)
    scene.world.line.ambiguous.add(Side.JENKINS)
    scene.world.jenkins.reconfigure(instance, LABELS, exclusive=False)
    # Its build dies, and it is idle at once.
    scene.world.break_connection(instance, 1)
    for _ in range(40):
        scene.stage.run(2)
        scene.check()
    assert not scene.machines


def test_a_hook_is_kept_open_while_jenkins_refuses_every_cordon() -> None:
    """The drain stays where it was for as long as its first effect fails; its hook may not."""
    scene = at_work(builds=4, seconds=3000)
    for instance in scene.machines:
        scene.world.cloud.terminate(instance, Hand.AWS, decrement=True)
    scene.world.line.ambiguous.add(Side.JENKINS)
    scene.stage.run(900)
    assert scene.world.truth.counts["hooks_timed_out"] == 0
    assert not scene.world.truth.kills
    scene.settle()


def test_a_pipeline_that_nobody_can_run_is_looked_into_once() -> None:
    """Jenkins tells its label only while there is an agent; forgotten, one was started for ever."""
    scene = Scene(Options(ceiling=2))
    scene.world.jenkins.submit("pipe", 60, "windows", pipeline=True)
    scene.stage.run(7200)
    assert scene.world.truth.counts["launched"] == 1
    assert not scene.machines
    scene.settle()


def test_an_agent_that_was_online_when_it_was_called_back_is_missing_only_from_then_on() -> None:
    """It was late, was given up, came, was called back at once, and hung: its patience is new."""
    plan = FaultPlan(
        pools=(
            PoolPlan(
                policy=Policy(
                    name="linux", labels=frozenset({"linux"}), ceiling=2, boot_seconds=60
                ),
                boots=(45.0, 200.0),
            ),
        ),
        builds=(BuildPlan(at=1680.0), BuildPlan(at=1686.0)),
        faults=(Upon(effect="Recall", fault=InstanceHung()),),
    )
    verdict = run(plan)
    assert verdict.kept, verdict


def test_an_agent_that_never_came_leaves_though_a_message_spoke_of_a_hook_once() -> None:
    """The message had opened a drain and called it back; what is chosen now is chosen by us."""
    linux = Policy(name="linux", labels=frozenset({"linux"}), ceiling=2, boot_seconds=60)
    plan = FaultPlan(
        pools=(PoolPlan(policy=linux),),
        builds=(BuildPlan(at=200.0),),
        faults=(
            AgentsNeverRegister(at=100.0, seconds=400.0),
            HookMessageMadeUp(at=240.0),
        ),
    )
    verdict = run(plan)
    assert verdict.kept, verdict


def test_a_clock_set_back_again_is_still_wrong_for_loops_that_started_meanwhile() -> None:
    """The auditor cannot hold them to times that they read off another clock."""
    scene = at_work(seconds=20)
    scene.world.ahead_seconds = 60
    scene.stage.restart()
    scene.world.ahead_seconds = 0
    assert scene.world.skewed
    scene.stage.restart()
    assert not scene.world.skewed


def test_a_build_that_names_an_agent_that_ec2_forgot_waits_until_its_node_is_no_more() -> None:
    scene = at_work(seconds=20)
    [instance] = scene.machines
    scene.world.run(600)
    scene.world.break_connection(instance, 5000)
    scene.world.jenkins.submit("pinned", 60, instance)
    assert list(waiting_builds(scene.world, scene.pools))
    scene.world.cloud.ec2_terminate(instance, Hand.OUTSIDE, known=False)
    assert instance in scene.nodes
    scene.stage.run(900)
    assert instance not in scene.nodes
    assert not list(waiting_builds(scene.world, scene.pools))


def test_a_reading_that_shows_a_build_counts_though_the_drain_was_pressed_in_the_same_tick() -> (
    None
):
    """What else is done with an agent keeps nobody from minding that it is busy."""
    scene = at_work(seconds=20)
    [instance] = scene.machines
    drains = scene.stage.driver._drainer.drains
    while instance not in drains or drains[instance].state is not DrainState.QUIET:
        scene.stage.run(1)
    scene.stage.run(3)
    scene.world.jenkins.submit("pinned", 5, instance)
    scene.stage.run(2)
    scene.world.interrupt_spot(instance)
    for _ in range(60):
        scene.stage.run(1)
        scene.check()
    assert scene.world.truth.finished[-1].task == "pinned"
    assert instance not in scene.machines


def test_a_build_that_no_agent_may_run_is_nothing_that_anybody_waits_for() -> None:
    """It asks for agents without a label that all of them have."""
    scene = at_work(seconds=600)
    [waits] = waiting_builds(scene.world, scene.pools)
    scene.world.jenkins.submit("shy", 60, "!linux")
    scene.stage.run(30)
    assert list(waiting_builds(scene.world, scene.pools)) == [waits]


def test_who_is_lost_is_not_overdue_by_the_time_in_which_nobody_could_read() -> None:
    plan = FaultPlan(
        pools=(
            PoolPlan(
                policy=Policy(name="linux", labels=frozenset({"any", "linux"}), ceiling=2),
                options=(("scale_out_factor", 2.0),),
            ),
        ),
        builds=(BuildPlan(seconds=900.0),),
        faults=(InstanceHung(at=1200.0), SideFailed(at=1235.0, seconds=660.0)),
    )
    verdict = run(plan)
    assert verdict.kept, verdict


def test_a_rollout_that_ended_untold_while_its_order_was_taken_away_is_told_all_the_same() -> None:
    plan = FaultPlan(
        pools=(
            PoolPlan(
                policy=Policy(name="linux", labels=frozenset({"any", "linux"}), ceiling=2),
                rollout=RolloutPolicy(),
            ),
        ),
        faults=(
            RolloutOrdered(at=660.0),
            SideFailed(at=762.0, side=Side.SSM, seconds=660.0),
            OrderTakenAway(at=960.0),
        ),
    )
    verdict = run(plan)
    assert verdict.kept, verdict


def test_an_agent_that_is_back_when_it_was_just_given_up_is_seen_idle_twice_at_its_hook() -> None:
    plan = FaultPlan(
        pools=(
            PoolPlan(
                policy=Policy(name="linux", labels=frozenset({"any", "linux"}), ceiling=2),
            ),
        ),
        builds=(BuildPlan(at=1964.0, seconds=360.0),),
        faults=(RebalanceRecommended(at=1968.0), ConnectionBroke(at=2160.0, seconds=320.0)),
        tick=15.0,
    )
    verdict = run(plan)
    assert verdict.kept, verdict


def test_who_is_lost_is_not_overdue_by_the_time_in_which_new_loops_do_not_trust_jenkins_yet() -> (
    None
):
    """Loops that are killed within the grace after a restart of Jenkins begin it anew."""
    plan = FaultPlan(
        pools=(
            PoolPlan(
                policy=Policy(name="linux", labels=frozenset({"linux"}), floor=1, ceiling=2),
                hook_seconds=0.0,
            ),
        ),
        builds=(BuildPlan(at=500.0, seconds=900.0), BuildPlan(at=650.0, seconds=900.0)),
        faults=(JenkinsRestarted(at=600.0), LoopsCrashed(at=700.0), InstanceDied(at=700.0)),
    )
    verdict = run(plan)
    assert verdict.kept, verdict


def test_a_canary_that_never_comes_is_waited_for_by_a_clock_that_was_set_back() -> None:
    """It comes to rest later by as much as the clock is behind."""
    plan = FaultPlan(
        pools=(
            PoolPlan(
                policy=Policy(name="linux", labels=frozenset({"linux"}), floor=1, ceiling=2),
                rollout=RolloutPolicy(),
            ),
        ),
        faults=(
            RolloutOrdered(at=3500.0, made=Made.DEAD),
            ClockJumped(at=3520.0, by_seconds=-3600.0),
            LoopsCrashed(at=3520.0),
        ),
    )
    verdict = run(plan)
    assert verdict.kept, verdict


def test_a_recall_of_which_nobody_knows_whether_it_was_made_has_the_cordon_confirmed_anew() -> None:
    plan = FaultPlan(
        pools=(
            PoolPlan(
                policy=Policy(
                    name="linux",
                    labels=frozenset({"linux"}),
                    ceiling=2,
                    buffer=2,
                    idle_seconds=40.0,
                    cool_down_seconds=0.0,
                ),
            ),
        ),
        faults=(
            Upon(at=1000.0, effect="Recall", delay_seconds=14.0, fault=SpotLost(which=AIMED)),
            ZoneRebalanced(at=1174.0),
            AnswersLost(at=1191.0, seconds=700.0),
        ),
    )
    verdict = run(plan)
    assert verdict.kept, verdict


def test_an_agent_that_aws_ends_after_a_rollout_called_it_back_is_none_that_the_rollout_chose() -> (
    None
):
    plan = FaultPlan(
        pools=(
            PoolPlan(
                policy=Policy(
                    name="linux",
                    labels=frozenset({"any", "linux"}),
                    ceiling=3,
                    boot_seconds=60.0,
                ),
                boots=(45.0, 200.0),
                options=(("idle_agents", 1),),
                rollout=RolloutPolicy(),
            ),
        ),
        faults=(
            Upon(effect="Recall", fault=ZoneRebalanced()),
            RebalanceRecommended(at=2512.0),
            RolloutOrdered(at=2575.0, canary=False),
        ),
    )
    verdict = run(plan)
    assert verdict.kept, verdict


def test_an_agent_that_came_and_was_forgotten_while_the_loops_hung_is_missed_from_then_on() -> None:
    plan = FaultPlan(
        pools=(
            PoolPlan(
                policy=Policy(name="linux", labels=frozenset({"linux"}), floor=1, ceiling=2),
                boots=(200.0,),
            ),
        ),
        faults=(LoopsHung(at=190.0, seconds=320.0), AgentForgotten(at=318.0)),
    )
    verdict = run(plan)
    assert verdict.kept, verdict


def test_an_agent_that_a_rollout_chose_as_it_booted_may_be_protected_before_it_comes() -> None:
    """A choice stands until it can be carried out."""
    plan = FaultPlan(
        pools=(
            PoolPlan(
                policy=Policy(name="linux", labels=frozenset({"linux"}), floor=1, ceiling=2),
                boots=(200.0,),
                rollout=RolloutPolicy(),
            ),
        ),
        faults=(
            RolloutOrdered(at=140.0, canary=False),
            InstanceProtected(at=170.0, seconds=700.0),
        ),
    )
    verdict = run(plan)
    assert verdict.kept, verdict
