"""GitLab Runner's instance group autoscaler: a count of idle capacity, kept for a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import ClassVar

from workhorse.core.errors import Refusal
from workhorse.sim.rivals.ground import Action, End, Resize, Retire, View


@dataclass(slots=True, kw_only=True)
class Taskscaler:
    """Keep idle capacity for so many builds beyond those that run, and end what idles for longer.

    Sources: GitLab Runner, Docker Autoscaler executor and taskscaler: policy of `idle_count`,
    `idle_time`, `scale_factor` (idle capacity as a share of that in use), `scale_factor_limit`;
    the example of its documentation keeps 5 idle for 20 minutes; the fleet is updated every minute.
    In preemptive mode, on when `idle_count` is above 0, a build is taken over only once capacity
    for it is ready: then the queue is unknown, and growth is that of the idle count alone.
    An instance is reserved before it is removed, so this one kills no build.
    """

    name: ClassVar[str] = "taskscaler"
    period: ClassVar[float] = 60.0
    hooked: ClassVar[bool] = False
    protects: ClassVar[bool] = True

    idle_count: int = 5
    """Builds that could begin at once."""
    idle_minutes: float = 20
    scale_factor: float = 0.0
    scale_factor_limit: int = 0
    """The most idle capacity that `scale_factor` asks for; 0 for no limit."""
    preemptive: bool | None = None
    """None for whether `idle_count` is above 0."""

    def __post_init__(self) -> None:
        """Refuse negative counts."""
        if self.idle_count < 0:
            raise Refusal(f"taskscaler: idle_count {self.idle_count}: must be 0 or more")

    def tick(self, view: View) -> Iterable[Action]:
        """Bring capacity to what runs plus what is to be idle."""
        each = view.machines.executors
        preemptive = self.idle_count > 0 if self.preemptive is None else self.preemptive
        in_use = view.busy + (0 if preemptive else view.queued)
        wanted = view.bounded(ceil((in_use + self._idle(in_use)) / each))
        if wanted > view.desired:
            yield Resize(size=wanted)
            return
        surplus = view.desired - wanted
        idlest = sorted(view.agents, key=lambda agent: (-agent.idle_seconds, agent.id))
        for agent in idlest[:surplus]:
            if agent.idle_seconds > self.idle_minutes * 60:
                yield Retire(instance=agent.id)
                yield End(instance=agent.id, decrement=True)

    def _idle(self, in_use: int) -> int:
        """Executors to keep idle."""
        share = ceil(self.scale_factor * in_use)
        if self.scale_factor_limit:
            share = min(share, self.scale_factor_limit)
        return max(self.idle_count, share)

    def rests_until(self, view: View) -> float:
        """Until the next agent has idled for long."""
        return view.idle_until(self.idle_minutes * 60)
