"""The ec2-plugin on Jenkins core's own provisioning: smoothed demand, and a long idle time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import floor
from typing import ClassVar

from workhorse.sim.rivals.ground import Action, End, Resize, View

MARGIN = 0.1
MARGIN_EMPTY = 0.5
MARGIN_DECAY = 0.5
"""hudson.slaves.NodeProvisioner: MARGIN, MARGIN0, MARGIN_DECAY."""
DECAY = 0.9
"""hudson.model.LoadStatistics: what of each moving average is left after a clock of ten seconds."""
CHECK_LOOKS = 6
"""EC2RetentionStrategy looks every minute."""
SETTLED = 0.001
"""A moving average below this decides nothing any more."""


@dataclass(slots=True, kw_only=True)
class Ec2Plugin:
    """Launch when smoothed demand exceeds what comes; end what idled for half an hour.

    Sources: hudson.slaves.NodeProvisioner.StandardStrategyImpl (clock 10 s; the lesser of a figure
    and its moving average for queue and connecting executors, the greater for idle and planned
    ones; margin 10 %, 50 % with no executors online; one agent at once when there is none at all),
    hudson.model.LoadStatistics (decay 0.9) and ec2-plugin's EC2RetentionStrategy (idle termination
    30 minutes, looked at every minute outside the Queue lock, no cordon before the call).
    What is launched and not running yet is planned, what runs and has not come online connects.
    """

    name: ClassVar[str] = "ec2-plugin"
    period: ClassVar[float] = 10.0
    hooked: ClassVar[bool] = False
    protects: ClassVar[bool] = True

    idle_minutes: float = 30
    """0 for never."""
    _queue: float = field(default=0.0, init=False)
    _free: float = field(default=0.0, init=False)
    _connecting: float = field(default=0.0, init=False)
    _planned: float = field(default=0.0, init=False)
    _ending: set[str] = field(default_factory=set, init=False)

    def tick(self, view: View) -> Iterable[Action]:
        """Let the moving averages move, provision, and once a minute look for idle agents."""
        each = view.machines.executors
        running = sum(each for agent in view.agents if agent.in_service and not agent.online)
        launched = sum(each for agent in view.agents if not agent.in_service and not agent.online)
        planned = launched + each * max(0, view.desired - len(view.agents))
        self._queue = _moved(self._queue, view.queued)
        self._free = _moved(self._free, view.free)
        self._connecting = _moved(self._connecting, running)
        self._planned = _moved(self._planned, planned)
        wanted = self._excess(view, running, planned)
        if wanted:
            yield Resize(size=view.bounded(view.desired + max(1, wanted // each)))
        if view.look % CHECK_LOOKS == 0 and self.idle_minutes:
            yield from self._retain(view)

    def _excess(self, view: View, connecting: int, planned: int) -> int:
        """Executors to launch for."""
        if view.queued <= view.free:
            return 0
        online = sum(view.machines.executors for agent in view.agents if agent.online)
        none_at_all = online + connecting + planned == 0
        if max(view.free, self._free) >= MARGIN and not none_at_all:
            return 0
        excess = min(self._queue, view.queued)
        excess -= max(self._planned, planned) + min(self._connecting, connecting)
        if none_at_all:
            excess = max(excess, 1.0)
        margin = MARGIN + (MARGIN_EMPTY - MARGIN) * MARGIN_DECAY**online
        return floor(excess + margin) if excess > 1 - margin else 0

    def _retain(self, view: View) -> Iterable[Action]:
        """The floor stays: the minimum number of instances of the template."""
        self._ending &= {agent.id for agent in view.agents}
        for agent in view.agents:
            spare = view.desired - view.machines.floor - len(self._ending)
            idled = agent.idle_seconds > self.idle_minutes * 60
            if idled and spare > 0 and agent.id not in self._ending:
                self._ending.add(agent.id)
                yield End(instance=agent.id, decrement=True)

    def rests(self) -> bool:
        """Its averages have come to rest."""
        return max(self._queue, self._free, self._connecting, self._planned) < SETTLED


def _moved(average: float, value: float) -> float:
    return average * DECAY + value * (1 - DECAY)
