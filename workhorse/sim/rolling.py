"""Orders, standings and image channels of the simulated world, as plain dictionaries.

What people do with them is done here: they order a rollout, halt it, or take it back.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from workhorse.core.errors import Refusal
from workhorse.core.orders import Command, Order, Standing, Strategy
from workhorse.sim.groups import Template
from workhorse.sim.jobs import SimJobs
from workhorse.sim.launching import Launching

CANDIDATE = "candidate"
STABLE = "stable"
PREVIOUS = "previous"


class Rollings:
    """Everything that is known of rollouts outside the controller.

    Args:
        launching: whose groups are rolled out.
        jobs: those of Jenkins.
        pools: group to its pool.
    """

    def __init__(self, launching: Launching, jobs: SimJobs, pools: Mapping[str, str]) -> None:
        self.launching = launching
        self.jobs = jobs
        self.pools = pools
        self.orders: dict[str, Order] = {}
        """Pool to its order under way."""
        self.placed: list[Order] = []
        """Every order there ever was, as it was placed."""
        self.halted_at: dict[str, float] = {}
        """Order to when somebody halted it, while it is."""
        self.taken_away: set[str] = set()
        """Orders that somebody deleted."""
        self.standings: dict[str, Standing] = {}
        """Pool to what was told last."""
        self.channels: dict[str, dict[str, str]] = defaultdict(dict)
        """Pool to channel to image."""
        self.condemned: dict[str, str] = {}
        """Image to why."""
        self._ids = count(1)

    # What people do.

    def bake(self, group: str, template: Template) -> int:
        """A new image is the pool's candidate, and Terraform makes a version of it."""
        version = self.launching.add_version(group, template)
        self.channels[self.pools[group]][CANDIDATE] = template.image
        return version

    def order(
        self,
        group: str,
        target: int,
        *,
        at: float,
        strategy: Strategy = Strategy.DRAIN,
        canary: bool = True,
    ) -> Order:
        """Somebody orders that the group's agents shall be of that version.

        Raises:
            Refusal: the pool has an order already.
        """
        found = self.launching.group(group)
        order = Order(
            id=f"r-{next(self._ids)}",
            pool=self.pools[group],
            group=group,
            target=target,
            image=found.templates[target].image,
            previous=found.template_version,
            previous_image=found.templates[found.template_version].image,
            strategy=strategy,
            canary=canary,
            by="somebody",
            at=at,
        )
        self.place(order)
        return order

    def place(self, order: Order) -> None:
        """PutParameter without overwriting.

        Raises:
            Refusal: the pool has an order already.
        """
        if order.pool in self.orders:
            other = self.orders[order.pool]
            raise Refusal(f"pool {order.pool}: {other.by} ordered {other.id}, and it is not over")
        self.orders[order.pool] = order
        self.placed.append(order)

    def command(self, pool: str, order: str, command: Command) -> None:
        """Somebody asks something else of an order under way.

        Raises:
            Refusal: it is gone, or there is another.
        """
        found = self.orders.get(pool)
        if found is None or found.id != order:
            raise Refusal(f"pool {pool}: {order} is not under way")
        self.orders[pool] = replace(found, command=command)
        if command is Command.HALT:
            self.halted_at.setdefault(order, self.launching.now)
        else:
            self.halted_at.pop(order, None)

    def take_away(self, pool: str) -> None:
        """Somebody deletes the order of a pool, if there is one."""
        order = self.orders.pop(pool, None)
        if order is not None:
            self.taken_away.add(order.id)

    # What the controller does.

    def under_way(self, pools: Sequence[str]) -> dict[str, Order]:
        """The orders of these pools."""
        return {pool: self.orders[pool] for pool in pools if pool in self.orders}

    def tell(self, standing: Standing) -> None:
        """Replace what is told."""
        self.standings[standing.pool] = standing

    def close(self, pool: str, order: str) -> None:
        """Take the order away, if it is that."""
        if pool in self.orders and self.orders[pool].id == order:
            del self.orders[pool]

    def promote(self, pool: str, image: str) -> None:
        """The image is stable, and what was becomes the previous; told again, nothing changes."""
        channels = self.channels[pool]
        if channels.get(CANDIDATE) == image:
            del channels[CANDIDATE]
        if channels.get(STABLE) == image:
            return
        if STABLE in channels:
            channels[PREVIOUS] = channels[STABLE]
        channels[STABLE] = image

    def condemn(self, pool: str, image: str, because: str) -> None:
        """The image failed; the first reason stays."""
        self.condemned.setdefault(image, because)
        if self.channels[pool].get(CANDIDATE) == image:
            del self.channels[pool][CANDIDATE]
