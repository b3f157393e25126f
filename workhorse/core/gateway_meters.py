"""The meters of the gateway: who was let in, who was sent away, and who speaks no more."""

from collections.abc import Iterable, Iterator, Mapping

from workhorse.core.meters import Meter
from workhorse.core.model import Lifecycle, Pool, Snapshot

UNHEARD_SECONDS = 300.0
"""Agents speak every minute: five times is no chance, and a notice of EC2's leaves two minutes."""

Counted = Mapping[tuple[str, str], int]
"""How often, by pool and by kind; the pool is empty where nobody proved which it is."""


def gateway_meters(registered: Counted, refused: Counted, pools: Iterable[str]) -> Iterator[Meter]:
    """`Registrations` of each pool and way, `Refusals` by status and of no pool.

    Args:
        registered: agents that were let in since it was last told.
        refused: requests that were not granted, by status.
        pools: names of all pools.
    """
    yield from _counted("Registrations", registered, pools)
    yield from _counted("Refusals", refused, [""])


def _counted(name: str, counted: Counted, pools: Iterable[str]) -> Iterator[Meter]:
    """The number of each pool, and of each kind that there was."""
    for pool in pools:
        kinds = {kind: number for (of, kind), number in counted.items() if of == pool}
        yield Meter(name=name, value=sum(kinds.values()), unit="Count", pool=pool)
        for kind, number in sorted(kinds.items()):
            yield Meter(name=name, value=number, unit="Count", pool=pool, kind=kind)


def unheard_meter(
    pool: Pool, snapshot: Snapshot, heard: Mapping[str, float], *, begun_at: float, now: float
) -> Meter:
    """`AgentsUnheard`: agents of the pool that work, and that the gateway has not heard for long.

    Such an agent runs its builds. But nobody learns from it that EC2 takes its instance, and
    whoever has forgotten its node does so for good.

    Args:
        pool: whose agents register by the identity of their instance.
        snapshot: what the last tick read.
        heard: instance to when it was heard last.
        begun_at: when the gateway began to hear.
        now: by the loops' clock, as all of these times.
    """
    silent = sum(
        1
        for agent in snapshot.agents(pool.group)
        if agent.instance.lifecycle is Lifecycle.IN_SERVICE
        and agent.node is not None
        and not agent.node.offline
        and now - heard.get(agent.instance.id, begun_at) > UNHEARD_SECONDS
    )
    return Meter(name="AgentsUnheard", value=silent, unit="Count", pool=pool.name)
