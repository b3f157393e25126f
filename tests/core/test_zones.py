"""In which zones a pool grows that prefers warm volumes."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_volumes import held, volume
from tests.facts import NOW, group, instance, pool
from workhorse.core.agents import AgentPolicy, Tier
from workhorse.core.effects import LaunchInZone
from workhorse.core.model import Group, Lifecycle
from workhorse.core.volume import Volume
from workhorse.core.zones import warm_launches

A, B = "eu-west-1a", "eu-west-1b"
POOL = replace(pool(), agent=AgentPolicy(tier=Tier.TRUNK, prefer_warm_zone=True))


def warm(name: str, zone: str = A, **changes: Any) -> Volume:
    return volume(name, zone=zone, **({"used_at": NOW - 60} | changes))


def chosen(size: int, volumes: list[Volume], agents: Group | None = None) -> dict[str, int]:
    """Zone to how many are launched there."""
    found = warm_launches(POOL, agents or group(), volumes, size)
    assert all(isinstance(one, LaunchInZone) and one.group == POOL.group for one in found)
    return {one.zone: one.count for one in found}


def test_as_many_are_launched_where_warm_volumes_lie_as_there_are_and_no_more() -> None:
    assert chosen(5, [warm("1"), warm("2"), warm("3", B)]) == {A: 2, B: 1}
    assert chosen(1, [warm("1"), warm("2"), warm("3", B)]) == {A: 1}


def test_of_equal_zones_that_with_the_fewest_agents_comes_first() -> None:
    agents = group(instance(zone=A), instance("i-2", zone=A), instance("i-3", zone=B))

    assert chosen(4, [warm("1"), warm("2", B)], agents) == {B: 1}


@pytest.mark.parametrize(
    "cold",
    [
        volume("new"),
        warm("corrupt", corrupt=True),
        warm("foreign", foreign=True),
        warm("branches", tier=Tier.PULL_REQUEST),
        warm("gpu", pool="gpu"),
        held("in use", "i-9", used_at=NOW - 60),
    ],
)
def test_what_holds_nothing_or_is_anothers_draws_nobody(cold: Volume) -> None:
    assert chosen(3, [cold]) == {}


def test_a_seed_draws_as_what_was_used_does() -> None:
    assert chosen(1, [volume("seed", from_snapshot=True)]) == {A: 1}


def test_a_volume_that_a_booting_agent_comes_for_draws_no_other() -> None:
    booting = instance("i-2", Lifecycle.PENDING, zone=A, launched_at=NOW - 30)
    unseen = instance("i-3", zone=A, launched_at=None)

    assert chosen(3, [warm("1"), warm("2")], group(booting)) == {A: 1}
    assert chosen(3, [warm("1")], group(unseen)) == {}


def test_agents_that_have_theirs_or_run_long_without_come_for_none() -> None:
    has = instance("i-1", zone=A, launched_at=NOW - 30)
    never = instance("i-2", zone=A, launched_at=NOW - 3600)
    leaving = instance("i-3", Lifecycle.TERMINATING_WAIT, zone=A, launched_at=NOW - 30)
    volumes = [held("1", "i-1"), warm("2"), warm("3"), warm("4")]

    assert chosen(5, volumes, group(has, never, leaving)) == {A: 3}


def test_nothing_is_launched_where_the_group_does_not_grow() -> None:
    assert chosen(0, [warm("1")]) == {}
    assert chosen(1, [warm("1")], group(instance(), instance("i-2"))) == {}


@given(
    st.lists(st.sampled_from([A, B, "eu-west-1c"]), max_size=8),
    st.integers(min_value=0, max_value=12),
)
def test_never_more_than_the_group_grows_by_nor_than_there_are_volumes(
    zones: list[str], size: int
) -> None:
    found = chosen(size, [warm(f"vol-{n}", zone) for n, zone in enumerate(zones)])

    assert sum(found.values()) == min(size, len(zones))
    assert all(count <= zones.count(zone) for zone, count in found.items())
