"""When scheduled actions are due.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
"""

from datetime import UTC, datetime

import pytest

from workhorse.local.aws.schedules_due import (
    Schedule,
    ScheduleError,
    Sizes,
    applied,
    check,
    next_run,
)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def run(schedule: Schedule, after: str) -> str | None:
    found = next_run(schedule, at(after))
    return None if found is None else datetime.fromtimestamp(found, tz=UTC).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("recurrence", "after", "answer"),
    [
        ("0 8 * * MON-FRI", "2026-11-20T08:00:00", "11-23 08:00"),
        ("0 8 * * MON-FRI", "2026-11-20T07:59:59", "11-20 08:00"),
        ("30 18 * * *", "2026-11-21T18:30:00", "11-22 18:30"),
        ("*/15 * * * *", "2026-11-21T04:00:01", "11-21 04:15"),
        ("0 0 1 1 *", "2026-11-21T00:00:00", "01-01 00:00"),
        ("0 6 * * 0", "2026-11-21T00:00:00", "11-22 06:00"),
    ],
)
def test_a_recurrence_is_cron_in_utc(recurrence: str, after: str, answer: str) -> None:
    """Minute, hour, day, month, weekday; a run is later than the time asked."""
    assert run(Schedule(recurrence=recurrence), after) == answer


def test_a_zone_moves_the_runs_and_knows_summer_time() -> None:
    """Eight in Berlin is seven in UTC in winter and six in summer."""
    berlin = Schedule(recurrence="0 8 * * *", zone="Europe/Berlin")
    assert run(berlin, "2026-11-21T00:00:00") == "11-21 07:00"
    assert run(berlin, "2026-07-01T00:00:00") == "07-01 06:00"


def test_an_action_without_recurrence_runs_once_at_its_start() -> None:
    """At its start time, and never after."""
    once = Schedule(start=at("2026-11-21T09:00:00"))
    assert run(once, "2026-11-21T08:00:00") == "11-21 09:00"
    assert run(once, "2026-11-21T09:00:00") is None


def test_start_and_end_bound_a_recurrence() -> None:
    """A run exactly at the start counts; none comes after the end."""
    bounded = Schedule(
        recurrence="0 * * * *", start=at("2026-11-22T05:00:00"), end=at("2026-11-22T06:30:00")
    )
    assert run(bounded, "2026-11-21T00:00:00") == "11-22 05:00"
    assert run(bounded, "2026-11-22T05:00:00") == "11-22 06:00"
    assert run(bounded, "2026-11-22T06:00:00") is None


NOON = at("2026-11-21T12:00:00")


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        (Schedule(), "StartTime or Recurrence"),
        (Schedule(recurrence="0 8 * *"), "0 8 \\* \\* is invalid"),
        (Schedule(recurrence="61 8 * * *"), "is invalid"),
        (Schedule(recurrence="0 8 * * *", zone="Mars/Olympus"), "Mars/Olympus"),
        (Schedule(start=NOON - 1), "in the past"),
        (Schedule(start=NOON + 10, end=NOON + 5), "end time"),
    ],
)
def test_what_aws_refuses_is_refused(schedule: Schedule, why: str) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html
    """
    with pytest.raises(ScheduleError, match=why):
        check(schedule, NOON)


def test_desired_capacity_follows_new_limits() -> None:
    """What is not given stays; desired is moved into the limits."""
    now = Sizes(minimum=1, maximum=10, desired=5)
    assert applied(now, minimum=None, maximum=3, desired=None) == Sizes(
        minimum=1, maximum=3, desired=3
    )
    assert applied(now, minimum=7, maximum=None, desired=None).desired == 7
    assert applied(now, minimum=0, maximum=0, desired=0) == Sizes(minimum=0, maximum=0, desired=0)
    with pytest.raises(ScheduleError, match="above max"):
        applied(now, minimum=11, maximum=None, desired=None)
