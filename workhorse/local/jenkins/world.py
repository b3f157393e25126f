"""Everything the controller remembers, in one place; the other modules are its verbs."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from workhorse.core.labels import Expression
from workhorse.local.jenkins import plugins
from workhorse.local.jenkins.computers import Computer, Executor
from workhorse.local.jenkins.items import Item, State
from workhorse.local.jenkins.jobs import Job
from workhorse.local.jenkins.nodes import Node, built_in
from workhorse.local.jenkins.profile import Profile
from workhorse.local.jenkins.runs import Run

Action = Callable[[], None]

TICK = 5.0
"""Seconds between two maintenances of the queue (hudson.model.Queue.MaintainTask)."""

START_DELAY = 0.02
"""Seconds between assignment and start: an executor's thread has to wake up first."""

QUIET_PERIOD = 5.0
"""Jenkins' default quiet period in seconds."""

SAVE_DELAY = 60.0
"""Seconds from a change of the queue to its saving (hudson.model.Queue.Saver)."""

LABEL_CACHE_LIFE = 300.0
"""Seconds until the label cache is trimmed without cause (hudson.model.labels.LabelAtom)."""


@dataclass
class World:
    """A controller's memory; `now` is virtual epoch seconds."""

    profile: Profile
    now: float
    nodes: dict[str, Node] = field(default_factory=dict)
    computers: dict[str, Computer] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    """By their names with the folders that they are in."""
    folders: set[str] = field(default_factory=set)
    plugins: frozenset[str] = plugins.ALL
    """Those that are installed."""
    items: dict[int, Item] = field(default_factory=dict)
    left: dict[int, Item] = field(default_factory=dict)
    next_item: int = 1
    next_order: int = 1
    quieting: bool = False
    quiet_reason: str | None = None
    history: list[Run] = field(default_factory=list)
    """Every build that was ever started, oldest first."""
    comings: dict[str, float] = field(default_factory=dict)
    """When an agent of each name first connected."""
    maintain: bool = False
    """The queue should be looked at before the next tick."""
    saving: bool = False
    """The queue changed since it was last saved, and its saving is due."""
    label_cache: dict[Expression, dict[str, None]] = field(default_factory=dict)
    timers: list[tuple[float, int, Action]] = field(default_factory=list)
    timer_count: int = 0
    boot_until: float = 0.0
    """Until then nobody is answered: the controller boots."""
    session: str = ""
    """Of this boot, as the X-Jenkins-Session header shows it."""
    saved_queue: tuple[Item, ...] = ()
    """What queue.xml holds; a killed controller comes back with this."""
    resumed: list[Item] = field(default_factory=list)
    """Bodies that want their executor back after a restart."""
    orphans: set[str] = field(default_factory=set)
    """Agents whose computer is gone while they are still connected."""

    def __post_init__(self) -> None:
        """Put the built-in node in its place."""
        self.built_in = built_in()
        self.computers.setdefault("", Computer(name="", node=self.built_in, seen_online=self.now))

    def at(self, when: float, action: Action) -> None:
        """Have something done at a virtual time."""
        self.timer_count += 1
        heapq.heappush(self.timers, (when, self.timer_count, action))

    def touch(self) -> None:
        """Something changed that lets items move: look at the queue soon."""
        self.maintain = True

    def queue_changed(self) -> None:
        """An item came or left: look at the queue soon, save it a while after the first change."""
        self.touch()
        if self.saving:
            return
        self.saving = True
        session = self.session

        def save() -> None:
            if self.session == session:
                self.save_queue()

        self.at(self.now + SAVE_DELAY, save)

    def save_queue(self) -> None:
        """Write queue.xml."""
        self.saved_queue = tuple(self.items.values())
        self.saving = False

    def trim_labels(self) -> None:
        """Forget which nodes a label has; any change of a node does it."""
        self.label_cache.clear()

    def names_of(self, label: Expression) -> dict[str, None]:
        """Names of a label's nodes, as remembered since the last change of any node."""
        found = self.label_cache.get(label)
        if found is None:
            everything = (self.built_in, *self.nodes.values())
            found = {node.name: None for node in everything if label.matches(node.labels)}
            self.label_cache[label] = found
        return found

    def nodes_of(self, label: Expression) -> tuple[Node, ...]:
        """The nodes of a label, as far as they still exist."""
        known = {"": self.built_in, **self.nodes} if "" in self.names_of(label) else self.nodes
        return tuple(known[name] for name in self.names_of(label) if name in known)

    def computer_of(self, node: Node) -> Computer | None:
        """The computer of a node, if it has one."""
        found = self.computers.get(node.name)
        return found if found is not None and found.node is not None else None

    def sorted_computers(self) -> list[Computer]:
        """Every computer, the built-in first, the others by name."""
        return [self.computers[name] for name in sorted(self.computers)]

    def buildable(self) -> list[Item]:
        """Items that wait for an executor, first come first."""
        found = [item for item in self.items.values() if item.state is State.BUILDABLE]
        return sorted(found, key=lambda item: item.order)

    def executing(self) -> Iterator[tuple[Computer, Executor]]:
        """Every executor that runs something, with its computer."""
        for computer in list(self.computers.values()):
            for executor in list(computer.all_executors()):
                if executor.executable is not None:
                    yield computer, executor

    def running_on(self, execution: str) -> tuple[Computer, Executor] | None:
        """Where an execution runs."""
        for computer, executor in self.executing():
            running = executor.executable
            if running is not None and running.execution == execution:
                return computer, executor
        return None

    def drop_dead(self, computer: Computer) -> None:
        """Remove a computer that has no executors left."""
        if not computer.alive and self.computers.get(computer.name) is computer:
            del self.computers[computer.name]
            if computer.channel is not None and computer.node is not None:
                self.orphans.add(computer.name)
