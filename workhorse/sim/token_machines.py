"""Machines with a registration token, in no group and no EC2: they come and go as they like."""

from collections.abc import Mapping
from itertools import count

from workhorse.core.admission import Way, given_name
from workhorse.core.owner import Owner
from workhorse.sim.gate import SPEAKS_SECONDS, SimGate
from workhorse.sim.groups import Shape
from workhorse.sim.jenkins import SimJenkins
from workhorse.sim.registering import HOME
from workhorse.sim.truth import Hand

ABSENT_SECONDS = 900.0
"""How long one is missed here before its node goes; no plan outlasts the day of the settings."""


class TokenMachines:
    """Those machines.

    Args:
        jenkins: where their nodes are.
        gate: the gateway, which makes them a node where they have none.
    """

    def __init__(self, jenkins: SimJenkins, gate: SimGate) -> None:
        self._jenkins = jenkins
        self._gate = gate
        self._numbers = count(1)
        self._shapes: dict[str, tuple[str, Shape]] = {}
        self._there: set[str] = set()
        self.visits = 0
        """Machines that are there, or will be again."""

    @property
    def names(self) -> Mapping[str, object]:
        """All that ever came."""
        return self._shapes

    def come(self, pool: str, shape: Shape) -> str:
        """A new one comes, of that pool and as its group's agents are; its name."""
        name = given_name(pool, f"{next(self._numbers):012x}")
        self._shapes[name] = (pool, shape)
        self.come_back(name)
        return name

    def come_back(self, name: str) -> None:
        """It is there again, and connects as soon as it can."""
        self._there.add(name)
        self._connect(name)

    def go(self, name: str) -> None:
        """It is switched off, with what runs on it."""
        self._there.discard(name)
        self._jenkins.cut(name, Hand.OUTSIDE, died=True)

    def _connect(self, name: str) -> None:
        """Connect, or see that it is connected still, for as long as it is there."""
        if name not in self._there:
            return
        self._jenkins.kernel.after(SPEAKS_SECONDS, self._connect, name)
        known = self._jenkins.computers.get(name)
        if (known is None and self._gate.closed) or (known is not None and known.online):
            return
        pool, shape = self._shapes[name]
        if self._jenkins.connect(name, shape.labels, shape.executors, exclusive=shape.exclusive):
            owner = Owner(pool=pool, home=HOME, way=Way.TOKEN)
            self._jenkins.computers[name].owner = owner
