"""What the commands of rollouts have before them: one pool, and the few things they ask and write.

Each is a Protocol of the calls that are made, satisfied by shape: by the adapters, and by the
simulated world's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from workhorse.adapters import secrets
from workhorse.adapters.aws import AwsCloud
from workhorse.adapters.aws_launcher import AwsLauncher
from workhorse.adapters.clock import RealClock
from workhorse.adapters.image_store import SsmImages
from workhorse.adapters.rollout_store import SsmOrders
from workhorse.adapters.session import AwsClients
from workhorse.commands.jobs import missing_jobs
from workhorse.core.errors import Missing, Refusal
from workhorse.core.model import Group, Pool
from workhorse.core.orders import Command, Order, RolloutPolicy, Standing
from workhorse.settings import Settings


class Orders(Protocol):
    """Where an order is placed, and what the controller told of it."""

    def order(self, pool: str) -> Order | None:
        """The order of the pool."""

    def standing(self, pool: str) -> Standing | None:
        """What was last told of the pool's rollout, over or not."""

    def place(self, order: Order) -> None:
        """Place an order.

        Raises:
            Refusal: the pool has one.
        """

    def command(self, pool: str, order_id: str, command: Command) -> None:
        """Change what is asked of the order under way.

        Raises:
            Refusal: it is gone, or another's.
        """

    def close(self, pool: str, order: str) -> None:
        """Take the order away; done as well when it is gone or another's."""


class Version(Protocol):
    """One version of a launch template."""

    @property
    def number(self) -> int:
        """Its number."""

    @property
    def image(self) -> str:
        """The AMI id in it."""


class Versions(Protocol):
    """What a group could launch."""

    def template_versions(self, group: str) -> Sequence[Version]:
        """Every version of the group's launch template.

        Raises:
            Missing: there is no such group, or it launches from no template.
        """


class Groups(Protocol):
    """What a group is now."""

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """The groups by name; a name that AWS does not know is absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One pool and everything that its rollout is ordered and watched through."""

    pool: str
    group: str
    policy: RolloutPolicy
    orders: Orders
    versions: Versions
    cloud: Groups
    previous_image: Callable[[], str]
    """The image that was the pool's stable one before; empty for none."""
    condemned: Callable[[str], str]
    """Why an image failed a rollout before; empty when it did not."""
    missing_jobs: Callable[[Sequence[str]], Sequence[str]]
    """Of these jobs, what is wrong with each that could not be run, as sentences."""
    now: Callable[[], float]

    def described(self) -> Group:
        """The group.

        Raises:
            Missing: AWS knows no such group.
        """
        found = self.cloud.groups([self.group]).get(self.group)
        if found is None:
            raise Missing(f"group {self.group}: Auto Scaling knows none of this name")
        return found

    def images(self) -> Mapping[int, str]:
        """AMI id by version of the group's launch template."""
        return {each.number: each.image for each in self.versions.template_versions(self.group)}


@contextmanager
def opened(settings: Settings, name: str) -> Iterator[Desk]:
    """The desk of the pool `name`; connections are closed at the end.

    Raises:
        Refusal: no such pool, or the settings name no place for orders; both at once.
    """
    clients = AwsClients(settings.aws.region, settings.aws.endpoint)
    try:
        pool, policy = _pool(settings, clients, name)
        clock = RealClock.parse(settings.loop.clock) if settings.loop.clock else RealClock()
        images = SsmImages(clients, settings.store.prefix)
        yield Desk(
            pool=name,
            group=pool.group,
            policy=policy,
            orders=SsmOrders(clients, settings.store.prefix),
            versions=AwsLauncher(clients, now=clock.now),
            cloud=AwsCloud(clients, now=clock.now),
            previous_image=lambda: images.channels(name).previous,
            condemned=lambda image: _condemned(images, name, image),
            missing_jobs=lambda jobs: missing_jobs(settings, jobs) if jobs else (),
            now=clock.now,
        )
    finally:
        clients.close()


def _condemned(images: SsmImages, pool: str, image: str) -> str:
    return next((each.failed for each in images.images(pool) if each.id == image), "")


def _pool(settings: Settings, clients: AwsClients, name: str) -> tuple[Pool, RolloutPolicy]:
    """The pool, and what its rollouts may do."""
    found = settings.pools(lambda parameter: secrets.from_parameter(clients, parameter))
    pools = {each.name: each for each in found}
    faults = []
    if name not in pools:
        known = ", ".join(sorted(pools))
        faults.append(f"--pool: {name}: must be the name of a pool ({known})")
    if not settings.store.prefix:
        faults.append("store.prefix: (empty): rollouts are ordered below it, as /workhorse")
    if faults:
        raise Refusal("\n".join(faults))
    return pools[name], settings.rollouts(found)[name]
