"""The simulated world: a Jenkins, a cloud and its queues on one simulated time.

Nothing here decides about sizes or drains.  The loops are given `ports()`; whoever plays the rest
of the world (a trace, a fault plan, a property test) calls `jenkins`, `cloud` and the methods here,
and reads in `truth` what became of it.
Everything is the same again for the same seed and the same calls.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from workhorse.core.asks import AskKind
from workhorse.core.effects import Effect
from workhorse.core.model import Lifecycle, Pool
from workhorse.loops.agent_ports import Tending
from workhorse.loops.ports import Ports
from workhorse.loops.rollout_ports import Rolling
from workhorse.sim import envelopes
from workhorse.sim.asking import Asking
from workhorse.sim.belongings import BelongingsPort, SimInventory
from workhorse.sim.cloud import SimCloud
from workhorse.sim.groups import Machine, Shape
from workhorse.sim.jenkins import SimJenkins
from workhorse.sim.jobs import SimJobs
from workhorse.sim.journal import MemoryJournal
from workhorse.sim.kernel import Kernel, SimClock
from workhorse.sim.launching import Launching
from workhorse.sim.line import Line
from workhorse.sim.lost_builds import BuildsPort, SimBuilds, tending
from workhorse.sim.mailbox import SimQueues
from workhorse.sim.ports import (
    Auditor,
    CloudPort,
    ControllerPort,
    MailboxPort,
    MetricsPort,
    Unwatched,
)
from workhorse.sim.registering import Registering
from workhorse.sim.rolling import Rollings
from workhorse.sim.rolling_ports import rolling_ports
from workhorse.sim.skew import SkewedClock, SkewedCloud, SkewedController
from workhorse.sim.token_machines import TokenMachines
from workhorse.sim.truth import Hand, Truth

START = 1_700_000_000.0
"""Simulated time begins here, in November 2023, for times that look like times."""
SPOT_WARNING_SECONDS = 120.0
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html"""


class World:
    """Jenkins, AWS and the machines, and the line on which the loops talk with them.

    Args:
        shapes: the Auto Scaling groups.
        seed: of everything that is left to chance.
        exact: check that what is journalled survives being a file.
        whole: keep all that is journalled; a long replay, of which nobody reads it, need not.
    """

    def __init__(
        self,
        shapes: Sequence[Shape],
        *,
        seed: int = 0,
        exact: bool = True,
        whole: bool = True,
    ) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - chance, not secrets
        self.kernel = Kernel(START)
        self.clock = SimClock(self.kernel)
        self.truth = Truth()
        self.jenkins = SimJenkins(self.kernel, self.truth)
        self.cloud = SimCloud(self.kernel, self.truth, self)
        self.queues = SimQueues(self.kernel, self.rng)
        self.line = Line(self.kernel)
        self.journal = MemoryJournal(self.line, exact=exact, whole=whole)
        self.auditor: Auditor = Unwatched()
        """Watches what the loops are shown and do; set it before `ports()` is called."""
        self.metrics = MetricsPort(self.line)
        self.ahead_seconds = 0.0
        """How wrong the clock of the loops' machine is."""
        self._begun_ahead = 0.0
        """The same as the loops found it when they started last."""
        self.steady = True
        """The loops notice a clock that was set only when they start anew."""
        self.stillborn = False
        """Instances that are launched now will never come to connect."""
        self.hung: set[str] = set()
        """Instances that will never connect (again), though they run."""
        self.registering = Registering(self.jenkins, self.cloud, self.hung, self._connected)
        self.token_machines = TokenMachines(self.jenkins, self.registering.gate)
        self.starts = 0
        """How often loops began."""
        self.inventory = SimInventory()
        self.asking = Asking(self.kernel, self.cloud, self.hung)
        self.launching = Launching(self.cloud)
        self.rolling: Rollings | None = None
        """Where rollouts are ordered, once that is allowed, before `ports()` is called."""
        self.again: SimBuilds | None = None
        """Builds that may be queued again, once that is allowed, before `ports()` is called."""
        self.watchers: list[Callable[[Effect], bool]] = []
        """Told of each effect before it is made, until they answer True."""
        self.aimed = ""
        """The instance or node of the effect that a watcher waited for."""
        for shape in shapes:
            self.cloud.add(shape)

    def ports(self) -> Ports:
        """Ports for loops that start anew; what they are given remembers nothing."""
        self._begun_ahead = self.ahead_seconds
        self.starts += 1
        self.registering.gate.begin()
        ports = Ports(
            clock=self.clock,
            controller=ControllerPort(*self._controller()),
            cloud=CloudPort(*self._cloud()),
            mailbox=MailboxPort(self.line, self.queues, self.auditor),
            metrics=self.metrics,
            journal=self.journal,
            rolling=self._rolling(),
            belongings=self._belongings(),
            tending=self._tending(),
        )
        self.asking.begin()
        return self._skewed(ports) if self.ahead_seconds or not self.steady else ports

    @property
    def skewed(self) -> bool:
        """The clock that the loops go by is wrong: an earlier jump outlives one that mends it."""
        return bool(self.ahead_seconds or self._begun_ahead)

    def allow_rollouts(self, pools: Iterable[Pool] = ()) -> Rollings:
        """Let rollouts be ordered of these pools; call it before `ports()`."""
        jobs = SimJobs(self.jenkins, self.cloud)
        self.rolling = Rollings(self.launching, jobs, {pool.group: pool.name for pool in pools})
        return self.rolling

    def allow_requeue(self, jobs: Mapping[str, str]) -> SimBuilds:
        """Let builds of these jobs, by name to description, be queued again."""
        self.again = SimBuilds(self.jenkins, jobs)
        return self.again

    def _tending(self) -> Tending | None:
        if self.again is None:
            return None
        port = BuildsPort(self.line, self.auditor, self.jenkins, self.journal, self.again)
        return tending(port)

    def _belongings(self) -> BelongingsPort | None:
        told = self.inventory
        return BelongingsPort(self.line, self.cloud, told) if told.pools else None

    def _rolling(self) -> Rolling | None:
        if self.rolling is None:
            return None
        return rolling_ports(self.line, self.auditor, self.jenkins, self.rolling)

    def _controller(self) -> tuple[Line, SimJenkins, SimCloud, Auditor]:
        return self.line, self.jenkins, self.cloud, self.auditor

    def _cloud(self) -> tuple[Line, SimCloud, Auditor]:
        return self.line, self.cloud, self.auditor

    def _skewed(self, ports: Ports) -> Ports:
        """The same ports with the clock of now, or with one that jumps whenever it is set."""
        begun = self._begun_ahead
        controller = SkewedController(*self._controller())
        cloud = SkewedCloud(*self._cloud())

        def ahead() -> float:
            return begun if self.steady else self.ahead_seconds

        controller.offset = cloud.offset = ahead
        clock = SkewedClock(self.clock, ahead)
        return replace(ports, clock=clock, controller=controller, cloud=cloud)

    def run(self, seconds: float) -> None:
        """Let time pass without the loops."""
        self.kernel.run_until(self.kernel.now + seconds)

    def noticed(self, effect: Effect) -> None:
        """The auditor says that the loops are about to make this change."""
        if self.watchers:
            self.watchers = [waits for waits in self.watchers if not waits(effect)]

    # What the cloud tells us (`cloud.Site`).

    def launched(self, shape: Shape, machine: Machine) -> None:
        """The machine boots, and its agent connects."""
        if self.stillborn:
            self.hung.add(machine.id)
        boot = shape.boot_time(self.rng) * self._image_tells(machine)
        self.kernel.after(boot, self.registering.connect, shape, machine)

    def _image_tells(self, machine: Machine) -> float:
        """How many times as long as others its image boots; a bad one is known never to connect."""
        template = self.cloud.groups[machine.group].templates[machine.template_version]
        if template.registers < 1 and self.rng.random() >= template.registers:
            self.hung.add(machine.id)
        return template.slowness

    def hook_opened(self, shape: Shape, machine: Machine) -> None:
        """The hook tells the pool's queue."""
        if shape.queue:
            now = self.kernel.now
            body = envelopes.hook_arrived(shape.group, machine.hook, machine.id, now)
            self.queues.send(shape.queue, body, about=machine.id)

    def died(self, machine: Machine, hand: Hand) -> None:
        """Its agent is gone, and what ran on it."""
        self.registering.gate.silence(machine.id)
        self.jenkins.cut(machine.id, hand, died=True)

    def _connected(self, machine: Machine) -> None:
        machine.came = True

    # What others do.

    def restart_jenkins(
        self, down_seconds: float = 20.0, back_seconds: float = 12.0, *, crash: bool = False
    ) -> None:
        """Jenkins goes down, comes up again, and its agents come back a little later."""
        if self.jenkins.up:
            self.jenkins.stop(crash=crash)
            self.kernel.after(down_seconds, self._jenkins_up, back_seconds)

    def _jenkins_up(self, back_seconds: float) -> None:
        self.jenkins.start()
        for name in tuple(self.jenkins.computers):
            machine = self.cloud.machines.get(name)
            if machine is not None and machine.alive:
                shape = self.cloud.groups[machine.group].shape
                self.kernel.after(back_seconds, self.registering.connect, shape, machine)

    def break_connection(self, instance: str, seconds: float) -> None:
        """The network between an agent and Jenkins breaks for a while."""
        machine = self.cloud.machines[instance]
        self.jenkins.cut(instance, Hand.NETWORK, died=False)
        self.kernel.after(
            seconds, self.registering.connect, self.cloud.groups[machine.group].shape, machine
        )

    def hang(self, instance: str) -> None:
        """An agent's machine stops working, and EC2 goes on calling it running."""
        self.hung.add(instance)
        self.registering.gate.silence(instance)
        self.jenkins.cut(instance, Hand.OUTSIDE, died=True)

    def delete_node(self, node: str) -> None:
        """Somebody deletes a node, and whatever runs on it dies by that hand."""
        if node in self.jenkins.computers:
            self.jenkins.delete(node, Hand.OUTSIDE)
            self.registering.forgotten(node)

    def hide(self, node: str, *, hidden: bool) -> None:
        """Somebody takes a node's executors away, or gives them back: Jenkins lists it no more."""
        computer = self.jenkins.computer(node)
        computer.unlisted = hidden
        self.jenkins.changed.add(node)
        self.jenkins.queue.offer(computer)

    def interrupt_spot(self, instance: str) -> None:
        """EC2 warns that it takes a spot instance back, and does so two minutes later."""
        self._tell(instance, envelopes.spot_interruption)
        self.asking.warned(instance, AskKind.SPOT)
        self.kernel.after(SPOT_WARNING_SECONDS, self.cloud.ec2_terminate, instance, Hand.SPOT)

    def recommend_rebalance(self, instance: str) -> None:
        """EC2 tells that a spot instance is at a higher risk of being taken back."""
        self._tell(instance, envelopes.rebalance_recommendation)
        self.asking.warned(instance, AskKind.REBALANCE)

    def _tell(self, instance: str, write: envelopes.Writer) -> None:
        shape = self.cloud.groups[self.cloud.machines[instance].group].shape
        if shape.queue:
            self.queues.send(shape.queue, write(instance, self.kernel.now))

    # What there is.

    def members(self, *lifecycles: Lifecycle) -> list[Machine]:
        """The instances in groups, of these lifecycle states if any are named."""
        return [
            machine
            for group in self.cloud.groups.values()
            for machine in group.machines.values()
            if not lifecycles or machine.lifecycle in lifecycles
        ]

    def leftovers(self) -> tuple[frozenset[str], frozenset[str]]:
        """Nodes without a living instance, and living instances without a node."""
        nodes = frozenset(self.jenkins.computers)
        alive = frozenset(m.id for m in self.cloud.machines.values() if m.alive)
        return nodes - alive, alive - nodes
