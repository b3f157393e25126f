"""What simulated Auto Scaling and EC2 do for rollouts: versions, canaries and instance refreshes.

An instance refresh ends the instances of other versions in batches, so that never less than its
MinHealthyPercentage of the desired capacity is in service, but one at a time at least; each goes
through the termination hook, and the group launches the refresh's version meanwhile.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html
"""

from math import ceil

from workhorse.core.errors import Missing, Surprise
from workhorse.core.model import Lifecycle
from workhorse.core.orders import Canary, RefreshStatus
from workhorse.core.orders import Refresh as Told
from workhorse.sim.cloud import SimCloud
from workhorse.sim.groups import Machine, Power, Refresh, SimGroup, Template
from workhorse.sim.truth import Hand

REFRESH_SECONDS = 15.0
"""How often a refresh looks whether it may end more."""


class Launching:
    """Template versions, canaries and refreshes of the groups of one cloud."""

    def __init__(self, cloud: SimCloud) -> None:
        self.beside: list[Machine] = []
        """Every canary that was ever launched."""
        self._cloud = cloud

    def add_version(self, name: str, template: Template) -> int:
        """Somebody makes a new version of the group's template, which nobody launches yet."""
        group = self.group(name)
        version = max(group.templates) + 1
        group.templates[version] = template
        return version

    @property
    def now(self) -> float:
        """The world's time."""
        return self._cloud.kernel.now

    def group(self, name: str) -> SimGroup:
        """The group of that name; raises `Surprise` when there is none."""
        return self._cloud.group(name)

    def use(self, name: str, version: int) -> None:
        """UpdateAutoScalingGroup with another version.

        Raises:
            Missing: there is no such group or version.
        """
        group = self._launchable(name, version)
        if group.template_version != version:
            group.template_version = version
            self._cloud.touch(group)

    def _launchable(self, name: str, version: int) -> SimGroup:
        group = self._cloud.groups.get(name)
        if group is None or version not in group.templates:
            raise Missing(f"there is no group {name}, or no version {version} of its template")
        return group

    # Canaries.

    def launch_beside(self, name: str, version: int, order: str, label: str) -> str:
        """RunInstances: a member of no group; asked again for the same order, the same instance.

        Even one that has ended is told again, as with RunInstances' client token.
        https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html

        Raises:
            Missing: there is no such group or version.
            Surprise: EC2 has no instances to give.
        """
        group = self._launchable(name, version)
        for machine in self.beside:
            if machine.order == order:
                return machine.id
        if self._cloud.no_capacity:
            raise Surprise("EC2 has no instances to give")
        machine = group.instance(next(self._cloud.ids), self._cloud.kernel.now, version)
        machine.order, machine.label, machine.in_group = order, label, False
        machine.lifecycle = Lifecycle.OTHER
        self._cloud.machines[machine.id] = machine
        self.beside.append(machine)
        self._cloud.kernel.after(group.shape.launch_seconds, _runs, machine)
        self._cloud.site.launched(group.shape, machine)
        return machine.id

    def canaries(self, name: str) -> tuple[Canary, ...]:
        """Those of the group that have not ended."""
        return tuple(
            Canary(
                instance=each.id,
                order=each.order,
                launched_at=each.launched_at,
                state=str(each.power),
            )
            for each in self.beside
            if each.group == name and each.alive
        )

    def end_beside(self, instance: str) -> None:
        """TerminateInstances of a canary; done as well when it is no more.

        Raises:
            Surprise: it is none.
        """
        machine = self._cloud.machines.get(instance)
        if machine is not None and not machine.order:
            raise Surprise(f"instance {instance} is no canary")
        self._cloud.ec2_terminate(instance, Hand.OURS)

    # Instance refreshes.

    def start_refresh(self, name: str, version: int, healthy_percent: int) -> None:
        """StartInstanceRefresh; one that is under way already goes on.

        Raises:
            Missing: there is no such group or version.
        """
        group = self._launchable(name, version)
        if group.refresh is not None and group.refresh.active:
            return
        number = int(group.refresh.id.rpartition("-")[2]) + 1 if group.refresh else 1
        refresh = Refresh(id=f"refresh-{number}", version=version, healthy_percent=healthy_percent)
        refresh.old = refresh.left = len(_old(group, refresh))
        group.refresh = refresh
        self._go_on_later(group, refresh)

    def refresh(self, name: str) -> Told | None:
        """DescribeInstanceRefreshes: the newest."""
        found = self._cloud.group(name).refresh
        if found is None:
            return None
        done = found.old - found.left
        percent = 100 * done // found.old if found.old else 100
        return Told(id=found.id, status=found.status, percent=percent)

    def cancel_refresh(self, name: str) -> None:
        """CancelInstanceRefresh; whom it has asked to leave leaves all the same."""
        refresh = self._cloud.group(name).refresh
        if refresh is not None and refresh.active:
            refresh.status = RefreshStatus.CANCELLING

    def _go_on_later(self, group: SimGroup, refresh: Refresh) -> None:
        self._cloud.kernel.after(REFRESH_SECONDS, self._go_on, group, refresh)

    def _go_on(self, group: SimGroup, refresh: Refresh) -> None:
        if refresh.status is RefreshStatus.CANCELLING:
            refresh.status = RefreshStatus.CANCELLED
            return
        refresh.status = RefreshStatus.IN_PROGRESS
        old = _old(group, refresh)
        refresh.left = min(refresh.left, len(old))
        if not old and group.members == group.desired == _serving(group):
            refresh.status = RefreshStatus.SUCCESSFUL
            self.use(group.shape.group, refresh.version)
            return
        for machine in _batch(group, refresh, old):
            self._cloud.terminate(machine.id, Hand.AWS, decrement=False)
        self._go_on_later(group, refresh)


def _runs(machine: Machine) -> None:
    if machine.alive:
        machine.power = Power.RUNNING


def _old(group: SimGroup, refresh: Refresh) -> list[Machine]:
    return [m for m in group.machines.values() if m.template_version != refresh.version]


def _serving(group: SimGroup) -> int:
    return sum(1 for m in group.machines.values() if m.lifecycle is Lifecycle.IN_SERVICE)


def _batch(group: SimGroup, refresh: Refresh, old: list[Machine]) -> list[Machine]:
    """Whom it ends now; it waits for those that an operator protects."""
    serving = _serving(group)
    room = serving - ceil(group.desired * refresh.healthy_percent / 100)
    if serving >= group.desired:
        room = max(room, 1)
    in_service = [m for m in old if m.lifecycle is Lifecycle.IN_SERVICE and not m.protected]
    return in_service[: max(room, 0)]
