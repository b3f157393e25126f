"""Scaling policies over HTTP: executed by hand and by alarms, through real groups."""

import json
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import Cloud

STEPS = [
    {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3},
]


def put_policy(cloud: Cloud, name: str = "up", group: str = "pool", **more: Any) -> str:
    settings = {"AdjustmentType": "ChangeInCapacity", **more}
    if "StepAdjustments" in settings:
        settings["PolicyType"] = "StepScaling"
    elif "ScalingAdjustment" not in settings:
        settings["ScalingAdjustment"] = 2
    answer = cloud.client("autoscaling").put_scaling_policy(
        AutoScalingGroupName=group, PolicyName=name, **settings
    )
    return answer["PolicyARN"]


def execute(cloud: Cloud, name: str = "up", **more: Any) -> None:
    cloud.client("autoscaling").execute_policy(AutoScalingGroupName="pool", PolicyName=name, **more)


def desired(cloud: Cloud, group: str = "pool") -> int:
    return cloud.describe(group)["DesiredCapacity"]


def watch(cloud: Cloud, arn: str, **more: Any) -> None:
    settings = {
        "AlarmName": "busy",
        "Namespace": "Pool",
        "MetricName": "Queue",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "AlarmActions": [arn],
        **more,
    }
    cloud.client("cloudwatch").put_metric_alarm(**settings)


def feed(cloud: Cloud, *values: float) -> None:
    for value in values:
        cloud.client("cloudwatch").put_metric_data(
            Namespace="Pool", MetricData=[{"MetricName": "Queue", "Value": value}]
        )
        cloud.advance(60)


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ({"ScalingAdjustment": 2}, 6),
        ({"ScalingAdjustment": -2}, 2),
        ({"ScalingAdjustment": 50}, 10),
        ({"ScalingAdjustment": -50}, 0),
        ({"ScalingAdjustment": 7, "AdjustmentType": "ExactCapacity"}, 7),
        ({"ScalingAdjustment": 50, "AdjustmentType": "PercentChangeInCapacity"}, 6),
        ({"ScalingAdjustment": 10, "AdjustmentType": "PercentChangeInCapacity"}, 5),
        (
            {
                "ScalingAdjustment": 10,
                "AdjustmentType": "PercentChangeInCapacity",
                "MinAdjustmentMagnitude": 3,
            },
            7,
        ),
    ],
)
def test_a_simple_policy_is_executed_within_the_groups_limits(
    cloud: Cloud, settings: dict[str, Any], answer: int
) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
    """
    cloud.group(desired=4)
    put_policy(cloud, **settings)
    execute(cloud)
    assert desired(cloud) == answer


def test_a_simple_policy_waits_for_activity_and_cooldown_when_asked(cloud: Cloud) -> None:
    """The cooldown begins when the instances are in service.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html
    """
    cloud.group()
    put_policy(cloud, ScalingAdjustment=1, Cooldown=120)
    execute(cloud, HonorCooldown=True)

    def refused() -> str:
        with pytest.raises(ClientError) as caught:
            execute(cloud, HonorCooldown=True)
        return caught.value.response["Error"]["Code"]

    assert refused() == "ScalingActivityInProgress"
    cloud.advance(60)
    assert set(cloud.members().values()) == {"InService"}
    cloud.advance(110)
    assert refused() == "ScalingActivityInProgress"
    cloud.advance(20)
    execute(cloud, HonorCooldown=True)
    assert desired(cloud) == 2
    execute(cloud)
    assert desired(cloud) == 3


def test_a_step_policy_takes_the_step_of_the_breach(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_ExecutePolicy.html
    """
    cloud.group(desired=2)
    cloud.advance(60)
    put_policy(cloud, StepAdjustments=STEPS, EstimatedInstanceWarmup=0)
    with pytest.raises(ClientError, match="MetricValue"):
        execute(cloud)
    execute(cloud, MetricValue=12.0, BreachThreshold=5.0)
    assert desired(cloud) == 3
    execute(cloud, MetricValue=15.0, BreachThreshold=5.0)
    assert desired(cloud) == 5
    with pytest.raises(ClientError, match="No step"):
        execute(cloud, MetricValue=4.0, BreachThreshold=5.0)


def test_instances_that_warm_up_are_not_added_twice(cloud: Cloud) -> None:
    """Repeated breaches add nothing until boot and warm-up are over.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
    """
    cloud.group(desired=1)
    cloud.advance(60 + 90)
    arn = put_policy(cloud, StepAdjustments=STEPS, EstimatedInstanceWarmup=90)
    watch(cloud, arn)
    sizes = []
    for _ in range(6):
        feed(cloud, 6.0)
        sizes.append(desired(cloud))
    # Fired at once; in service 60 s later, warm 90 s after that, so at the third minute on.
    assert sizes == [2, 2, 2, 3, 3, 3]


def test_an_alarm_calls_its_policy_each_minute_while_it_lasts(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
    """
    cloud.group()
    arn = put_policy(cloud, ScalingAdjustment=1, Cooldown=0)
    watch(cloud, arn)
    feed(cloud, 6.0, 6.0, 6.0, 6.0, 1.0, 1.0)
    calls = [float(str(one["at"])) for one in cloud.happenings("alarm.action")]
    assert [after - before for before, after in pairwise(calls)] == [60.0] * 3
    assert desired(cloud) >= 2


def test_a_simple_policy_called_by_an_alarm_honours_its_cooldown(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html
    """
    cloud.group()
    arn = put_policy(cloud, ScalingAdjustment=1, Cooldown=180)
    watch(cloud, arn)
    feed(cloud, *[6.0] * 4)
    assert desired(cloud) == 1
    feed(cloud, *[6.0] * 2)
    assert desired(cloud) == 2


def test_the_activity_names_the_alarm_and_the_policy(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-verify-scaling-activity.html
    """
    cloud.group()
    watch(cloud, put_policy(cloud))
    feed(cloud, 6.0)
    cause = cloud.activities()[0]["Cause"]
    assert "a monitor alarm busy in state ALARM triggered policy up changing the desired" in cause
    assert "from 0 to 2" in cause


def test_a_quiet_queue_shrinks_the_group(cloud: Cloud) -> None:
    """Scale-in by a step policy of percentages.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
    """
    cloud.group(desired=6, DefaultCooldown=10)
    cloud.advance(120)
    arn = put_policy(
        cloud,
        "down",
        AdjustmentType="PercentChangeInCapacity",
        StepAdjustments=[{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -50}],
    )
    watch(cloud, arn, ComparisonOperator="LessThanThreshold")
    feed(cloud, 1.0)
    assert desired(cloud) == 3


def test_missing_data_that_breaches_takes_the_step_at_the_threshold(cloud: Cloud) -> None:
    """No page of AWS says which step is taken; ours is the one at the threshold (our choice).

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    cloud.group()
    arn = put_policy(cloud, StepAdjustments=STEPS)
    watch(cloud, arn, TreatMissingData="breaching")
    cloud.advance(60)
    assert desired(cloud) == 1


def test_set_alarm_state_gives_a_step_policy_its_value_in_the_reason_data(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
    """
    cloud.group()
    watch(cloud, put_policy(cloud, StepAdjustments=STEPS))
    client = cloud.client("cloudwatch")
    drill = {"AlarmName": "busy", "StateValue": "ALARM", "StateReason": "a drill"}
    client.set_alarm_state(**drill)
    assert desired(cloud) == 0
    client.set_alarm_state(**{**drill, "StateValue": "OK"})
    data = json.dumps({"version": "1.0", "recentDatapoints": [50.0], "threshold": 5.0})
    client.set_alarm_state(**drill, StateReasonData=data)
    assert desired(cloud) == 3


def test_alarms_are_not_heard_while_alarm_notification_is_suspended(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
    """
    cloud.group()
    watch(cloud, put_policy(cloud))
    autoscaling = cloud.client("autoscaling")
    autoscaling.suspend_processes(
        AutoScalingGroupName="pool", ScalingProcesses=["AlarmNotification"]
    )
    feed(cloud, 6.0)
    assert desired(cloud) == 0
    autoscaling.resume_processes(
        AutoScalingGroupName="pool", ScalingProcesses=["AlarmNotification"]
    )
    feed(cloud, 6.0)
    assert desired(cloud) == 2


def test_a_disabled_policy_does_nothing_when_its_alarm_calls(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enable-disable-scaling-policy.html
    """
    cloud.group()
    watch(cloud, put_policy(cloud, Enabled=False))
    feed(cloud, 6.0)
    assert desired(cloud) == 0


def test_policies_of_two_groups_may_share_a_name(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html
    """
    cloud.group("pool")
    cloud.group("other")
    first = put_policy(cloud, group="pool", ScalingAdjustment=1)
    second = put_policy(cloud, group="other", ScalingAdjustment=5)
    assert first != second
    autoscaling = cloud.client("autoscaling")
    autoscaling.execute_policy(AutoScalingGroupName="other", PolicyName="up")
    assert (desired(cloud, "pool"), desired(cloud, "other")) == (0, 5)
    autoscaling.delete_policy(AutoScalingGroupName="other", PolicyName="up")
    left = autoscaling.describe_policies()["ScalingPolicies"]
    assert [one["AutoScalingGroupName"] for one in left] == ["pool"]


def test_a_policy_tells_the_alarms_that_call_it(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_ScalingPolicy.html
    """
    cloud.group()
    watch(cloud, put_policy(cloud))
    (policy,) = cloud.client("autoscaling").describe_policies()["ScalingPolicies"]
    assert [one["AlarmName"] for one in policy["Alarms"]] == ["busy"]
    assert policy["Enabled"] is True


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"AdjustmentType": "Sideways", "ScalingAdjustment": 1}, "AdjustmentType"),
        ({"AutoScalingGroupName": "nobody"}, "not found"),
        ({"PolicyType": "StepScaling"}, "StepAdjustments"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(
    cloud: Cloud, settings: dict[str, Any], why: str
) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html
    """
    cloud.group()
    arguments = {
        "AutoScalingGroupName": "pool",
        "PolicyName": "up",
        "AdjustmentType": "ChangeInCapacity",
        **settings,
    }
    with pytest.raises(ClientError, match=why):
        cloud.client("autoscaling").put_scaling_policy(**arguments)


def test_a_pool_is_sized_by_alarms_alone(cloud: Cloud) -> None:
    """Jobs wait: up by steps. More than 3 executors idle for 50 minutes: down one by one.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html
    """
    cloud.group()
    arn = put_policy(cloud, StepAdjustments=STEPS, EstimatedInstanceWarmup=60)
    watch(cloud, arn, Threshold=0.0, ComparisonOperator="GreaterThanThreshold")
    arn = put_policy(cloud, "down", ScalingAdjustment=-1, Cooldown=300)
    watch(
        cloud,
        arn,
        AlarmName="idle",
        MetricName="Idle",
        Statistic="Minimum",
        Period=300,
        EvaluationPeriods=10,
        Threshold=3.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    client = cloud.client("cloudwatch")
    sizes: list[int] = []
    for minute in range(75):
        metrics = {"Queue": 12.0 if minute < 2 else 0.0, "Idle": 0.0 if minute < 5 else 6.0}
        data = [{"MetricName": name, "Value": found} for name, found in metrics.items()]
        client.put_metric_data(Namespace="Pool", MetricData=data)
        cloud.advance(60)
        sizes.append(desired(cloud))
    assert sizes[:54] == [3] * 54
    # Idle from minute 5 on: 50 minutes are full at minute 55. The cooldown of 5 minutes begins
    # when the instance is gone, so the next evaluation after it is the sixth.
    drops = [at for at, (before, after) in enumerate(pairwise(sizes), start=1) if after < before]
    assert drops[0] == 54
    assert [later - drop for drop, later in pairwise(drops)] == [6] * (len(drops) - 1)
    assert sizes[-1] == 0
