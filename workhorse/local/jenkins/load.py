"""Load statistics: exponential averages, which is why they are no counts.

Every 10 s each series moves a tenth of the way to the present value; the minute and hour series
do so every 6th and 360th time (hudson.model.MultiStageTimeSeries, decay 0.9).
Series exist for the labels that nodes carry by configuration, for labels asked for once, for
everything and for what has no label; a node's own name is followed from the first question on.
"""

from dataclasses import dataclass, field

from workhorse.core.labels import Expression, parse
from workhorse.local.jenkins.computers import Computer
from workhorse.local.jenkins.items import State
from workhorse.local.jenkins.world import World

LOAD_TICK = 10.0
"""Seconds between two updates."""

_DECAY = 0.9
_MINUTE, _HOUR = 6, 360
SERIES = (
    "availableExecutors",
    "busyExecutors",
    "connectingExecutors",
    "definedExecutors",
    "idleExecutors",
    "onlineExecutors",
    "queueLength",
    "totalExecutors",
)


@dataclass
class Series:
    """One number, averaged over three scales."""

    sec10: float = 0.0
    min: float = 0.0
    hour: float = 0.0
    _count: int = 0

    def update(self, value: float) -> None:
        """Take in the present value."""
        self._count = (self._count + 1) % _HOUR
        self.sec10 = self.sec10 * _DECAY + value * (1 - _DECAY)
        if self._count % _MINUTE == 0:
            self.min = self.min * _DECAY + value * (1 - _DECAY)
        if self._count == 0:
            self.hour = self.hour * _DECAY + value * (1 - _DECAY)


@dataclass
class Load:
    """The eight series of a label, of everything, or of what has no label."""

    series: dict[str, Series] = field(default_factory=lambda: {name: Series() for name in SERIES})


class Loads:
    """Every load that is followed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.overall = Load()
        self.unlabeled = Load()
        self._labels: dict[Expression, Load] = {}

    def of(self, label: Expression) -> Load:
        """The load of a label, followed from now on."""
        return self._labels.setdefault(label, Load())

    def update(self) -> None:
        """Take in the present values; due every `LOAD_TICK` seconds."""
        world = self._world
        for node in world.nodes.values():
            for name in node.own_labels:
                self.of(parse(name))
        waiting = [each for each in world.items.values() if each.state is State.BUILDABLE]
        everyone = list(world.computers.values())
        _update(self.overall, everyone, len(waiting))
        free = [each for each in everyone if each.node is None or not each.node.exclusive]
        _update(self.unlabeled, free, sum(each.label is None for each in waiting))
        lengths: dict[Expression, int] = {}
        for item in waiting:
            if item.label is not None:
                lengths[item.label] = lengths.get(item.label, 0) + 1
        for label, load in self._labels.items():
            found = [world.computers.get(name) for name in world.names_of(label)]
            members = [each for each in found if each is not None]
            _update(load, members, lengths.get(label, 0))


def _update(load: Load, computers: list[Computer], waiting: int) -> None:
    online = [each for each in computers if each.online]
    total = sum(len(each.executors) for each in online)
    idle = sum(sum(one.idle for one in each.executors) for each in online)
    values = {
        "availableExecutors": idle,
        "busyExecutors": total - idle,
        "connectingExecutors": 0,
        "definedExecutors": sum(each.wanted for each in computers),
        "idleExecutors": idle,
        "onlineExecutors": total,
        "queueLength": waiting,
        "totalExecutors": total,
    }
    for name, value in values.items():
        load.series[name].update(value)
