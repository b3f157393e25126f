"""Which pools a trace is played to, and which of them its builds count for."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from workhorse.core.errors import Refusal
from workhorse.core.labels import Atom, parse
from workhorse.sim.fleet import Fleet
from workhorse.sim.workload import Job

MORE = "one has more labels by --fleet 'POOL.labels=LABEL LABEL'"


def pools_of(jobs: Sequence[Job], fleet: Fleet) -> Mapping[str, frozenset[str]]:
    """Pool to its labels: one pool for each plain label, and those that the fleet names."""
    plain = (parse(label) for label in {job.label for job in jobs})
    named = {one.name for one in plain if isinstance(one, Atom)} | fleet.pools.keys()
    covered = {
        label for name, machines in fleet.pools.items() for label in (name, *machines.labels)
    }
    pools = {name for name in named if name in fleet.pools or name not in covered}
    return {name: frozenset({name}) | fleet.of(name).labels for name in sorted(pools)}


def homes_of(jobs: Sequence[Job], pools: Mapping[str, frozenset[str]]) -> Mapping[str, str]:
    """Label expression to the first pool whose agents take its builds.

    Raises:
        Refusal: there is a label that no pool has; all of them are told.
    """
    homes: dict[str, str] = {}
    faults: list[str] = []
    for label in sorted({job.label for job in jobs}):
        asked = parse(label)
        home = next((name for name, labels in pools.items() if asked.matches(labels)), None)
        if home is None:
            faults.append(f"label {label!r}: no pool takes it")
        else:
            homes[label] = home
    if faults:
        faults.append(f"the pools are {', '.join(pools) or 'none'}; {MORE}")
        raise Refusal("\n".join(faults))
    return homes


def demand_of(jobs: Sequence[Job], executors: int, share: float) -> int:
    """The agents that suffice for `share` of the time, were every build started on arrival.

    The time is that from the first arrival to the last end.
    """
    edges = sorted(
        edge for job in jobs for edge in ((job.arrival, 1), (job.arrival + job.seconds, -1))
    )
    lasted: dict[int, float] = {}
    running = 0
    for (at, step), (until, _) in pairwise(edges):
        running += step
        agents = -(-running // executors)
        lasted[agents] = lasted.get(agents, 0.0) + until - at
    wanted = share * sum(lasted.values())
    covered = 0.0
    for agents, seconds in sorted(lasted.items()):
        covered += seconds
        if covered >= wanted:
            return agents
    return max(lasted, default=0)
