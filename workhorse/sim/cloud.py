"""Simulated EC2 Auto Scaling: groups that launch, hold at hooks, terminate, replace and rebalance.

A group comes back to its desired capacity by itself, and chooses victims when that is below.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html

Who boots and who dies is told to the world: nothing here knows of Jenkins.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from workhorse.core.errors import Missing, Surprise
from workhorse.core.model import Group, Lifecycle
from workhorse.sim.groups import Machine, Power, Shape, SimGroup, Site, first_victim, read_at
from workhorse.sim.kernel import Kernel, Priority
from workhorse.sim.truth import Hand, Truth

RETRY_SECONDS = 30.0
"""When a group tries again to launch after a capacity error."""


class SimCloud:
    """All groups of one account and region."""

    def __init__(self, kernel: Kernel, truth: Truth, site: Site) -> None:
        self.kernel = kernel
        self.truth = truth
        self.groups: dict[str, SimGroup] = {}
        self.machines: dict[str, Machine] = {}
        """Every instance that EC2 knows, terminated ones for an hour more at least."""
        self.lag_seconds = 0.0
        """How old the group is that is told: reads are eventually consistent."""
        self.no_capacity = False
        """EC2 has no instances to give."""
        self.timeouts: list[tuple[float, Machine]] = []
        """When whose hook ran out."""
        self._ended: deque[Machine] = deque()
        """Terminated instances that EC2 may still know, the first to end first."""
        self.site = site
        self.ids = count(1)

    def add(self, shape: Shape) -> None:
        """Make a group; it launches up to its desired capacity."""
        group = SimGroup(shape=shape, desired=shape.desired or shape.minimum)
        self.groups[shape.group] = group
        self.touch(group)

    # The calls that anybody may make.

    def describe(self, names: Sequence[str]) -> Mapping[str, Group]:
        """DescribeAutoScalingGroups; a group may be told as it was `lag_seconds` ago."""
        now = self.kernel.now
        return {
            name: read_at(self.groups[name].told(now - self.lag_seconds), now)
            for name in names
            if name in self.groups
        }

    def states(self, instances: Iterable[str]) -> Mapping[str, str]:
        """DescribeInstances: the state names, `gone` for an unknown instance."""
        now, found = self.kernel.now, {i: self.machines.get(i) for i in instances}
        return {i: str(m.power) if m and m.known(now) else "gone" for i, m in found.items()}

    def set_desired(self, name: str, size: int) -> None:
        """SetDesiredCapacity.

        Raises:
            Surprise: AWS' ValidationError for a size beyond minimum or maximum.
        """
        group = self.group(name)
        if not group.shape.minimum <= size <= group.shape.maximum:
            self.truth.counts["refused_sizes"] += 1
            raise Surprise(f"desired capacity {size} of {name} is beyond its minimum or maximum")
        if size != group.desired:
            group.desired = size
            self.touch(group)

    def terminate(self, instance: str, hand: Hand, *, decrement: bool) -> None:
        """TerminateInstanceInAutoScalingGroup; nothing more for one that is leaving already.

        Raises:
            Missing: the instance is in no group.
            Surprise: the decrement would go below the minimum.
        """
        machine = self._member(instance)
        group = self.groups[machine.group]
        if machine.lifecycle.leaving:
            return
        if decrement:
            if group.desired <= group.shape.minimum:
                self.truth.counts["refused_sizes"] += 1
                raise Surprise(f"desired capacity of {group.shape.group} equals its minimum")
            group.desired -= 1
        self._leave(machine, hand)

    def complete_hook(self, name: str, hook: str, instance: str, hand: Hand) -> bool:
        """CompleteLifecycleAction with CONTINUE; True when an action was waiting."""
        self.group(name)
        machine = self.machines.get(instance)
        if machine is None or not machine.waits_at(name, hook):
            return False
        self.truth.counts["hooks_completed"] += 1
        self._proceed(machine, hand)
        return True

    def heartbeat(self, name: str, hook: str, instance: str) -> None:
        """RecordLifecycleActionHeartbeat, up to the hook's global limit.

        Raises:
            Missing: no action is waiting.
        """
        self.group(name)
        machine = self.machines.get(instance)
        if machine is None or not machine.waits_at(name, hook):
            raise Missing(f"no active lifecycle action for instance {instance}")
        self._await_hook(machine)

    # What others do to it.

    def ec2_terminate(self, instance: str, hand: Hand, *, known: bool = True) -> None:
        """EC2 ends the instance and asks nobody; its group notices by its health check.

        One that is not `known` is denied by EC2 once it is gone, instead of told for an hour.
        """
        machine = self.machines.get(instance)
        if machine is not None and machine.alive:
            if not known:
                machine.known_seconds = 0.0
            self._die(machine, hand)
            if not machine.lifecycle.leaving:
                shape = self.groups[machine.group].shape
                self.kernel.after(shape.health_seconds, self._unhealthy, machine)

    def protect(self, instance: str, *, protected: bool) -> None:
        """SetInstanceProtection."""
        machine = self._member(instance)
        machine.protected = protected
        self.touch(self.groups[machine.group])

    def switch_scale_in(self, name: str, *, off: bool) -> None:
        """Tag the group `workhorse:scale-in`, and suspend its Terminate process, or undo both."""
        group = self.group(name)
        group.scale_in_off = off
        self.touch(group)

    def detach(self, instance: str) -> None:
        """DetachInstances with decrement: it runs on, in no group.

        Raises:
            Surprise: it is not in service.
        """
        machine = self._member(instance)
        if machine.lifecycle is not Lifecycle.IN_SERVICE:
            raise Surprise(f"instance {instance} is not in service")
        group = self.groups[machine.group]
        group.desired = max(group.shape.minimum, group.desired - 1)
        self._drop(machine)

    def rebalance(self, name: str) -> None:
        """Availability Zone rebalancing: launch one more first, then end one of those there were.

        https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html
        """
        group = self.group(name)
        if group.planned or not group.members or self.no_capacity:
            return
        group.planned = True
        self._launch(group)
        wait = group.shape.launch_seconds
        self.kernel.after(wait, self._settle, group, priority=Priority.STARTS)

    # How a group comes to its size.

    def group(self, name: str) -> SimGroup:
        """The group of that name; raises `Surprise` when there is none."""
        try:
            return self.groups[name]
        except KeyError:
            raise Surprise(f"there is no Auto Scaling group {name}") from None

    def _member(self, instance: str) -> Machine:
        machine = self.machines.get(instance)
        if machine is None or machine.id not in self.groups[machine.group].machines:
            raise Missing(f"instance {instance} is in no Auto Scaling group")
        return machine

    def touch(self, group: SimGroup) -> None:
        """It changed: keep its past, and have it look at its size."""
        group.changed(self.kernel.now, keep=self.lag_seconds)
        if not group.planned and group.members != group.desired:
            group.planned = True
            wait = group.shape.react_seconds
            self.kernel.after(wait, self._settle, group, priority=Priority.STARTS)

    def _settle(self, group: SimGroup) -> None:
        """Launch what lacks; end what is too much."""
        group.planned = False
        lacking = group.desired - group.members
        if lacking > 0 and self.no_capacity:
            self.truth.counts["capacity_errors"] += 1
            group.planned = True
            self.kernel.after(RETRY_SECONDS, self._settle, group, priority=Priority.STARTS)
            return
        for _ in range(lacking):
            self._launch(group)
        for _ in range(-lacking):
            victim = None if group.scale_in_off else first_victim(group.machines.values())
            if victim is not None:
                self._leave(victim, Hand.AWS)

    def _launch(self, group: SimGroup) -> None:
        shape = group.shape
        machine = group.instance(next(self.ids), self.kernel.now, group.launches)
        group.machines[machine.id] = self.machines[machine.id] = machine
        self.truth.counts["launched"] += 1
        self.kernel.after(shape.launch_seconds, self._in_service, machine)
        self.touch(group)
        self.site.launched(shape, machine)

    def _in_service(self, machine: Machine) -> None:
        if machine.lifecycle is Lifecycle.PENDING:
            machine.power = Power.RUNNING if machine.alive else machine.power
            machine.lifecycle = Lifecycle.IN_SERVICE
            self.touch(self.groups[machine.group])

    # How an instance leaves.

    def _unhealthy(self, machine: Machine) -> None:
        if machine.in_group and not machine.lifecycle.leaving:
            self._leave(machine, Hand.AWS)

    def _leave(self, machine: Machine, hand: Hand) -> None:
        group = self.groups[machine.group]
        if group.shape.hook is None:
            self._proceed(machine, hand)
            return
        machine.lifecycle = Lifecycle.TERMINATING_WAIT
        machine.hook = group.shape.hook.name
        machine.hook_ends_at = self.kernel.now + group.shape.hook_limit
        self.truth.counts["hooks_opened"] += 1
        self._await_hook(machine)
        self.touch(group)
        self.site.hook_opened(group.shape, machine)

    def _await_hook(self, machine: Machine) -> None:
        hook = self.groups[machine.group].shape.hook
        if hook is None:
            return
        if machine.timer is not None:
            machine.timer.cancel()
        ends_at = min(self.kernel.now + hook.heartbeat_seconds, machine.hook_ends_at)
        machine.timer = self.kernel.at(ends_at, self._time_out, machine)

    def _time_out(self, machine: Machine) -> None:
        self.truth.counts["hooks_timed_out"] += 1
        self.timeouts.append((self.kernel.now, machine))
        self._proceed(machine, Hand.AWS)

    def _proceed(self, machine: Machine, hand: Hand) -> None:
        if machine.timer is not None:
            machine.timer.cancel()
        machine.lifecycle = Lifecycle.TERMINATING_PROCEED
        group = self.groups[machine.group]
        self.touch(group)
        self._die(machine, hand)
        self.kernel.after(group.shape.stop_seconds, self._drop, machine)

    def _die(self, machine: Machine, hand: Hand) -> None:
        if not machine.alive:
            return
        machine.power = Power.SHUTTING_DOWN
        self.truth.counts["terminated"] += 1
        self.truth.ends[machine.id] = hand
        self.truth.instance_seconds += self.kernel.now - machine.launched_at
        stop = self.groups[machine.group].shape.stop_seconds
        self.kernel.after(stop, self._terminated, machine)
        self.site.died(machine, hand)

    def _terminated(self, machine: Machine) -> None:
        machine.power = Power.TERMINATED
        machine.known_until = self.kernel.now + machine.known_seconds
        self._ended.append(machine)
        # Looked at here and not by an event of its own: whoever skips idle times is not woken.
        while self._ended and not self._ended[0].known(self.kernel.now):
            self.machines.pop(self._ended.popleft().id, None)

    def _drop(self, machine: Machine) -> None:
        machine.in_group = False
        group = self.groups[machine.group]
        group.machines.pop(machine.id, None)
        self.touch(group)
