"""What the loops need of the outside, as narrow as they need it.

The adapters and the simulated world both satisfy these by shape, and pass the contract suites in
`tests/contracts/` that say what each call means.
Every call may raise `Surprise`; none retries, for the next tick looks afresh.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from workhorse.core.meters import Meter
from workhorse.core.model import Group, Jenkins, Pool
from workhorse.loops.agent_ports import Tending
from workhorse.loops.ledger_ports import Belongings
from workhorse.loops.rollout_ports import Rolling


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as received: its body untouched, its receipt to hold or forget it by."""

    id: str
    receipt: str
    body: str


class Clock(Protocol):
    """The time, and waiting for it."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def wait(self, seconds: float) -> bool:
        """Wait; True when told to stop meanwhile."""


class Controller(Protocol):
    """A Jenkins controller."""

    def read(self) -> Jenkins:
        """The queue, then the nodes; at most four requests.

        Raises:
            Unreadable: no answer, no sense, or a token that may not read jobs.
        """

    def glance(self) -> frozenset[int]:
        """The ids of the queue's items: one small request, to see whether anything is new."""

    def has_node(self, name: str) -> bool:
        """There is a node of that name, listed or not: one of no executors is not."""

    def cordon(self, node: str, label: str) -> None:
        """Replace the node's labels by `label` and its mode by EXCLUSIVE, in one write.

        Its executors and its being temporarily offline stay; what it had is kept in its
        description. Done on a node that carries `label` already, changes nothing.

        Raises:
            Missing: there is no such node.
        """

    def recall(self, node: str, labels: frozenset[str], *, exclusive: bool) -> None:
        """Give a cordoned node back what its description remembers, else what is passed."""

    def queue_release_job(self, job: str, node: str, parameters: Mapping[str, str]) -> None:
        """Set the node to one executor and queue `job` with NODE=`node` and the parameters.

        Queued already: changes nothing.
        """

    def delete_node(self, node: str) -> None:
        """Delete the node; done as well when there is none."""


class Cloud(Protocol):
    """Auto Scaling and EC2."""

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """The groups by name; a name that AWS does not know is absent."""

    def states(self, instances: Iterable[str]) -> Mapping[str, str]:
        """EC2's state name of each instance, `gone` for one that EC2 does not know."""

    def set_desired(self, group: str, size: int) -> None:
        """SetDesiredCapacity, cool-downs not honoured."""

    def terminate(self, instance: str, *, decrement: bool) -> None:
        """TerminateInstanceInAutoScalingGroup.

        Raises:
            Missing: the instance is in no group (any more).
        """

    def complete_hook(self, group: str, hook: str, instance: str) -> None:
        """CompleteLifecycleAction with CONTINUE; done as well when no action is waiting."""

    def heartbeat(self, group: str, hook: str, instance: str) -> None:
        """RecordLifecycleActionHeartbeat.

        Raises:
            Missing: no action is waiting.
        """


class Mailbox(Protocol):
    """The SQS queues of the pools."""

    def receive(self, queue: str) -> Sequence[Message]:
        """Up to ten messages, at once, perhaps none; each hidden from others for a while."""

    def hold(self, queue: str, receipt: str, seconds: int) -> None:
        """Hide the message for `seconds` from now."""

    def forget(self, queue: str, receipt: str) -> None:
        """Delete the message."""


class Metrics(Protocol):
    """Where meters go."""

    def publish(self, meters: Sequence[Meter], at: float) -> None:
        """Publish all of them, in as few calls as the API allows."""


class Journal(Protocol):
    """The record of every decision, and the little that must survive a restart."""

    def write(self, record: Mapping[str, Any]) -> None:
        """Append one record; it is on disk when this returns."""

    def last(self, kind: str) -> Mapping[str, Any] | None:
        """The newest record of that kind, from before a restart too."""


class Executor(Protocol):
    """Who makes one pool's size true.

    What may be asked for was decided before: floor, ceiling and the largest step hold already.
    """

    def resize(self, pool: Pool, size: int, queued_size: int) -> None:
        """Have the pool's group want `size` agents, at once or begun now and ended later.

        Asked again for what is so, or is being done, changes nothing.

        Args:
            pool: the pool.
            size: the desired capacity, the whole of it.
            queued_size: the agents that the builds in the queue would fill; told along.

        Raises:
            Surprise: it was not done and is not being done; the next tick decides anew.
        """

    def poll(self) -> None:
        """Take in what was begun and has ended since; called before every effect."""

    def close(self) -> None:
        """The controller ends: wait for what was begun, and take it in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What an executor may use."""

    clock: Clock
    cloud: Cloud
    journal: Journal
    environ: Mapping[str, str]
    """The controller's environment."""
    folder: Path
    """Where it may keep files of its own; of this controller alone."""


class ExecutorKind(Protocol):
    """What an entry point of `workhorse.executors` names, made with its options."""

    def executor(self, pool: Pool, outside: Outside) -> Executor:
        """The executor of that pool.

        Raises:
            Refusal: the options do not go with the pool.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All of the outside that the loops are given."""

    clock: Clock
    controller: Controller
    cloud: Cloud
    mailbox: Mailbox
    metrics: Metrics
    journal: Journal
    executors: Mapping[str, tuple[Pool, Executor]] = field(default_factory=dict)
    """Group to its pool and who sizes it; a group not named here is sized through `cloud`."""
    rolling: Rolling | None = None
    """None where no rollouts can be ordered."""
    belongings: Belongings | None = None
    """None where EC2 is not asked what is ours."""
    tending: Tending | None = None
    """None where no agent registers, no volume is claimed and no build queued again through us."""
