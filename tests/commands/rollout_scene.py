"""A desk in the simulated world, and a controller whose words the test writes."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from rich.console import Console

from workhorse.commands.following import DONE, Rhythm
from workhorse.commands.rollout_clerk import Clerk
from workhorse.commands.rollout_desk import Desk, Orders, Version, Versions
from workhorse.core.ordering import Wish
from workhorse.core.orders import Order, RolloutPolicy, Standing
from workhorse.sim.groups import Shape, Template
from workhorse.sim.world import World

POOL, GROUP = "linux", "linux-agents"
SHAPE = Shape(group=GROUP, labels=frozenset({"linux"}), maximum=5)


@dataclass(frozen=True)
class Known:
    """A version of the group's template."""

    number: int
    image: str


@dataclass
class Scene:
    """A group that launches version 1 of two, and what was said at its desk."""

    world: World = field(default_factory=lambda: World([SHAPE]))
    said: list[str] = field(default_factory=list)
    terminal: io.StringIO = field(default_factory=io.StringIO)
    next: list[Callable[[], None]] = field(default_factory=list)
    """What happens between two looks, one after the other; when all has, we are told to stop."""
    missing: Sequence[str] = ()
    asked_jobs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rolling = self.world.allow_rollouts()
        self.world.launching.add_version(GROUP, Template(image="ami-2"))
        self.ports = self.world.ports()
        assert self.ports.rolling is not None
        self.orders = cast("Orders", self.ports.rolling.orders)

    def template_versions(self, group: str) -> Sequence[Version]:
        """As `Versions`."""
        templates = self.world.launching.group(group).templates
        return [Known(number, each.image) for number, each in templates.items()]

    def missing_jobs(self, jobs: Sequence[str]) -> Sequence[str]:
        """As the desk asks; what was asked for is kept."""
        self.asked_jobs += jobs
        return self.missing

    def wait(self, seconds: float) -> bool:
        """Let time pass, and then the next thing happen."""
        if not seconds:
            return False
        self.world.run(seconds)
        if not self.next:
            return True
        self.next.pop(0)()
        return False

    def clerk(self, *, tty: bool = False, **changes: object) -> Clerk:
        """Somebody at the desk."""
        desk = Desk(
            pool=POOL,
            group=GROUP,
            policy=RolloutPolicy(smoke_job="smoke"),
            orders=self.orders,
            versions=cast("Versions", self),
            cloud=self.ports.cloud,
            previous_image=lambda: self.rolling.channels[POOL].get("previous", ""),
            condemned=lambda image: self.rolling.condemned.get(image, ""),
            missing_jobs=self.missing_jobs,
            now=self.world.clock.now,
        )
        console = Console(file=self.terminal, force_terminal=tty, width=100)
        rhythm = Rhythm(wait=self.wait)
        facts = {"desk": desk, "show": self.said.append, "console": console, "rhythm": rhythm}
        return Clerk(**{**facts, **changes})

    def order(self) -> Order:
        """The order under way."""
        found = self.orders.order(POOL)
        assert found is not None
        return found

    def told(self, state: str, **changes: object) -> Callable[[], None]:
        """The controller says how the order under way stands."""

        def tell() -> None:
            now = self.world.clock.now()
            facts = {"order": self.order().id, "pool": POOL, "state": state, "at": now}
            times = {"since": now, "started_at": now}
            self.rolling.tell(Standing(**{**facts, **times, **changes}))

        return tell

    def ended(self, state: str, because: str = "") -> Callable[[], None]:
        """The controller says how it ended, then takes the order away."""

        def end() -> None:
            now = self.world.clock.now()
            self.told(state, ended_at=now, because=because)()
            self.rolling.close(POOL, self.order().id)

        return end


def wish(**changes: object) -> Wish:
    return Wish(**{"pool": POOL, "by": "ann", **changes})


def place(scene: Scene) -> Order:
    """An order of bob's, that nobody follows."""
    assert scene.clerk(detach=True).order(wish(by="bob")) == DONE
    scene.said.clear()
    return scene.order()
