"""The ports that the loops are given, over the simulated world and through its line.

Each is thin: it turns a call into what the simulated Jenkins, cloud or queue does, and tells the
auditor, if there is one, what the loops were shown and what they did.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from workhorse.core.cordon import parse_cordon_label
from workhorse.core.effects import (
    CompleteHook,
    Cordon,
    DeleteNode,
    Effect,
    ForgetMessage,
    Heartbeat,
    HoldMessage,
    QueueReleaseJob,
    Recall,
    SetDesiredCapacity,
    TerminateInstance,
)
from workhorse.core.errors import Unreadable
from workhorse.core.meters import Meter
from workhorse.core.model import Group, Jenkins
from workhorse.loops.ports import Message
from workhorse.sim.builds import Errand
from workhorse.sim.cloud import SimCloud
from workhorse.sim.jenkins import SimJenkins
from workhorse.sim.jenkins_facts import Teller
from workhorse.sim.line import Line, Side
from workhorse.sim.mailbox import SimQueues
from workhorse.sim.truth import Hand

Answer = TypeVar("Answer")


class Auditor(Protocol):
    """Who watches what passes the line; `audit.py` has the one that knows the promises."""

    def described(self, groups: Mapping[str, Group]) -> None:
        """The loops are shown these groups."""

    def shown(self, jenkins: Jenkins) -> None:
        """The loops are shown this Jenkins."""

    def stated(self, asked_at: float) -> None:
        """The loops have asked EC2 of instances, however long that took."""

    def changing(self, effect: Effect) -> None:
        """The loops are about to make this change."""


class Unwatched:
    """The auditor of a fast run: looks at nothing."""

    def described(self, groups: Mapping[str, Group]) -> None:
        """Nothing."""

    def shown(self, jenkins: Jenkins) -> None:
        """Nothing."""

    def stated(self, asked_at: float) -> None:
        """Nothing."""

    def changing(self, effect: Effect) -> None:
        """Nothing."""


def when_up(jenkins: SimJenkins, act: Callable[[], Answer]) -> Callable[[], Answer]:
    """The same, which raises `Unreadable` while Jenkins does not answer."""

    def checked() -> Answer:
        if not jenkins.up:
            raise Unreadable("Jenkins is starting")
        return act()

    return checked


class ControllerPort:
    """The `Controller` port."""

    def __init__(self, line: Line, jenkins: SimJenkins, cloud: SimCloud, auditor: Auditor) -> None:
        self._line = line
        self._jenkins = jenkins
        self._cloud = cloud
        self._auditor = auditor
        self._read = self._up(Teller(jenkins).read)
        self._glance = self._up(lambda: frozenset(jenkins.queue.items))

    def read(self) -> Jenkins:
        """The queue, then the nodes; a slow answer is older than it looks."""
        asked_at = self._jenkins.kernel.now
        told = self._line.read(Side.JENKINS, self._read)
        if told.read_at != asked_at:
            told = replace(told, read_at=asked_at)
        self._auditor.shown(told)
        return told

    def glance(self) -> frozenset[int]:
        """The ids of the queue's items."""
        return self._line.read(Side.JENKINS, self._glance)

    def has_node(self, name: str) -> bool:
        """There is a node of that name, listed or not."""
        return self._line.read(Side.JENKINS, self._up(lambda: self._jenkins.has_node(name)), name)

    def cordon(self, node: str, label: str) -> None:
        """Replace the node's labels by `label`, make it exclusive, remember what it had."""
        self._auditor.changing(Cordon(node=node, label=label))
        self._line.change(Side.JENKINS, self._up(lambda: self._cordon(node, label)))

    def recall(self, node: str, labels: frozenset[str], *, exclusive: bool) -> None:
        """Give the node back what it had, else what is passed."""
        self._auditor.changing(Recall(node=node, labels=labels, exclusive=exclusive))
        act = self._up(lambda: self._recall(node, labels, exclusive=exclusive))
        self._line.change(Side.JENKINS, act)

    def queue_release_job(self, job: str, node: str, parameters: Mapping[str, str]) -> None:
        """One executor, and the job pinned to the node; queued already, it changes nothing."""
        group, hook = parameters["GROUP"], parameters["HOOK"]
        self._auditor.changing(QueueReleaseJob(job=job, node=node, group=group, hook=hook))
        act = self._up(lambda: self._queue_release_job(job, node, group, hook))
        self._line.change(Side.JENKINS, act)

    def delete_node(self, node: str) -> None:
        """Delete the node."""
        self._auditor.changing(DeleteNode(node=node))
        self._line.change(Side.JENKINS, self._up(lambda: self._delete_node(node)))

    def _up(self, act: Callable[[], Answer]) -> Callable[[], Answer]:
        return when_up(self._jenkins, act)

    def _cordon(self, node: str, label: str) -> None:
        computer = self._jenkins.computer(node)
        if self._line.lost_cordons:
            self._line.lost_cordons -= 1
            return
        ours = {one for one in computer.labels if parse_cordon_label(one)}
        if computer.remembered is None or not ours:
            had = computer.labels - ours
            computer.remembered = (had, computer.exclusive, computer.executors)
        self._jenkins.reconfigure(node, frozenset({label}), exclusive=True)

    def _recall(self, node: str, labels: frozenset[str], *, exclusive: bool) -> None:
        computer = self._jenkins.computer(node)
        if not any(parse_cordon_label(one) for one in computer.labels):
            return
        if computer.remembered is not None:
            labels, exclusive, executors = computer.remembered
            computer.remembered = None
            self._jenkins.set_executors(node, executors)
        self._jenkins.reconfigure(node, labels, exclusive=exclusive)

    def _queue_release_job(self, job: str, node: str, group: str, hook: str) -> None:
        self._jenkins.set_executors(node, 1)
        queued = self._jenkins.queue.items.values()
        if not any(b.errand and b.errand.job == job and b.expression == node for b in queued):
            errand = Errand(job=job, over=partial(self._released, group, hook))
            self._jenkins.submit(job, self._jenkins.timings.release, node, errand=errand)

    def _released(self, group: str, hook: str, node: str | None) -> None:
        """The release job ran on its agent, and completed the hook."""
        if node is not None:
            self._cloud.complete_hook(group, hook, node, Hand.OURS)

    def _delete_node(self, node: str) -> None:
        machine = self._cloud.machines.get(node)
        if machine is not None and machine.alive:
            self._cloud.truth.counts["deleted_alive"] += 1
        self._jenkins.delete(node, Hand.OURS)


class CloudPort:
    """The `Cloud` port."""

    def __init__(self, line: Line, cloud: SimCloud, auditor: Auditor) -> None:
        self._line = line
        self._cloud = cloud
        self._auditor = auditor

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """The groups by name."""
        groups = self._line.read(Side.AUTO_SCALING, lambda: self._cloud.describe(names))
        self._auditor.described(groups)
        return groups

    def states(self, instances: Iterable[str]) -> Mapping[str, str]:
        """EC2's state name of each instance."""
        asked, asked_at = tuple(instances), self._line.now
        try:
            return self._line.read(Side.EC2, lambda: self._cloud.states(asked), asked)
        finally:
            self._auditor.stated(asked_at)

    def set_desired(self, group: str, size: int) -> None:
        """SetDesiredCapacity."""
        self._auditor.changing(SetDesiredCapacity(group=group, size=size))
        self._change(lambda: self._cloud.set_desired(group, size))

    def terminate(self, instance: str, *, decrement: bool) -> None:
        """TerminateInstanceInAutoScalingGroup."""
        self._auditor.changing(TerminateInstance(instance=instance, decrement=decrement))
        self._change(lambda: self._cloud.terminate(instance, Hand.OURS, decrement=decrement))

    def complete_hook(self, group: str, hook: str, instance: str) -> None:
        """CompleteLifecycleAction with CONTINUE."""
        self._auditor.changing(CompleteHook(group=group, hook=hook, instance=instance))
        self._change(lambda: self._cloud.complete_hook(group, hook, instance, Hand.OURS))

    def heartbeat(self, group: str, hook: str, instance: str) -> None:
        """RecordLifecycleActionHeartbeat."""
        self._auditor.changing(Heartbeat(group=group, hook=hook, instance=instance))
        self._change(lambda: self._cloud.heartbeat(group, hook, instance))

    def _change(self, act: Callable[[], object]) -> None:
        self._line.change(Side.AUTO_SCALING, act)


class MailboxPort:
    """The `Mailbox` port."""

    def __init__(self, line: Line, queues: SimQueues, auditor: Auditor) -> None:
        self._line = line
        self._queues = queues
        self._auditor = auditor

    def receive(self, queue: str) -> Sequence[Message]:
        """Up to ten messages; each is hidden from others for a while."""
        return self._line.read(Side.SQS, lambda: self._queues.receive(queue), queue)

    def hold(self, queue: str, receipt: str, seconds: int) -> None:
        """Hide the message for `seconds` from now."""
        self._auditor.changing(HoldMessage(queue=queue, receipt=receipt, seconds=seconds))
        self._line.change(Side.SQS, lambda: self._queues.hold(queue, receipt, seconds))

    def forget(self, queue: str, receipt: str) -> None:
        """Delete the message."""
        self._auditor.changing(ForgetMessage(queue=queue, receipt=receipt))
        self._line.change(Side.SQS, lambda: self._queues.forget(queue, receipt))


class MetricsPort:
    """The `Metrics` port: keeps what was published last."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.published: tuple[Meter, ...] = ()
        self.published_at: float | None = None

    def publish(self, meters: Sequence[Meter], at: float) -> None:
        """Keep the meters."""
        self._line.change(Side.CLOUDWATCH, lambda: self._keep(tuple(meters), at))

    def _keep(self, meters: tuple[Meter, ...], at: float) -> None:
        self.published, self.published_at = meters, at
