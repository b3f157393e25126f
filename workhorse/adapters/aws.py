"""Auto Scaling and EC2: readings of the groups, and the four changes we make to them.

What EC2 alone knows of an instance never changes, so it is asked once for each.
EC2 shows a new instance some time after Auto Scaling does; until then its launch time is None.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from workhorse.adapters.aws_instances import describe_instances
from workhorse.adapters.aws_templates import version_number
from workhorse.adapters.session import AwsClients, changing, portions, reading, says
from workhorse.core.errors import Missing, Surprise
from workhorse.core.model import Group, Hook, Instance, Lifecycle

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import AutoScalingGroupTypeDef
    from mypy_boto3_autoscaling.type_defs import InstanceTypeDef as MemberTypeDef

GROUPS_PER_CALL = 50
"""Group names in one DescribeAutoScalingGroups.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html
"""

HOOK_SECONDS = 300.0
"""How long a group's lifecycle hook is believed unread: Terraform changes it, and seldom."""

SCALE_IN_TAG = "workhorse:scale-in"
_TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"


@dataclass(frozen=True, slots=True)
class _Launch:
    """What EC2 tells of an instance for good."""

    at: float
    spot: bool


@dataclass(frozen=True, slots=True)
class _ReadHook:
    hook: Hook | None
    read_at: float


class AwsCloud:
    """A `loops.ports.Cloud`.

    Args:
        clients: the clients of the region.
        now: seconds since the epoch.
    """

    def __init__(self, clients: AwsClients, *, now: Callable[[], float]) -> None:
        self._clients = clients
        self._now = now
        self._launches: dict[str, _Launch] = {}
        self._hooks: dict[str, _ReadHook] = {}

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """The groups by name; a name that AWS does not know is absent.

        Raises:
            Unreadable: Auto Scaling does not answer. EC2 not answering only leaves launch times
                None, for it is no reason to be blind.
        """
        read_at = self._now()
        described = list(self._described(names))
        self._learn(frozenset(m["InstanceId"] for g in described for m in g.get("Instances", ())))
        return {g["AutoScalingGroupName"]: self._group(g, read_at) for g in described}

    def states(self, instances: Iterable[str]) -> Mapping[str, str]:
        """EC2's state name of each instance, `gone` for one that EC2 does not know.

        Raises:
            Unreadable: EC2 does not answer.
        """
        asked = sorted(set(instances))
        told = describe_instances(self._clients, "instance-id", asked)
        found = {one["InstanceId"]: one["State"]["Name"] for one in told}
        return {instance: str(found.get(instance, "gone")) for instance in asked}

    def set_desired(self, group: str, size: int) -> None:
        """SetDesiredCapacity, cool-downs not honoured.

        Raises:
            Surprise: AWS refuses, as it does beyond the group's minimum and maximum.
        """
        with changing(f"SetDesiredCapacity of {group} to {size}"):
            self._clients.autoscaling.set_desired_capacity(
                AutoScalingGroupName=group, DesiredCapacity=size, HonorCooldown=False
            )

    def terminate(self, instance: str, *, decrement: bool) -> None:
        """TerminateInstanceInAutoScalingGroup.

        Raises:
            Missing: the instance is in no group (any more).
            Surprise: AWS refuses, as it does when the group would go below its minimum.
        """
        what = f"TerminateInstanceInAutoScalingGroup {instance}"
        with changing(what):
            try:
                self._clients.autoscaling.terminate_instance_in_auto_scaling_group(
                    InstanceId=instance, ShouldDecrementDesiredCapacity=decrement
                )
            except ClientError as wrong:
                if says(wrong, "ValidationError", "no managed instance", "not found"):
                    raise Missing(f"{what}: it is in no group") from wrong
                raise

    def complete_hook(self, group: str, hook: str, instance: str) -> None:
        """CompleteLifecycleAction with CONTINUE; done as well when no action is waiting.

        Raises:
            Surprise: AWS refuses.
        """
        with changing(f"CompleteLifecycleAction {hook} of {instance} in {group}"):
            try:
                self._clients.autoscaling.complete_lifecycle_action(
                    AutoScalingGroupName=group,
                    LifecycleHookName=hook,
                    InstanceId=instance,
                    LifecycleActionResult="CONTINUE",
                )
            except ClientError as wrong:
                if not says(wrong, "ValidationError", "no active lifecycle action"):
                    raise

    def heartbeat(self, group: str, hook: str, instance: str) -> None:
        """RecordLifecycleActionHeartbeat.

        Raises:
            Missing: no action is waiting.
            Surprise: AWS refuses.
        """
        what = f"RecordLifecycleActionHeartbeat {hook} of {instance} in {group}"
        with changing(what):
            try:
                self._clients.autoscaling.record_lifecycle_action_heartbeat(
                    AutoScalingGroupName=group, LifecycleHookName=hook, InstanceId=instance
                )
            except ClientError as wrong:
                if says(wrong, "ValidationError", "no active lifecycle action"):
                    raise Missing(f"{what}: no action is waiting") from wrong
                raise

    def _described(self, names: Sequence[str]) -> Iterator["AutoScalingGroupTypeDef"]:
        pages = self._clients.autoscaling.get_paginator("describe_auto_scaling_groups")
        for some in portions(names, GROUPS_PER_CALL):
            with reading(f"DescribeAutoScalingGroups {', '.join(some)}"):
                for page in pages.paginate(AutoScalingGroupNames=some):
                    yield from page["AutoScalingGroups"]

    def _learn(self, members: frozenset[str]) -> None:
        """Ask EC2 about members not known yet; forget those that are members no more."""
        self._launches = {i: known for i, known in self._launches.items() if i in members}
        try:
            unknown = sorted(members - self._launches.keys())
            for one in describe_instances(self._clients, "instance-id", unknown):
                self._launches[one["InstanceId"]] = _Launch(
                    at=one["LaunchTime"].timestamp(),
                    spot=one.get("InstanceLifecycle") == "spot",
                )
        except Surprise:
            return  # The next tick asks again; until then they are not known.

    def _group(self, told: "AutoScalingGroupTypeDef", read_at: float) -> Group:
        name = told["AutoScalingGroupName"]
        instances = tuple(self._instance(member) for member in told.get("Instances", ()))
        waiting = any(i.lifecycle is Lifecycle.TERMINATING_WAIT for i in instances)
        tags = {tag["Key"]: tag.get("Value", "") for tag in told.get("Tags", ())}
        suspended = {process["ProcessName"] for process in told.get("SuspendedProcesses", ())}
        return Group(
            name=name,
            read_at=read_at,
            minimum=told["MinSize"],
            maximum=told["MaxSize"],
            desired=told["DesiredCapacity"],
            instances=instances,
            hook=self._hook(name, read_at, waiting=waiting),
            template_version=version_number(told),
            scale_in_off=tags.get(SCALE_IN_TAG) == "off" or "Terminate" in suspended,
        )

    def _instance(self, member: "MemberTypeDef") -> Instance:
        known = self._launches.get(member["InstanceId"])
        version = member.get("LaunchTemplate", {}).get("Version", "")
        return Instance(
            id=member["InstanceId"],
            lifecycle=Lifecycle(member["LifecycleState"]),
            launched_at=known.at if known else None,
            template_version=int(version) if version.isdecimal() else 0,
            zone=member["AvailabilityZone"],
            spot=known.spot if known else False,
            protected=member["ProtectedFromScaleIn"],
        )

    def _hook(self, group: str, now: float, *, waiting: bool) -> Hook | None:
        """The termination hook; read again when old, or proved wrong by an instance that waits."""
        known = self._hooks.get(group)
        proved_wrong = known is not None and known.hook is None and waiting
        if known is None or proved_wrong or not 0 <= now - known.read_at < HOOK_SECONDS:
            try:
                known = self._hooks[group] = _ReadHook(self._termination_hook(group), now)
            except Surprise:
                if known is None:
                    raise
                # An old answer is better than to be blind; the next tick asks again.
        return known.hook

    def _termination_hook(self, group: str) -> Hook | None:
        """The first by name, where there are several: Auto Scaling has no order of its own."""
        with reading(f"DescribeLifecycleHooks of {group}"):
            answer = self._clients.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=group)
        found = sorted(
            (hook["LifecycleHookName"], hook["HeartbeatTimeout"])
            for hook in answer["LifecycleHooks"]
            if hook["LifecycleTransition"] == _TERMINATING
        )
        return Hook(name=found[0][0], heartbeat_seconds=found[0][1]) if found else None
