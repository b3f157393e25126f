"""CloudWatch metrics over HTTP: what goes in, and what each of the questions answers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import Cloud

START = 1_767_225_600


def when(offset: float) -> datetime:
    return datetime.fromtimestamp(START + offset, tz=UTC)


def put(
    cloud: Cloud,
    value: float | dict[str, Any],
    at: float,
    name: str = "Queue",
    *,
    resolution: int = 60,
    **dimensions: str,
) -> None:
    datum: dict[str, Any] = {
        "MetricName": name,
        "Timestamp": when(at),
        "StorageResolution": resolution,
        "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
    }
    datum |= value if isinstance(value, dict) else {"Value": value}
    cloud.client("cloudwatch").put_metric_data(Namespace="Pool", MetricData=[datum])


def stat(
    name: str = "Queue", *, stat: str = "Sum", period: int = 60, **dimensions: str
) -> dict[str, Any]:
    metric = {
        "Namespace": "Pool",
        "MetricName": name,
        "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
    }
    return {"Metric": metric, "Period": period, "Stat": stat}


def ask(
    cloud: Cloud, *queries: dict[str, Any], start: float = 0, end: float = 300, **more: Any
) -> dict[str, list[tuple[float, float]]]:
    answer = cloud.client("cloudwatch").get_metric_data(
        MetricDataQueries=list(queries), StartTime=when(start), EndTime=when(end), **more
    )
    return {
        one["Id"]: [
            (at.timestamp() - START, value)
            for at, value in zip(one["Timestamps"], one["Values"], strict=True)
        ]
        for one in answer["MetricDataResults"]
    }


def statistics(
    cloud: Cloud, *, start: float = 0, end: float = 300, period: int = 60, **more: Any
) -> list[dict[str, Any]]:
    answer = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="Pool",
        MetricName="Queue",
        StartTime=when(start),
        EndTime=when(end),
        Period=period,
        **more,
    )
    return answer["Datapoints"]


def test_statistics_are_aligned_to_the_period(cloud: Cloud) -> None:
    """Samples at second 20 and 50 are of the minute that begins at 0.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    """
    cloud.advance(200)
    for at, value in ((20, 1.0), (50, 3.0), (70, 10.0)):
        put(cloud, value, at)
    points = statistics(cloud, start=5, Statistics=["Average", "SampleCount"])
    assert [(p["Timestamp"], p["Average"], p["SampleCount"]) for p in points] == [
        (when(0), 2.0, 2.0),
        (when(60), 10.0, 1.0),
    ]


def test_percentiles_come_as_extended_statistics(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """
    cloud.advance(60)
    put(cloud, {"Values": [1.0, 100.0], "Counts": [9.0, 1.0]}, 10)
    (point,) = statistics(cloud, ExtendedStatistics=["p50", "p99"])
    assert point["ExtendedStatistics"] == {"p50": 1.0, "p99": pytest.approx(91.09)}


def test_every_set_of_dimensions_is_a_metric_of_its_own(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
    """
    cloud.advance(60)
    put(cloud, 1.0, 0)
    put(cloud, 2.0, 0, Pool="linux")
    put(cloud, 4.0, 0, Pool="linux", Label="gpu")
    found = ask(
        cloud,
        {"Id": "bare", "MetricStat": stat()},
        {"Id": "pool", "MetricStat": stat(Pool="linux")},
        {"Id": "both", "MetricStat": stat(Label="gpu", Pool="linux")},
    )
    assert found == {"bare": [(0, 1.0)], "pool": [(0, 2.0)], "both": [(0, 4.0)]}
    listed = cloud.client("cloudwatch").list_metrics(Namespace="Pool")["Metrics"]
    assert sorted(len(one["Dimensions"]) for one in listed) == [0, 1, 2]


def test_a_high_resolution_metric_keeps_its_seconds_and_a_regular_one_its_minute(
    cloud: Cloud,
) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
    """
    cloud.advance(60)
    for at in (0, 10, 20):
        put(cloud, 1.0, at, "Fine", resolution=1)
        put(cloud, 1.0, at, "Coarse")
    found = ask(
        cloud,
        {"Id": "fine", "MetricStat": stat("Fine", period=10)},
        {"Id": "coarse", "MetricStat": stat("Coarse", period=10)},
        {"Id": "half", "MetricStat": stat("Fine", period=30)},
        ScanBy="TimestampAscending",
    )
    assert found["fine"] == [(0, 1.0), (10, 1.0), (20, 1.0)]
    assert found["coarse"] == [(0, 3.0)]
    assert found["half"] == [(0, 3.0)]


def test_expressions_are_worked_out_newest_first(cloud: Cloud) -> None:
    """Ids in any order, only what returns data, newest first unless asked otherwise.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    """
    cloud.advance(300)
    for at, jobs, executors in ((0, 8.0, 2.0), (60, 9.0, 0.0), (120, 4.0, 4.0)):
        put(cloud, jobs, at, "Jobs")
        put(cloud, executors, at, "Executors")
    found = ask(
        cloud,
        {"Id": "need", "Expression": "IF(ratio > 1, ratio, 0)", "Label": "need"},
        {"Id": "ratio", "Expression": "m1 / m2", "ReturnData": False},
        {"Id": "m1", "MetricStat": stat("Jobs"), "ReturnData": False},
        {"Id": "m2", "MetricStat": stat("Executors"), "ReturnData": False},
    )
    assert found == {"need": [(120, 0.0), (0, 4.0)]}


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"Id": "e1", "Expression": "m7 + 1"}, "m7"),
        ({"Id": "e1", "Expression": "SEARCH('x')"}, "SEARCH"),
        ({"Id": "m1", "MetricStat": stat(period=45)}, "Period"),
        ({"Id": "m1", "MetricStat": stat(stat="Median")}, "Median"),
        ({"Id": "e1", "Expression": "e1 * 2"}, "itself"),
    ],
)
def test_queries_that_mean_nothing_are_refused(
    cloud: Cloud, query: dict[str, Any], why: str
) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    """
    with pytest.raises(ClientError, match=why) as caught:
        ask(cloud, query)
    assert caught.value.response["Error"]["Code"] == "ValidationError"


@pytest.mark.parametrize(
    ("offset", "why"), [(3 * 3600, "two hours in the future"), (-15 * 86400, "two weeks")]
)
def test_a_sample_far_from_now_is_refused(cloud: Cloud, offset: float, why: str) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
    """
    with pytest.raises(ClientError, match=why):
        put(cloud, 1.0, offset)


def test_the_limits_of_put_metric_data(cloud: Cloud) -> None:
    """A thousand metrics, 150 values, no namespace of AWS.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    """
    client = cloud.client("cloudwatch")
    many = [{"MetricName": "a", "Value": 1.0}] * 1001
    with pytest.raises(ClientError, match="1000"):
        client.put_metric_data(Namespace="Pool", MetricData=many)
    with pytest.raises(ClientError, match="150"):
        put(cloud, {"Values": [1.0] * 151}, 0)
    with pytest.raises(ClientError, match="AWS/"):
        client.put_metric_data(Namespace="AWS/EC2", MetricData=many[:1])


def test_too_many_datapoints_are_refused(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    """
    with pytest.raises(ClientError, match="1440"):
        statistics(cloud, end=86401, period=60, Statistics=["Sum"])


def group_metric(cloud: Cloud, name: str, end: float = 300) -> list[float]:
    answer = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/AutoScaling",
        MetricName=name,
        Dimensions=[{"Name": "AutoScalingGroupName", "Value": "pool"}],
        StartTime=when(0),
        EndTime=when(end),
        Period=60,
        Statistics=["Average"],
    )
    return [point["Average"] for point in answer["Datapoints"]]


def test_a_group_publishes_its_metrics_each_minute_once_enabled(cloud: Cloud) -> None:
    """Desired at once, pending while it boots, in service after a minute.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html
    """
    cloud.group(desired=2)
    autoscaling = cloud.client("autoscaling")
    cloud.advance(60)
    assert group_metric(cloud, "GroupDesiredCapacity") == []
    autoscaling.enable_metrics_collection(AutoScalingGroupName="pool", Granularity="1Minute")
    autoscaling.set_desired_capacity(AutoScalingGroupName="pool", DesiredCapacity=3)
    cloud.advance(120)
    assert group_metric(cloud, "GroupDesiredCapacity") == [3.0, 3.0]
    assert group_metric(cloud, "GroupInServiceInstances")[-1] == 3.0
    assert group_metric(cloud, "GroupTotalInstances") == [3.0, 3.0]
    assert group_metric(cloud, "GroupTerminatingInstances") == [0.0, 0.0]


def test_collection_is_enabled_and_disabled_by_name(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DisableMetricsCollection.html
    """
    cloud.group()
    autoscaling = cloud.client("autoscaling")

    def enabled() -> list[str]:
        return [one["Metric"] for one in cloud.describe()["EnabledMetrics"]]

    for name in ("GroupTotalInstances", "GroupMinSize"):
        autoscaling.enable_metrics_collection(
            AutoScalingGroupName="pool", Granularity="1Minute", Metrics=[name]
        )
    assert enabled() == ["GroupMinSize", "GroupTotalInstances"]
    autoscaling.disable_metrics_collection(AutoScalingGroupName="pool", Metrics=["GroupMinSize"])
    assert enabled() == ["GroupTotalInstances"]
    autoscaling.disable_metrics_collection(AutoScalingGroupName="pool")
    assert enabled() == []
    with pytest.raises(ClientError, match="GroupColour"):
        autoscaling.enable_metrics_collection(
            AutoScalingGroupName="pool", Granularity="1Minute", Metrics=["GroupColour"]
        )


def test_a_queue_publishes_its_length_and_the_age_of_its_oldest_message(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="hooks")["QueueUrl"]
    for body in "ab":
        sqs.send_message(QueueUrl=url, MessageBody=body)
    cloud.advance(120)
    answers = {
        name: cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SQS",
            MetricName=name,
            Dimensions=[{"Name": "QueueName", "Value": "hooks"}],
            StartTime=when(120),
            EndTime=when(180),
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"][0]["Maximum"]
        for name in ("ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage")
    }
    assert answers == {
        "ApproximateNumberOfMessagesVisible": 2.0,
        "ApproximateAgeOfOldestMessage": 120.0,
    }
