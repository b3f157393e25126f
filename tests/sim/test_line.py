"""What may go wrong between the loops and the world."""

import pytest

from workhorse.core.errors import Missing, Unreadable
from workhorse.loops.ports import Ports
from workhorse.sim.line import Crash, CrashPoint, Side
from workhorse.sim.truth import Hand
from workhorse.sim.world import World


@pytest.fixture
def ports(world: World) -> Ports:
    """Ports of that world."""
    return world.ports()


def test_a_side_out_of_reach_answers_nothing_and_does_nothing(world: World, ports: Ports) -> None:
    world.line.out_of_reach.add(Side.AUTO_SCALING)
    with pytest.raises(Unreadable):
        ports.cloud.set_desired("group", 2)
    assert world.cloud.groups["group"].desired == 0
    assert ports.controller.read().nodes == {}


def test_an_answer_that_gets_lost_leaves_the_change_made(world: World, ports: Ports) -> None:
    world.line.ambiguous.add(Side.AUTO_SCALING)
    with pytest.raises(Unreadable):
        ports.cloud.set_desired("group", 2)
    assert world.cloud.groups["group"].desired == 2


@pytest.mark.parametrize(("after", "desired"), [(False, 1), (True, 2)])
def test_a_crash_comes_before_or_after_the_change_it_is_set_for(
    world: World,
    ports: Ports,
    after: bool,  # noqa: FBT001 - a case
    desired: int,
) -> None:
    world.line.crash = CrashPoint(changes=2, after=after)
    ports.cloud.set_desired("group", 1)
    with pytest.raises(Crash):
        ports.cloud.set_desired("group", 2)
    assert world.cloud.groups["group"].desired == desired
    ports.cloud.set_desired("group", 3)
    assert world.line.changes[Side.AUTO_SCALING] == (3 if after else 2)


def test_no_handler_of_errors_catches_a_crash() -> None:
    assert not issubclass(Crash, Exception)


def test_a_slow_answer_is_of_half_way_and_the_world_goes_on(world: World, ports: Ports) -> None:
    world.line.seconds[Side.JENKINS] = 10
    began = world.kernel.now
    world.kernel.after(4, world.jenkins.connect, "i-1", frozenset({"linux"}))
    world.kernel.after(6, world.jenkins.connect, "i-2", frozenset({"linux"}))
    told = ports.controller.read()
    assert set(told.nodes) == {"i-1"}
    assert told.read_at == began
    assert world.kernel.now == began + 10


def test_a_lost_cordon_is_answered_and_has_no_effect(world: World, ports: Ports) -> None:
    world.jenkins.connect("i-1", frozenset({"linux"}))
    world.line.lost_cordons = 1
    ports.controller.cordon("i-1", "workhorse-drain.hook.i-1")
    assert world.jenkins.computer("i-1").labels == {"linux"}
    ports.controller.cordon("i-1", "workhorse-drain.hook.i-1")
    assert world.jenkins.computer("i-1").labels == {"workhorse-drain.hook.i-1"}


def test_new_ports_read_all_that_the_old_ones_read(world: World, ports: Ports) -> None:
    world.jenkins.connect("i-1", frozenset({"linux"}))
    before = ports.controller.read()
    assert world.ports().controller.read() == before
    world.jenkins.delete("i-1", Hand.OUTSIDE)
    assert world.ports().controller.read().nodes == {}


def test_a_node_deleted_while_its_instance_runs_is_counted(world: World, ports: Ports) -> None:
    world.cloud.set_desired("group", 1)
    world.run(90)
    [name] = world.jenkins.computers
    ports.controller.delete_node(name)
    assert world.truth.counts["deleted_alive"] == 1


def test_messages_repeat_are_shuffled_and_die_after_too_many_receives(
    world: World, ports: Ports
) -> None:
    world.queues.max_receives, world.queues.shuffled = 2, True
    for n in range(9):
        world.queues.send("q", str(n))
    world.queues.repeat("q")
    bodies = [m.body for m in (*ports.mailbox.receive("q"), *ports.mailbox.receive("q"))]
    assert sorted(bodies) == sorted([str(n) for n in range(9)] * 2)
    assert bodies != sorted(bodies)
    for _ in range(4):
        world.run(31)
        ports.mailbox.receive("q")
        ports.mailbox.receive("q")
    assert (world.queues.waiting("q"), len(world.queues.dead)) == (0, 18)


def test_an_old_receipt_deletes_nothing(world: World, ports: Ports) -> None:
    world.queues.send("q", "body")
    [first] = ports.mailbox.receive("q")
    world.run(31)
    [second] = ports.mailbox.receive("q")
    ports.mailbox.forget("q", first.receipt)
    assert world.queues.waiting("q") == 1
    with pytest.raises(Missing):
        ports.mailbox.hold("q", first.receipt, 10)
    ports.mailbox.forget("q", second.receipt)
    assert world.queues.waiting("q") == 0
