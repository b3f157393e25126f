"""What can be said of a label at one moment: its nodes, executors and jobs."""

from dataclasses import dataclass, field

from workhorse.core.labels import Expression
from workhorse.local.jenkins.computers import Computer
from workhorse.local.jenkins.jobs import Job
from workhorse.local.jenkins.nodes import Node
from workhorse.local.jenkins.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A label's nodes and executors; busy and total count computers that are not offline."""

    nodes: tuple[Node, ...]
    offline: bool
    busy: int
    idle: int
    total: int


@dataclass
class Standings:
    """The standing of every label asked for, worked out once; made anew for every answer."""

    world: World
    _known: dict[str, Standing] = field(default_factory=dict)

    def of(self, label: Expression) -> Standing:
        """How the label stands."""
        name = str(label)
        if name not in self._known:
            self._known[name] = _standing(self.world, self.world.nodes_of(label))
        return self._known[name]

    def idle_anywhere(self) -> int:
        """Idle executors of all computers that are not offline."""
        return sum(_idle(each) for each in self.world.computers.values() if each.online)

    def tied_jobs(self, label: Expression) -> list[Job]:
        """Jobs that ask for exactly this label."""
        name = str(label)
        jobs = sorted(self.world.jobs.values(), key=lambda job: job.name)
        return [job for job in jobs if job.label is not None and str(job.label) == name]


def _standing(world: World, nodes: tuple[Node, ...]) -> Standing:
    found = [world.computers.get(node.name) for node in nodes]
    online = [each for each in found if each is not None and each.online]
    total = sum(len(each.executors) for each in online)
    idle = sum(map(_idle, online))
    return Standing(nodes=nodes, offline=not online, busy=total - idle, idle=idle, total=total)


def _idle(computer: Computer) -> int:
    return sum(each.idle for each in computer.executors)
