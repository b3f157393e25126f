"""Doing what was decided: the one `match` over effects.

A performer journals each effect with its reason before it performs it; what it cannot journal it
does not do, heartbeats apart.
A dry run has the same observation and the same decisions with another performer.
"""

import json
from collections.abc import Callable
from typing import Protocol, assert_never

from workhorse.core.effects import (
    AttachVolume,
    CancelRefresh,
    CloseOrder,
    CompleteHook,
    CondemnImage,
    Cordon,
    CreateNode,
    DeleteNode,
    DetachVolume,
    Effect,
    EndCanary,
    ForgetMessage,
    Heartbeat,
    HoldMessage,
    LaunchCanary,
    LaunchInZone,
    MarkBuild,
    PromoteImage,
    Publish,
    QueueAgain,
    QueueReleaseJob,
    Recall,
    RunJob,
    RunMatrix,
    SetDesiredCapacity,
    StartRefresh,
    TagVolume,
    TellRollout,
    TerminateInstance,
    UseTemplateVersion,
    as_record,
)
from workhorse.core.errors import Missing, Misuse, Surprise
from workhorse.core.orders import Standing
from workhorse.loops.agent_ports import Tending
from workhorse.loops.notes import note
from workhorse.loops.ports import Ports
from workhorse.loops.rollout_ports import Rolling

KEEPING = (Heartbeat, HoldMessage)
"""Effects that only keep what is: they go on even when nothing can be journalled."""


class Performer(Protocol):
    """What performs effects."""

    def perform(self, effect: Effect, because: str) -> None:
        """Perform one effect.

        Raises:
            Surprise: the world did not let it happen; it is journalled, and the next tick decides.
        """


class RealPerformer:
    """Performs through the ports; as many threads may share one as its ports can stand."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def perform(self, effect: Effect, because: str) -> None:
        """Journal the effect, then perform it; journal its failure too.

        What executors began and has ended since is taken in first.
        """
        self._poll()
        now = self._ports.clock.now
        record = {"at": now(), "kind": "effect", **_brief(effect), "because": because}
        try:
            self._ports.journal.write(record)
        except Surprise:
            if not isinstance(effect, KEEPING):
                raise
        try:
            perform(self._ports, effect, now())
        except Surprise as surprise:
            note(self._ports, "failed", effect=type(effect).__name__, error=str(surprise))
            raise

    def _poll(self) -> None:
        """An executor that fails here must not keep a hook from its heartbeat."""
        for pool, executor in self._ports.executors.values():
            try:
                executor.poll()
            except Surprise as surprise:
                told = f"pool {pool.name}: {surprise}"
                note(self._ports, "failed", effect="SetDesiredCapacity", error=told)


class DryRun:
    """Prints every effect once and performs none; what it prints is journalled like a real one."""

    def __init__(self, ports: Ports, show: Callable[[str], None]) -> None:
        self._ports = ports
        self._show = show
        self._shown: set[str] = set()

    def perform(self, effect: Effect, because: str) -> None:
        """Print the effect, unless the very same was printed before."""
        told = f"Publish({len(effect.meters)} meters)" if isinstance(effect, Publish) else effect
        line = f"{told} because {because}"
        if line in self._shown:
            return
        self._shown.add(line)
        now = self._ports.clock.now()
        self._ports.journal.write(
            {"at": now, "kind": "effect", **_brief(effect), "because": because, "dry_run": True}
        )
        self._show(line)


def _brief(effect: Effect) -> dict[str, object]:
    """The record of an effect; of a publication only how much it was, for meters are many."""
    if isinstance(effect, Publish):
        return {"effect": "Publish", "meters": len(effect.meters)}
    return as_record(effect)


def perform(ports: Ports, effect: Effect, now: float) -> None:  # noqa: C901, PLR0912, PLR0915 - one case an effect
    """Perform one effect through the ports.

    What is gone already counts as done: every effect may be repeated.
    """
    match effect:
        case Cordon(node=node, label=label):
            ports.controller.cordon(node, label)
        case Recall(node=node, labels=labels, exclusive=exclusive):
            _unless_missing(lambda: ports.controller.recall(node, labels, exclusive=exclusive))
        case SetDesiredCapacity(group=group, size=size, queued_size=queued_size):
            _resize(ports, group, size, queued_size)
        case TerminateInstance(instance=instance, decrement=decrement):
            _unless_missing(lambda: ports.cloud.terminate(instance, decrement=decrement))
        case CompleteHook(group=group, hook=hook, instance=instance):
            ports.cloud.complete_hook(group, hook, instance)
        case Heartbeat(group=group, hook=hook, instance=instance):
            _unless_missing(lambda: ports.cloud.heartbeat(group, hook, instance))
        case QueueReleaseJob(job=job, node=node, group=group, hook=hook):
            parameters = {"GROUP": group, "HOOK": hook, "INSTANCE": node}
            ports.controller.queue_release_job(job, node, parameters)
        case DeleteNode(node=node):
            ports.controller.delete_node(node)
        case HoldMessage(queue=queue, receipt=receipt, seconds=seconds):
            _unless_missing(lambda: ports.mailbox.hold(queue, receipt, seconds))
        case ForgetMessage(queue=queue, receipt=receipt):
            ports.mailbox.forget(queue, receipt)
        case Publish(meters=meters):
            ports.metrics.publish(meters, now)
        case UseTemplateVersion(group=group, version=version):
            _rolling(ports).launcher.use_template(group, version)
        case LaunchCanary(group=group, version=version, order=order, label=label):
            _rolling(ports).launcher.launch_canary(group, version, order, label)
        case EndCanary(instance=instance):
            _rolling(ports).launcher.end_canary(instance)
        case RunJob(job=job, parameters=pairs):
            _rolling(ports).jobs.run(job, dict(pairs))
        case RunMatrix(job=job, nodes=nodes, order=order):
            _rolling(ports).jobs.run_matrix(job, nodes, order)
        case StartRefresh(group=group, version=version, healthy_percent=percent):
            _rolling(ports).launcher.start_refresh(group, version, percent)
        case CancelRefresh(group=group):
            _rolling(ports).launcher.cancel_refresh(group)
        case TellRollout(standing=standing):
            _rolling(ports).orders.tell(Standing.from_record(json.loads(standing)))
        case CloseOrder(pool=pool, order=order):
            _rolling(ports).orders.close(pool, order)
        case PromoteImage(pool=pool, image=image):
            _rolling(ports).images.promote(pool, image)
        case CondemnImage(pool=pool, image=image, because=because):
            _rolling(ports).images.condemn(pool, image, because)
        case CreateNode():
            _tending(ports).nodes.create(effect)
        case AttachVolume(volume=volume, instance=instance, device=device):
            _tending(ports).volumes.attach(volume, instance, device)
        case DetachVolume(volume=volume, instance=instance, force=force):
            _tending(ports).volumes.detach(volume, instance, force=force)
        case TagVolume(volume=volume, tags=pairs):
            _tending(ports).volumes.tag(volume, dict(pairs))
        case MarkBuild(build=build, text=text):
            _unless_missing(lambda: _tending(ports).builds.mark(build, text))
        case QueueAgain(job=job, parameters=pairs):
            _tending(ports).builds.queue(job, dict(pairs))
        case LaunchInZone(group=group, zone=zone, count=count):
            _tending(ports).zones.launch(group, zone, count)
        case _:
            assert_never(effect)


def _tending(ports: Ports) -> Tending:
    if ports.tending is None:
        raise Misuse("an effect for agents, and no ports for it")
    return ports.tending


def _rolling(ports: Ports) -> Rolling:
    if ports.rolling is None:
        raise Misuse("an effect of a rollout, and no ports of rollouts")
    return ports.rolling


def _resize(ports: Ports, group: str, size: int, queued_size: int) -> None:
    if group not in ports.executors:
        ports.cloud.set_desired(group, size)
        return
    pool, executor = ports.executors[group]
    executor.resize(pool, size, queued_size)


def _unless_missing(act: Callable[[], None]) -> None:
    try:
        act()
    except Missing:
        return
