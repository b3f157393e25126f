"""Launching where warm volumes lie: what is launched where, and that nothing hangs on it."""

from dataclasses import replace
from typing import Any, cast

import pytest

from tests.core.test_volumes import volume
from tests.facts import NOW, group, pool
from tests.loops.cache import ELSEWHERE, HERE, Counting
from workhorse.core.agents import AgentPolicy, Tier
from workhorse.core.effects import Effect, SetDesiredCapacity, TerminateInstance
from workhorse.core.errors import Surprise
from workhorse.core.model import Pool
from workhorse.loops.agent_ports import Tending
from workhorse.loops.ports import Ports
from workhorse.loops.warmth import launch_warm
from workhorse.sim.world import World

PREFERRING = replace(pool(), agent=AgentPolicy(tier=Tier.TRUNK, prefer_warm_zone=True))
GROWTH = SetDesiredCapacity(group="linux-agents", size=3)


class Zoned:
    """A performer and the port behind it; a zone may have no room."""

    def __init__(self, *full: str) -> None:
        self.full = full
        self.done: list[tuple[str, int]] = []

    def perform(self, effect: Effect, because: str) -> None:
        """Launch there, or not."""
        zone, count = cast("Any", effect).zone, cast("Any", effect).count
        assert because == f"linux: free warm volumes lie in {zone}"
        if zone in self.full:
            raise Surprise(f"no room in {zone}")
        self.done.append((zone, count))


def launched(
    *full: str,
    of: Pool = PREFERRING,
    by: Effect = GROWTH,
    tended: bool = True,
    broken: bool = False,
) -> tuple[list[tuple[str, int]], list[str]]:
    """What was launched where, and the kinds of what was journalled."""
    world = World([])
    volumes = Counting(lambda: NOW, {})
    volumes.broken = broken
    for number, zone in enumerate((HERE, HERE, ELSEWHERE)):
        volumes.add(volume(f"vol-{number}", zone=zone, used_at=NOW - 60))
    nobody = cast("Any", None)
    tending = Tending(nodes=nobody, volumes=volumes, builds=nobody, zones=nobody)
    ports: Ports = replace(world.ports(), tending=tending if tended else None)
    performer = Zoned(*full)
    launch_warm(ports, performer, of, group(), by)
    return performer.done, [str(record["kind"]) for record in world.journal.records]


def test_a_pool_grows_where_its_warm_volumes_lie() -> None:
    assert launched() == ([(HERE, 2), (ELSEWHERE, 1)], [])


def test_a_zone_without_room_leaves_the_rest_to_auto_scaling_and_is_told() -> None:
    assert launched(HERE) == ([], ["anywhere"])
    assert launched(ELSEWHERE) == ([(HERE, 2)], ["anywhere"])


def test_volumes_that_cannot_be_read_are_told_and_choose_nothing() -> None:
    assert launched(broken=True) == ([], ["anywhere"])


@pytest.mark.parametrize(
    "by",
    [
        SetDesiredCapacity(group="linux-agents", size=0),
        TerminateInstance(instance="i-1", decrement=True),
    ],
)
def test_what_makes_no_pool_larger_launches_nothing(by: Effect) -> None:
    assert launched(by=by) == ([], [])


def test_a_pool_that_does_not_prefer_zones_or_has_no_ports_for_it_launches_nothing() -> None:
    plain = replace(PREFERRING, agent=AgentPolicy(tier=Tier.TRUNK))

    assert launched(of=plain) == ([], [])
    assert launched(tended=False) == ([], [])
