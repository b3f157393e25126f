"""Instance refreshes, performed: old members leave through their hooks, a batch at a time.

    Pending -> InProgress -> Successful | Failed
    Pending, InProgress -> Cancelling -> Cancelled

While one is active its desired configuration is what the group launches, and the group's own
stays; when it succeeds the group's own becomes it.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
"""

from dataclasses import dataclass, field
from math import ceil
from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from workhorse.local.aws.ec2_life import life_of, new_token
from workhorse.local.aws.engine import Engine, utc
from workhorse.local.aws.lifecycle import leave
from workhorse.local.aws.members import LEAVING, counted, membership_of
from workhorse.local.aws.offers import launched_from, template_version
from workhorse.local.aws.sources import take_source

ACTIVE = frozenset({"Pending", "InProgress", "Cancelling"})

PATIENCE = 3600.0
"""Seconds that a refresh waits for protection to be taken off, with `Wait`.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
"""

CAUSE = "an instance was taken out of service in response to an instance refresh."

HELD = "Instances are protected from scale in, and waiting for them timed out."


@dataclass(slots=True, kw_only=True)
class Refreshing:
    """One instance refresh. Times are virtual epoch seconds.

    `old` are the members to replace, found when it began; `sent` those of them that it sent
    away; `stuck_since` when nothing but protected members was left.
    """

    group: str
    started: float
    preferences: dict[str, Any]
    desired: dict[str, Any]
    wait_for_transitioning: bool = True
    status: str = "Pending"
    reason: str = ""
    ended: float | None = None
    old: frozenset[str] = frozenset()
    sent: set[str] = field(default_factory=set)
    left: int = 0
    stuck_since: float | None = None
    refresh_id: str = field(default_factory=new_token)

    @property
    def percent(self) -> int:
        """Rounded down, as AWS does."""
        if self.status == "Successful":
            return 100
        return 100 * (len(self.old) - self.left) // len(self.old) if self.old else 0

    def as_aws(self) -> dict[str, object]:
        """The refresh with AWS' own field names."""
        told: dict[str, object] = {
            "InstanceRefreshId": self.refresh_id,
            "AutoScalingGroupName": self.group,
            "Status": self.status,
            "StartTime": utc(self.started),
            "PercentageComplete": self.percent,
            "InstancesToUpdate": self.left,
            "Preferences": self.preferences,
        }
        if self.desired:
            told["DesiredConfiguration"] = self.desired
        if self.reason:
            told["StatusReason"] = self.reason
        if self.ended is not None:
            told["EndTime"] = utc(self.ended)
        return told


def refreshes_of(group: FakeAutoScalingGroup) -> list[Refreshing]:
    """The refreshes of a group, oldest first."""
    found: list[Refreshing] = group.__dict__.setdefault("refreshes", [])
    return found


def active_refresh(group: FakeAutoScalingGroup) -> Refreshing | None:
    """The refresh of a group that is not over."""
    newest = refreshes_of(group)[-1:]
    return newest[0] if newest and newest[0].status in ACTIVE else None


class Refreshes:
    """The part that performs refreshes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def next_due(self) -> float | None:
        """A second later while one is active: what it waits for has many clocks."""
        going = any(active_refresh(group) for group in self.engine.groups())
        return self.engine.clock.now() + 1.0 if going else None

    def tick(self, now: float) -> None:
        """Move the active refresh of every group."""
        for group in self.engine.groups():
            refresh = active_refresh(group)
            if refresh is not None:
                self._advance(group, refresh, now)

    def _advance(self, group: FakeAutoScalingGroup, refresh: Refreshing, now: float) -> None:
        if refresh.status == "Pending":
            refresh.old = frozenset(one.instance_id for one in _to_replace(group, refresh))
            refresh.left = len(refresh.old)
            refresh.status = "InProgress"
        elif refresh.status == "Cancelling":
            if not refresh.wait_for_transitioning or not _transitioning(group, refresh, now):
                self._finish(group, refresh, "Cancelled", now)
        else:
            self._replace(group, refresh, now)

    def _replace(self, group: FakeAutoScalingGroup, refresh: Refreshing, now: float) -> None:
        old = [one for one in counted(group) if one.instance_id in refresh.old]
        moving = _transitioning(group, refresh, now)
        refresh.left = min(len(refresh.old), len(old) + moving)
        takes_protected = refresh.preferences.get("ScaleInProtectedInstances", "Wait")
        free = [
            one for one in old if takes_protected == "Refresh" or not one.protected_from_scale_in
        ]
        if not free and not moving:
            self._settle(group, refresh, old if takes_protected == "Wait" else [], now)
            return
        refresh.stuck_since = None
        for member in sorted(free, key=_age)[: max(0, _batch(group, refresh) - moving)]:
            refresh.sent.add(member.instance_id)
            leave(member, CAUSE, now)

    def _settle(
        self,
        group: FakeAutoScalingGroup,
        refresh: Refreshing,
        held: list[InstanceState],
        now: float,
    ) -> None:
        """Nothing can be replaced now: it is over, or waits for protection to be taken off."""
        if not held:
            if refresh.desired:
                take_source(group, refresh.desired)
            self._finish(group, refresh, "Successful", now)
            return
        if refresh.stuck_since is None:
            refresh.stuck_since = now
        if now >= refresh.stuck_since + PATIENCE:
            refresh.reason = HELD
            self._finish(group, refresh, "Failed", now)

    def _finish(
        self, group: FakeAutoScalingGroup, refresh: Refreshing, status: str, now: float
    ) -> None:
        refresh.status, refresh.ended = status, now
        if status == "Successful":
            refresh.left = 0
        self.engine.record(f"refresh.{status.lower()}", now, group=group.name)


def _age(member: InstanceState) -> tuple[float, str]:
    return life_of(member.instance).launched, member.instance_id


def _to_replace(group: FakeAutoScalingGroup, refresh: Refreshing) -> list[InstanceState]:
    """The members that do not match what the group launches; all, when matching ones too go."""
    members = counted(group)
    version = template_version(group)
    if version is None or not refresh.preferences.get("SkipMatching"):
        return members
    return [one for one in members if not launched_from(one, version)]


def _transitioning(group: FakeAutoScalingGroup, refresh: Refreshing, now: float) -> int:
    """How many replacements are under way.

    One begins when an old member is sent away, and is over when that one is gone and another has
    been in service for the warm-up time.
    """
    leaving = sum(
        1
        for one in group.instance_states
        if one.instance_id in refresh.sent and one.lifecycle_state in LEAVING
    )
    cold = sum(
        1
        for one in counted(group)
        if membership_of(one).joined >= refresh.started
        and one.instance_id not in refresh.old
        and not _warm(group, refresh, one, now)
    )
    return max(leaving, cold)


def _warm(
    group: FakeAutoScalingGroup, refresh: Refreshing, member: InstanceState, now: float
) -> bool:
    since = membership_of(member).in_service_at
    warmup = refresh.preferences.get("InstanceWarmup")
    if warmup is None:
        warmup = group.__dict__.get("default_instance_warmup")
    if warmup is None:
        warmup = group.health_check_grace_period or 0
    return since is not None and now >= since + float(warmup)


def _batch(group: FakeAutoScalingGroup, refresh: Refreshing) -> int:
    """How many members may be missing at once: one at least."""
    size = group.desired_capacity or 0
    healthy = ceil(size * float(refresh.preferences.get("MinHealthyPercentage", 90)) / 100)
    return max(1, size - healthy)
