"""Which volume an agent gets, what it holds, whose trust it lowers, and which lie with the dead."""

from dataclasses import replace
from typing import Any

import pytest

from tests.facts import NOW
from workhorse.core.agents import Tier
from workhorse.core.effects import DetachVolume, TagVolume
from workhorse.core.volume import TIER_TAG, Volume
from workhorse.core.volumes import (
    YOUNG_SECONDS,
    Contents,
    candidates,
    contents,
    held_by,
    lower,
    lowerings,
    stranded,
    why_none,
)

HERE = "eu-west-1a"


def volume(name: str = "vol-1", **changes: Any) -> Volume:
    """A free volume of trunk that was never used."""
    facts: dict[str, Any] = {
        "zone": HERE,
        "pool": "linux",
        "tier": Tier.TRUNK,
        "state": "available",
        "created_at": NOW - 9000,
    }
    return Volume(id=name, **(facts | changes))


def held(name: str = "vol-1", by: str = "i-1", **changes: Any) -> Volume:
    """A volume that an instance has had for an hour."""
    facts: dict[str, Any] = {
        "state": "in-use",
        "attached_to": by,
        "attachment": "attached",
        "attached_at": NOW - 3600,
    }
    return volume(name, **(facts | changes))


def offered(*volumes: Volume, **changes: Any) -> list[str]:
    """The ids of the candidates, the first first."""
    wanted: dict[str, Any] = {"zone": HERE, "pool": "linux", "tier": Tier.TRUNK}
    return [v.id for v in candidates(volumes, **(wanted | changes))]


def test_the_most_recently_used_comes_first_then_seeds_then_new_ones_then_corrupt_ones() -> None:
    found = offered(
        volume("corrupt", corrupt=True, used_at=NOW - 1),
        volume("new"),
        volume("seeded", from_snapshot=True),
        volume("old", used_at=NOW - 500, from_snapshot=True),
        volume("fresh", used_at=NOW - 5),
    )

    assert found == ["fresh", "old", "seeded", "new", "corrupt"]


def test_of_equals_the_oldest_comes_first_then_the_first_by_name() -> None:
    made = [volume("b"), volume("a"), volume("older", created_at=NOW - 10_000)]

    assert offered(*made) == ["older", "a", "b"]


@pytest.mark.parametrize(
    "other",
    [
        volume(zone="eu-west-1b"),
        volume(pool="windows"),
        volume(tier=Tier.PULL_REQUEST),
        volume(tier=Tier.NONE),
        volume(state="creating"),
        volume(state="error"),
        volume(foreign=True),
        held(),
        held(attachment="detaching"),
    ],
)
def test_what_is_elsewhere_or_anothers_or_not_free_is_no_candidate(other: Volume) -> None:
    assert offered(volume("vol-0"), other) == ["vol-0"]


def test_without_a_tier_or_a_zone_there_is_no_candidate() -> None:
    assert offered(volume(tier=Tier.NONE), tier=Tier.NONE) == []
    assert offered(volume(zone=""), zone="") == []


@pytest.mark.parametrize(
    ("one", "what", "hit"),
    [
        (volume(used_at=1.0), Contents.WARM, True),
        (volume(used_at=1.0, from_snapshot=True), Contents.WARM, True),
        (volume(from_snapshot=True), Contents.SEEDED, True),
        (volume(), Contents.NEW, False),
        (volume(used_at=1.0, corrupt=True), Contents.CORRUPT, False),
    ],
)
def test_what_a_volume_holds_is_told_by_its_tags_and_its_origin(
    one: Volume, what: Contents, *, hit: bool
) -> None:
    assert contents(one) is what
    assert contents(one).hit is hit


@pytest.mark.parametrize(
    ("volumes", "words"),
    [
        ((), "pool linux has no volume of tier trunk"),
        ((volume(tier=Tier.PULL_REQUEST),), "pool linux has no volume of tier trunk"),
        ((volume(zone="eu-west-1b"),), "no volume of tier trunk in eu-west-1a"),
        (
            (held(), held("vol-2"), volume("vol-3", foreign=True), volume("vol-4", state="error")),
            "of 4 volumes of tier trunk in eu-west-1a 2 are in use, 1 hold what is not ours, 1 are",
        ),
    ],
)
def test_why_there_is_none_is_told_in_words(volumes: tuple[Volume, ...], words: str) -> None:
    assert words in why_none(volumes, zone=HERE, pool="linux", tier=Tier.TRUNK)


def test_an_instance_holds_what_is_attached_to_it_or_is_being_attached() -> None:
    volumes = [
        held("vol-1", "i-1"),
        held("vol-2", "i-1", attachment="attaching"),
        held("vol-3", "i-1", attachment="detached"),
        held("vol-4", "i-2"),
    ]

    assert [v.id for v in held_by(volumes, "i-1")] == ["vol-1", "vol-2"]


@pytest.mark.parametrize("attachment", ["detaching", "busy"])
def test_an_instance_no_longer_holds_what_is_being_taken_from_it(attachment: str) -> None:
    """EC2 says busy while it is still mounted there, and takes it when it is not."""
    assert held_by([held("vol-1", "i-1", attachment=attachment)], "i-1") == ()


def test_of_two_tiers_the_one_of_less_trust_is_lower() -> None:
    assert lower(Tier.TRUNK, Tier.PULL_REQUEST) is Tier.PULL_REQUEST
    assert lower(Tier.PULL_REQUEST, Tier.TRUNK) is Tier.PULL_REQUEST
    assert lower(Tier.NONE, Tier.PULL_REQUEST) is Tier.NONE


def test_a_volume_that_agents_of_less_trust_hold_is_lowered_and_none_is_ever_raised() -> None:
    volumes = [
        held("lowered", pool="branches"),
        held("as it is", pool="branches", tier=Tier.PULL_REQUEST),
        held("not raised", pool="linux", tier=Tier.PULL_REQUEST),
        held("no tier", pool="linux", tier=Tier.NONE),
        held("pool without", pool="windows"),
        volume("free", pool="branches"),
    ]
    tiers = {"branches": Tier.PULL_REQUEST, "linux": Tier.TRUNK, "windows": Tier.NONE}

    (told,) = lowerings(volumes, tiers)

    assert told == TagVolume(volume="lowered", tags=((TIER_TAG, "pull-request"),))


@pytest.mark.parametrize(
    ("state", "force"), [("terminated", True), ("gone", True), ("stopped", False)]
)
def test_a_volume_of_an_instance_that_is_dead_or_stands_still_is_taken_from_it(
    state: str, *, force: bool
) -> None:
    found = stranded([held(), volume("vol-2")], {"i-1": state}, NOW)

    assert found == (DetachVolume(volume="vol-1", instance="i-1", force=force),)


@pytest.mark.parametrize("state", ["pending", "running", "shutting-down", "stopping"])
def test_a_volume_of_an_instance_that_may_still_write_is_left(state: str) -> None:
    assert stranded([held()], {"i-1": state}, NOW) == ()


def test_an_instance_of_which_nothing_is_told_is_alive() -> None:
    assert stranded([held()], {}, NOW) == ()


def test_an_instance_that_ec2_does_not_know_yet_is_alive() -> None:
    young = held(attached_at=NOW - YOUNG_SECONDS + 1)
    unknown = replace(young, attached_at=None)

    assert stranded([young, unknown], {"i-1": "gone"}, NOW) == ()
    assert stranded([young], {"i-1": "terminated"}, NOW) != ()
