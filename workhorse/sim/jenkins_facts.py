"""What the simulated Jenkins tells of itself: its queue and nodes as the facts that loops read.

Facts are kept and told again as long as nothing changed, so that a reading costs by what changed.
The wording of `why` is that of Queue.BuildableItem.getCauseOfBlockage (jenkins.md 4.5).
"""

from collections.abc import Mapping

from workhorse.core.labels import parse
from workhorse.core.model import ItemState, Jenkins, Node, QueueItem, RunningBuild
from workhorse.loops.standing import same
from workhorse.sim.builds import Build, Computer, Stage
from workhorse.sim.jenkins import SimJenkins

ITEM_STATES = {
    Stage.WAITING: ItemState.WAITING,
    Stage.BUILDABLE: ItemState.BUILDABLE,
    Stage.PENDING: ItemState.PENDING,
}


def node_fact(computer: Computer) -> Node:
    """The computer as `/computer/api/json` tells it."""
    return Node(
        name=computer.name,
        labels=computer.labels,
        offline=not computer.accepting,
        temporarily_offline=computer.temporarily_offline,
        idle=not computer.builds,
        executors=computer.executors,
        busy=len(computer.builds),
        running=tuple(_running(b) for b in computer.builds if b.stage != Stage.PENDING),
        owner=computer.owner,
        ghost=computer.ghost,
    )


def _running(build: Build) -> RunningBuild:
    return RunningBuild(
        path=f"job/{build.task}/{build.id}/",
        started_at=build.started_at,
        estimated_seconds=build.estimated_seconds,
    )


class Teller:
    """Tells the facts of one simulated Jenkins."""

    def __init__(self, jenkins: SimJenkins) -> None:
        self._jenkins = jenkins
        self._nodes: dict[str, Node] = {}
        self._queue: tuple[QueueItem, ...] = ()
        # What another teller was told before us is news to this one.
        jenkins.changed.update(jenkins.computers)

    def read(self) -> Jenkins:
        """Queue and nodes of this moment."""
        jenkins = self._jenkins
        return Jenkins(
            read_at=jenkins.kernel.now,
            session=jenkins.session,
            queue=self.queue(),
            nodes=self.nodes(),
            quieting_down=jenkins.quieting_down,
        )

    def nodes(self) -> Mapping[str, Node]:
        """The nodes; the mapping told last time is never changed."""
        jenkins = self._jenkins
        if jenkins.changed:
            nodes = self._nodes.copy()
            for name in jenkins.changed:
                computer = jenkins.computers.get(name)
                if computer is None or computer.unlisted:
                    nodes.pop(name, None)
                else:
                    nodes[name] = node_fact(computer)
            jenkins.changed.clear()
            self._nodes = nodes
        return self._nodes

    def queue(self) -> tuple[QueueItem, ...]:
        """The items of the queue; the tuple told last time while they are the same."""
        if not self._jenkins.queue.items:
            return ()
        told: dict[tuple[str | None, str | None], tuple[str, bool]] = {}
        items = tuple([self._item(build, told) for build in self._jenkins.queue.items.values()])
        if not same(items, self._queue):
            self._queue = items
        return self._queue

    def _item(
        self, build: Build, told: dict[tuple[str | None, str | None], tuple[str, bool]]
    ) -> QueueItem:
        state = ITEM_STATES[build.stage]
        why, stuck = "", False
        if state is ItemState.BUILDABLE:
            key = (build.expression, build.pin)
            if key not in told:
                told[key] = self._why(*key)
            why, stuck = told[key]
        fact = build.fact
        if fact is None or (fact.state, fact.why, fact.stuck) != (state, why, stuck):
            build.fact = fact = QueueItem(
                id=build.id,
                task=f"part of {build.task} #{build.id}" if build.pipeline else build.task,
                state=state,
                since=build.since,
                due=build.due,
                stuck=stuck,
                expression=None if build.pipeline else build.expression,
                placeholder=build.pipeline,
                why=why,
            )
        return fact

    def _why(self, expression: str | None, pin: str | None) -> tuple[str, bool]:
        """The reason of a buildable item in English, and whether it is stuck."""
        label = pin or expression
        computers = self._jenkins.computers
        if self._jenkins.quieting_down:
            return "Jenkins is about to shut down", False
        if label is None or not computers:
            return "Waiting for next available executor", label is not None
        asked = parse(label)
        fitting = [c for c in computers.values() if asked.matches(c.labels | {c.name})]
        name = fitting[0].name if len(fitting) == 1 else str(asked)
        if any(c.accepting for c in fitting):
            return f"Waiting for next available executor on \u2018{name}\u2019", False
        if not fitting:
            return f"There are no nodes with the label \u2018{name}\u2019", True
        if len(fitting) == 1:
            return f"\u2018{name}\u2019 is offline", True
        return f"All nodes of label \u2018{name}\u2019 are offline", True
