"""Auto Scaling requests about instance refreshes, none of which moto has.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html
"""

from collections.abc import Mapping
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from workhorse.local.aws.engine import active
from workhorse.local.aws.faults import NotEmulatedError
from workhorse.local.aws.members import requested_group
from workhorse.local.aws.refreshes import Refreshing, active_refresh, refreshes_of
from workhorse.local.aws.sources import version_of

EMULATED = frozenset(
    {
        "MinHealthyPercentage",
        "InstanceWarmup",
        "SkipMatching",
        "ScaleInProtectedInstances",
        # Members are never in Standby here.
        "StandbyInstances",
    }
)
"""Preferences that are honoured; another is refused, and not passed over."""

PROTECTED = ("Refresh", "Ignore", "Wait")


def respond_start(self: AutoScalingResponse) -> ActionResult:
    """StartInstanceRefresh: refused while one is active, or when it asks what we lack."""
    group = requested_group(self)
    if active_refresh(group) is not None:
        raise AutoscalingClientError(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this "
            "Instance Refresh.",
        )
    preferences = dict(self._get_param("Preferences", {}))
    _check(preferences, self._get_param("Strategy", "Rolling"))
    desired = dict(self._get_param("DesiredConfiguration", {}))
    version_of(group.ec2_backend, desired)
    now = active().clock.now()
    refresh = Refreshing(group=group.name, started=now, preferences=preferences, desired=desired)
    refreshes_of(group).append(refresh)
    active().record("refresh.begun", now, group=group.name, refresh=refresh.refresh_id)
    return ActionResult({"InstanceRefreshId": refresh.refresh_id})


def respond_describe(self: AutoScalingResponse) -> ActionResult:
    """DescribeInstanceRefreshes, newest first."""
    wanted = self._get_param("InstanceRefreshIds", [])
    most = self._get_int_param("MaxRecords", 50)
    found = [
        one.as_aws()
        for one in reversed(refreshes_of(requested_group(self)))
        if not wanted or one.refresh_id in wanted
    ]
    return ActionResult({"InstanceRefreshes": found[:most]})


def respond_cancel(self: AutoScalingResponse) -> ActionResult:
    """CancelInstanceRefresh: nothing new is replaced; what moves moves on."""
    refresh = active_refresh(requested_group(self))
    if refresh is None:
        raise AutoscalingClientError(
            "ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found."
        )
    refresh.status = "Cancelling"
    refresh.wait_for_transitioning = self._get_param("WaitForTransitioningInstances") is not False
    return ActionResult({"InstanceRefreshId": refresh.refresh_id})


def _check(preferences: Mapping[str, Any], strategy: str) -> None:
    if strategy != "Rolling":
        raise NotEmulatedError("StartInstanceRefresh", f"strategy {strategy}")
    beyond = sorted(name for name in preferences if name not in EMULATED)
    if beyond:
        raise NotEmulatedError("StartInstanceRefresh", f"preferences {', '.join(beyond)}")
    if not 0 <= float(preferences.get("MinHealthyPercentage", 90)) <= 100:  # noqa: PLR2004 (percent)
        raise ValidationError("MinHealthyPercentage must be between 0 and 100.")
    if preferences.get("ScaleInProtectedInstances", "Wait") not in PROTECTED:
        raise ValidationError(f"ScaleInProtectedInstances must be one of {', '.join(PROTECTED)}.")
