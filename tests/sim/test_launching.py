"""Versions, canaries and refreshes of the simulated cloud, and what images make of agents."""

import pytest

from workhorse.core.model import Lifecycle
from workhorse.core.orders import RefreshStatus
from workhorse.sim.groups import Template
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

LABEL = "workhorse-canary-pool"


def versions(world: World) -> list[int]:
    """Of the members, the first launched first."""
    return [m.template_version for m in world.members()]


def grown(world: World, size: int) -> World:
    """With so many agents of the first version, and a second version that is made."""
    world.cloud.set_desired("group", size)
    world.run(90)
    assert world.launching.add_version("group", Template(image="ami-2")) == 2
    return world


def let_go(world: World) -> None:
    """Complete the hooks of all who wait."""
    for machine in world.members(Lifecycle.TERMINATING_WAIT):
        world.cloud.complete_hook("group", "drain", machine.id, Hand.AWS)


def test_an_image_that_is_broken_never_connects_and_a_slow_one_late(world: World) -> None:
    dead = world.launching.add_version("group", Template(registers=0.0))
    slow = world.launching.add_version("group", Template(slowness=3.0))
    world.launching.use("group", dead)
    world.cloud.set_desired("group", 1)
    world.run(120)
    world.launching.use("group", slow)
    world.cloud.set_desired("group", 2)
    world.run(120)
    assert not world.jenkins.computers
    world.run(120)
    [connected] = world.jenkins.computers
    assert world.cloud.machines[connected].template_version == slow


def test_a_sick_image_connects_as_often_as_it_says_the_same_for_the_same_seed(world: World) -> None:
    sick = Template(registers=0.5)
    world.launching.use("group", world.launching.add_version("group", sick))
    world.cloud.set_desired("group", 5)
    world.run(120)
    assert 0 < len(world.jenkins.computers) < 5
    again = World([world.cloud.groups["group"].shape])
    again.launching.use("group", again.launching.add_version("group", sick))
    again.cloud.set_desired("group", 5)
    again.run(120)
    assert set(again.jenkins.computers) == set(world.jenkins.computers)


def test_a_canary_registers_under_its_label_alone_and_takes_nobodys_build(world: World) -> None:
    grown(world, 1)
    instance = world.launching.launch_beside("group", 2, "r-1", LABEL)
    world.run(90)
    node = world.jenkins.computers[instance]
    assert (node.labels, node.exclusive) == (frozenset({LABEL}), True)
    for _ in range(3):
        world.jenkins.submit("job", 30, "linux")
        world.jenkins.submit("job", 30)
    world.run(600)
    assert {finish.node for finish in world.truth.finished} == set(world.jenkins.computers) - {
        instance
    }
    assert len(world.truth.finished) == 6


def test_one_order_has_one_canary_even_when_that_has_ended(world: World) -> None:
    grown(world, 0)
    first = world.launching.launch_beside("group", 2, "r-1", LABEL)
    world.launching.end_beside(first)
    world.launching.end_beside(first)
    assert world.launching.launch_beside("group", 2, "r-1", LABEL) == first
    assert world.launching.canaries("group") == ()
    other = world.launching.launch_beside("group", 2, "r-2", LABEL)
    assert [c.instance for c in world.launching.canaries("group")] == [other]


def test_a_canary_counts_for_nothing_in_its_group(world: World) -> None:
    grown(world, 1)
    instance = world.launching.launch_beside("group", 2, "r-1", LABEL)
    world.run(90)
    told = world.cloud.describe(["group"])["group"]
    assert instance not in told.by_id
    assert (told.desired, told.members) == (1, 1)
    world.cloud.ec2_terminate(instance, Hand.SPOT)
    world.run(120)
    assert versions(world) == [1]


def test_a_refresh_replaces_one_after_another_and_changes_the_group_at_its_end(
    world: World,
) -> None:
    grown(world, 3)
    world.launching.start_refresh("group", 2, 100)
    waiting = 0
    while world.launching.refresh("group").status is not RefreshStatus.SUCCESSFUL:  # type: ignore[union-attr] # it was started
        assert world.cloud.groups["group"].template_version == 1
        world.run(5)
        held = world.members(Lifecycle.TERMINATING_WAIT)
        assert len(held) <= 1
        waiting += bool(held)
        let_go(world)
    assert waiting
    assert versions(world) == [2, 2, 2]
    assert world.cloud.groups["group"].template_version == 2


def test_a_refresh_keeps_as_many_in_service_as_it_was_told(world: World) -> None:
    grown(world, 5)
    world.launching.start_refresh("group", 2, 60)
    world.run(20)
    assert len(world.members(Lifecycle.TERMINATING_WAIT)) == 2
    assert len(world.members(Lifecycle.IN_SERVICE)) == 3


def test_a_cancelled_refresh_ends_nobody_more_and_leaves_the_version(world: World) -> None:
    grown(world, 3)
    world.launching.start_refresh("group", 2, 100)
    world.run(20)
    world.launching.cancel_refresh("group")
    for _ in range(10):
        world.run(30)
        let_go(world)
    told = world.launching.refresh("group")
    assert told is not None
    assert told.status is RefreshStatus.CANCELLED
    assert world.cloud.groups["group"].template_version == 1
    assert sorted(versions(world)) == [1, 1, 1] or sorted(versions(world)) == [1, 1, 2]


def test_a_refresh_waits_for_an_instance_that_an_operator_protects(world: World) -> None:
    grown(world, 2)
    held = world.members()[0].id
    world.cloud.protect(held, protected=True)
    world.launching.start_refresh("group", 2, 100)
    for _ in range(20):
        world.run(30)
        let_go(world)
    told = world.launching.refresh("group")
    assert told is not None
    assert (told.status, told.percent) == (RefreshStatus.IN_PROGRESS, 50)
    world.cloud.protect(held, protected=False)
    for _ in range(5):
        world.run(30)
        let_go(world)
    assert versions(world) == [2, 2]


@pytest.mark.parametrize("version", [1, 2])
def test_what_a_group_launches_is_told_by_its_description(world: World, version: int) -> None:
    grown(world, 0)
    world.launching.use("group", version)
    assert world.cloud.describe(["group"])["group"].template_version == version
