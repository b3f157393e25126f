"""Computers and executors: the living side of nodes.

An executor serves one task and is then replaced, which is why their numbers are in no order
and why a smaller count takes hold at once for idle ones and one by one for busy ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from workhorse.local.jenkins.items import Item
from workhorse.local.jenkins.nodes import Node, TemporaryCause
from workhorse.local.jenkins.runs import Executable

ONE_OFF = -1
"""Number of an executor that was made for one flyweight task."""


class Channel(Protocol):
    """The way to a connected agent."""

    def send(self, message: dict[str, object]) -> None:
        """Give the agent a message."""

    def close(self) -> None:
        """Hang up."""


@dataclass(eq=False)
class Executor:
    """A slot: idle, assigned to a queue item, or running something."""

    number: int
    item: Item | None = None
    executable: Executable | None = None

    @property
    def idle(self) -> bool:
        """Nothing runs and nothing is assigned."""
        return self.item is None and self.executable is None


@dataclass(eq=False)
class Computer:
    """A node's presence; `node` is None when the node is deleted and work still lingers."""

    name: str
    node: Node | None
    wanted: int = 0
    executors: list[Executor] = field(default_factory=list)
    one_offs: list[Executor] = field(default_factory=list)
    channel: Channel | None = None
    temporary: TemporaryCause | None = None
    broken: float | None = None
    """When the connection broke last; None when it never did or is back."""
    launch_failed: float | None = None
    """When a launch that could not work was tried: a swarm node has one before its agent comes."""
    seen_online: float | None = None
    """When it first came online, and the node monitors first looked at it."""
    reported: set[str] = field(default_factory=set)
    """Executions that the agent has on its hands, by its own word."""

    @property
    def built_in(self) -> bool:
        """It is the controller itself."""
        return not self.name

    @property
    def online(self) -> bool:
        """Work may be given to it."""
        return self.temporary is None and (self.built_in or self.channel is not None)

    @property
    def idle(self) -> bool:
        """No executor has anything, one-off ones included."""
        return not self.one_offs and all(each.idle for each in self.executors)

    def all_executors(self) -> Iterator[Executor]:
        """Every executor, one-off ones last."""
        yield from self.executors
        yield from self.one_offs

    def resize(self, wanted: int) -> None:
        """Want another number: where there are too many, every idle one is told to end.

        Missing ones appear, with the lowest numbers that are free.
        """
        self.wanted = max(wanted, 0)
        if len(self.executors) > self.wanted:
            self.executors = [each for each in self.executors if not each.idle]
        self._fill()

    def retire(self, executor: Executor) -> None:
        """An executor has served; a fresh one takes its place if it is still wanted."""
        if executor in self.one_offs:
            self.one_offs.remove(executor)
            return
        if executor in self.executors:
            self.executors.remove(executor)
        self._fill()

    @property
    def alive(self) -> bool:
        """It has executors; one without vanishes from Jenkins."""
        return self.built_in or bool(self.executors or self.one_offs)

    def _fill(self) -> None:
        taken = {each.number for each in self.executors}
        number = 0
        while len(self.executors) < self.wanted:
            if number not in taken:
                self.executors.append(Executor(number))
            number += 1
