"""What an alarm does when its state changes: history, event, messages, scaling policies.

Actions run once when a state begins; a scaling policy runs again every minute that it lasts:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
"""

import json
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.core.exceptions import ServiceException

from workhorse.local.aws import policies_act
from workhorse.local.aws.alarms_record import Snapshot, event, history_item, message, subject
from workhorse.local.aws.alarms_state import State
from workhorse.local.aws.engine import active, utc
from workhorse.local.aws.sending import NoTargetError, emit, to_arn

REPEAT_EVERY = 60
"""Seconds after which a scaling policy is called again while the state lasts."""

MOST_HISTORY = 5000
"""History items kept; AWS keeps 30 days, we keep a number."""


def history_of(backend: CloudWatchBackend) -> list[dict[str, Any]]:
    """The history of all alarms, oldest first; it outlives its alarms, as on AWS."""
    found: list[dict[str, Any]] = backend.__dict__.setdefault("alarm_history", [])
    return found


def note(backend: CloudWatchBackend, item: dict[str, Any]) -> None:
    """Keep one history item."""
    items = history_of(backend)
    items.append(item)
    del items[:-MOST_HISTORY]


def actions_of(alarm: Alarm) -> list[str]:
    """The actions of the state that the alarm is in; none while actions are disabled."""
    if not alarm.actions_enabled:
        return []
    return {
        State.OK: alarm.ok_actions,
        State.ALARM: alarm.alarm_actions,
        State.INSUFFICIENT_DATA: alarm.insufficient_data_actions,
    }[State(alarm.state_value)]


def is_policy(arn: str) -> bool:
    """Whether an action is a scaling policy of EC2 Auto Scaling."""
    return arn.split(":")[2:3] == ["autoscaling"]


def change(backend: CloudWatchBackend, alarm: Alarm, new: Snapshot) -> None:
    """Put an alarm into a state; when that is a new one, tell everybody.

    While the state lasts its reason stays that of its beginning, as on AWS; only the newest
    data is kept, for the policies that are called again.
    """
    alarm.__dict__["newest_data"] = new.data
    old, now = Snapshot.of(alarm), new.since
    if old.state == new.state:
        return
    alarm.state_value, alarm.state_reason = new.state, new.reason
    alarm.state_reason_data = new.data or "{}"
    alarm.state_updated_timestamp = utc(new.since)
    alarm.__dict__["state_transitioned_timestamp"] = utc(new.since)
    summary = f"Alarm updated from {old.state} to {new.state}"
    states: dict[str, object] = {"oldState": old.as_dict(), "newState": new.as_dict()}
    note(backend, history_item(alarm, "StateUpdate", summary, states, utc(now)))
    told = {"before": old.state, "after": new.state, "reason": new.reason}
    active().record("alarm.state", now, alarm=alarm.name, **told)
    emit(event(alarm, old, new), account=backend.account_id, region=backend.region_name, now=now)
    alarm.__dict__["acted_at"] = now
    for arn in actions_of(alarm):
        _act(backend, alarm, arn, old, now)


def repeat(backend: CloudWatchBackend, alarm: Alarm, now: float) -> None:
    """Call the scaling policies of a lasting state again, once a minute."""
    if now - alarm.__dict__.get("acted_at", now) < REPEAT_EVERY:
        return
    alarm.__dict__["acted_at"] = now
    for arn in filter(is_policy, actions_of(alarm)):
        _act(backend, alarm, arn, Snapshot.of(alarm), now)


def breach_of(alarm: Alarm) -> policies_act.Breach | None:
    """What a step policy is told, from the newest StateReasonData; None without a threshold.

    An alarm that fired because missing data counts as breaching has no data point. AWS does not
    say which step it takes; we take the one at the threshold.
    """
    try:
        told = json.loads(alarm.__dict__.get("newest_data") or "{}")
        threshold = float(told["threshold"])
        points = [float(value) for value in told["recentDatapoints"]]
    except (ValueError, TypeError, KeyError):
        return None
    return policies_act.Breach(value=points[-1] if points else threshold, threshold=threshold)


def _act(backend: CloudWatchBackend, alarm: Alarm, arn: str, old: Snapshot, now: float) -> None:
    """Run one action; what comes of it is in the history, never raised."""
    problem = ""
    try:
        if is_policy(arn):
            policies_act.on_alarm(arn, alarm.name, alarm.state_value, breach_of(alarm), now)
        else:
            to_arn(arn, message(alarm, old, backend.account_id), subject(alarm))
    except (ServiceException, NoTargetError) as error:
        problem = str(error)
    state = {"actionState": "Failed" if problem else "Succeeded", "notificationResource": arn}
    summary = f"Successfully executed action {arn}"
    if problem:
        summary = f'Failed to execute action {arn}. Received error: "{problem}"'
    data: dict[str, object] = {**state, "error": problem or None}
    note(backend, history_item(alarm, "Action", summary, data, utc(now)))
    active().record("alarm.action", now, alarm=alarm.name, target=arn, problem=problem)
