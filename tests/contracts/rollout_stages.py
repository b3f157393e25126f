"""What the contract suites of rollouts need of a world beside the port.

A suite takes one of the fixtures `launcher_world`, `orders_world`, `jobs_world` and `images_world`
of `conftest.py`, and is run over the simulated world and over the real adapter:

    def test_the_group_launches_what_it_was_told(launcher_world: LauncherWorld) -> None:
        version = launcher_world.add_version()
        launcher_world.port.use_template(GROUP, version)
        launcher_world.grow(1)
        assert set(launcher_world.members().values()) == {version}

To add a world, offer a context manager of the fixture's name, `launcher_world() -> LauncherWorld`
and so on, in a module that `worlds.ROLLOUT_WORLDS` names beside that fixture.
The group's name is `stages.GROUP` and its termination hook `stages.HOOK`, as for the other suites.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from workhorse.core.orders import Command, Order, Standing
from workhorse.loops.ports import Cloud
from workhorse.loops.rollout_ports import Images, Jobs, Launcher

POOL = "linux"
"""The pool of orders and images."""
LABELS = frozenset({"linux"})
"""Of the agents of the group."""


class LauncherWorld(Protocol):
    """The empty group `GROUP`: 0 to `MAXIMUM`, hook `HOOK`; its template has the version 1."""

    @property
    def port(self) -> Launcher:
        """The port under test."""

    @property
    def cloud(self) -> Cloud:
        """Auto Scaling and EC2 as the loops read them, in the same world."""

    def now(self) -> float:
        """AWS' time, seconds since the epoch."""

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""

    def add_version(self) -> int:
        """A new version of the template, with an image of its own; the group does not use it."""

    def grow(self, size: int) -> None:
        """Set the desired capacity; the instances are in service when this returns."""

    def members(self) -> Mapping[str, int]:
        """The group's instances, of any lifecycle state, and their template versions."""

    def hold_open(self) -> Sequence[str]:
        """Instances that wait at the termination hook."""

    def let_go(self) -> None:
        """Complete every termination hook that waits."""

    def version_of(self, instance: str) -> int:
        """The template version that any instance, member or not, was launched from."""

    def user_data(self, instance: str) -> str:
        """The user data that it was launched with, as text."""

    def tags(self, instance: str) -> Mapping[str, str]:
        """Its tags."""

    def shut(self) -> None:
        """AWS does not answer any more."""


class Placing(Protocol):
    """The port, and what the command line does with orders beside it."""

    def placed(self, pools: Sequence[str]) -> Mapping[str, Order]:
        """As `loops.rollout_ports.Orders`."""

    def standing(self, pool: str) -> Standing | None:
        """As `loops.rollout_ports.Orders`."""

    def tell(self, standing: Standing) -> None:
        """As `loops.rollout_ports.Orders`."""

    def close(self, pool: str, order: str) -> None:
        """As `loops.rollout_ports.Orders`."""

    def place(self, order: Order) -> None:
        """Place an order; Refusal when the pool has one."""

    def command(self, pool: str, order_id: str, command: Command) -> None:
        """Change what is asked of the order under way; Refusal when it is gone or another's."""

    def order(self, pool: str) -> Order | None:
        """The order of the pool."""


class OrdersWorld(Protocol):
    """A place for orders, without any."""

    @property
    def port(self) -> Placing:
        """The port under test."""

    def shut(self) -> None:
        """It does not answer any more."""


class JobsWorld(Protocol):
    """A Jenkins without agents and without an item in its queue."""

    @property
    def port(self) -> Jobs:
        """The port under test."""

    def add_job(self, name: str, label: str) -> None:
        """A freestyle job for that label, with the parameters POOL, IMAGE and ORDER."""

    def add_matrix(self, name: str) -> None:
        """A matrix job as `invoke jobs` makes it, with the parameter ORDER."""

    def add_agent(self, name: str, labels: frozenset[str], *, executors: int = 1) -> None:
        """An agent connects; it is online when this returns."""

    def settle(self) -> None:
        """Let Jenkins hand out what it can; what has begun runs on."""

    def end_runs(self, job: str, result: str) -> None:
        """Every run of the job that runs, of a matrix job all its children, ends like that."""

    def started(self, job: str) -> int:
        """How many runs of the job were ever asked for: queued, running or ended."""

    def runs_on(self, job: str) -> frozenset[str]:
        """Nodes on which a run of the job, or a child of it, runs now."""

    def executors(self, node: str) -> int:
        """How many executors the node has."""

    def shut(self) -> None:
        """Jenkins goes down and stays down."""


class ImagesWorld(Protocol):
    """An image store without images."""

    @property
    def port(self) -> Images:
        """The port under test."""

    def add_image(self) -> str:
        """An AMI of `POOL`, in no channel; its id."""

    def set_candidate(self, image: str) -> None:
        """Make it the candidate of `POOL`."""

    def channels(self) -> Mapping[str, str]:
        """Of `POOL`: candidate, stable and previous, as far as they are set, to the AMI id."""

    def condemned(self, image: str) -> str:
        """Why the image was condemned; empty when it was not."""

    def shut(self) -> None:
        """The store does not answer any more."""
