"""The ec2-fleet-plugin: demand without delay, and idle minutes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil, inf
from typing import ClassVar

from workhorse.sim.rivals.ground import Action, End, Resize, Retire, View

CHECK_LOOKS = 6
"""EC2RetentionStrategy.RE_CHECK_IN_MINUTE is one minute."""


@dataclass(slots=True, kw_only=True)
class Ec2Fleet:
    """Launch for every item that no executor, free or coming, is there for.

    Sources: ec2-fleet-plugin's NoDelayProvisionStrategy (demand is the queue less the available,
    connecting and planned executors), its cloud status update every 10 s, and EC2RetentionStrategy
    (every minute; an idle agent stops taking builds before it is scheduled to be terminated, under
    the Queue lock; lowers the target first, then terminates without a decrement; new instances are
    protected from scale-in).
    `idle_minutes` is 0 by default there, which means never; comparisons take 10, as nobody would
    pay for a fleet that only grows.
    """

    name: ClassVar[str] = "ec2-fleet"
    period: ClassVar[float] = 10.0
    hooked: ClassVar[bool] = False
    protects: ClassVar[bool] = True

    idle_minutes: float = 10
    """0 for never, which is the plugin's default."""
    _doomed: set[str] = field(default_factory=set, init=False)
    """Scheduled to be terminated at the next update."""

    def tick(self, view: View) -> Iterable[Action]:
        """Terminate what was scheduled, provision, and once a minute schedule idle agents."""
        each = view.machines.executors
        doomed, self._doomed = self._doomed, set()
        size = view.desired - len(doomed)
        coming = each * (sum(not a.online for a in view.agents if a.id not in doomed))
        coming += each * max(0, view.desired - len(view.agents))
        size += max(0, ceil((view.queued - view.free - coming) / each))
        size = view.bounded(size)
        if size != view.desired:
            yield Resize(size=size)
        for instance in sorted(doomed):
            yield End(instance=instance, decrement=False)
        if view.look % CHECK_LOOKS == 0 and self.idle_minutes:
            yield from self._retain(view)

    def _retain(self, view: View) -> Iterable[Action]:
        """The floor stays: `minSize` of the cloud."""
        spare = view.desired - view.machines.floor
        for agent in view.agents:
            if agent.idle_seconds > self.idle_minutes * 60 and len(self._doomed) < spare:
                self._doomed.add(agent.id)
                yield Retire(instance=agent.id)

    def rests_until(self, view: View) -> float:
        """Until the next agent has idled for long, unless one has and waits for its look."""
        seconds = self.idle_minutes * 60
        waits = view.desired > view.machines.floor and any(
            agent.idle_seconds > seconds for agent in view.agents
        )
        if self._doomed or (waits and seconds):
            return view.now
        return view.idle_until(seconds) if seconds else inf
