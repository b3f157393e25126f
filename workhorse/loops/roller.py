"""The roller: every ordered rollout, at every tick, one look further.

It runs between the control loop and the drainer: what the one saw it judges by, and whom it
chooses the other drains.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from workhorse.core.drain import Drain
from workhorse.core.model import Pool, Snapshot
from workhorse.core.orders import Order, RolloutPolicy, Standing
from workhorse.loops.control import Wishes
from workhorse.loops.perform import Performer
from workhorse.loops.ports import Ports
from workhorse.loops.rollout_ports import Rolling


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What rollouts want of the drainer."""

    retire: tuple[str, ...] = ()
    """Instances that are to leave."""
    recall: tuple[str, ...] = ()
    """Instances whose drain is called back."""


class Roller:
    """Holds how the rollouts stand, by pool name."""

    def __init__(
        self,
        ports: Ports,
        rolling: Rolling,
        pools: tuple[Pool, ...],
        performer: Performer,
        rollouts: Mapping[str, RolloutPolicy],
    ) -> None:
        """Make a roller that has read no order yet.

        Args:
            ports: the outside.
            rolling: what of it rollouts need beyond the loops' own.
            pools: whose rollouts it runs.
            performer: what performs effects.
            rollouts: pool name to what a rollout may do there; the defaults for a pool without.
        """
        self.standings: dict[str, Standing] = {}
        self.surges: dict[str, int] = {}
        """Pool name to the agents wanted beyond what the builds need."""
        self.holds_until = 0.0
        """The facts of the last tick give nothing to do at any time before."""
        self._ports = ports
        self._rolling = rolling
        self._pools = {pool.name: pool for pool in pools}
        self._performer = performer
        self._rollouts = rollouts
        self._orders: Mapping[str, Order] = {}

    def read(self) -> bool:
        """Read what people ordered; True when that is news.

        Raises:
            Surprise: it could not be read, and what was read last counts.
        """
        had, self._orders = self._orders, self._rolling.orders.placed(tuple(self._pools))
        return had != self._orders

    def tick(self, snapshot: Snapshot, drains: Mapping[str, Drain], wishes: Wishes) -> Chosen:
        """Step every rollout once.

        Args:
            snapshot: what was read.
            drains: the drains under way, by instance id.
            wishes: what the control loop decided from the same snapshot.
        """
        del snapshot, drains, wishes
        return Chosen()
