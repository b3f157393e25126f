"""Native scaling by the usual pair of alarms: one adds an agent, one takes one away."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from typing import ClassVar

from workhorse.sim.rivals.ground import Action, Resize, View


@dataclass(slots=True, kw_only=True)
class Alarms:
    """One agent more while builds wait, one fewer while more than three idle; never both at once.

    Sources: 120 s and 300 s are those of widdix' jenkins2-ha-agents template (alarm on a queue of 1
    or more over 120 s; cool-down 300 s each), more than 3 idle for 50 minutes those of
    `scaling = "alarms"` of `terraform/modules/agent-pool`, which adds by steps instead of by one.
    A CloudWatch alarm on one-minute samples acts anew each minute while it is in alarm, and simple
    scaling ignores it until the cool-down is over:
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html
    AWS chooses whom to end; the hook and our drain see to it that no build dies.
    """

    name: ClassVar[str] = "alarms"
    period: ClassVar[float] = 60.0
    hooked: ClassVar[bool] = True
    protects: ClassVar[bool] = False

    queue_seconds: float = 120
    """How long the queue must have been above 0."""
    idle_seconds: float = 3000
    """How long more than `idle_above` executors must have been idle: 50 minutes."""
    idle_above: int = 3
    cool_down_seconds: float = 300
    step: int = 1
    """Agents added or taken away at a time."""
    _waiting: int = field(default=0, init=False)
    """Samples in a row with a queue."""
    _idling: int = field(default=0, init=False)
    _acted_at: float = field(default=float("-inf"), init=False)

    def tick(self, view: View) -> Iterable[Action]:
        """Take a sample, and act on the alarms."""
        self._waiting = self._waiting + 1 if view.queued > 0 else 0
        self._idling = self._idling + 1 if view.free > self.idle_above else 0
        if view.now - self._acted_at < self.cool_down_seconds:
            return
        size = view.desired
        if self._waiting * self.period >= self.queue_seconds:
            size += self.step
        elif self._idling * self.period >= self.idle_seconds:
            size -= self.step
        size = view.bounded(size)
        if size != view.desired:
            self._acted_at = view.now
            yield Resize(size=size)

    def rests_until(self, view: View) -> float:
        """While neither alarm counts."""
        return view.now if self._waiting or self._idling else inf
