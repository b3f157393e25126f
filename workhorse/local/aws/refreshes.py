"""Instance refreshes, as far as they go here: kept and shown, never performed.

A refresh stays Pending, which is a state AWS has too, until it is cancelled. Rolling a pool is
the rollout's business, which does not use them.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html
"""

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from workhorse.local.aws.ec2_life import new_token
from workhorse.local.aws.engine import active, utc

OPEN = frozenset({"Pending", "InProgress"})


def _refreshes(self: AutoScalingResponse) -> list[dict[str, Any]]:
    """The refreshes of the request's group, oldest first."""
    kept: dict[str, list[dict[str, Any]]] = self.autoscaling_backend.__dict__.setdefault(
        "refreshes", {}
    )
    return kept.setdefault(self._get_param("AutoScalingGroupName"), [])


def respond_start(self: AutoScalingResponse) -> ActionResult:
    """StartInstanceRefresh: refused while one is open."""
    refreshes = _refreshes(self)
    if any(one["Status"] in OPEN for one in refreshes):
        raise AutoscalingClientError(
            "InstanceRefreshInProgress", "An Instance Refresh is already in progress."
        )
    refresh = {
        "InstanceRefreshId": new_token(),
        "AutoScalingGroupName": self._get_param("AutoScalingGroupName"),
        "Status": "Pending",
        "StatusReason": "The embedded AWS does not perform instance refreshes.",
        "StartTime": utc(active().clock.now()),
        "PercentageComplete": 0,
        "Preferences": self._get_param("Preferences", {}),
    }
    refreshes.append(refresh)
    return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})


def respond_describe(self: AutoScalingResponse) -> ActionResult:
    """DescribeInstanceRefreshes, newest first."""
    wanted = self._get_param("InstanceRefreshIds", [])
    found = [
        one
        for one in reversed(_refreshes(self))
        if not wanted or one["InstanceRefreshId"] in wanted
    ]
    return ActionResult({"InstanceRefreshes": found})


def respond_cancel(self: AutoScalingResponse) -> ActionResult:
    """CancelInstanceRefresh: an open one becomes Cancelled."""
    for refresh in _refreshes(self):
        if refresh["Status"] in OPEN:
            refresh["Status"], refresh["EndTime"] = "Cancelled", utc(active().clock.now())
            return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})
    raise AutoscalingClientError(
        "ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found."
    )
