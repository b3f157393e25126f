"""What alarms say about themselves: history items, reason data, messages. Pure.

Message: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
Event: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
History: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from moto.cloudwatch.models import Alarm

from workhorse.local.aws.alarms_state import Point
from workhorse.local.aws.messages import Event
from workhorse.local.aws.metrics_store import epoch

REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-2": "US West (Oregon)",
    "eu-west-1": "EU (Ireland)",
    "eu-central-1": "EU (Frankfurt)",
}
"""How alarm messages spell a region; one that is not here stands as its code."""


def wire_time(now: float) -> str:
    """An epoch second as alarms write it: 2026-11-21T04:00:00.000+0000."""
    return datetime.fromtimestamp(now, tz=UTC).isoformat(timespec="milliseconds")[:-6] + "+0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An alarm's state with its reason, its reason data (JSON text) and since when it is so."""

    state: str
    reason: str
    data: str | None
    since: float

    @classmethod
    def of(cls, alarm: Alarm) -> "Snapshot":
        """The state an alarm is in now."""
        return cls(
            state=alarm.state_value,
            reason=alarm.state_reason,
            data=alarm.state_reason_data,
            since=epoch(alarm.state_updated_timestamp),
        )

    def as_dict(self) -> dict[str, object]:
        """The state as HistoryData writes it."""
        told: dict[str, object] = {"stateValue": self.state, "stateReason": self.reason}
        if self.data and self.data != "{}":
            told["stateReasonData"] = json.loads(self.data)
        return told


def reason_data(
    *, points: Sequence[Point], threshold: float, statistic: str | None, period: int, now: float
) -> str:
    """StateReasonData of a metric alarm; a scaling policy reads the newest point from it."""
    told: dict[str, object] = {"version": "1.0", "queryDate": wire_time(now)}
    if points:
        told["startDate"] = wire_time(points[0].at)
    if statistic:
        told["statistic"] = statistic
    told |= {
        "period": period,
        "recentDatapoints": [point.value for point in points],
        "threshold": threshold,
        "evaluatedDatapoints": [
            {"timestamp": wire_time(point.at), "value": point.value} for point in reversed(points)
        ],
    }
    return json.dumps(told)


def history_item(
    alarm: Alarm, kind: str, summary: str, data: dict[str, object], at: datetime
) -> dict[str, object]:
    """One item of DescribeAlarmHistory; `kind` is a HistoryItemType."""
    return {
        "AlarmName": alarm.name,
        "AlarmType": "MetricAlarm" if alarm.rule is None else "CompositeAlarm",
        "Timestamp": at,
        "HistoryItemType": kind,
        "HistorySummary": summary,
        "HistoryData": json.dumps({"version": "1.0", **data}),
    }


def _trigger(alarm: Alarm) -> dict[str, object]:
    told: dict[str, object] = {
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.metric_data_queries:
        return told
    return told | {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "ExtendedStatistic" if alarm.extended_statistic else "Statistic",
        "Statistic": alarm.extended_statistic or (alarm.statistic or "").upper(),
        "Unit": alarm.unit,
        "Dimensions": [{"value": d.value, "name": d.name} for d in alarm.dimensions],
    }


def message(alarm: Alarm, old: Snapshot, account: str) -> dict[str, object]:
    """The body of the SNS message for the state that the alarm is in now."""
    told: dict[str, object] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": wire_time(epoch(alarm.state_updated_timestamp)),
        "Region": REGION_NAMES.get(alarm.region_name, alarm.region_name),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": old.state,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    if alarm.rule is None:
        return told | {"Trigger": _trigger(alarm)}
    return told | {"AlarmRule": alarm.rule}


def subject(alarm: Alarm) -> str:
    """The subject of the SNS message."""
    region = REGION_NAMES.get(alarm.region_name, alarm.region_name)
    return f'{alarm.state_value}: "{alarm.name}" in {region}'


def event(alarm: Alarm, old: Snapshot, new: Snapshot) -> Event:
    """The EventBridge event of a state change."""

    def state(found: Snapshot) -> dict[str, object]:
        told: dict[str, object] = {
            "value": found.state,
            "reason": found.reason,
            "timestamp": wire_time(found.since),
        }
        return told | ({"reasonData": found.data} if found.data not in (None, "{}") else {})

    detail: dict[str, object] = {
        "alarmName": alarm.name,
        "state": state(new),
        "previousState": state(old),
        "configuration": {"description": alarm.description},
    }
    return Event(
        source="aws.cloudwatch",
        detail_type="CloudWatch Alarm State Change",
        detail=detail,
        resources=(alarm.alarm_arn,),
    )
