"""An exact poll with agents that end themselves: Buildkite's scaler and Elastic CI Stack."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from typing import ClassVar

from workhorse.sim.rivals.ground import Action, End, Resize, Retire, View


@dataclass(slots=True, kw_only=True)
class Poll:
    """Desired capacity is set to scheduled plus running every ten seconds, never lowered.

    Sources: buildkite-agent-scaler (poll 10 s; required is scheduled plus running over agents per
    instance, rounded up; scale-out factor; availability rule below 50 %) and Elastic CI Stack for
    AWS (agents disconnect after 600 s idle, wait 10 s and terminate their own instance with a
    decrement; scale-in protection on; in elastic mode the oldest surplus instances are told to stop
    after their build, once in 3600 s).  Cool-downs are 0 in the scaler's code; its template waits
    300 s between two scale-outs, which is not taken here: it would only look worse.
    An agent that disconnects takes no build any more, so this one kills none.
    """

    name: ClassVar[str] = "poll"
    period: ClassVar[float] = 10.0
    hooked: ClassVar[bool] = False
    protects: ClassVar[bool] = True

    idle_seconds: float = 600
    """When an idle agent disconnects for good."""
    farewell_seconds: float = 10
    """From its disconnecting to its terminating itself."""
    scale_out_factor: float = 1.0
    scale_out_cool_down_seconds: float = 0
    elastic: bool = False
    """Also end the oldest agents that are too many, busy or not, after their build."""
    scale_in_cool_down_seconds: float = 3600
    """Between two scale-ins of elastic mode."""
    availability: bool = False
    """Add one instance while fewer than half of the agents that should be are online."""
    _grew_at: float = field(default=float("-inf"), init=False)
    _shrank_at: float = field(default=float("-inf"), init=False)
    _stopping: set[str] = field(default_factory=set, init=False)

    def tick(self, view: View) -> Iterable[Action]:
        """Size the group; let agents that idled for long go."""
        for agent in view.agents:
            ends = agent.id in self._stopping and not agent.busy
            if ends or agent.idle_seconds >= self.idle_seconds:
                yield Retire(instance=agent.id)
                yield End(instance=agent.id, decrement=True, after=self.farewell_seconds)
        self._stopping &= {agent.id for agent in view.agents if agent.busy}
        required = view.bounded(ceil((view.queued + view.busy) / view.machines.executors))
        if required > view.desired:
            yield from self._grow(view, ceil((required - view.desired) * self.scale_out_factor))
        elif self.availability and self._missing(view):
            yield from self._grow(view, 1)
        elif self.elastic and required < view.desired:
            yield from self._shrink(view, view.desired - required)

    def _grow(self, view: View, by: int) -> Iterable[Action]:
        if view.now - self._grew_at >= self.scale_out_cool_down_seconds:
            self._grew_at = view.now
            yield Resize(size=view.bounded(view.desired + by))

    def _missing(self, view: View) -> bool:
        online = sum(agent.online for agent in view.agents)
        return len(view.agents) == view.desired > 2 * online

    def _shrink(self, view: View, by: int) -> Iterable[Action]:
        if view.now - self._shrank_at >= self.scale_in_cool_down_seconds:
            self._shrank_at = view.now
            oldest = sorted(view.agents, key=lambda agent: (agent.launched_at, agent.id))[:by]
            self._stopping |= {agent.id for agent in oldest if agent.online}
            for agent in oldest:
                if agent.online and agent.busy:
                    yield Retire(instance=agent.id)

    def rests_until(self, view: View) -> float:
        """Until the next agent has idled for long, or while a cool-down or a rule may go on."""
        cooling = self.scale_out_cool_down_seconds or self.elastic or self.availability
        return view.now if cooling else view.idle_until(self.idle_seconds)
