"""The ec2-plugin on Jenkins core's own provisioning: smoothed demand, and a long idle time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import floor, inf
from typing import ClassVar

from workhorse.sim.rivals.ground import Action, End, Resize, Seen, View

MARGIN, MARGIN_EMPTY, MARGIN_DECAY = 0.1, 0.5, 0.5
"""hudson.slaves.NodeProvisioner: MARGIN, MARGIN0, MARGIN_DECAY."""
DECAY = 0.9
"""hudson.model.LoadStatistics: what of each moving average is left after a clock of ten seconds."""
CHECK_LOOKS = 6
"""EC2RetentionStrategy looks every minute."""


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
    _averages: tuple[float, ...] = field(default=(0.0, 0.0, 0.0, 0.0), init=False)
    """Of queue, free, connecting and planned executors."""
    _figures: tuple[int, ...] = field(default=(0, 0, 0, 0), init=False)
    """The same as last seen."""
    _looked: int = field(default=-1, init=False)
    _ending: set[str] = field(default_factory=set, init=False)

    def tick(self, view: View) -> Iterable[Action]:
        """Let the moving averages move, provision, and once a minute look for idle agents."""
        each = view.machines.executors
        connecting = sum(each for agent in view.agents if agent.in_service and not agent.online)
        launched = sum(each for agent in view.agents if not agent.in_service and not agent.online)
        planned = launched + each * max(0, view.desired - len(view.agents))
        self._move((view.queued, view.free, connecting, planned), view.look)
        if view.queued > view.free and (wanted := self._excess(view, connecting, planned)):
            yield Resize(size=view.bounded(view.desired + max(1, wanted // each)))
        self._ending &= {agent.id for agent in view.agents}
        if view.look % CHECK_LOOKS == 0:
            for agent in self._idled(view):
                self._ending.add(agent.id)
                yield End(instance=agent.id, decrement=True)

    def _move(self, figures: tuple[int, ...], look: int) -> None:
        """Take a look's figures in, after those of looks that were left out: nothing changed."""
        left = DECAY ** max(0, look - self._looked - 1)
        past = [f + (a - f) * left for a, f in zip(self._averages, self._figures, strict=True)]
        self._averages = tuple(f + (a - f) * DECAY for a, f in zip(past, figures, strict=True))
        self._figures, self._looked = figures, look

    def _excess(self, view: View, connecting: int, planned: int) -> int:
        """Executors to launch for."""
        queue, free, connects, comes = self._averages
        online = sum(view.machines.executors for agent in view.agents if agent.online)
        none_at_all = online + connecting + planned == 0
        if max(view.free, free) >= MARGIN and not none_at_all:
            return 0
        excess = min(queue, view.queued) - max(comes, planned) - min(connects, connecting)
        excess = max(excess, 1.0) if none_at_all else excess
        margin = MARGIN + (MARGIN_EMPTY - MARGIN) * MARGIN_DECAY**online
        return floor(excess + margin) if excess > 1 - margin else 0

    def _idled(self, view: View) -> list[Seen]:
        """Whom to end; the floor stays: the minimum number of instances of the template."""
        limit = self.idle_minutes * 60 or inf
        long = [a for a in view.agents if a.idle_seconds > limit and a.id not in self._ending]
        return long[: max(0, view.desired - view.machines.floor - len(self._ending))]

    def rests_until(self, view: View) -> float:
        """While nothing waits, until the next agent has idled for long, if none has already."""
        if view.queued or self._idled(view):
            return view.now
        return view.idle_until(self.idle_minutes * 60 or inf, self._ending)
