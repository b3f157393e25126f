"""What a contract suite needs of a world beside the port: to set the scene, and to look behind it.

A world is a module of this package that offers context managers by these names, as many as it can:

    controller_stage() -> ControllerStage
    cloud_stage() -> CloudStage
    mailbox_stage() -> MailboxStage
    metrics_stage() -> MetricsStage
    journal_stage() -> JournalStage

`worlds.py` lists the modules, and `conftest.py` runs every suite over every world that offers its
stage.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from workhorse.core.meters import Meter
from workhorse.loops.ports import Cloud, Controller, Journal, Mailbox, Metrics

GROUP = "contract-group"
HOOK = "drain"
HEARTBEAT_SECONDS = 300.0
MAXIMUM = 10
RELEASE_JOB = "workhorse-release"


class ControllerStage(Protocol):
    """A Jenkins without agents, without an item in its queue, with the job `RELEASE_JOB`."""

    @property
    def port(self) -> Controller:
        """The port under test."""

    def now(self) -> float:
        """Jenkins' time, seconds since the epoch."""

    def add_agent(
        self, name: str, labels: frozenset[str], *, executors: int = 1, exclusive: bool = False
    ) -> None:
        """An agent connects; it is online when this returns."""

    def drop_agent(self, name: str) -> None:
        """The agent loses its connection; its node stays."""

    def submit(self, expression: str | None, *, pipeline: bool = False) -> None:
        """Queue a build that runs for an hour; its quiet period is over when this returns."""

    def settle(self) -> None:
        """Let Jenkins hand out what it can."""

    def attributes(self, node: str) -> tuple[frozenset[str], bool, int]:
        """The node's labels without its own name, whether it is EXCLUSIVE, its executors."""

    def set_labels(self, node: str, labels: frozenset[str], *, exclusive: bool) -> None:
        """Somebody else writes the node's labels and mode, and nothing else of it."""

    def restart(self) -> None:
        """Jenkins restarts; it answers again when this returns."""

    def quiet_down(self) -> None:
        """An operator prepares Jenkins for shutdown."""

    def shut(self) -> None:
        """Jenkins goes down and stays down."""


class CloudStage(Protocol):
    """Auto Scaling with the empty group `GROUP`: 0 to `MAXIMUM`, termination hook `HOOK`."""

    @property
    def port(self) -> Cloud:
        """The port under test."""

    def now(self) -> float:
        """AWS' time, seconds since the epoch."""

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""

    def set_minimum(self, size: int) -> None:
        """Somebody changes the group's minimum."""

    def ec2_terminate(self, instance: str) -> None:
        """Somebody ends the instance in EC2, past its group."""

    def switch_scale_in_off(self) -> None:
        """An operator tags the group `workhorse:scale-in` = `off`."""

    def shut(self) -> None:
        """AWS does not answer any more."""


class MailboxStage(Protocol):
    """One empty queue that hides a received message for 30 s."""

    @property
    def port(self) -> Mailbox:
        """The port under test."""

    @property
    def queue(self) -> str:
        """The queue's URL."""

    def send(self, body: str) -> None:
        """Put a message into the queue."""

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""

    def shut(self) -> None:
        """SQS does not answer any more."""


class MetricsStage(Protocol):
    """A place for meters."""

    @property
    def port(self) -> Metrics:
        """The port under test."""

    def now(self) -> float:
        """The time to publish at."""

    def published(self) -> Mapping[tuple[str, str, str], float]:
        """(name, pool, label) of a meter to the value published last."""

    def shut(self) -> None:
        """It does not answer any more."""


class JournalStage(Protocol):
    """An empty journal."""

    @property
    def port(self) -> Journal:
        """The port under test, opened anew after `crash`."""

    def crash(self) -> None:
        """The controller dies; its journal is what is left of it."""

    def kept(self) -> list[Mapping[str, Any]]:
        """All records, oldest first."""


METERS = (
    Meter(name="QueueLength", value=3, unit="Count", pool="linux", label="linux&&docker"),
    Meter(name="QueueLength", value=4, unit="Count", pool="linux"),
    Meter(name="OldestWait", value=1.5, unit="Seconds", pool="linux"),
)
