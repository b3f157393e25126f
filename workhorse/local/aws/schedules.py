"""Scheduled actions that happen: sizes change at their time, in UTC or the action's zone.

When is decided in `schedules_due.py`. moto keys actions by name alone, AWS by group and name.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
"""

from datetime import datetime
from typing import Any, cast

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (
    AutoScalingBackend,
    FakeAutoScalingGroup,
    FakeScheduledAction,
    autoscaling_backends,
)
from moto.core.exceptions import ServiceException

from workhorse.local.aws.engine import active, utc
from workhorse.local.aws.members import suspended
from workhorse.local.aws.metrics_store import epoch
from workhorse.local.aws.patching import Row, original
from workhorse.local.aws.schedules_due import (
    Schedule,
    ScheduleError,
    Sizes,
    applied,
    check,
    next_run,
)


def _moment(found: datetime | str | None) -> float | None:
    if isinstance(found, str):
        found = datetime.fromisoformat(found)
    return None if found is None else epoch(found)


def _key(group: str, name: str) -> str:
    return f"{group}/{name}"


def put_action(
    self: AutoScalingBackend,
    name: str,
    scheduled_action_name: str,
    **settings: Any,  # noqa: ANN401 (moto)
) -> FakeScheduledAction:
    """PutScheduledUpdateGroupAction (`name` is the group's), with the checks AWS makes."""
    schedule = Schedule(
        start=_moment(settings.get("start_time")),
        end=_moment(settings.get("end_time")),
        recurrence=settings.get("recurrence") or None,
        zone=settings.get("timezone") or "UTC",
    )
    now = active().clock.now()
    if name not in self.autoscaling_groups:
        raise ValidationError("AutoScalingGroup name not found - null")
    sizes = [settings.get(size) for size in ("min_size", "max_size", "desired_capacity")]
    if all(size is None for size in sizes):
        raise ValidationError("At least one of MinSize, MaxSize, DesiredCapacity must be given")
    try:
        check(schedule, now)
    except ScheduleError as error:
        raise ValidationError(str(error)) from error
    put = original(AutoScalingBackend, "put_scheduled_update_group_action")
    action: FakeScheduledAction = put(
        self, name=name, scheduled_action_name=scheduled_action_name, **settings
    )
    self.scheduled_actions.pop(scheduled_action_name, None)
    self.scheduled_actions[_key(name, scheduled_action_name)] = action
    action.__dict__["schedule"] = schedule
    _plan(action, now)
    return action


def _plan(action: FakeScheduledAction, after: float) -> None:
    """Note the next run; AWS shows it as the start time of a recurring action."""
    schedule: Schedule = action.__dict__["schedule"]
    at = next_run(schedule, after)
    action.__dict__["next_at"] = at
    if schedule.start is None and at is not None:
        action.start_time = utc(at)  # type: ignore[assignment]  # moto passes on what it is given


def delete_action(
    self: AutoScalingBackend, auto_scaling_group_name: str, scheduled_action_name: str
) -> None:
    """DeleteScheduledAction, of this group only."""
    key = _key(auto_scaling_group_name, scheduled_action_name)
    if self.scheduled_actions.pop(key, None) is None:
        raise ValidationError("Scheduled action name not found")


def _run(group: FakeAutoScalingGroup, action: FakeScheduledAction, now: float) -> None:
    """Change the group's sizes; what AWS would refuse is recorded and changes nothing."""
    engine = active()
    before = Sizes(
        minimum=group.min_size or 0,
        maximum=group.max_size or 0,
        desired=group.desired_capacity or 0,
    )
    told = {"group": group.name, "action": action.scheduled_action_name}
    try:
        after = applied(
            before,
            minimum=action.min_size,
            maximum=action.max_size,
            desired=action.desired_capacity,
        )
        group.min_size, group.max_size = after.minimum, after.maximum
        cause = (
            "a scheduled action update of AutoScalingGroup constraints to "
            f"min: {after.minimum}, max: {after.maximum}, desired: {after.desired}"
        )
        engine.record("schedule.run", now, **told)
        engine.set_desired(group, after.desired, cause, now)
    except (ScheduleError, ServiceException) as error:
        engine.record("schedule.failed", now, **told, reason=str(error))


PATCHES: tuple[Row, ...] = (
    (AutoScalingBackend, "put_scheduled_update_group_action", put_action, "by group; it happens"),
    (AutoScalingBackend, "delete_scheduled_action", delete_action, "of this group only"),
)


def tick(now: float) -> None:
    """Run what is due; an action that happens once is gone afterwards, as on AWS.

    Runs that were missed because time jumped happen once, not once each.
    """
    for _account, _region, found in autoscaling_backends.iter_backends():
        backend = cast("AutoScalingBackend", found)
        for key, action in list(backend.scheduled_actions.items()):
            at = action.__dict__.get("next_at")
            group = backend.autoscaling_groups.get(action.auto_scaling_group_name)
            if group is None:
                del backend.scheduled_actions[key]
                continue
            if at is None or at > now:
                continue
            if not suspended(group, "ScheduledActions"):
                _run(group, action, now)
            _plan(action, now)
            if action.__dict__["next_at"] is None:
                backend.scheduled_actions.pop(key, None)
