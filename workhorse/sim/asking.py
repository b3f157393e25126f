"""What the agents of the simulated world ask the loops, and ask again while their reason stands."""

from collections.abc import Container, Mapping

from workhorse.core.asks import Ask, AskKind
from workhorse.loops.asks import Asks
from workhorse.sim.cloud import SimCloud
from workhorse.sim.kernel import Kernel

WATCH_SECONDS = 2.0
"""An agent looks at its metadata service so often."""
ASK_SECONDS = 30.0
"""An agent asks again so often."""


class Asking:
    """The gateway's place in a simulated world.

    Args:
        kernel: time.
        cloud: whose machines ask.
        mute: instances that hang: they ask for nothing.
    """

    def __init__(self, kernel: Kernel, cloud: SimCloud, mute: Container[str]) -> None:
        self.allowed = False
        """There is a gateway; set it before the loops begin."""
        self.pools: Mapping[str, str] = {}
        """Group to the name of its pool."""
        self.asks: Asks | None = None
        """What was asked of the loops of now; a process that is killed takes it with it."""
        self.stopped: set[str] = set()
        """Instances that somebody on them stopped."""
        self._kernel = kernel
        self._cloud = cloud
        self._mute = mute

    def begin(self) -> None:
        """A process of the loops begins."""
        self.asks = Asks() if self.allowed else None

    def warned(self, instance: str, kind: AskKind) -> None:
        """Its metadata service tells it something from now on."""
        if self.allowed:
            self._kernel.after(WATCH_SECONDS, self.ask, instance, kind)

    def ask(self, instance: str, kind: AskKind, *, again: bool = True) -> None:
        """An agent asks, now and `again` until it is no more."""
        machine = self._cloud.machines.get(instance)
        if not self.allowed or machine is None or not machine.alive or instance in self._mute:
            return
        if kind is AskKind.STOP:
            self.stopped.add(instance)
        if self.asks is not None and machine.in_group:
            pool = self.pools.get(machine.group, "")
            self.asks.put(Ask(instance=instance, pool=pool, kind=kind, at=self._kernel.now))
        if again:
            self._kernel.after(ASK_SECONDS, self.ask, instance, kind)
