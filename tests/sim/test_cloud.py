"""The simulated Auto Scaling does what the contract suites ask, and what others do to a group."""

import pytest

from tests.sim.conftest import LINUX, QUEUE
from workhorse.core.errors import Missing
from workhorse.core.model import Lifecycle
from workhorse.core.notices import Kind, understand
from workhorse.sim.groups import Machine, Shape, first_victim
from workhorse.sim.truth import Hand
from workhorse.sim.world import World


def booted(world: World, size: int) -> list[str]:
    """So many agents, connected."""
    world.cloud.set_desired("group", size)
    world.run(90)
    assert len(world.jenkins.computers) == size
    return list(world.jenkins.computers)


def kinds(world: World) -> list[tuple[Kind, str]]:
    notices = [understand(x.body) for x in world.queues.letters.get(QUEUE, {}).values()]
    return [(n.kind, n.instance) for n in notices]


def test_an_instance_is_in_service_before_its_agent_connects(world: World) -> None:
    world.cloud.set_desired("group", 1)
    world.run(30)
    assert [m.lifecycle for m in world.members()] == [Lifecycle.IN_SERVICE]
    assert not world.jenkins.computers
    world.run(40)
    assert [c.labels for c in world.jenkins.computers.values()] == [LINUX]
    assert world.leftovers() == (frozenset(), frozenset())


def test_a_boot_may_take_as_long_as_chance_has_it() -> None:
    shape = Shape(
        group="group", labels=LINUX, maximum=9, desired=9, boot_seconds=lambda r: r.uniform(30, 90)
    )
    one, other = World([shape], seed=1), World([shape], seed=2)
    for world in (one, other):
        world.run(60)
        assert 0 < len(world.jenkins.computers) < 9
    assert set(one.jenkins.computers) != set(other.jenkins.computers)


def test_an_agent_that_boots_while_jenkins_is_down_connects_later(world: World) -> None:
    world.cloud.set_desired("group", 1)
    world.run(50)
    world.restart_jenkins(down_seconds=60)
    world.run(30)
    assert not world.jenkins.computers
    world.run(60)
    assert len(world.jenkins.computers) == 1


def test_a_hook_holds_the_instance_and_tells_the_queue(world: World) -> None:
    first, _ = booted(world, 2)
    world.cloud.terminate(first, Hand.AWS, decrement=True)
    world.run(200)
    assert [m.id for m in world.members(Lifecycle.TERMINATING_WAIT)] == [first]
    assert kinds(world) == [(Kind.HOOK, first)]
    world.cloud.complete_hook("group", "drain", first, Hand.OURS)
    world.run(20)
    assert world.truth.ends == {first: Hand.OURS}
    assert first not in {m.id for m in world.members()}


def test_a_hook_whose_time_runs_out_ends_the_instance_by_the_hand_of_aws(world: World) -> None:
    [only] = booted(world, 1)
    world.jenkins.submit("job", 1000, "linux")
    world.run(1)
    world.cloud.terminate(only, Hand.AWS, decrement=True)
    world.run(301)
    assert [k.hand for k in world.truth.kills] == [Hand.AWS]
    assert world.truth.counts["hooks_timed_out"] == 1


def test_heartbeats_hold_no_longer_than_a_hundred_times_the_heartbeat(world: World) -> None:
    [only] = booted(world, 1)
    world.cloud.terminate(only, Hand.AWS, decrement=True)
    for _ in range(149):
        world.run(200)
        world.cloud.heartbeat("group", "drain", only)
    assert world.members(Lifecycle.TERMINATING_WAIT)
    world.run(201)
    assert not world.members(Lifecycle.TERMINATING_WAIT)
    with pytest.raises(Missing):
        world.cloud.heartbeat("group", "drain", only)


def test_lowered_from_outside_aws_chooses_the_victims(world: World) -> None:
    booted(world, 4)
    world.cloud.set_desired("group", 1)
    world.run(5)
    assert len(world.members(Lifecycle.TERMINATING_WAIT)) == 3
    assert len(world.members(Lifecycle.IN_SERVICE)) == 1


def test_aws_ends_nobody_who_is_protected_and_nobody_when_terminating_is_off(world: World) -> None:
    first, _ = booted(world, 2)
    world.cloud.protect(first, protected=True)
    world.cloud.set_desired("group", 0)
    world.run(5)
    assert [m.id for m in world.members(Lifecycle.IN_SERVICE)] == [first]
    world.cloud.protect(first, protected=False)
    world.run(5)
    assert not world.members(Lifecycle.IN_SERVICE)


@pytest.mark.parametrize(
    ("zones", "versions", "victim"),
    [("aab", (1, 1, 1), 0), ("abb", (1, 1, 1), 1), ("abb", (1, 2, 1), 2), ("aaa", (3, 2, 2), 1)],
)
def test_the_victim_is_of_the_fullest_zone_and_of_it_the_oldest(
    zones: str, versions: tuple[int, ...], victim: int
) -> None:
    machines = [
        Machine(id=f"i-{n}", group="g", launched_at=float(n), template_version=version, zone=zone)
        for n, (zone, version) in enumerate(zip(zones, versions, strict=True))
    ]
    assert first_victim(machines) is machines[victim]


def test_an_instance_that_dies_is_replaced_and_its_group_runs_the_hook_for_it(
    world: World,
) -> None:
    [lost] = booted(world, 1)
    world.cloud.ec2_terminate(lost, Hand.OUTSIDE)
    world.run(120)
    assert len(world.members(Lifecycle.IN_SERVICE)) == 1
    assert [m.id for m in world.members(Lifecycle.TERMINATING_WAIT)] == [lost]
    assert world.cloud.states([lost]) == {lost: "terminated"}


def test_ec2_forgets_a_terminated_instance_after_an_hour(world: World) -> None:
    [lost] = booted(world, 1)
    world.cloud.ec2_terminate(lost, Hand.OUTSIDE)
    world.run(5000)
    assert world.cloud.states([lost]) == {lost: "gone"}


def test_a_spot_warning_comes_two_minutes_ahead(world: World) -> None:
    [taken] = booted(world, 1)
    world.interrupt_spot(taken)
    world.run(119)
    assert kinds(world) == [(Kind.SPOT, taken)]
    assert world.cloud.machines[taken].alive
    world.run(2)
    assert world.truth.ends == {taken: Hand.SPOT}


def test_a_rebalance_recommendation_ends_nobody(world: World) -> None:
    [one] = booted(world, 1)
    world.recommend_rebalance(one)
    world.run(600)
    assert kinds(world) == [(Kind.REBALANCE, one)]
    assert world.cloud.machines[one].alive


def test_without_capacity_nothing_is_launched_until_there_is_some(world: World) -> None:
    world.cloud.no_capacity = True
    world.cloud.set_desired("group", 2)
    world.run(100)
    assert (world.truth.counts["launched"], world.truth.counts["capacity_errors"]) == (0, 4)
    world.cloud.no_capacity = False
    world.run(100)
    assert len(world.jenkins.computers) == 2


def test_a_stale_reading_tells_the_group_of_a_while_ago_and_catches_up(world: World) -> None:
    world.cloud.lag_seconds = 15
    world.run(100)
    world.cloud.set_desired("group", 1)
    world.run(14)
    assert world.cloud.describe(["group"])["group"].members == 0
    world.run(40)
    told = world.cloud.describe(["group"])["group"]
    assert (told.desired, told.members) == (1, 1)
    assert told.read_at == world.kernel.now


def test_a_detached_instance_runs_on_in_no_group(world: World) -> None:
    [one] = booted(world, 1)
    world.cloud.detach(one)
    world.run(60)
    assert world.members() == []
    assert world.cloud.states([one]) == {one: "running"}
    with pytest.raises(Missing):
        world.cloud.terminate(one, Hand.OURS, decrement=True)


def test_instance_seconds_are_counted_from_launch_to_death(world: World) -> None:
    [one] = booted(world, 1)
    launched_at = world.cloud.machines[one].launched_at
    world.run(910)
    world.cloud.ec2_terminate(one, Hand.OUTSIDE)
    assert world.truth.instance_seconds == world.kernel.now - launched_at
