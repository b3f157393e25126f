"""The life of an EC2 instance in time: pending, running, stopping, shutting-down, terminated.

moto starts and ends instances at once. Here each change is announced, takes its time, sends
the EC2 state-change event and starts or kills the instance's body:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
"""

import copy
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from moto.ec2.models.instances import Instance, InstanceState, StateReason
from moto.moto_api._internal import mock_random

from workhorse.local.aws.engine import Engine, active
from workhorse.local.aws.messages import stamp, state_change
from workhorse.local.aws.patching import original
from workhorse.local.aws.sending import emit

CODES = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html"""


class Cause(StrEnum):
    """Who asked for the end of an instance."""

    USER = "user"
    GROUP = "group"
    SPOT = "spot"
    ITSELF = "itself"


REASONS = {
    Cause.USER: "Client.UserInitiatedShutdown: User initiated shutdown",
    Cause.GROUP: "Client.UserInitiatedShutdown: User initiated shutdown",
    Cause.SPOT: "Server.SpotInstanceTermination: Spot instance termination",
    Cause.ITSELF: "Client.InstanceInitiatedShutdown: Instance initiated shutdown",
}
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html; to EC2 an Auto
Scaling group is a user like others."""


@dataclass(slots=True, kw_only=True)
class Life:
    """What moto's Instance does not hold. Times are virtual epoch seconds.

    `next_state` is due at `due` (None: nothing is due). `template` is the id, name and
    version number the instance was launched from. `tags` and times of spot warnings serve
    the metadata service.
    """

    launched: float
    next_state: str | None = None
    due: float = 0.0
    cause: Cause | None = None
    ended: float | None = None
    template: dict[str, str] | None = None
    interruption_at: float | None = None
    rebalance_at: float | None = None
    tokens: dict[str, float] = field(default_factory=dict)


class Bodies(Protocol):
    """Who runs something for a running instance."""

    def start(self, instance: Instance) -> None:
        """The instance reached running."""

    def ask_to_stop(self, instance: Instance) -> None:
        """The instance is shutting down."""

    def kill(self, instance: Instance) -> None:
        """The machine is off."""


def life_of(instance: Instance) -> Life:
    """The life of an instance; one begins when it has none."""
    found: Life | None = instance.__dict__.get("life")
    if found is None:
        found = Life(launched=active().clock.now())
        instance.__dict__["life"] = found
    return found


def instance_arn(instance: Instance) -> str:
    """The instance's ARN."""
    return f"arn:aws:ec2:{instance.region_name}:{instance.owner_id}:instance/{instance.id}"


def _enter(instance: Instance, state: str, now: float) -> None:
    """Put an instance into a state and tell EventBridge."""
    instance._state.name = state  # noqa: SLF001 (moto has no setter)
    instance._state.code = CODES[state]  # noqa: SLF001 (moto has no setter)
    event = state_change(instance_arn(instance), instance.id, state)
    account, region = instance.owner_id, instance.ec2_backend.region_name
    cause = life_of(instance).cause
    active().record(f"instance.{state}", now, instance=instance.id, cause=cause)
    emit(event, account=account, region=region, now=now)


class InstanceLives:
    """The part that lets instances change state when it is due."""

    def __init__(self, engine: Engine, bodies: Bodies) -> None:
        self.engine = engine
        self.bodies = bodies
        self.moving: dict[str, Instance] = {}
        self.ended: dict[str, Instance] = {}

    def expect(self, instance: Instance, state: str, due: float) -> None:
        """Let an instance reach a state at a virtual time."""
        life = life_of(instance)
        life.next_state, life.due = state, due
        self.moving[instance.id] = instance

    def next_due(self) -> float | None:
        """When the next instance changes state."""
        return min((life_of(one).due for one in self.moving.values()), default=None)

    def tick(self, now: float) -> None:
        """Move what is due, and forget what ended long ago."""
        for instance in list(self.moving.values()):
            life = life_of(instance)
            if life.next_state is not None and now >= life.due:
                self._arrive(instance, life.next_state, now)
        self._forget(now)

    def _arrive(self, instance: Instance, state: str, now: float) -> None:
        life = life_of(instance)
        life.next_state = None
        del self.moving[instance.id]
        if state == "running":
            _enter(instance, state, now)
            self.bodies.start(instance)
            return
        self.bodies.kill(instance)
        reason = (instance._reason, instance.state_reason)  # noqa: SLF001 (moto has no getter)
        if state == "stopped":
            original(Instance, "stop")(instance)
        else:
            original(Instance, "terminate")(instance)
            life.ended = now
            self.ended[instance.id] = instance
        instance._reason, instance.state_reason = reason  # noqa: SLF001 (moto has no setter)
        _enter(instance, state, now)

    def _forget(self, now: float) -> None:
        horizon = now - self.engine.timings.remembered
        for instance in list(self.ended.values()):
            if (life_of(instance).ended or now) <= horizon:
                del self.ended[instance.id]
                drop(instance)


def drop(instance: Instance) -> None:
    """Take an instance out of moto's reservations and tags."""
    backend = instance.ec2_backend
    for reservation in list(backend.reservations.values()):
        if instance in reservation.instances:
            reservation.instances.remove(instance)
            if not reservation.instances:
                del backend.reservations[reservation.id]
    backend.tags.pop(instance.id, None)


_lives: InstanceLives | None = None


def set_lives(lives: InstanceLives | None) -> None:
    """Say which part moves instances."""
    global _lives  # noqa: PLW0603 (moto's instances are global, and so is who moves them)
    _lives = lives


def lives() -> InstanceLives:
    """The part that moves instances; raises RuntimeError when none is installed."""
    if _lives is None:
        raise RuntimeError("no part moves instances: start EmbeddedAws first")
    return _lives


def init(self: Instance, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (moto's own signature)
    """Instance.__init__: begins pending, and its own interfaces end with it."""
    original(Instance, "__init__")(self, *args, **kwargs)
    engine = active()
    now = engine.clock.now()
    self.__dict__["life"] = Life(launched=now)
    given = {nic.get("NetworkInterfaceId") for nic in kwargs.get("nics", [])}
    for nic in self.nics.values():
        nic.delete_on_termination = nic.id not in given
    _enter(self, "pending", now)
    lives().expect(self, "running", now + engine.timings.boot)


def _because(instance: Instance, cause: Cause, now: float) -> None:
    when = stamp(now)[:19].replace("T", " ")
    code = REASONS[cause].partition(":")[0]
    text = "User initiated" if cause in {Cause.USER, Cause.GROUP} else code
    instance._reason = f"{text} ({when} GMT)"  # noqa: SLF001 (moto has no setter)
    instance.state_reason = StateReason(REASONS[cause], code)


def _go_down(instance: Instance, cause: Cause, through: str, to: str, seconds: float) -> None:
    """Enter the state `through` now, and `to` so much later."""
    now = active().clock.now()
    life_of(instance).cause = cause
    _because(instance, cause, now)
    _enter(instance, through, now)
    lives().bodies.ask_to_stop(instance)
    lives().expect(instance, to, now + seconds)


def end(instance: Instance, cause: Cause) -> InstanceState:
    """Begin to terminate an instance; gives its previous state, as moto's method does."""
    previous = copy.copy(instance._state)  # noqa: SLF001 (moto's own method does so)
    if previous.name not in {"shutting-down", "terminated"}:
        _go_down(instance, cause, "shutting-down", "terminated", active().timings.shutdown)
    return previous


def terminate(self: Instance) -> InstanceState:
    """Instance.terminate: shutting-down first, terminated later."""
    return end(self, Cause.USER)


def halt(instance: Instance, cause: Cause) -> InstanceState:
    """Begin to stop an instance; gives its previous state."""
    previous = copy.copy(instance._state)  # noqa: SLF001 (moto's own method does so)
    if previous.name in {"pending", "running"}:
        _go_down(instance, cause, "stopping", "stopped", active().timings.stopping)
    return previous


def stop(self: Instance) -> InstanceState:
    """Instance.stop: stopping first, stopped later."""
    return halt(self, Cause.USER)


def start(self: Instance) -> InstanceState:
    """Instance.start: a stopped instance is pending first, running later."""
    previous = copy.copy(self._state)
    if previous.name != "stopped":
        return previous
    engine = active()
    now = engine.clock.now()
    original(Instance, "start")(self)
    life_of(self).cause = None
    _enter(self, "pending", now)
    lives().expect(self, "running", now + engine.timings.boot)
    return previous


def power_off(instance: Instance) -> None:
    """The machine switched itself off: its shutdown behaviour says what becomes of it.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingInstanceInitiatedShutdownBehavior.html
    """
    with active().lock:
        if instance.instance_initiated_shutdown_behavior == "terminate":
            end(instance, Cause.ITSELF)
        else:
            halt(instance, Cause.ITSELF)


def new_token() -> str:
    """A fresh uuid for tokens and ids."""
    return str(mock_random.uuid4())
