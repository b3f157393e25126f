"""How agents of the simulated world come to their nodes, and come back to them.

An agent tries until it is connected, for as long as it lives.
One whose node Jenkins lists no more finds that out by its timer, and registers anew; the gateway
lets nobody in who leaves.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from workhorse.core.owner import Owner
from workhorse.sim.cloud import SimCloud
from workhorse.sim.gate import AGAIN_SECONDS, SPEAKS_SECONDS, SimGate
from workhorse.sim.groups import Machine, Shape
from workhorse.sim.jenkins import SimJenkins

RECONNECT_SECONDS = 10.0
"""An agent tries again to connect: it backs off to ten seconds (jenkins.md 7.5)."""
HOME = "000000000000/nowhere-1"
"""Account and region of all that is simulated."""


class Registering:
    """The agents' side of registration.

    Args:
        jenkins: where their nodes are.
        cloud: whose instances they run on.
        hung: instances whose agent does nothing (any more).
        connected: told of each agent whenever it is connected.
    """

    def __init__(
        self,
        jenkins: SimJenkins,
        cloud: SimCloud,
        hung: AbstractSet[str],
        connected: Callable[[Machine], None],
    ) -> None:
        self.gate = SimGate(cloud.kernel, cloud.machines)
        self.refuses: Callable[[str], bool] = _nobody
        """Instances that the gateway lets in no more."""
        self._jenkins = jenkins
        self._cloud = cloud
        self._hung = hung
        self._connected = connected

    def connect(self, shape: Shape, machine: Machine) -> None:
        """Connect, and try again while that cannot be."""
        if machine.alive and machine.id not in self._hung and not self._registered(shape, machine):
            self._cloud.kernel.after(RECONNECT_SECONDS, self.connect, shape, machine)

    def forgotten(self, node: str) -> None:
        """Its node was deleted: if its agent lives, it will register again."""
        machine = self._cloud.machines.get(node)
        if machine is not None and machine.alive:
            self._cloud.kernel.after(AGAIN_SECONDS, self._again, machine)

    def _again(self, machine: Machine) -> None:
        known = self._jenkins.computers.get(machine.id)
        if not machine.alive or machine.id in self._hung or (known is not None and known.online):
            return
        leaving = machine.lifecycle.leaving or self.refuses(machine.id)
        shape = self._cloud.groups[machine.group].shape
        if leaving or not self._registered(shape, machine):
            self._cloud.kernel.after(SPEAKS_SECONDS, self._again, machine)

    def _registered(self, shape: Shape, machine: Machine) -> bool:
        """It has a node, an old or a new one, and is connected to it."""
        name, known = machine.id, machine.id in self._jenkins.computers
        if not known and self.gate.closed:
            return False
        labels = frozenset({machine.label}) if machine.order else shape.labels
        exclusive = shape.exclusive or bool(machine.order)
        if not self._jenkins.connect(name, labels, shape.executors, exclusive=exclusive):
            return False
        if not known:
            self._jenkins.computers[name].owner = Owner(pool=shape.group, home=HOME)
        self._connected(machine)
        return True


def _nobody(_: str) -> bool:
    return False
