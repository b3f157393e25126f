"""The auditor of rollouts: what is launched, retired and promoted, and what must be true for it.

As `audit.py`: it knows the truth and what the loops were shown, and none of their memory.
"""

from collections.abc import Callable, Mapping
from typing import Any

from workhorse.core.effects import (
    CloseOrder,
    Cordon,
    Effect,
    LaunchCanary,
    PromoteImage,
    StartRefresh,
    UseTemplateVersion,
)
from workhorse.core.model import Lifecycle
from workhorse.core.orders import Order, RolloutPolicy
from workhorse.sim.rolling import Rollings
from workhorse.sim.world import World

Breach = Callable[[str], None]


class RolloutAudit:
    """Checks the effects of rollouts in a world that allows them.

    Args:
        world: that.
        rollouts: pool name to what is promised of its rollouts.
        breach: told every broken promise.
    """

    def __init__(self, world: World, rollouts: Mapping[str, RolloutPolicy], breach: Breach) -> None:
        self.checks: dict[type[Effect], Callable[[Any], None]] = {
            UseTemplateVersion: self._used,
            LaunchCanary: self._launched,
            StartRefresh: self._refreshed,
            PromoteImage: self._promoted,
            CloseOrder: self._closed,
        }
        self._world = world
        self._rollouts = rollouts
        self._breach = breach
        self._turned: set[str] = set()
        """Orders whose group was given its former version back."""

    @property
    def _rolling(self) -> Rollings:
        return self._world.rolling or self._world.allow_rollouts()

    def _order(self, group: str) -> Order | None:
        """The order of that group: under way, or the last there was."""
        orders = [order for order in self._rolling.placed if order.group == group]
        if not orders:
            return None
        return self._rolling.orders.get(orders[-1].pool, orders[-1])

    def _used(self, effect: UseTemplateVersion) -> None:
        order = self._order(effect.group)
        if order is None or effect.version not in {order.target, order.previous}:
            self._breach(f"{effect} that nobody ordered")
        elif effect.version == order.previous:
            self._turned.add(order.id)
        else:
            self._goes_on(order, str(effect))
            self._proven(order, str(effect))

    def _launched(self, effect: LaunchCanary) -> None:
        order = self._order(effect.group)
        if order is None or (order.id, order.target) != (effect.order, effect.version):
            self._breach(f"{effect} that nobody ordered")
            return
        self._goes_on(order, str(effect))
        if any(m.order == order.id and not m.alive for m in self._world.launching.beside):
            self._breach(f"{effect} after the order's canary has ended")

    def _refreshed(self, effect: StartRefresh) -> None:
        order = self._order(effect.group)
        if order is None:
            self._breach(f"{effect} that nobody ordered")
        elif effect.version == order.target:
            self._goes_on(order, str(effect))
            self._proven(order, str(effect))

    def _goes_on(self, order: Order, what: str) -> None:
        if order.id in self._turned:
            self._breach(f"{what} after its group was given version {order.previous} back")

    def _proven(self, order: Order, what: str) -> None:
        """Where a canary is asked for, it registered, and passed the smoke job."""
        if not order.canary:
            return
        canaries = [m for m in self._world.launching.beside if m.order == order.id]
        if not any(m.came for m in canaries):
            self._breach(f"{what} before its canary has registered")
            return
        job = self._rollouts[order.pool].smoke_job
        run = self._rolling.jobs.newest(job, {"ORDER": order.id}) if job else None
        if job and (run is None or run.result != "SUCCESS"):
            self._breach(f"{what} before its canary has passed {job}")

    def retired(self, effect: Cordon) -> None:
        """An agent is cordoned for a rollout, for the first time."""
        machine = self._world.cloud.machines[effect.node]
        order = self._order(machine.group)
        if order is None or order.pool not in self._rolling.orders:
            self._breach(f"{effect} while no rollout is ordered")
            return
        kept = order.previous if order.id in self._turned else order.target
        if machine.template_version == kept:
            self._breach(f"{effect}, which is of version {kept} already")
        if machine.protected:
            self._breach(f"{effect} of a protected instance")

    def _promoted(self, effect: PromoteImage) -> None:
        order = next((o for o in self._rolling.placed if o.image == effect.image), None)
        if order is None:
            self._breach(f"{effect} that nobody ordered")
            return
        members = self._world.cloud.groups[order.group].machines.values()
        old = [m.id for m in members if m.lifecycle is Lifecycle.IN_SERVICE]
        old = [i for i in old if self._world.cloud.machines[i].template_version != order.target]
        if order.id in self._turned or old:
            self._breach(f"{effect} while {old} are of another version")
        group = self._world.cloud.groups[order.group]
        dead = group.templates[order.target].registers == 0
        if dead and any(m.template_version == order.target for m in members):
            self._breach(f"{effect}, of which no agent ever came")

    def _closed(self, effect: CloseOrder) -> None:
        told = self._rolling.standings.get(effect.pool)
        if told is None or told.order != effect.order or told.ended_at is None:
            self._breach(f"{effect} before its end was told")
