"""Faults that lie in wait for the loops to do something.

What goes wrong at any time seldom goes wrong between two looks at one agent.
"""

from dataclasses import dataclass, field

from workhorse.core.effects import Effect
from workhorse.sim.faults.controller import NodeUncordoned
from workhorse.sim.faults.fault import AIMED, Fault, happen
from workhorse.sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Upon(Fault):
    """Another fault strikes some seconds after the n-th effect of a kind from then on."""

    effect: str = "Cordon"
    """The effect's name."""
    number: int = 1
    delay_seconds: float = 5.0
    fault: Fault = field(default_factory=lambda: NodeUncordoned(which=AIMED))
    """What strikes then; its own time counts for nothing."""

    def strike(self, world: World) -> None:
        """Lie in wait."""
        world.watchers.append(_Watcher(self, world))


class _Watcher:
    def __init__(self, upon: Upon, world: World) -> None:
        self._upon = upon
        self._world = world
        self._left = upon.number

    def __call__(self, effect: Effect) -> bool:
        """Look at an effect; True when there is no more to wait for."""
        self._left -= type(effect).__name__ == self._upon.effect
        if self._left > 0:
            return False
        name = str(getattr(effect, "instance", getattr(effect, "node", "")))
        self._world.kernel.after(self._upon.delay_seconds, self._strike, name)
        return True

    def _strike(self, name: str) -> None:
        self._world.aimed = name
        happen(self._upon.fault, self._world)
