"""Alarms over HTTP: they are evaluated, they act, they remember."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.cloud import Cloud

START = 1_767_225_600


def put(cloud: Cloud, value: float, name: str = "Queue", *, resolution: int = 60) -> None:
    cloud.client("cloudwatch").put_metric_data(
        Namespace="Pool",
        MetricData=[{"MetricName": name, "Value": value, "StorageResolution": resolution}],
    )


def alarm(cloud: Cloud, name: str = "busy", **more: Any) -> None:
    settings = {
        "Namespace": "Pool",
        "MetricName": "Queue",
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }
    settings = {key: value for key, value in settings.items() if value is not None}
    cloud.client("cloudwatch").put_metric_alarm(AlarmName=name, **settings)


def state(cloud: Cloud, name: str = "busy") -> str:
    answer = cloud.client("cloudwatch").describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return (answer["MetricAlarms"] + answer["CompositeAlarms"])[0]["StateValue"]


def feed(cloud: Cloud, *values: float | None, name: str = "Queue") -> None:
    """One value a minute, each seen by the evaluation at the minute's end."""
    for value in values:
        if value is not None:
            put(cloud, value, name)
        cloud.advance(60)


def mailbox(cloud: Cloud, name: str = "mail") -> tuple[str, str]:
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    topic = sns.create_topic(Name=name)["TopicArn"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    return topic, url


def mails(cloud: Cloud, url: str) -> list[dict[str, Any]]:
    found = cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(one["Body"]) for one in found.get("Messages", [])]


def test_a_new_alarm_has_insufficient_data_until_it_is_evaluated(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    alarm(cloud)
    assert state(cloud) == "INSUFFICIENT_DATA"
    feed(cloud, 1.0)
    assert state(cloud) == "OK"
    feed(cloud, 9.0, 9.0)
    assert state(cloud) == "ALARM"
    (told,) = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert told["StateTransitionedTimestamp"] == datetime.fromtimestamp(START + 120, tz=UTC)


def test_an_update_leaves_the_state_as_it_is(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    alarm(cloud)
    feed(cloud, 9.0)
    alarm(cloud, Threshold=100.0)
    assert state(cloud) == "ALARM"
    feed(cloud, 9.0)
    assert state(cloud) == "OK"


def test_two_of_three_datapoints_make_an_alarm(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
    """
    alarm(cloud, EvaluationPeriods=3, DatapointsToAlarm=2)
    feed(cloud, 1.0, 9.0, 1.0)
    assert state(cloud) == "OK"
    feed(cloud, 9.0)
    assert state(cloud) == "ALARM"


@pytest.mark.parametrize(
    ("missing", "answer"),
    [
        ("missing", "INSUFFICIENT_DATA"),
        ("ignore", "OK"),
        ("breaching", "ALARM"),
        ("notBreaching", "OK"),
    ],
)
def test_a_metric_that_stops_is_treated_as_the_alarm_says(
    cloud: Cloud, missing: str, answer: str
) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    alarm(cloud, TreatMissingData=missing)
    feed(cloud, 1.0)
    assert state(cloud) == "OK"
    feed(cloud, None, None, None, None)
    assert state(cloud) == answer


def test_an_alarm_of_ten_seconds_answers_within_ten_seconds(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html
    """
    alarm(cloud, Period=10)
    put(cloud, 9.0, resolution=1)
    cloud.advance(10)
    assert state(cloud) == "ALARM"
    put(cloud, 1.0, resolution=1)
    cloud.advance(10)
    assert state(cloud) == "OK"


def test_an_alarm_of_five_minutes_looks_at_a_sliding_window_each_minute(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_EvaluationWindow.html
    """
    alarm(cloud, Period=300, Statistic="Sum", Threshold=20.0)
    feed(cloud, 9.0, 9.0)
    assert state(cloud) == "OK"
    feed(cloud, 9.0)
    assert state(cloud) == "ALARM"
    feed(cloud, 0.0, 0.0, 0.0)
    assert state(cloud) == "OK"


def test_an_alarm_on_a_percentile(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """
    alarm(cloud, Statistic=None, ExtendedStatistic="p90")
    for value in [1.0] * 8 + [50.0] * 2:
        put(cloud, value)
    cloud.advance(60)
    assert state(cloud) == "ALARM"


def test_a_percentile_of_few_samples_can_be_ignored(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    low: dict[str, Any] = {"Statistic": None, "ExtendedStatistic": "p90"}
    alarm(cloud, EvaluateLowSampleCountPercentile="ignore", **low)
    feed(cloud, 9.0)
    assert state(cloud) == "INSUFFICIENT_DATA"


def math(expression: str, *names: str) -> list[dict[str, Any]]:
    """The Metrics of an alarm on an expression; m1, m2 ... are the metrics named."""
    metrics = [
        {
            "Id": f"m{number}",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": "Pool", "MetricName": name},
                "Period": 60,
                "Stat": "Average",
            },
        }
        for number, name in enumerate(names, start=1)
    ]
    return [{"Id": "e1", "Expression": expression, "ReturnData": True}, *metrics]


def math_alarm(cloud: Cloud, expression: str, *names: str, **more: Any) -> None:
    plain = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    alarm(cloud, **{**plain, "Metrics": math(expression, *names), **more})


def test_an_alarm_on_metric_math(cloud: Cloud) -> None:
    """The backlog per executor, with executors that may be missing.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html
    """
    math_alarm(cloud, "IF(FILL(m2, 0) > 0, m1 / m2, m1)", "Jobs", "Executors", Threshold=2.0)
    put(cloud, 2.0, "Executors")
    feed(cloud, 4.0, name="Jobs")
    assert state(cloud) == "OK"
    feed(cloud, 3.0, name="Jobs")
    assert state(cloud) == "ALARM"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"EvaluationPeriods": 2, "DatapointsToAlarm": 3}, "DatapointsToAlarm"),
        ({"TreatMissingData": "guess"}, "guess"),
        ({"Period": 45}, "Period"),
        ({"Period": 5}, "Period of an alarm"),
        ({"Period": 300, "EvaluationPeriods": 289}, "86400 seconds"),
        ({"AlarmActions": ["mail"]}, "Invalid arn syntax: mail"),
    ],
)
def test_an_alarm_that_makes_no_sense_is_refused(
    cloud: Cloud, settings: dict[str, Any], why: str
) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    with pytest.raises(ClientError, match=why):
        alarm(cloud, **settings)
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    "settings",
    [
        {"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5}},
        {"EvaluationWindow": {"WallClockWindow": {}}},
        {"ThresholdMetricId": "band", "Threshold": None},
    ],
)
def test_what_is_not_emulated_is_refused_by_name(cloud: Cloud, settings: dict[str, Any]) -> None:
    """Better no alarm than one that means something else.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    with pytest.raises(ClientError, match=f"Not emulated: {next(iter(settings))}"):
        alarm(cloud, **settings)


@pytest.mark.parametrize("expression", ["m1 +", "m9 * 2", "GUESS(m1)", "[m1, m1]"])
def test_an_expression_that_makes_no_sense_is_refused(cloud: Cloud, expression: str) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    with pytest.raises(ClientError):
        math_alarm(cloud, expression, "Jobs")


def test_a_change_of_state_is_mailed_once_with_the_documented_body(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    topic, url = mailbox(cloud)
    alarm(cloud, AlarmActions=[topic], AlarmDescription="too long")
    feed(cloud, 1.0, 9.0, 9.0, 9.0)
    (mail,) = mails(cloud, url)
    body = json.loads(mail["Message"])
    assert mail["Subject"] == 'ALARM: "busy" in US East (N. Virginia)'
    assert (body["OldStateValue"], body["NewStateValue"]) == ("OK", "ALARM")
    assert body["StateChangeTime"] == "2026-01-01T00:02:00.000+0000"
    assert body["AlarmDescription"] == "too long"
    assert body["NewStateReason"].startswith("Threshold Crossed: 1 out of the last 1")
    assert body["Trigger"]["MetricName"] == "Queue"
    assert body["Trigger"]["Statistic"] == "MAXIMUM"


def test_each_state_has_its_own_actions(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
    """
    boxes = {kind: mailbox(cloud, kind) for kind in ("ok", "alarm", "nodata")}
    alarm(
        cloud,
        OKActions=[boxes["ok"][0]],
        AlarmActions=[boxes["alarm"][0]],
        InsufficientDataActions=[boxes["nodata"][0]],
    )
    feed(cloud, 1.0, 9.0, None, None, None, None)
    counts = {kind: len(mails(cloud, url)) for kind, (_topic, url) in boxes.items()}
    assert counts == {"ok": 1, "alarm": 1, "nodata": 1}


def test_disabled_actions_do_not_run(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DisableAlarmActions.html
    """
    topic, url = mailbox(cloud)
    alarm(cloud, AlarmActions=[topic])
    client = cloud.client("cloudwatch")
    client.disable_alarm_actions(AlarmNames=["busy"])
    feed(cloud, 9.0)
    assert (state(cloud), mails(cloud, url)) == ("ALARM", [])
    client.enable_alarm_actions(AlarmNames=["busy"])
    feed(cloud, 1.0, 9.0)
    assert len(mails(cloud, url)) == 1


def test_set_alarm_state_runs_actions_and_the_next_evaluation_undoes_it(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
    """
    topic, url = mailbox(cloud)
    alarm(cloud, AlarmActions=[topic])
    feed(cloud, 1.0)
    cloud.client("cloudwatch").set_alarm_state(
        AlarmName="busy", StateValue="ALARM", StateReason="a drill"
    )
    assert state(cloud) == "ALARM"
    (mail,) = mails(cloud, url)
    assert json.loads(mail["Message"])["NewStateReason"] == "a drill"
    feed(cloud, 1.0)
    assert state(cloud) == "OK"


def test_set_alarm_state_refuses_what_is_no_state_and_no_alarm(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
    """
    client = cloud.client("cloudwatch")
    alarm(cloud)
    with pytest.raises(ClientError, match="enum value set"):
        client.set_alarm_state(AlarmName="busy", StateValue="RED", StateReason="x")
    with pytest.raises(ClientError) as caught:
        client.set_alarm_state(AlarmName="other", StateValue="OK", StateReason="x")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFound"


def test_the_history_tells_configuration_states_and_actions(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
    """
    alarm(cloud, AlarmActions=["arn:aws:sns:us-east-1:123456789012:gone"])
    feed(cloud, 1.0, 9.0)
    client = cloud.client("cloudwatch")
    items = client.describe_alarm_history(AlarmName="busy")["AlarmHistoryItems"]
    assert [one["HistoryItemType"] for one in items] == [
        "Action",
        "StateUpdate",
        "StateUpdate",
        "ConfigurationUpdate",
    ]
    assert items[0]["HistorySummary"].startswith("Failed to execute action arn:aws:sns")
    assert items[1]["HistorySummary"] == "Alarm updated from OK to ALARM"
    data = json.loads(items[1]["HistoryData"])
    assert data["newState"]["stateReasonData"]["recentDatapoints"] == [9.0]
    assert items[1]["Timestamp"] == datetime.fromtimestamp(START + 120, tz=UTC)
    updates = client.describe_alarm_history(
        AlarmName="busy", HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    assert updates[0]["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to OK"


def test_a_change_of_state_is_an_event(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    sqs, events = cloud.client("sqs"), cloud.client("events")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    pattern = {"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}}
    events.put_rule(Name="alarms", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="alarms", Targets=[{"Id": "q", "Arn": arn["QueueArn"]}])
    alarm(cloud)
    feed(cloud, 1.0, 9.0)
    (event,) = mails(cloud, url)
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["detail"]["alarmName"] == "busy"
    previous = event["detail"]["previousState"]
    assert (previous["value"], previous["timestamp"]) == ("OK", "2026-01-01T00:01:00.000+0000")


def test_a_composite_alarm_follows_its_children(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
    """
    topic, url = mailbox(cloud)
    client = cloud.client("cloudwatch")
    alarm(cloud)
    alarm(cloud, "idle", MetricName="Idle")
    client.put_composite_alarm(
        AlarmName="waste", AlarmRule="ALARM(busy) AND ALARM(idle)", AlarmActions=[topic]
    )
    client.put_composite_alarm(AlarmName="outer", AlarmRule="ALARM(waste)")
    assert state(cloud, "waste") == "INSUFFICIENT_DATA"
    feed(cloud, 9.0)
    assert (state(cloud, "waste"), state(cloud, "outer")) == ("OK", "OK")
    put(cloud, 9.0, "Idle")
    feed(cloud, 9.0)
    assert (state(cloud, "waste"), state(cloud, "outer")) == ("ALARM", "ALARM")
    assert len(mails(cloud, url)) == 1


def test_a_composite_alarm_needs_its_children_and_a_rule(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    """
    client = cloud.client("cloudwatch")
    for rule, why in (("ALARM(nobody)", "nobody"), ("ALARM busy", "AlarmRule")):
        with pytest.raises(ClientError, match=why):
            client.put_composite_alarm(AlarmName="c", AlarmRule=rule)


def test_describe_alarms_returns_composite_alarms_only_when_asked(cloud: Cloud) -> None:
    """As AWS documents it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    """
    client = cloud.client("cloudwatch")
    alarm(cloud)
    client.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(busy)")
    plain = client.describe_alarms()
    assert [one["AlarmName"] for one in plain["MetricAlarms"]] == ["busy"]
    assert plain["CompositeAlarms"] == []
    asked = client.describe_alarms(AlarmTypes=["CompositeAlarm"], AlarmNamePrefix="bo")
    assert [one["AlarmRule"] for one in asked["CompositeAlarms"]] == ["ALARM(busy)"]
    assert asked["MetricAlarms"] == []
    assert client.describe_alarms(StateValue="OK", AlarmNames=["busy"])["MetricAlarms"] == []
