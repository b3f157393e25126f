"""Orders, standings and facts of rollouts, so that a test spells out only what it is about."""

from collections.abc import Mapping
from typing import Any

from tests.facts import NOW, group, instance, jenkins, node, pool, snapshot
from workhorse.core.cordon import cordon_label
from workhorse.core.demand import Demand
from workhorse.core.drain import Cause, Drain, DrainState
from workhorse.core.health import BOOTING, BOOTS, JUDGED, WAVE_AT
from workhorse.core.model import Instance, Node, Pool
from workhorse.core.orders import Canary, Order, RolloutPolicy, Standing
from workhorse.core.rollout import RolloutState as S
from workhorse.core.rollout_facts import Facts
from workhorse.core.survey import Times, survey

OLD, NEW = 1, 2
GROUP = "linux-agents"
AT_ONCE = RolloutPolicy(waves=(100,), bake_seconds=0)
"""Everybody in one wave that is not watched."""
STARTED = {WAVE_AT: NOW - 100, JUDGED: "", BOOTING: "", BOOTS: []}
"""What is remembered in a wave that began a hundred seconds ago, with nobody launched yet."""
CANARY = "i-0000ca9a"


def order(**changes: Any) -> Order:
    """Somebody wants version 2 instead of 1."""
    facts: dict[str, Any] = {
        "id": "r-1",
        "pool": "linux",
        "group": GROUP,
        "target": NEW,
        "image": "ami-2",
        "previous": OLD,
        "by": "somebody",
        "at": NOW - 200,
    }
    return Order(**(facts | changes))


def standing(state: S = S.WAVE, **changes: Any) -> Standing:
    """The first wave of four agents, unless something else is said."""
    facts: dict[str, Any] = {
        "order": "r-1",
        "pool": "linux",
        "state": state,
        "at": NOW - 10,
        "since": NOW - 100,
        "started_at": NOW - 200,
        "total": 4,
        "memory": STARTED,
    }
    return Standing(**(facts | changes))


def member(number: int, version: int = OLD, **changes: Any) -> Instance:
    """An instance of the group."""
    return instance(f"i-{number:08x}", template_version=version, **changes)


def canary(**changes: Any) -> Canary:
    """The canary of the order, launched a minute ago."""
    facts = {"instance": CANARY, "order": "r-1", "launched_at": NOW - 60, "state": "running"}
    return Canary(**(facts | changes))


def leaving(one: Instance, cause: Cause = Cause.ROLLOUT, **changes: Any) -> Drain:
    """A drain of that instance whose cordon is confirmed."""
    facts: dict[str, Any] = {"state": DrainState.CORDONED, "confirmed_at": NOW - 20}
    return Drain(
        instance=one.id,
        pool="linux",
        group=GROUP,
        cause=cause,
        opened_at=NOW - 30,
        **(facts | changes),
    )


def cordoned_node(one: Instance, cause: Cause = Cause.ROLLOUT, **changes: Any) -> Node:
    """The node of a cordoned agent, idle."""
    return node(one.id, cordon_label(cause, one.id), **changes)


def facts(  # noqa: PLR0913 - the facts of one look, by name
    *members: Instance,
    nodes: tuple[Node, ...] | None = None,
    drains: tuple[Drain, ...] = (),
    launches: int = NEW,
    demand: Demand | None = None,
    of: Pool | None = None,
    times: Times | None = None,
    read: bool = True,
    frozen: bool = False,
    group_read: bool = True,
    at: float = NOW,
    group_changes: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Facts:
    """What one look knows: by default every member is online and idle, and nothing waits.

    Args:
        members: the group's instances.
        nodes: Jenkins' nodes; one for each member when not given.
        drains: those under way.
        launches: the version that the group launches.
        demand: what waits for the pool.
        of: the pool.
        times: what the survey remembers.
        read: Jenkins was read.
        frozen: it is not to be trusted yet.
        group_read: the group was read.
        at: when.
        group_changes: what else is special about the group.
        changes: fields of the facts.
    """
    which = of or pool(ceiling=50)
    shown = tuple(node(i.id) for i in members) if nodes is None else nodes
    wanted = group(*members, template_version=launches, **(group_changes or {}))
    seen = snapshot(
        jenkins(*shown, read_at=at) if read else None,
        *([wanted] if group_read else []),
        at=at,
        frozen=frozen,
    )
    under_way = {d.instance: d for d in drains}
    surveyed = survey(which, wanted, seen, under_way, times or Times()) if group_read else None
    own: dict[str, Any] = {"order": order(), "policy": AT_ONCE, "pool": which, "snapshot": seen}
    own |= {"survey": surveyed, "demand": (demand or Demand()) if read else None}
    return Facts(**(own | {"drains": under_way} | changes))
