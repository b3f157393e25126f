"""Rollouts among every sort of event in any order; the promises are its invariants."""

from dataclasses import replace

from hypothesis import strategies as st

from tests.properties.machine import Promises, happens
from tests.properties.scene import Options, Scene
from workhorse.core.orders import Command, RolloutPolicy, Strategy
from workhorse.sim.faults import ours, rollout
from workhorse.sim.line import Side

POLICIES = (
    RolloutPolicy(bake_seconds=0, max_unavailable=50, smoke_job="smoke", smoke_seconds=120),
    RolloutPolicy(waves=(100,), bake_seconds=20, surge=1, queue_wait_seconds=60),
    RolloutPolicy(waves=(50, 100), bake_seconds=20, max_failed=60, smoke_job="smoke"),
    RolloutPolicy(waves=(50, 100), bake_seconds=0, max_unavailable=25, canary_seconds=70),
)
"""One for each seed of a scene."""


class RolledPromises(Promises):
    """The same world, in which rollouts are ordered."""

    @staticmethod
    def make(options: Options) -> Scene:
        """The scene with one of the policies."""
        return Scene(replace(options, rollout=POLICIES[options.seed]))

    @happens(
        made=st.sampled_from(rollout.Made),
        strategy=st.sampled_from(Strategy),
        canary=st.booleans(),
    )
    def rollout_is_ordered(self, made: rollout.Made, strategy: Strategy, canary: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody bakes an image, good or not, and orders its rollout."""
        self._strike(rollout.RolloutOrdered(made=made, strategy=strategy, canary=canary))

    @happens(command=st.sampled_from(Command))
    def rollout_is_commanded(self, command: Command) -> None:
        """Somebody halts it, lets it go on, or takes it back."""
        self._strike(rollout.RolloutCommanded(command=command))

    def clock_jumps(self) -> None:  # type: ignore[override] # no rule here
        """Left to `Promises` and to chaos: who sets the clock cuts the grace after a restart."""

    @happens()
    def order_is_taken_away(self) -> None:
        """Somebody deletes the order."""
        self._strike(rollout.OrderTakenAway())

    @happens(kind=st.sampled_from((ours.SideFailed, ours.AnswersLost)))
    def orders_are_out_of_reach(self, kind: type[ours.SideFailed | ours.AnswersLost]) -> None:
        """SSM answers nothing, or does as it is told and nobody hears of it, for a while."""
        self._strike(kind(side=Side.SSM, seconds=60.0))
