"""Alarms through the API: what moto's PutMetricAlarm and its kin do otherwise than AWS.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

import json
from typing import Any

from moto.cloudwatch.exceptions import InvalidFormat, ResourceNotFound, ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from workhorse.local.aws.alarms_actions import change, history_of, note
from workhorse.local.aws.alarms_evaluate import boundary_of, queries_of, returned, settle
from workhorse.local.aws.alarms_record import Snapshot, history_item
from workhorse.local.aws.alarms_rule import RuleError, read
from workhorse.local.aws.alarms_state import Missing, State
from workhorse.local.aws.engine import active, utc
from workhorse.local.aws.metrics_query import Resolution, check, common_period
from workhorse.local.aws.metrics_store import epoch
from workhorse.local.aws.patching import Row, original

HOUR = 3600
DAY = 86400

NOT_EMULATED = (
    "ActionsSuppressor",
    "EvaluationCriteria",
    "EvaluationInterval",
    "ThresholdMetricId",
    "WarmUpConfiguration",
)
"""Parameters that would change what an alarm does, and that we refuse instead of forgetting."""


def _check_metric_alarm(alarm: Alarm) -> None:
    """Raise ValidationError for an alarm that CloudWatch would not take."""
    periods = int(alarm.evaluation_periods or 0)
    wanted = int(alarm.datapoints_to_alarm or periods)
    missing = alarm.treat_missing_data
    if periods < 1:
        raise ValidationError("EvaluationPeriods must be 1 or more")
    if not 1 <= wanted <= periods:
        raise ValidationError("DatapointsToAlarm must be between 1 and EvaluationPeriods")
    if missing is not None and missing not in list(Missing):
        raise ValidationError(f"Option {missing} is not supported for TreatMissingData")
    try:
        queries = queries_of(alarm)
        check(queries)
        _check_span(common_period(queries), periods)
        asked = returned(queries)
        # Expressions are tried on nothing, so that a wrong one is refused here and not later.
        empty = Resolution(queries, lambda *_: (), start=0.0, end=float(DAY), aligned=False)
        empty.series(asked.id)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def _check_span(period: int, periods: int) -> None:
    """Raise ValueError for a period or a total time that no alarm may have."""
    if period in (1, 5):
        raise ValueError("Period of an alarm must be 10, 20, 30 or a multiple of 60")
    longest = DAY if period < HOUR else 7 * DAY
    if period * periods > longest:
        raise ValueError(
            f"Metrics cannot be checked across more than {longest} seconds "
            f"(EvaluationPeriods * Period must be <= {longest})"
        )


def _check_actions(settings: dict[str, Any]) -> None:
    for kind in ("alarm_actions", "ok_actions", "insufficient_data_actions"):
        for arn in settings.get(kind) or ():
            if not arn.startswith("arn:") or arn.count(":") < 5:  # noqa: PLR2004 (parts of an ARN)
                raise ValidationError(f"Invalid arn syntax: {arn}")


def _check_composite(backend: CloudWatchBackend, rule: str) -> None:
    try:
        children = read(rule).children
    except RuleError as error:
        raise ValidationError(str(error)) from error
    if lost := sorted(children - backend.alarms.keys()):
        raise ValidationError(f"AlarmRule names alarms that do not exist: {', '.join(lost)}")


def put_alarm(self: CloudWatchBackend, name: str, **settings: Any) -> Alarm:  # noqa: ANN401 (moto)
    """PutMetricAlarm and PutCompositeAlarm: a new alarm has no data, an old one keeps its state."""
    now = active().clock.now()
    before = self.alarms.get(name)
    _check_actions(settings)
    if settings.get("rule") is not None:
        _check_composite(self, settings["rule"])
    alarm: Alarm = original(CloudWatchBackend, "put_metric_alarm")(self, name=name, **settings)
    try:
        if alarm.rule is None:
            _check_metric_alarm(alarm)
            alarm.__dict__["evaluated_at"] = boundary_of(alarm, now)
    except ValidationError:
        del self.alarms[name]
        if before is not None:
            self.alarms[name] = before
        raise
    alarm.state_value = str(State.INSUFFICIENT_DATA)
    alarm.__dict__["state_transitioned_timestamp"] = alarm.state_updated_timestamp
    if before is not None:
        for field in ("value", "reason", "reason_data", "updated_timestamp"):
            setattr(alarm, f"state_{field}", getattr(before, f"state_{field}"))
        for field in ("state_transitioned_timestamp", "acted_at"):
            if field in before.__dict__:
                alarm.__dict__[field] = before.__dict__[field]
    verb = "created" if before is None else "updated"
    summary = f'Alarm "{name}" {verb}'
    note(self, history_item(alarm, "ConfigurationUpdate", summary, {"type": verb}, utc(now)))
    return alarm


def set_state(
    self: CloudWatchBackend, alarm_name: str, reason: str, reason_data: str | None, state_value: str
) -> None:
    """SetAlarmState: a state by hand, with its actions; the next evaluation may undo it."""
    try:
        json.loads(reason_data or "{}")
    except ValueError as error:
        raise InvalidFormat("StateReasonData is not JSON") from error
    if alarm_name not in self.alarms:
        raise ResourceNotFound("Unknown")
    if state_value not in State.__members__:
        raise ValidationError(
            f"1 validation error detected: Value '{state_value}' at 'stateValue' failed to "
            "satisfy constraint: Member must satisfy enum value set: "
            "[INSUFFICIENT_DATA, ALARM, OK]"
        )
    engine = active()
    with engine.lock:
        now = engine.clock.now()
        alarm = self.alarms[alarm_name]
        new = Snapshot(state=state_value, reason=reason, data=reason_data, since=now)
        change(self, alarm, new)
        settle(self, now)


def respond_put_alarm(self: CloudWatchResponse) -> EmptyResult:
    """PutMetricAlarm: what is not emulated is refused by name, before it changes anything."""
    params = self._get_params()
    refused = [name for name in NOT_EMULATED if params.get(name)]
    if "WallClockWindow" in (params.get("EvaluationWindow") or {}):
        refused.append("EvaluationWindow.WallClockWindow")
    if refused:
        raise ValidationError(f"Not emulated: {', '.join(refused)}")
    answer: EmptyResult = original(CloudWatchResponse, "put_metric_alarm")(self)
    return answer


def put_composite_alarm(self: CloudWatchResponse) -> EmptyResult:
    """PutCompositeAlarm, which moto lacks."""
    if not self._get_param("AlarmRule"):
        raise ValidationError("AlarmRule must not be empty")
    self.put_metric_alarm()
    return EmptyResult()


def _wanted(alarm: Alarm, params: dict[str, Any]) -> bool:
    actions = (*alarm.alarm_actions, *alarm.ok_actions, *alarm.insufficient_data_actions)
    prefix = params.get("ActionPrefix")
    tests = (
        not params.get("AlarmNames") or alarm.name in params["AlarmNames"],
        alarm.name.startswith(params.get("AlarmNamePrefix") or ""),
        not params.get("StateValue") or alarm.state_value == params["StateValue"],
        not prefix or any(action.startswith(prefix) for action in actions),
    )
    return all(tests)


def describe_alarms(self: CloudWatchResponse) -> ActionResult:
    """DescribeAlarms: all filters together; composite alarms only when AlarmTypes names them."""
    params = self._get_params()
    kinds = params.get("AlarmTypes") or ["MetricAlarm"]
    found = [a for a in list(self.cloudwatch_backend.alarms.values()) if _wanted(a, params)]
    metric = [a for a in found if a.rule is None and "MetricAlarm" in kinds]
    composite = [a for a in found if a.rule is not None and "CompositeAlarm" in kinds]
    return ActionResult({"MetricAlarms": metric, "CompositeAlarms": composite})


def describe_alarm_history(self: CloudWatchResponse) -> ActionResult:
    """DescribeAlarmHistory, which moto lacks; newest first unless ScanBy says otherwise."""
    params = self._get_params()
    kinds = params.get("AlarmTypes") or ["MetricAlarm"]
    start, end = params.get("StartDate"), params.get("EndDate")
    items = [
        item
        for item in history_of(self.cloudwatch_backend)
        if item["AlarmType"] in kinds
        and params.get("AlarmName") in (None, item["AlarmName"])
        and params.get("HistoryItemType") in (None, item["HistoryItemType"])
        and (start is None or epoch(item["Timestamp"]) >= epoch(start))
        and (end is None or epoch(item["Timestamp"]) <= epoch(end))
    ]
    if params.get("ScanBy") != "TimestampAscending":
        items.reverse()
    return ActionResult({"AlarmHistoryItems": items[: int(params.get("MaxRecords") or 100)]})


PATCHES: tuple[Row, ...] = (
    (CloudWatchBackend, "put_metric_alarm", put_alarm, "no OK at first; an update keeps the state"),
    (CloudWatchBackend, "set_alarm_state", set_state, "it runs the actions"),
    (CloudWatchResponse, "put_metric_alarm", respond_put_alarm, "no parameter is forgotten"),
    (CloudWatchResponse, "put_composite_alarm", put_composite_alarm, "moto lacks it"),
    (CloudWatchResponse, "describe_alarms", describe_alarms, "every filter; composites if asked"),
    (CloudWatchResponse, "describe_alarm_history", describe_alarm_history, "moto lacks it"),
)
