"""One simulated Auto Scaling group and its instances, and how AWS chooses whom to end."""

import random
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Protocol

from workhorse.core.model import Group, Hook, Instance, Lifecycle
from workhorse.core.orders import RefreshStatus
from workhorse.sim.kernel import Event
from workhorse.sim.truth import Hand

GLOBAL_LIMIT_SECONDS = 172_800.0
GLOBAL_LIMIT_HEARTBEATS = 100
"""An instance waits at a hook for 48 hours or 100 heartbeats, whichever is less.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
"""
KNOWN_SECONDS = 3600.0
"""How long EC2 goes on telling of a terminated instance: about an hour."""


class Power(StrEnum):
    """EC2's own state names."""

    PENDING = "pending"
    RUNNING = "running"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a group is made of; all times in seconds."""

    group: str
    labels: frozenset[str]
    maximum: int
    minimum: int = 0
    desired: int | None = None
    """To begin with; the minimum when None."""
    queue: str = ""
    """URL of the queue that its notices come through."""
    executors: int = 1
    exclusive: bool = False
    hook: Hook | None = field(default_factory=lambda: Hook(name="drain", heartbeat_seconds=300))
    spot: bool = False
    zones: tuple[str, ...] = ("a", "b", "c")
    launch_seconds: float = 20.0
    """From the launch to InService."""
    boot_seconds: Callable[[random.Random], float] | float = 60.0
    """From the launch to the agent's connecting; a function of a random source, or fixed."""
    react_seconds: float = 1.0
    """From a change of size to the group's acting on it."""
    stop_seconds: float = 10.0
    """From the end of an instance to its leaving the group."""
    health_seconds: float = 30.0
    """From an instance's death to its group's noticing."""

    @property
    def hook_limit(self) -> float:
        """The longest that heartbeats can hold an instance at the hook."""
        beat = self.hook.heartbeat_seconds if self.hook else 0.0
        return min(GLOBAL_LIMIT_SECONDS, GLOBAL_LIMIT_HEARTBEATS * beat)

    def boot_time(self, rng: random.Random) -> float:
        """How long the next agent takes to connect."""
        return self.boot_seconds(rng) if callable(self.boot_seconds) else self.boot_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One version of a launch template, and what becomes of an agent of its image."""

    image: str = "ami-1"
    registers: float = 1.0
    """The share of its instances that ever connect."""
    slowness: float = 1.0
    """How many times as long as others they boot."""
    smoke: str = "SUCCESS"
    """The result of the smoke job on them."""


@dataclass(slots=True, kw_only=True, eq=False)
class Refresh:
    """An instance refresh; `refreshes.py` moves it on."""

    id: str
    version: int
    healthy_percent: int
    status: RefreshStatus = RefreshStatus.PENDING
    old: int = 0
    """How many instances of other versions there were when it began."""
    left: int = 0
    """How many of them there are still."""

    @property
    def active(self) -> bool:
        """It is not over, and may still end instances."""
        return self.status in {RefreshStatus.PENDING, RefreshStatus.IN_PROGRESS}


@dataclass(slots=True, kw_only=True, eq=False)
class Machine:
    """One instance."""

    id: str
    group: str
    launched_at: float
    template_version: int
    zone: str
    spot: bool = False
    lifecycle: Lifecycle = Lifecycle.PENDING
    power: Power = Power.PENDING
    protected: bool = False
    in_group: bool = True
    hook: str = ""
    """The hook it waits or waited at."""
    hook_ends_at: float = 0.0
    """When not even a heartbeat holds it any longer."""
    known_seconds: float = KNOWN_SECONDS
    """How long EC2 tells of it once it is terminated."""
    known_until: float = inf
    """When EC2 ceases to tell of it, if its group has let it go by then."""
    timer: Event | None = None
    order: str = ""
    """The rollout that it is the canary of; empty for any other instance."""
    label: str = ""
    """The only label of a canary's node."""
    came: bool = False
    """Its agent has connected."""
    told: Instance | None = None

    @property
    def alive(self) -> bool:
        """Its agent can run builds."""
        return self.power in {Power.PENDING, Power.RUNNING}

    def known(self, now: float) -> bool:
        """EC2 tells of it: while it lives, an hour more, and for as long as its hook waits."""
        return self.in_group or now < self.known_until

    def waits_at(self, group: str, hook: str) -> bool:
        """It waits at that hook of that group."""
        waiting = self.lifecycle is Lifecycle.TERMINATING_WAIT
        return waiting and (self.group, self.hook) == (group, hook)

    def fact(self) -> Instance:
        """As DescribeAutoScalingGroups and DescribeInstances tell it; the same until it changes."""
        told = self.told
        if told is None or (told.lifecycle, told.protected) != (self.lifecycle, self.protected):
            self.told = told = Instance(
                id=self.id,
                lifecycle=self.lifecycle,
                launched_at=self.launched_at,
                template_version=self.template_version,
                zone=self.zone,
                spot=self.spot,
                protected=self.protected,
            )
        return told


@dataclass(slots=True, kw_only=True, eq=False)
class SimGroup:
    """One group's present state and, while reads may be stale, its past."""

    shape: Shape
    desired: int
    template_version: int = 1
    templates: dict[int, Template] = field(default_factory=lambda: {1: Template()})
    """The versions of its launch template."""
    refresh: Refresh | None = None
    """The newest."""
    scale_in_off: bool = False
    machines: dict[str, Machine] = field(default_factory=dict)
    planned: bool = False
    """Its next look at its own size is planned."""
    _fact: Group | None = None
    _past: deque[tuple[float, Group]] = field(default_factory=deque)

    @property
    def members(self) -> int:
        """Instances that count towards desired capacity."""
        return sum(1 for m in self.machines.values() if not m.lifecycle.leaving)

    @property
    def launches(self) -> int:
        """The version that it launches: while a refresh is under way, that one's."""
        if self.refresh is not None and self.refresh.active:
            return self.refresh.version
        return self.template_version

    def instance(self, number: int, now: float, version: int) -> Machine:
        """A new instance of it, which is not a member yet."""
        shape = self.shape
        return Machine(
            id=f"i-{number:08x}",
            group=shape.group,
            launched_at=now,
            template_version=version,
            zone=shape.zones[number % len(shape.zones)],
            spot=shape.spot,
        )

    def changed(self, now: float, *, keep: float) -> None:
        """Something changed; remember the past `keep` seconds of it."""
        self._fact = None
        if keep or self._past:
            self._past.append((now, self._present()))
            while len(self._past) > 1 and self._past[1][0] <= now - keep:
                self._past.popleft()

    def told(self, at: float) -> Group:
        """The group as it was at `at`, as far back as is remembered."""
        if not self._past:
            return self._present()
        for since, fact in reversed(self._past):
            if since <= at:
                return fact
        return self._past[0][1]

    def _present(self) -> Group:
        if self._fact is None:
            self._fact = fact = Group(
                name=self.shape.group,
                read_at=0.0,
                minimum=self.shape.minimum,
                maximum=self.shape.maximum,
                desired=self.desired,
                instances=tuple(m.fact() for m in self.machines.values()),
                hook=self.shape.hook,
                template_version=self.template_version,
                scale_in_off=self.scale_in_off,
            )
            # Worked out here, once, for all the readings that will share it (`read_at`).
            _ = fact.by_id, fact.members, fact.leaving
        return self._fact


def read_at(group: Group, now: float) -> Group:
    """The same group, read now; what was worked out of it is shared and not worked out again."""
    again = object.__new__(Group)
    again.__dict__.update(group.__dict__, read_at=now)
    return again


class Site(Protocol):
    """What the cloud tells the world."""

    def launched(self, shape: Shape, machine: Machine) -> None:
        """An instance was launched; its agent will boot."""

    def hook_opened(self, shape: Shape, machine: Machine) -> None:
        """An instance waits at the termination hook."""

    def died(self, machine: Machine, hand: Hand) -> None:
        """An instance is no more, by that hand."""


def first_victim(machines: Iterable[Machine]) -> Machine | None:
    """Whom the default termination policy ends first; None when all are protected.

    The zone with most members, then the oldest launch template, then the oldest instance.
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
    """
    members = [m for m in machines if not m.lifecycle.leaving]
    zones = Counter(m.zone for m in members)
    return min(
        (m for m in members if not m.protected),
        key=lambda m: (-zones[m.zone], m.zone, m.template_version, m.launched_at, m.id),
        default=None,
    )
