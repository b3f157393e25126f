"""The simulated world, on a clock that moves only when told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.contracts.stages import GROUP, HEARTBEAT_SECONDS, HOOK, MAXIMUM
from workhorse.core.model import Hook
from workhorse.loops.ports import Controller, Metrics
from workhorse.sim.groups import Shape
from workhorse.sim.journal import MemoryJournal
from workhorse.sim.line import Side
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

HOUR = 3600.0


class Simulated:
    """A world with one empty group, and what all stages of it have in common."""

    def __init__(self) -> None:
        hook = Hook(name=HOOK, heartbeat_seconds=HEARTBEAT_SECONDS)
        shape = Shape(group=GROUP, labels=frozenset({"linux"}), maximum=MAXIMUM, hook=hook)
        self.world = World([shape])
        self.ports = self.world.ports()
        self.pass_time = self.world.run
        self.now = self.world.clock.now

    def shut(self) -> None:
        """Nothing answers any more."""
        self.world.line.out_of_reach.update(Side)


class SimulatedController(Simulated):
    """`ControllerStage`."""

    @property
    def port(self) -> Controller:
        """The port under test."""
        return self.ports.controller

    def add_agent(
        self, name: str, labels: frozenset[str], *, executors: int = 1, exclusive: bool = False
    ) -> None:
        """An agent connects."""
        self.world.jenkins.connect(name, labels, executors, exclusive=exclusive)

    def drop_agent(self, name: str) -> None:
        """The agent loses its connection."""
        self.world.jenkins.cut(name, Hand.NETWORK, died=False)

    def submit(self, expression: str | None, *, pipeline: bool = False) -> None:
        """Queue a build of an hour."""
        self.world.jenkins.submit("job", HOUR, expression, pipeline=pipeline)

    def settle(self) -> None:
        """Let Jenkins hand out what it can."""
        self.world.run(5)

    def attributes(self, node: str) -> tuple[frozenset[str], bool, int]:
        """Labels, mode and executors."""
        computer = self.world.jenkins.computer(node)
        return computer.labels, computer.exclusive, computer.executors

    def set_labels(self, node: str, labels: frozenset[str], *, exclusive: bool) -> None:
        """Somebody else writes labels and mode."""
        self.world.jenkins.reconfigure(node, labels, exclusive=exclusive)

    def restart(self) -> None:
        """Jenkins restarts, and its agents are back."""
        self.world.restart_jenkins()
        self.world.run(60)

    def quiet_down(self) -> None:
        """An operator prepares Jenkins for shutdown."""
        self.world.jenkins.quieting_down = True


class SimulatedCloud(Simulated):
    """`CloudStage`."""

    def __init__(self) -> None:
        super().__init__()
        self.port = self.ports.cloud
        self._group = self.world.cloud.groups[GROUP]

    def set_minimum(self, size: int) -> None:
        """Somebody changes the group's minimum."""
        self._group.shape = replace(self._group.shape, minimum=size)
        self._group.changed(self.now(), keep=0)

    def ec2_terminate(self, instance: str) -> None:
        """Somebody ends the instance in EC2."""
        self.world.cloud.ec2_terminate(instance, Hand.OUTSIDE)

    def switch_scale_in_off(self) -> None:
        """An operator tags the group."""
        self._group.scale_in_off = True
        self._group.changed(self.now(), keep=0)


class SimulatedMailbox(Simulated):
    """`MailboxStage`."""

    queue = "https://sqs.example/events"

    def __init__(self) -> None:
        super().__init__()
        self.port = self.ports.mailbox

    def send(self, body: str) -> None:
        """Put a message into the queue."""
        self.world.queues.send(self.queue, body)


class SimulatedMetrics(Simulated):
    """`MetricsStage`."""

    @property
    def port(self) -> Metrics:
        """The port under test."""
        return self.ports.metrics

    def published(self) -> Mapping[tuple[str, str, str], float]:
        """What was published last."""
        return {(m.name, m.pool, m.label): m.value for m in self.world.metrics.published}


class SimulatedJournal(Simulated):
    """`JournalStage`: the same journal, whoever opens it."""

    @property
    def port(self) -> MemoryJournal:
        """The port under test."""
        return self.world.journal

    def crash(self) -> None:
        """The controller dies: ports are made anew, and the journal is what is left."""
        self.ports = self.world.ports()

    def kept(self) -> list[Mapping[str, Any]]:
        """All records."""
        return self.world.journal.records


@contextmanager
def controller_stage() -> Iterator[SimulatedController]:
    """Jenkins."""
    yield SimulatedController()


@contextmanager
def cloud_stage() -> Iterator[SimulatedCloud]:
    """Auto Scaling."""
    yield SimulatedCloud()


@contextmanager
def mailbox_stage() -> Iterator[SimulatedMailbox]:
    """SQS."""
    yield SimulatedMailbox()


@contextmanager
def metrics_stage() -> Iterator[SimulatedMetrics]:
    """CloudWatch."""
    yield SimulatedMetrics()


@contextmanager
def journal_stage() -> Iterator[SimulatedJournal]:
    """A journal in memory."""
    yield SimulatedJournal()
