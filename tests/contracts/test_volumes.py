"""What the port `Volumes` means, over the simulated EC2 and the embedded AWS."""

from collections.abc import Iterator

import pytest

from tests.contracts.volumes_worlds import (
    ELSEWHERE,
    HERE,
    POOL,
    VolumesWorld,
    embedded,
    simulated,
)
from workhorse.core.agents import Tier
from workhorse.core.errors import Missing, Surprise
from workhorse.core.volume import FILL_TAG, STATE_TAG, TIER_TAG, USED_TAG, Volume

DEVICE = "/dev/sdf"


@pytest.fixture(params=["sim", "real"])
def world(request: pytest.FixtureRequest) -> Iterator[VolumesWorld]:
    with (simulated if request.param == "sim" else embedded)() as made:
        yield made


def only(world: VolumesWorld, volume: str) -> Volume:
    return {v.id: v for v in world.port.volumes([POOL])}[volume]


def test_a_new_volume_is_free_and_was_never_used(world: VolumesWorld) -> None:
    volume = only(world, world.make())

    assert (volume.zone, volume.pool, volume.tier) == (HERE, POOL, Tier.TRUNK)
    assert (volume.state, volume.attached_to, volume.used_at) == ("available", "", None)


def test_only_volumes_of_the_pools_asked_for_are_told_and_those_of_all_zones(
    world: VolumesWorld,
) -> None:
    ours = {world.make(), world.make(zone=ELSEWHERE), world.make(pool="windows")}
    world.make(pool="another")

    assert {v.id for v in world.port.volumes([POOL, "windows"])} == ours
    assert list(world.port.volumes([])) == []


@pytest.mark.parametrize("tier", ["", "trunks", "TRUNK"])
def test_a_volume_without_a_readable_tier_is_of_no_tier(world: VolumesWorld, tier: str) -> None:
    assert only(world, world.make(tier=tier)).tier is Tier.NONE


def test_an_attached_volume_tells_whose_it_is_and_by_which_name(world: VolumesWorld) -> None:
    volume, instance = world.make(), world.launch()

    world.port.attach(volume, instance, DEVICE)

    held = only(world, volume)
    assert (held.state, held.attached_to, held.device) == ("in-use", instance, DEVICE)
    assert held.attachment in {"attaching", "attached"}
    assert held.attached_at == pytest.approx(world.now(), abs=1)


def test_to_attach_twice_is_to_attach_once(world: VolumesWorld) -> None:
    volume, instance = world.make(), world.launch()

    world.port.attach(volume, instance, DEVICE)
    world.port.attach(volume, instance, "/dev/sdg")

    assert only(world, volume).device == DEVICE


def test_a_volume_of_another_is_missing(world: VolumesWorld) -> None:
    volume, holder, other = world.make(), world.launch(), world.launch()
    world.port.attach(volume, holder, DEVICE)

    with pytest.raises(Missing):
        world.port.attach(volume, other, DEVICE)

    assert only(world, volume).attached_to == holder


def test_a_volume_of_another_zone_or_of_none_is_missing(world: VolumesWorld) -> None:
    instance = world.launch()

    for volume in (world.make(zone=ELSEWHERE), "vol-0000000000000dead"):
        with pytest.raises(Missing):
            world.port.attach(volume, instance, DEVICE)


def test_a_name_that_is_taken_makes_the_volume_missing_and_leaves_it_free(
    world: VolumesWorld,
) -> None:
    first, second, instance = world.make(), world.make(), world.launch()
    world.port.attach(first, instance, DEVICE)

    with pytest.raises(Missing):
        world.port.attach(second, instance, DEVICE)

    assert only(world, second).state == "available"


@pytest.mark.parametrize("force", [False, True], ids=["gently", "by force"])
def test_a_detached_volume_is_the_next_ones(world: VolumesWorld, *, force: bool) -> None:
    volume, first, second = world.make(), world.launch(), world.launch()
    world.port.attach(volume, first, DEVICE)

    world.port.detach(volume, first, force=force)
    world.port.attach(volume, second, DEVICE)

    assert only(world, volume).attached_to == second


def test_to_detach_what_an_instance_does_not_hold_changes_nothing(world: VolumesWorld) -> None:
    volume, holder, other = world.make(), world.launch(), world.launch()
    world.port.detach(volume, holder, force=False)
    world.port.attach(volume, holder, DEVICE)

    world.port.detach(volume, other, force=False)
    world.port.detach("vol-0000000000000dead", other, force=True)

    assert only(world, volume).attached_to == holder


def test_a_terminated_instance_lets_go(world: VolumesWorld) -> None:
    volume, instance = world.make(), world.launch()
    world.port.attach(volume, instance, DEVICE)

    world.terminate(instance)

    held = only(world, volume)
    assert (held.state, held.attached_to) == ("available", "")


def test_tags_are_the_memory_and_the_last_word_counts(world: VolumesWorld) -> None:
    volume = world.make()
    world.port.tag(volume, {USED_TAG: "1", STATE_TAG: "corrupt"})
    world.port.tag(volume, {USED_TAG: "1767225601", FILL_TAG: "0.250", TIER_TAG: "pull-request"})

    told = only(world, volume)
    assert (told.used_at, told.fill, told.corrupt) == (1_767_225_601.0, 0.25, True)
    assert (told.tier, told.pool) == (Tier.PULL_REQUEST, POOL)


def test_a_volume_that_is_gone_cannot_be_told_anything(world: VolumesWorld) -> None:
    with pytest.raises(Surprise):
        world.port.tag("vol-0000000000000dead", {USED_TAG: "1"})
