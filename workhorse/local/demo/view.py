"""One moment of the demo: what AWS and Jenkins show of every pool and agent. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workhorse.local.demo.table import Row

CORDON = "workhorse-drain."
"""How the label begins that workhorse gives an agent which is to leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that one pool of the demo goes by."""

    label: str
    group: str
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSeen:
    """One instance of a group, with what its Jenkins node shows; no node means not online."""

    instance: str
    group: str
    zone: str
    spot: bool
    lifecycle: str
    online: bool
    idle: bool
    cordoned: bool

    @property
    def leaving(self) -> bool:
        """Auto Scaling is ending it."""
        return self.lifecycle.startswith("Terminat")

    @property
    def at_hook(self) -> bool:
        """It waits for the termination hook."""
        return self.lifecycle == "Terminating:Wait"

    @property
    def working(self) -> bool:
        """In service, taking builds."""
        return self.lifecycle == "InService" and self.online and not self.cordoned

    @property
    def busy(self) -> bool:
        """In service and taking builds, with one running."""
        return self.working and not self.idle


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything seen at the virtual time `at`."""

    at: float
    pools: tuple[Names, ...]
    desired: Mapping[str, int]
    """By group."""
    floors: Mapping[str, int]
    """Smallest size by group."""
    agents: tuple[AgentSeen, ...]
    waiting: Mapping[str, Sequence[float]]
    """By job: since when each queued build waits."""
    nodes: tuple[str, ...]

    def of(self, group: str) -> tuple[AgentSeen, ...]:
        """The agents of one group."""
        return tuple(agent for agent in self.agents if agent.group == group)

    def rows(self) -> tuple[Row, ...]:
        """As the table shows it."""
        return tuple(self._row(names) for names in self.pools)

    @property
    def quiet(self) -> bool:
        """Nothing waits, every group is at its smallest, and nodes are instances in service."""
        small = all(self.desired[s.group] <= self.floors[s.group] for s in self.pools)
        settled = all(agent.lifecycle == "InService" for agent in self.agents)
        queued = any(self.waiting.get(names.job) for names in self.pools)
        gone = set(self.nodes) <= {agent.instance for agent in self.agents}
        return small and settled and gone and not queued

    def _row(self, names: Names) -> Row:
        agents = self.of(names.group)
        since = self.waiting.get(names.job, ())
        return Row(
            pool=names.label,
            queue=len(since),
            desired=self.desired.get(names.group, 0),
            booting=sum(1 for a in agents if not a.leaving and not a.online),
            busy=sum(1 for a in agents if a.busy),
            idle=sum(1 for a in agents if a.working and a.idle),
            draining=sum(1 for a in agents if a.leaving or a.cordoned),
            wait=max((self.at - begin for begin in since), default=0.0),
        )


def see(  # noqa: PLR0913 - one from each source, by name
    *,
    at: float,
    pools: Sequence[Names],
    state: Mapping[str, Any],
    queue: Iterable[Mapping[str, Any]],
    computers: Iterable[Mapping[str, Any]],
    launched: frozenset[str],
) -> View:
    """Join what the embedded AWS's `/_local/state`, the queue and the computers say.

    `launched` are the instances there ever were: a node of another name is none of ours.
    """
    groups = {group["name"]: group for group in state["groups"]}
    machines = {machine["id"]: machine for machine in state["instances"]}
    nodes = {computer["displayName"]: computer for computer in computers}
    jobs = {names.job for names in pools}
    waiting: dict[str, list[float]] = {}
    for item in queue:
        if (job := item.get("task", {}).get("name")) in jobs:
            waiting.setdefault(job, []).append(item["inQueueSince"] / 1000)
    return View(
        at=at,
        pools=tuple(pools),
        desired={names.group: groups[names.group]["desired"] for names in pools},
        floors={names.group: groups[names.group]["min"] for names in pools},
        agents=tuple(
            _agent(name, names.group, member, machines.get(name, {}), nodes.get(name))
            for names in pools
            for name, member in groups[names.group]["members"].items()
        ),
        waiting=waiting,
        nodes=tuple(sorted(name for name in nodes if name in launched)),
    )


def _agent(
    name: str,
    group: str,
    member: Mapping[str, Any],
    machine: Mapping[str, Any],
    node: Mapping[str, Any] | None,
) -> AgentSeen:
    labels = [label["name"] for label in node["assignedLabels"]] if node else []
    return AgentSeen(
        instance=name,
        group=group,
        zone=machine.get("zone") or "",
        spot=machine.get("market") == "spot",
        lifecycle=member["state"],
        online=node is not None and not node["offline"],
        idle=node is None or bool(node["idle"]),
        cordoned=any(label.startswith(CORDON) for label in labels),
    )
