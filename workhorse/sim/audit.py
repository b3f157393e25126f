"""The auditor: knows promises, truth, and what the loops were shown, and notes every breach.

It does not trust the loops' own memory.  It keeps, for each node, what the readings that they were
given could have told them, and compares each change with that and with what is really running.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any

from workhorse.core.drain import PIPELINE_RESUME_SECONDS, Cause
from workhorse.core.effects import (
    CompleteHook,
    Cordon,
    DeleteNode,
    Effect,
    ForgetMessage,
    QueueReleaseJob,
    SetDesiredCapacity,
    TerminateInstance,
    as_record,
)
from workhorse.core.model import Group, Jenkins, Lifecycle, Policy, Pool
from workhorse.core.orders import RolloutPolicy
from workhorse.loops.perform import KEEPING
from workhorse.sim.groups import Machine
from workhorse.sim.ledger_audit import LedgerAudit
from workhorse.sim.line import Side
from workhorse.sim.looks import Looks, note, note_idleness
from workhorse.sim.requeue_audit import RequeueAudit
from workhorse.sim.rollout_audit import RolloutAudit
from workhorse.sim.token_machines import ABSENT_SECONDS
from workhorse.sim.world import World


class Audit:
    """Watches one world; `breaches` should stay empty.

    Args:
        world: it becomes the world's auditor.
        pools: with the policies that are promised, whatever the loops were given.
        rollouts: pool name to what is promised of its rollouts, where any are allowed.
        stale_seconds: how old a reading may be that something is destroyed by.
        grace_seconds: how long after a restart Jenkins' readings count for nothing.
    """

    def __init__(
        self,
        world: World,
        pools: Iterable[Pool],
        *,
        rollouts: Mapping[str, RolloutPolicy] | None = None,
        stale_seconds: float = 30.0,
        grace_seconds: float = 120.0,
    ) -> None:
        self.breaches: list[str] = []
        self.late: list[str] = []
        """What the ledger left undone for too long, in lines like those of the breaches."""
        self._world = world
        self._policies = {pool.group: pool.policy for pool in pools}
        self._stale_seconds = stale_seconds
        self._grace_seconds = grace_seconds
        self._looks: dict[str, Looks] = {}
        self._read: Jenkins | None = None
        self._described: Mapping[str, Group] = {}
        self._sighted = False
        """The groups were described since Jenkins was read last."""
        self._perhaps: Jenkins | None = None
        """The newest reading, while the loops may yet find it too old to plan by."""
        self._shown_at = 0.0
        self._fewer: dict[str, set[str]] = defaultdict(set)
        """By whose ends desired capacity is lower by now than described."""
        self._session_at = 0.0
        self._cordoned: set[str] = set()
        """Nodes that were cordoned once."""
        self._checks: dict[type, Callable[[Any], None]] = {
            Cordon: self._chosen,
            SetDesiredCapacity: self._sized,
            TerminateInstance: self._terminated,
            CompleteHook: lambda effect: self._ended(effect.instance, "CompleteHook"),
            QueueReleaseJob: lambda effect: self._ended(effect.node, "QueueReleaseJob"),
            DeleteNode: self._deleted,
            ForgetMessage: self._forgotten,
        }
        self._ledger = LedgerAudit(world, self._policies, self.late.append)
        self._rollouts = RolloutAudit(world, rollouts, self._breach) if rollouts else None
        if self._rollouts is not None:
            self._checks.update(self._rollouts.checks)
        if world.again is not None:
            self._checks.update(RequeueAudit(world, world.again, self._breach).checks)
        world.auditor = self

    def described(self, groups: Mapping[str, Group]) -> None:
        """Keep what the loops believe of the groups: it may be stale."""
        self._settle()
        self._described = groups
        self._sighted = True
        self._fewer.clear()

    def shown(self, jenkins: Jenkins) -> None:
        """Keep what this reading tells of each node."""
        self._settle()
        if self._read is None or self._read.session != jenkins.session:
            self._session_at = jenkins.read_at
        self._read = jenkins
        trusted = self._trusted(jenkins)
        for name in self._looks.keys() | jenkins.nodes.keys():
            looks, node = self._looks_of(name), jenkins.nodes.get(name)
            note(looks, node, jenkins.read_at, trusted=trusted)
        # Who cannot read its group plans nothing, and notes nothing of who is idle.
        self._perhaps = jenkins if self._sighted else None
        self._shown_at = self._world.kernel.now
        self.stated(self._shown_at)
        self._ledger.shown(jenkins, trusted=trusted and self._sighted)
        self._sighted = False

    def stated(self, asked_at: float) -> None:
        """What was read of Jenkins just before is as old as it is: nobody plans by what is too old.

        A question that was not asked right after that reading is not of the same look.
        """
        read_at = (group.read_at for group in self._described.values())
        old = self._world.kernel.now - min(read_at, default=inf) > self._stale_seconds
        if old and asked_at == self._shown_at:
            self._perhaps = None

    def _settle(self) -> None:
        """The loops went on: they have planned by what was read."""
        read, self._perhaps = self._perhaps, None
        if read is not None:
            for name in self._looks.keys() | read.nodes.keys():
                note_idleness(self._looks_of(name), read.nodes.get(name), read.read_at)

    def _looks_of(self, name: str) -> Looks:
        """What is noted of a node; one that no reading showed before was away from its launch."""
        if name not in self._looks:
            machine = self._world.cloud.machines.get(name)
            self._looks[name] = Looks(away_since=machine.launched_at if machine else None)
        return self._looks[name]

    def changing(self, effect: Effect) -> None:
        """Check a change against the promises; it has not been made yet."""
        self._settle()
        self._world.noticed(effect)
        self._explained(effect)
        check = self._checks.get(type(effect))
        if check is not None:
            check(effect)

    def _breach(self, text: str) -> None:
        self.breaches.append(f"at {self._world.kernel.now:.1f}: {text}")

    def _explained(self, effect: Effect) -> None:
        """The record just before it, unless it only keeps what is and the journal failed it."""
        line = self._world.line
        if isinstance(effect, KEEPING) and line.failed_at.get(Side.JOURNAL) == line.now:
            return
        records = self._world.journal.records
        last = records[-1] if records else {}
        wanted = as_record(effect)
        # A standing is long, and the reason of a record stands where an effect's own would.
        for key in ("standing", "because"):
            wanted.pop(key, None)
        told = {key: last.get(key) for key in wanted}
        same = told == wanted or json.dumps(told) == json.dumps(wanted)
        if not same or not last.get("because"):
            self._breach(f"{effect} was not journalled with its reason just before")

    def _trusted(self, jenkins: Jenkins) -> bool:
        since = jenkins.read_at - self._session_at
        return since >= self._grace_seconds and not jenkins.quieting_down

    def _sized(self, effect: SetDesiredCapacity) -> None:
        """A size beyond floor or ceiling may only be one that another hand set, brought nearer."""
        policy, group = self._policies[effect.group], self._described.get(effect.group)
        if group is None:
            self._breach(f"{effect} while blind")
            return
        if effect.size > policy.ceiling and effect.size >= group.desired:
            self._breach(f"{effect} is above the ceiling {policy.ceiling}")
        if effect.size < policy.floor and effect.size <= group.desired:
            self._breach(f"{effect} is below the floor {policy.floor}")
        coming = max(0, group.desired - group.members)
        if effect.size < min(group.desired, group.members):
            self._breach(f"{effect} lets Auto Scaling choose among {group.members} whom to end")
        if abs(effect.size - group.desired) > policy.max_step + coming:
            self._breach(f"{effect} is a step of more than {policy.max_step}")

    def _chosen(self, effect: Cordon) -> None:
        """Who is chosen to leave was idle for long enough, and nobody protects it.

        Told of an agent's first cordon only, not of one that was late and given up as lost before
        it came, and not when the journal failed: a choice stands until it can be carried out.
        """
        first = effect.node not in self._cordoned
        self._cordoned.add(effect.node)
        machine = self._world.cloud.machines.get(effect.node)
        looks = self._looks_of(effect.node)
        if effect.node in self._world.token_machines.names:
            now, calm_since = self._world.kernel.now, self._ledger.calm_since
            away = now - (looks.away_since or inf)
            if away < ABSENT_SECONDS < now - calm_since:
                self._breach(f"{effect}, away {away:.1f} s")
        if first and self._rollouts is not None and Cause.ROLLOUT in effect.label:
            served = self._read is not None and looks.back_at != self._read.read_at
            self._rollouts.retired(effect, served=served)
        if not first or machine is None or Cause.SCALE_IN not in effect.label:
            return
        now, policy = self._world.kernel.now, self._policies[machine.group]
        late = (looks.back_at or now) - machine.launched_at >= policy.boot_seconds
        if late or self._world.skewed or Side.JOURNAL in self._world.line.failed_at:
            return
        told = self._described.get(machine.group)
        member = told.by_id.get(machine.id) if told else None
        if member is not None and member.protected:
            self._breach(f"{effect} of a protected instance")
        idle = now - (looks.free_since or now)
        if idle < policy.idle_seconds:
            self._breach(f"{effect} after {idle:.1f} s idle, not {policy.idle_seconds:.0f}")

    def _terminated(self, effect: TerminateInstance) -> None:
        for name, group in self._described.items():
            member = group.by_id.get(effect.instance)
            if effect.decrement and member is not None and not member.lifecycle.leaving:
                self._fewer[name].add(effect.instance)  # Once, however often it is tried.
                if group.desired - len(self._fewer[name]) < self._policies[name].floor:
                    self._breach(f"{effect} goes below the floor")
        self._ended(effect.instance, "TerminateInstance")
        if (machine := self._world.cloud.machines.get(effect.instance)) is not None:
            self._ledger.boots.ended(machine)

    def _deleted(self, effect: DeleteNode) -> None:
        looks = self._looks_of(effect.node)
        seen = looks.away_since is not None and looks.confirmed_at is not None
        if effect.node in self._world.token_machines.names and not seen:
            self._breach(f"{effect}, which no reading showed away and cordoned")
        self._ended(effect.node, "DeleteNode")

    def _ended(self, instance: str, what: str) -> None:
        """An end must be backed by readings, and by the truth."""
        machine = self._world.cloud.machines.get(instance)
        if machine is None or not machine.alive:
            return
        builds = self._world.jenkins.running_on(instance)
        if builds:
            self._breach(f"{what} of {instance} while {[b.id for b in builds]} run on it")
        if self._read is None or not self._fresh(self._read):
            self._breach(f"{what} of {instance} while blind")
            return
        self._backed(machine, what, self._policies[machine.group])

    def _fresh(self, jenkins: Jenkins) -> bool:
        age = self._world.kernel.now - jenkins.read_at
        return age <= self._stale_seconds and self._trusted(jenkins)

    def _backed(self, machine: Machine, what: str, policy: Policy) -> None:
        """Cordoned, idle twice, settled; or away for longer than anything could resume."""
        looks = self._looks_of(machine.id)
        now = self._world.kernel.now
        if looks.away_since is not None:
            if now - looks.away_since < PIPELINE_RESUME_SECONDS:
                self._breach(f"{what} of {machine.id}, away only since {looks.away_since:.1f}")
        elif looks.confirmed_at is None:
            self._breach(f"{what} of {machine.id}, which no reading showed cordoned")
        elif looks.idle < 2:  # noqa: PLR2004 - promise 1: twice
            self._breach(f"{what} of {machine.id}, seen idle {looks.idle} times")
        elif looks.idle_at < looks.confirmed_at + policy.settle_seconds:
            settled = looks.idle_at - looks.confirmed_at
            self._breach(f"{what} of {machine.id}, last seen idle {settled:.1f} s after its cordon")

    def _forgotten(self, effect: ForgetMessage) -> None:
        letter = self._world.queues.find(effect.queue, effect.receipt)
        machine = self._world.cloud.machines.get(letter.about) if letter else None
        if machine is not None and machine.lifecycle is Lifecycle.TERMINATING_WAIT:
            self._breach(f"the message of {machine.id} was forgotten while it waits at its hook")
            self._world.truth.counts["forgotten_early"] += 1
