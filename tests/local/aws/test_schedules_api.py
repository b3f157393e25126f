"""Scheduled actions over HTTP: they happen at their virtual time."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import Cloud

START = 1_767_225_600
"""Thursday, 2026-01-01T00:00:00Z."""


def when(offset: float) -> datetime:
    return datetime.fromtimestamp(START + offset, tz=UTC)


def put_action(cloud: Cloud, name: str = "morning", group: str = "pool", **more: Any) -> None:
    cloud.client("autoscaling").put_scheduled_update_group_action(
        AutoScalingGroupName=group, ScheduledActionName=name, **more
    )


def sizes(cloud: Cloud, group: str = "pool") -> tuple[int, int, int]:
    found = cloud.describe(group)
    return found["MinSize"], found["MaxSize"], found["DesiredCapacity"]


def actions(cloud: Cloud) -> list[dict[str, Any]]:
    answer = cloud.client("autoscaling").describe_scheduled_actions()
    return answer["ScheduledUpdateGroupActions"]


def test_an_action_happens_once_at_its_start_and_is_gone(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
    """
    cloud.group()
    put_action(cloud, StartTime=when(300), MinSize=1, MaxSize=4, DesiredCapacity=2)
    cloud.advance(299)
    assert sizes(cloud) == (0, 10, 0)
    cloud.advance(1)
    assert sizes(cloud) == (1, 4, 2)
    assert actions(cloud) == []
    assert (
        "a scheduled action update of AutoScalingGroup constraints to min: 1, max: 4"
        in (cloud.activities()[0]["Cause"])
    )


def test_a_recurrence_happens_again_and_shows_its_next_time(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
    """
    cloud.group()
    put_action(cloud, "up", Recurrence="10 * * * *", DesiredCapacity=3)
    put_action(cloud, "down", Recurrence="20 * * * *", DesiredCapacity=0)
    assert [one["StartTime"] for one in actions(cloud)] == [when(600), when(1200)]
    found = []
    for _ in range(4):
        cloud.advance(600)
        found.append(sizes(cloud)[2])
    assert found == [3, 0, 0, 0]
    cloud.advance(1800)
    assert sizes(cloud)[2] == 3


def test_new_limits_move_the_desired_capacity(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
    """
    cloud.group(desired=5)
    put_action(cloud, "night", StartTime=when(60), MaxSize=1)
    put_action(cloud, "day", StartTime=when(120), MinSize=3, MaxSize=8)
    cloud.advance(60)
    assert sizes(cloud) == (0, 1, 1)
    cloud.advance(60)
    assert sizes(cloud) == (3, 8, 3)


def test_suspended_scheduled_actions_do_not_happen(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
    """
    cloud.group()
    put_action(cloud, StartTime=when(60), DesiredCapacity=2)
    cloud.client("autoscaling").suspend_processes(
        AutoScalingGroupName="pool", ScalingProcesses=["ScheduledActions"]
    )
    cloud.advance(120)
    assert sizes(cloud)[2] == 0


def test_an_action_that_cannot_happen_changes_nothing_and_is_recorded(cloud: Cloud) -> None:
    """A minimum above the maximum of that moment."""
    cloud.group()
    put_action(cloud, StartTime=when(60), MinSize=20)
    cloud.advance(60)
    assert sizes(cloud) == (0, 10, 0)
    (failed,) = cloud.happenings("schedule.failed")
    assert "min size 20 is above max size 10" in str(failed["reason"])


def test_actions_of_two_groups_may_share_a_name(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteScheduledAction.html
    """
    for group in ("pool", "other"):
        cloud.group(group)
        put_action(cloud, group=group, StartTime=when(60), DesiredCapacity=2)
    autoscaling = cloud.client("autoscaling")
    autoscaling.delete_scheduled_action(AutoScalingGroupName="other", ScheduledActionName="morning")
    cloud.advance(60)
    assert (sizes(cloud)[2], sizes(cloud, "other")[2]) == (2, 0)
    with pytest.raises(ClientError, match="not found"):
        autoscaling.delete_scheduled_action(
            AutoScalingGroupName="other", ScheduledActionName="morning"
        )


def test_a_batch_puts_what_it_can_and_names_what_it_cannot(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_BatchPutScheduledUpdateGroupAction.html
    """
    cloud.group()
    answer = cloud.client("autoscaling").batch_put_scheduled_update_group_action(
        AutoScalingGroupName="pool",
        ScheduledUpdateGroupActions=[
            {"ScheduledActionName": "good", "Recurrence": "0 8 * * 1", "DesiredCapacity": 1},
            {"ScheduledActionName": "bad", "Recurrence": "whenever", "DesiredCapacity": 1},
        ],
    )
    (failed,) = answer["FailedScheduledUpdateGroupActions"]
    assert failed["ScheduledActionName"] == "bad"
    assert [one["ScheduledActionName"] for one in actions(cloud)] == ["good"]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"Recurrence": "0 8 * *", "MinSize": 1}, "0 8 \\* \\* is invalid"),
        ({"StartTime": when(-60), "MinSize": 1}, "in the past"),
        ({"StartTime": when(60)}, "At least one"),
        ({"MinSize": 1}, "StartTime or Recurrence"),
    ],
)
def test_an_action_that_makes_no_sense_is_refused(
    cloud: Cloud, settings: dict[str, Any], why: str
) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html
    """
    cloud.group()
    with pytest.raises(ClientError, match=why):
        put_action(cloud, **settings)
