"""Keep every Auto Scaling group at its desired capacity: launch, shrink, replace.

Level, not edge: each tick compares desired capacity with the members that count. Which zone,
market and victim is decided by the pure modules `zones`, `market` and `victims`.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-groups.html
"""

from dataclasses import dataclass

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState
from moto.core.exceptions import ServiceException

from workhorse.local.aws import activities
from workhorse.local.aws.engine import Engine
from workhorse.local.aws.faults import InsufficientCapacityError
from workhorse.local.aws.lifecycle import leave, step
from workhorse.local.aws.members import (
    Membership,
    counted,
    membership_of,
    suspended,
    template_of,
)
from workhorse.local.aws.messages import stamp
from workhorse.local.aws.offers import candidate, offers, run_one
from workhorse.local.aws.victims import choose_victims

ALL_PROTECTED = (
    "Could not scale to desired capacity because all remaining instances are protected from "
    "scale-in."
)
"""AWS' own words in a Failed activity."""


@dataclass(slots=True, kw_only=True)
class Mood:
    """What a group remembers between ticks.

    `changed` and `before` describe the last change of desired capacity for the causes of
    activities; no launch is tried before `retry_at`; `complained` is the desired capacity
    for which "all protected" was already said.
    """

    changed: str = ""
    before: int = 0
    retry_at: float = 0.0
    complained: int | None = None


def mood_of(group: FakeAutoScalingGroup) -> Mood:
    """The memory of a group, made when first asked for."""
    mood: Mood = group.__dict__.setdefault("mood", Mood())
    return mood


class Groups:
    """The part that moves members and holds each group at its size."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        engine.on_desired(self.scale)

    def next_due(self) -> float | None:
        """When the next lifecycle action times out."""
        return min(
            (
                wait.deadline
                for group in self.engine.groups()
                for member in group.instance_states
                for wait in membership_of(member).waits
                if wait.result is None
            ),
            default=None,
        )

    def tick(self, now: float) -> None:
        """Move every member, look after the sick, then compare sizes."""
        for group in self.engine.groups():
            for member in list(group.instance_states):
                step(member, now)
            if group.__dict__.get("status"):
                self._delete_when_empty(group)
                continue
            self._replace_unhealthy(group, now)
            self.reconcile(group, now)

    def scale(self, group: FakeAutoScalingGroup, size: int, cause: str, now: float) -> None:
        """Give a group a new desired capacity; raises ValidationError outside min and max."""
        if group.max_size is not None and size > group.max_size:
            raise ValidationError(
                f"New SetDesiredCapacity value {size} is above max value {group.max_size} "
                "for the AutoScalingGroup."
            )
        if group.min_size is not None and size < group.min_size:
            raise ValidationError(
                f"New SetDesiredCapacity value {size} is below min value {group.min_size} "
                "for the AutoScalingGroup."
            )
        self.change(group, size, cause, now)
        self.reconcile(group, now)

    def change(self, group: FakeAutoScalingGroup, size: int, cause: str, now: float) -> None:
        """Write a new desired capacity down, and why."""
        before = group.desired_capacity or 0
        if size == before:
            return
        mood = mood_of(group)
        group.desired_capacity = size
        mood.before, mood.complained, mood.retry_at = before, None, 0.0
        mood.changed = (
            f"At {stamp(now)} {cause} changing the desired capacity from {before} to {size}."
        )
        self.engine.record(
            "group.desired", now, group=group.name, before=before, after=size, cause=cause
        )

    def reconcile(self, group: FakeAutoScalingGroup, now: float) -> None:
        """Launch what is missing or end what is too much."""
        present = counted(group)
        wanted = group.desired_capacity or 0
        if len(present) < wanted and not suspended(group, "Launch"):
            self._grow(group, wanted - len(present), now)
        elif len(present) > wanted and not suspended(group, "Terminate"):
            self._shrink(group, present, len(present) - wanted, now)

    def _grow(self, group: FakeAutoScalingGroup, missing: int, now: float) -> None:
        if now < mood_of(group).retry_at:
            return
        present = len(counted(group))
        cause = (
            f"{mood_of(group).changed}  At {stamp(now)} an instance was started in response to a "
            "difference between desired and actual capacity, increasing the capacity from "
            f"{present} to {present + missing}."
        ).strip()
        for _ in range(missing):
            if not self._launch(group, cause, now):
                mood_of(group).retry_at = now + self.engine.timings.retry
                return

    def _launch(self, group: FakeAutoScalingGroup, cause: str, now: float) -> bool:
        """Try every zone and type in turn; a Failed activity when none has room."""
        problem = "Launching a new EC2 instance failed."
        try:
            for market, kind, zone, subnet in offers(group):
                try:
                    member = run_one(group, market, kind, zone, subnet)
                except InsufficientCapacityError as error:
                    problem = f"{error.message} Launching EC2 instance failed."
                else:
                    self.welcome(group, member, cause, now)
                    return True
        except ServiceException as error:
            problem = f"{error.message} Launching EC2 instance failed."
        description = "Launching a new EC2 instance.  Status Reason: " + problem
        activity = activities.begin(group, "LAUNCH", description, cause, now)
        activities.finish(activity, "Failed", now, problem)
        return False

    def welcome(
        self, group: FakeAutoScalingGroup, member: InstanceState, cause: str, now: float
    ) -> None:
        """Take an instance that was just launched for the group into it."""
        description = f"Launching a new EC2 instance: {member.instance_id}"
        activity = activities.begin(group, "LAUNCH", description, cause, now)
        activity.status, activity.progress, activity.instance = "PreInService", 30, member.instance
        activity.zone = member.availability_zone or ""
        activity.subnet = member.instance.subnet_id or ""
        member.__dict__["membership"] = Membership(joined=now, activity=activity)
        group.instance_states.append(member)
        self.engine.record(
            "member.launched",
            now,
            group=group.name,
            instance=member.instance_id,
            zone=activity.zone,
            type=member.instance_type,
            market=member.instance.lifecycle or "on-demand",
            template=template_of(member),
        )

    def _shrink(
        self, group: FakeAutoScalingGroup, present: list[InstanceState], surplus: int, now: float
    ) -> None:
        candidates = [candidate(group, one) for one in present if not one.protected_from_scale_in]
        held = [str(one.availability_zone) for one in present]
        chosen = choose_victims(candidates, held, group.termination_policies, surplus)
        by_id = {one.instance_id: one for one in present}
        size = len(present)
        for instance_id in chosen:
            cause = (
                f"an instance was taken out of service in response to a difference between "
                f"desired and actual capacity, shrinking the capacity from {size} to {size - 1}."
            )
            leave(by_id[instance_id], cause, now)
            size -= 1
        mood = mood_of(group)
        if len(chosen) < surplus and mood.complained != group.desired_capacity:
            mood.complained = group.desired_capacity
            activity = activities.begin(
                group, "", ALL_PROTECTED, mood.changed or f"At {stamp(now)} scale-in.", now
            )
            activities.finish(activity, "Failed", now, ALL_PROTECTED)

    def _replace_unhealthy(self, group: FakeAutoScalingGroup, now: float) -> None:
        for member in counted(group):
            membership = membership_of(member)
            if member.instance.state not in {"pending", "running"}:
                self._notice_illness(group, member, membership, now)
            if member.health_status == "Unhealthy" and not suspended(group, "ReplaceUnhealthy"):
                state = member.instance.state
                leave(
                    member,
                    "an instance was taken out of service in response to an EC2 health check "
                    f"indicating it has been terminated or stopped (state {state})."
                    if state not in {"pending", "running"}
                    else "an instance was taken out of service in response to a user health-check.",
                    now,
                )

    def _notice_illness(
        self,
        group: FakeAutoScalingGroup,
        member: InstanceState,
        membership: Membership,
        now: float,
    ) -> None:
        if membership.ill_since is None:
            membership.ill_since = now
        late = now >= membership.ill_since + self.engine.timings.health
        if late and not suspended(group, "HealthCheck"):
            member.health_status = "Unhealthy"

    def _delete_when_empty(self, group: FakeAutoScalingGroup) -> None:
        if not group.instance_states:
            group.autoscaling_backend.autoscaling_groups.pop(group.name, None)
