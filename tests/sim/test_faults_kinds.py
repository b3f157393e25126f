"""What each fault does to the world."""

import pytest

from tests.sim.conftest import QUEUE
from workhorse.core.effects import Cordon
from workhorse.core.errors import Unreadable
from workhorse.core.model import Lifecycle
from workhorse.sim.faults import aws, controller, messages, ours
from workhorse.sim.faults.fault import AIMED, Fault, happen
from workhorse.sim.faults.kinds import KINDS
from workhorse.sim.faults.rest import calm
from workhorse.sim.faults.upon import Upon
from workhorse.sim.line import Crash, Side
from workhorse.sim.truth import Hand
from workhorse.sim.world import World


@pytest.fixture
def busy(world: World) -> World:
    """Two agents at work, one of them on a pipeline."""
    world.cloud.set_desired("group", 2)
    world.run(90)
    world.jenkins.submit("job", 600, "linux")
    world.jenkins.submit("pipe", 600, "linux", pipeline=True)
    world.run(5)
    return world


@pytest.mark.parametrize("name", [name for name in KINDS if name != "TokenMachineCame"])
def test_a_fault_that_finds_nobody_to_hit_changes_nothing_and_fails_nothing(
    name: str, world: World
) -> None:
    happen(KINDS[name](), world)
    world.run(1)
    calm(world)
    world.run(1000)
    assert not world.truth.kills
    assert world.ports().controller.read().nodes == {}


@pytest.mark.parametrize("name", KINDS)
def test_every_fault_strikes_a_world_at_work(name: str, busy: World) -> None:
    happen(KINDS[name](), busy)
    busy.run(900)
    assert {kill.hand for kill in busy.truth.kills} <= {
        *(Hand.OUTSIDE, Hand.SPOT, Hand.AWS, Hand.NETWORK, Hand.RESTART),
    }


def test_a_side_fails_for_as_long_as_it_is_said(world: World) -> None:
    ports = world.ports()
    happen(ours.SideFailed(side=Side.AUTO_SCALING, seconds=30), world)
    with pytest.raises(Unreadable):
        ports.cloud.groups(["group"])
    world.run(31)
    assert ports.cloud.groups(["group"])


def test_answers_that_get_lost_leave_what_was_done(world: World) -> None:
    happen(ours.AnswersLost(side=Side.AUTO_SCALING), world)
    with pytest.raises(Unreadable):
        world.ports().cloud.set_desired("group", 2)
    assert world.cloud.groups["group"].desired == 2


@pytest.mark.parametrize(("done", "desired"), [(False, 1), (True, 2)])
def test_only_the_second_change_fails_done_or_not(
    world: World,
    done: bool,  # noqa: FBT001 - a case
    desired: int,
) -> None:
    cloud = world.ports().cloud
    happen(ours.ChangeFailed(side=Side.AUTO_SCALING, changes=2, done=done), world)
    cloud.set_desired("group", 1)
    with pytest.raises(Unreadable):
        cloud.set_desired("group", 2)
    assert world.cloud.groups["group"].desired == desired
    cloud.set_desired("group", 3)


def test_a_throttled_side_answers_some_calls(world: World) -> None:
    cloud = world.ports().cloud
    happen(ours.Throttled(every=3), world)
    answered = 0
    for _ in range(300):
        try:
            cloud.groups(["group"])
        except Unreadable:
            continue
        answered += 1
    assert 60 < answered < 140


def test_an_older_answer_is_told_again_for_a_while(world: World) -> None:
    jenkins = world.ports().controller
    happen(ours.ToldAgain(side=Side.JENKINS, old_seconds=8, seconds=60), world)
    assert jenkins.read().nodes == {}
    world.jenkins.connect("i-1", frozenset({"linux"}))
    world.run(7)
    assert jenkins.read().nodes == {}
    assert jenkins.glance() == frozenset()
    world.run(2)
    assert set(jenkins.read().nodes) == {"i-1"}


def test_an_older_answer_is_told_to_the_same_question_only(world: World) -> None:
    """An answer about another node would be a lie that no cache tells."""
    jenkins = world.ports().controller
    world.jenkins.connect("i-1", frozenset({"linux"}))
    happen(ours.ToldAgain(side=Side.JENKINS, old_seconds=8, seconds=60), world)
    assert jenkins.has_node("i-1")
    assert not jenkins.has_node("i-2")
    world.jenkins.connect("i-2", frozenset({"linux"}))
    assert not jenkins.has_node("i-2")


def test_a_clock_that_is_set_shows_at_the_next_start_unless_it_is_taken_at_face_value(
    world: World,
) -> None:
    before, now = world.ports(), world.kernel.now
    happen(ours.ClockJumped(by_seconds=600), world)
    assert before.clock.now() == now
    after = world.ports()
    assert after.clock.now() == now + 600
    assert after.controller.read().read_at == now + 600
    assert after.cloud.groups(["group"])["group"].read_at == now + 600
    world.steady = False
    jumpy = world.ports()
    happen(ours.ClockJumped(by_seconds=-600), world)
    assert jumpy.clock.now() == now


def test_the_loops_are_killed_at_a_change(world: World) -> None:
    happen(ours.LoopsCrashed(changes=1), world)
    with pytest.raises(Crash):
        world.ports().cloud.set_desired("group", 2)


def test_messages_that_get_lost_are_never_seen_and_later_ones_are(busy: World) -> None:
    happen(messages.MessagesLost(seconds=60), busy)
    happen(aws.InstanceEnded(), busy)
    busy.run(61)
    happen(aws.InstanceEnded(which=1), busy)
    assert len(busy.queues.lost) == 1
    assert [m.id for m in busy.queues.receive(QUEUE)] == ["m-2"]


def test_messages_that_are_late_come_after_younger_ones(busy: World) -> None:
    happen(messages.MessagesDelayed(by_seconds=120, seconds=10), busy)
    happen(aws.InstanceEnded(), busy)
    busy.run(11)
    happen(aws.InstanceEnded(which=1), busy)
    assert [m.id for m in busy.queues.receive(QUEUE)] == ["m-2"]
    busy.run(120)
    assert "m-1" in [m.id for m in busy.queues.receive(QUEUE)]


def test_a_hung_machine_goes_offline_and_stays_so_while_ec2_calls_it_running(busy: World) -> None:
    happen(aws.InstanceHung(), busy)
    name = next(iter(busy.hung))
    busy.restart_jenkins()
    busy.run(600)
    assert busy.jenkins.computers[name].online is False
    assert busy.cloud.states([name]) == {name: "running"}


def test_agents_of_a_broken_image_never_register(world: World) -> None:
    happen(aws.AgentsNeverRegister(seconds=30), world)
    world.cloud.set_desired("group", 1)
    world.run(40)
    world.cloud.set_desired("group", 2)
    world.run(300)
    assert len(world.members(Lifecycle.IN_SERVICE)) == 2
    assert len(world.jenkins.computers) == 1


def test_zone_rebalancing_launches_first_and_ends_one_afterwards(busy: World) -> None:
    group = busy.cloud.groups["group"]
    happen(aws.ZoneRebalanced(), busy)
    assert (group.members, group.desired) == (3, 2)
    busy.run(25)
    assert (group.members, group.desired) == (2, 2)
    assert len(busy.members(Lifecycle.TERMINATING_WAIT)) == 1


def test_ec2_denies_an_instance_that_vanished(busy: World) -> None:
    happen(aws.InstanceDied(known=False), busy)
    [name] = busy.truth.ends
    busy.run(20)
    assert busy.cloud.states([name]) == {name: "terminated"}
    [hook] = busy.members(Lifecycle.TERMINATING_WAIT) or busy.members(Lifecycle.IN_SERVICE)[:1]
    busy.run(60)
    for machine in busy.members(Lifecycle.TERMINATING_WAIT):
        busy.cloud.complete_hook("group", machine.hook, machine.id, Hand.OUTSIDE)
    busy.run(120)
    assert hook
    assert busy.cloud.states([name]) == {name: "gone"}


def test_only_an_instance_in_service_is_detached(busy: World) -> None:
    happen(aws.InstanceEnded(which=0), busy)
    happen(aws.InstanceDetached(which=0), busy)
    assert len(busy.members()) == 2
    happen(aws.InstanceDetached(which=1, seconds=100), busy)
    assert len(busy.members()) == 1
    busy.run(101)
    assert list(busy.truth.ends.values()) == [Hand.OUTSIDE]


def test_scale_in_is_off_for_a_while(busy: World) -> None:
    happen(aws.ScaleInSwitchedOff(seconds=100), busy)
    happen(aws.DesiredSet(size=1), busy)
    busy.run(50)
    assert len(busy.members(Lifecycle.IN_SERVICE)) == 2
    busy.run(60)
    assert len(busy.members(Lifecycle.IN_SERVICE)) == 1


def test_a_fault_lies_in_wait_for_the_second_effect_of_its_kind_and_hits_whom_that_names(
    busy: World,
) -> None:
    first, second = busy.jenkins.computers
    waits = Upon(number=2, delay_seconds=5, fault=controller.NodeDeleted(which=AIMED))
    happen(waits, busy)
    busy.noticed(Cordon(node=first, label="x"))
    busy.run(10)
    busy.noticed(Cordon(node=second, label="x"))
    assert len(busy.jenkins.computers) == 2
    busy.run(5)
    assert [n for n, c in busy.jenkins.computers.items() if not c.ghost] == [first]
    busy.noticed(Cordon(node=first, label="x"))
    busy.run(10)
    assert [n for n, c in busy.jenkins.computers.items() if not c.ghost] == [first]


def test_nobody_is_hit_by_what_is_aimed_at_nobody(busy: World) -> None:
    faults: tuple[Fault, ...] = (
        aws.InstanceDied(which=AIMED),
        controller.NodeDeleted(which=AIMED),
        controller.NodeUncordoned(which=AIMED),
    )
    for fault in faults:
        happen(fault, busy)
    assert not busy.truth.kills
