"""When a scheduled action is due, and what sizes it leaves: pure.

Rules: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError


class ScheduleError(ValueError):
    """A recurrence, time zone or size that AWS would refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When: epoch seconds `start` and `end`, and `recurrence`, five cron fields in `zone`.

    Without a recurrence it happens once, at `start`; with one, `start` and `end` bound it.
    """

    start: float | None = None
    end: float | None = None
    recurrence: str | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """A group's minimum, maximum and desired capacity."""

    minimum: int
    maximum: int
    desired: int


def _cron(recurrence: str, zone: str, after: float) -> CronSim:
    try:
        moment = datetime.fromtimestamp(after, tz=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ScheduleError(f"time zone {zone!r} is not known") from error
    if len(recurrence.split()) != 5:  # noqa: PLR2004 (minute, hour, day, month, weekday)
        raise ScheduleError(f"Given recurrence string: {recurrence} is invalid")
    try:
        return CronSim(recurrence, moment)
    except CronSimError as error:
        raise ScheduleError(f"Given recurrence string: {recurrence} is invalid") from error


def next_run(schedule: Schedule, after: float) -> float | None:
    """The first run later than `after`, in epoch seconds, or None when there is none left."""
    if schedule.recurrence is None:
        start = schedule.start
        return start if start is not None and start > after else None
    # A run exactly at the start time counts, so we look from a second before it.
    first = after if schedule.start is None else max(after, schedule.start - 1)
    try:
        found = next(_cron(schedule.recurrence, schedule.zone, first))
    except StopIteration:
        return None
    at = found.astimezone(UTC).timestamp()
    return None if schedule.end is not None and at > schedule.end else at


def check(schedule: Schedule, now: float) -> None:
    """Raise ScheduleError for what AWS refuses when an action is put."""
    if schedule.recurrence is not None:
        _cron(schedule.recurrence, schedule.zone, now)
    elif schedule.start is None:
        raise ScheduleError("Either StartTime or Recurrence must be provided")
    if schedule.start is not None and schedule.start < now:
        raise ScheduleError("Given start time is in the past")
    if schedule.end is not None and schedule.end <= (schedule.start or now):
        raise ScheduleError("Given end time is before start time")


def applied(
    sizes: Sizes, *, minimum: int | None, maximum: int | None, desired: int | None
) -> Sizes:
    """The sizes after a run: what is given replaces, and desired stays within the limits.

    Raises ScheduleError when the minimum would be above the maximum.
    """
    low = sizes.minimum if minimum is None else minimum
    high = sizes.maximum if maximum is None else maximum
    if low > high:
        raise ScheduleError(f"min size {low} is above max size {high}")
    wanted = sizes.desired if desired is None else desired
    return Sizes(minimum=low, maximum=high, desired=min(max(wanted, low), high))
