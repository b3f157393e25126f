"""What a group launches, canaries beside it, and instance refreshes.

Beside the port it tells `rollout` and `rollback` which versions there are:

    template_versions(group: str) -> tuple[TemplateVersion, ...]    newest first
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from workhorse.adapters import aws_templates as templates
from workhorse.adapters.aws_canary import CANARY_TAG, GROUP_TAG, by_token, requests
from workhorse.adapters.aws_instances import ENDING, describe_instances, tags_of
from workhorse.adapters.aws_templates import Templates, TemplateVersion
from workhorse.adapters.session import AwsClients, changing, reading, says, told
from workhorse.core.errors import Missing, Surprise
from workhorse.core.orders import Canary, Refresh, RefreshStatus

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceTypeDef, RunInstancesRequestTypeDef

CONSISTENT_SECONDS = 60.0
"""How long what we launched is believed to be there although EC2 does not show it yet.

https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
"""

NO_ROOM = (
    "InsufficientInstanceCapacity",
    "InsufficientFreeAddressesInSubnet",
    "Unsupported",
)
"""Codes that speak of one type in one zone or subnet: another may have room.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""


@dataclass(frozen=True, slots=True)
class _Launched:
    group: str
    canary: Canary


class AwsLauncher:
    """A `loops.rollout_ports.Launcher`.

    Args:
        clients: the clients of the region.
        now: seconds since the epoch.
    """

    def __init__(self, clients: AwsClients, *, now: Callable[[], float]) -> None:
        self._clients = clients
        self._templates = Templates(clients)
        self._now = now
        self._launched: dict[str, _Launched] = {}

    def template_versions(self, group: str) -> tuple[TemplateVersion, ...]:
        """Every version of the group's launch template, newest first.

        Raises:
            Missing: there is no such group, or it launches from no template.
            Unreadable: AWS does not answer.
        """
        return self._templates.versions(templates.template_id(self._templates.group(group)))

    def use_template(self, group: str, version: int) -> None:
        """UpdateAutoScalingGroup with nothing but the version changed; done already: no call.

        Raises:
            Missing: there is no such group, or no such version.
            Surprise: AWS does not answer, or refuses, as it does while an instance refresh runs.
        """
        described = self._templates.group(group)
        if templates.version_number(described) == version:
            return
        what = f"UpdateAutoScalingGroup {group} to template version {version}"
        with changing(what):
            try:
                if described.get("MixedInstancesPolicy"):
                    self._clients.autoscaling.update_auto_scaling_group(
                        AutoScalingGroupName=group,
                        MixedInstancesPolicy=templates.mixed_policy(described, version),
                    )
                else:
                    self._clients.autoscaling.update_auto_scaling_group(
                        AutoScalingGroupName=group,
                        LaunchTemplate=templates.plain(described, version),
                    )
            except ClientError as wrong:
                if says(wrong, "ValidationError", "could not find", "name not found"):
                    raise Missing(f"{what}: there is none") from wrong
                raise

    def launch_canary(self, group: str, version: int, order: str, label: str) -> str:
        """RunInstances from the group's template at `version`, on-demand, in one of its subnets.

        A living canary of the order is looked for first, and the client token lets EC2 tell a
        call that is repeated before it shows; it stands for an instance that ended as well, and
        then the next token is used. Where a zone lacks capacity the next is asked.

        Raises:
            Missing: there is no such group, or no such version.
            Surprise: AWS refuses or does not answer.
        """
        for found in self.canaries(group):
            if found.order == order:
                return found.instance
        described = self._templates.group(group)
        data = self._templates.data(templates.template_id(described), version)
        asked = requests(described, data, version, order=order, label=label)
        instance = self._run(asked, f"RunInstances for the canary of {group} for {order}")
        canary = Canary(instance=instance, order=order, launched_at=self._now(), state="pending")
        self._launched[instance] = _Launched(group, canary)
        return instance

    def canaries(self, group: str) -> Sequence[Canary]:
        """The canaries of a group that live, oldest first.

        Raises:
            Unreadable: EC2 does not answer.
        """
        canary = {"tag-key": [CANARY_TAG]}
        found = describe_instances(self._clients, f"tag:{GROUP_TAG}", [group], further=canary)
        shown = {one["InstanceId"]: _canary(one) for one in found}
        since = self._now() - CONSISTENT_SECONDS
        self._launched = {
            instance: one
            for instance, one in self._launched.items()
            if instance not in shown and one.canary.launched_at > since
        }
        unseen = (one.canary for one in self._launched.values() if one.group == group)
        living = [one for one in (*shown.values(), *unseen) if one.state not in ENDING]
        return sorted(living, key=lambda one: (one.launched_at, one.instance))

    def end_canary(self, instance: str) -> None:
        """TerminateInstances, after a look at its tags; done as well when it is no more.

        Raises:
            Surprise: it does not carry the tag of a canary, or EC2 refuses or does not answer.
        """
        if instance not in self._launched:
            found = list(describe_instances(self._clients, "instance-id", [instance]))
            if not found or found[0]["State"]["Name"] in ENDING:
                return
            if CANARY_TAG not in tags_of(found[0]):
                raise Surprise(f"TerminateInstances {instance}: it is no canary")
        with changing(f"TerminateInstances {instance}"):
            try:
                self._clients.ec2.terminate_instances(InstanceIds=[instance])
            except ClientError as wrong:
                if not says(wrong, "InvalidInstanceID"):
                    raise
        self._launched.pop(instance, None)

    def start_refresh(self, group: str, version: int, healthy_percent: int) -> None:
        """StartInstanceRefresh to that version; under way already: changes nothing.

        Instances of that version stay, and so do those that an operator protects.

        Raises:
            Missing: there is no such group.
            Surprise: AWS refuses or does not answer.
        """
        described = self._templates.group(group)
        with changing(f"StartInstanceRefresh of {group} to template version {version}"):
            try:
                self._clients.autoscaling.start_instance_refresh(
                    AutoScalingGroupName=group,
                    Strategy="Rolling",
                    DesiredConfiguration=(
                        {"MixedInstancesPolicy": templates.mixed_policy(described, version)}
                        if described.get("MixedInstancesPolicy")
                        else {"LaunchTemplate": templates.plain(described, version)}
                    ),
                    Preferences={
                        "MinHealthyPercentage": healthy_percent,
                        "SkipMatching": True,
                        "ScaleInProtectedInstances": "Ignore",
                        "StandbyInstances": "Ignore",
                    },
                )
            except ClientError as wrong:
                if not says(wrong, "InstanceRefreshInProgress"):
                    raise

    def refresh(self, group: str) -> Refresh | None:
        """The newest instance refresh of the group; None when there never was one.

        Raises:
            Unreadable: Auto Scaling does not answer, or has no such group.
        """
        with reading(f"DescribeInstanceRefreshes of {group}"):
            found = self._clients.autoscaling.describe_instance_refreshes(
                AutoScalingGroupName=group, MaxRecords=1
            )["InstanceRefreshes"]
        if not found:
            return None
        return Refresh(
            id=found[0]["InstanceRefreshId"],
            status=RefreshStatus(found[0]["Status"]),
            percent=found[0].get("PercentageComplete", 0),
            reason=found[0].get("StatusReason", ""),
        )

    def cancel_refresh(self, group: str) -> None:
        """CancelInstanceRefresh; done as well when none runs.

        It waits for nothing that is on its way: an agent at its hook may stay there for hours, and
        until the refresh is over the group's template cannot be changed.

        Raises:
            Surprise: AWS refuses or does not answer.
        """
        with changing(f"CancelInstanceRefresh of {group}"):
            try:
                self._clients.autoscaling.cancel_instance_refresh(
                    AutoScalingGroupName=group, WaitForTransitioningInstances=False
                )
            except ClientError as wrong:
                if not says(wrong, "ActiveInstanceRefreshNotFound"):
                    raise

    def _run(self, asked: Iterable["RunInstancesRequestTypeDef"], what: str) -> str:
        """Ask for one place after the other until one has room."""
        full: ClientError | None = None
        for request in asked:
            with changing(what):
                try:
                    return self._launch(request, what)
                except ClientError as wrong:
                    if not any(says(wrong, code) for code in NO_ROOM):
                        raise
                    full = wrong
        raise Surprise(f"{what}: {told(full) if full else 'the group names no subnet'}")

    def _launch(self, request: "RunInstancesRequestTypeDef", what: str) -> str:
        """RunInstances by the first token of which the instance has not ended."""
        for one in by_token(request):
            try:
                told = self._clients.ec2.run_instances(**one)["Instances"][0]
            except ClientError as wrong:
                if not says(wrong, "IdempotentInstanceTerminated"):
                    raise
            else:
                if told["State"]["Name"] not in ENDING:
                    return told["InstanceId"]
        raise Surprise(f"{what}: every one that was launched has ended")


def _canary(told: "InstanceTypeDef") -> Canary:
    return Canary(
        instance=told["InstanceId"],
        order=tags_of(told).get(CANARY_TAG, ""),
        launched_at=told["LaunchTime"].timestamp(),
        state=told["State"]["Name"],
    )
