"""The auditor of rollouts: what is launched, retired and promoted, and what must be true for it.

As `audit.py`: it knows the truth and what the loops were shown, and none of their memory.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workhorse.core.cordon import parse_cordon_label
from workhorse.core.drain import Cause
from workhorse.core.effects import (
    CloseOrder,
    Cordon,
    Effect,
    EndCanary,
    LaunchCanary,
    PromoteImage,
    StartRefresh,
    UseTemplateVersion,
)
from workhorse.core.model import Lifecycle
from workhorse.core.orders import Command, Order, RolloutPolicy
from workhorse.sim.builds import Stage
from workhorse.sim.groups import Machine
from workhorse.sim.line import Side
from workhorse.sim.rolling import Rollings
from workhorse.sim.world import World

MOST_FAILED = 50.0
"""Percent; who lets more of a wave's agents fail may promote an image of which none came."""
SLACK_SECONDS = 60.0
"""What lies at most between a reading and what is done by it, in plans whose calls take long."""
Breach = Callable[[str], None]


def _by_rollout(label: str) -> bool:
    found = parse_cordon_label(label)
    return found is not None and found[0] == Cause.ROLLOUT


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
            EndCanary: self._beside,
            StartRefresh: self._refreshed,
            PromoteImage: self._promoted,
            CloseOrder: self._closed,
        }
        self._world = world
        self._rollouts = rollouts
        self._breach = breach
        self._turned: set[str] = set()
        """Orders whose group was given its former version back."""
        self._idle: set[str] = set()
        """Agents that were never seen at work."""
        self._ended: set[str] = set()
        """Orders whose canary we have ended."""

    @property
    def _rolling(self) -> Rollings:
        return self._world.rolling or self._world.allow_rollouts()

    def _order(self, group: str) -> Order | None:
        """The order of that group: under way, or the last there was."""
        orders = [order for order in self._rolling.placed if order.group == group]
        if not orders:
            return None
        return self._rolling.orders.get(orders[-1].pool, orders[-1])

    def _known(self, order: Order) -> bool:
        """It is under way, or was when somebody deleted it: its agents may be drained back."""
        return order.pool in self._rolling.orders or order.id in self._rolling.taken_away

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
        if order.id in self._ended:
            self._breach(f"{effect} after we have ended the order's canary")

    def _beside(self, effect: EndCanary) -> None:
        machine = self._world.cloud.machines.get(effect.instance)
        if machine is not None:
            self._ended.add(machine.order)
        builds = self._world.jenkins.running_on(effect.instance)
        if builds:
            self._breach(f"{effect} while {[b.id for b in builds]} run on it")

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

    def retired(self, effect: Cordon, *, served: bool) -> None:
        """An agent is cordoned for a rollout, for the first time.

        Args:
            effect: that.
            served: it was seen at work before; else it was to leave while it booted.
        """
        machine = self._world.cloud.machines[effect.node]
        if machine.lifecycle.leaving:
            return  # Auto Scaling ends it, whatever its drain was opened for.
        order = self._order(machine.group)
        if order is None or not self._known(order):
            self._breach(f"{effect} while no rollout is ordered")
            return
        told = self._rolling.standings.get(order.pool)
        back = told is not None and (told.order, told.state) == (order.id, "ROLLING_BACK")
        kept = order.previous if back or order.id in self._turned else order.target
        if machine.template_version == kept:
            self._breach(f"{effect}, which is of version {kept} already")
        if not served:
            # Chosen before it came, when nobody protected it perhaps.
            self._idle.add(effect.node)
            return
        if machine.protected:
            self._breach(f"{effect} of a protected instance")
        self._within(effect, machine.group, self._rollouts[order.pool])
        if not back:
            self._patient(effect, order)
            self._let(effect, order)

    def _within(self, effect: Cordon, group: str, policy: RolloutPolicy) -> None:
        """No more are away at once than the policy allows, one at least."""
        members = self._world.cloud.groups[group].machines.values()
        size = sum(1 for m in members if not m.lifecycle.leaving)
        serving = {m.id for m in members if m.lifecycle is Lifecycle.IN_SERVICE} - self._idle
        nodes = (self._world.jenkins.computers.get(name) for name in serving)
        away = sum(1 for n in nodes if n is not None and any(map(_by_rollout, n.labels)))
        allowed = max(1, int(size * policy.max_unavailable / 100))
        if away + 1 > allowed:
            self._breach(f"{effect} when {away} of {size} are away, and {allowed} may be")

    def _patient(self, effect: Cordon, order: Order) -> None:
        """No build of the pool has waited for too long; the loops' reading may be a tick old.

        One that no agent of the old versions could take holds nothing up.
        """
        if not self._serving(order):
            return
        limit = self._rollouts[order.pool].queue_wait_seconds + SLACK_SECONDS
        queue = self._world.jenkins.queue.items.values()
        waits = [b.since for b in queue if (b.expression, b.stage) == (order.pool, Stage.BUILDABLE)]
        waited = self._world.kernel.now - min(waits, default=self._world.kernel.now)
        if waited > limit and not self._world.skewed:
            self._breach(f"{effect} while a build has waited for {waited:.0f} s")

    def _serving(self, order: Order) -> bool:
        """Whether an agent of another version than the ordered one is online."""
        members = self._world.cloud.groups[order.group].machines.values()
        old = [m for m in members if m.template_version != order.target and not m.lifecycle.leaving]
        nodes = [self._world.jenkins.computers.get(machine.id) for machine in old]
        return any(node is not None and node.online for node in nodes)

    def _let(self, effect: Cordon, order: Order) -> None:
        """Nobody has halted it; the loops may have been unable to read that, or read it late."""
        halted = self._rolling.halted_at.get(order.id, self._world.kernel.now)
        unread = Side.SSM in self._world.line.failed_at
        if order.command is Command.HALT and not unread:
            since = self._world.kernel.now - halted
            if since > SLACK_SECONDS:
                self._breach(f"{effect}, halted {since:.0f} s ago")

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
        if group.templates[order.target].registers == 0 and not self._world.skewed:
            self._dead(effect, order, [m for m in members if m.template_version == order.target])

    def _dead(self, effect: PromoteImage, order: Order, fresh: Sequence[Machine]) -> None:
        """None of its agents ever came: that must be seen, where most of a wave may not fail."""
        told = self._rolling.standings.get(order.pool)
        strict = self._rollouts[order.pool].max_failed <= MOST_FAILED
        if strict and fresh and told is not None and told.total:
            self._breach(f"{effect}, of which no agent ever came in place of {told.total}")

    def _closed(self, effect: CloseOrder) -> None:
        told = self._rolling.standings.get(effect.pool)
        if told is None or told.order != effect.order or told.ended_at is None:
            self._breach(f"{effect} before its end was told")
