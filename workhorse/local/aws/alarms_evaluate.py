"""Evaluates alarms: metric alarms at their boundaries, composite alarms when a child moves.

The decision is in `alarms_state.py` and
`alarms_rule.py`, its consequences in `alarms_actions.py`; here they meet moto's alarms.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

import json

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from workhorse.local.aws.alarms_actions import change, repeat
from workhorse.local.aws.alarms_record import Snapshot, reason_data
from workhorse.local.aws.alarms_rule import CompositeRule, RuleError, read
from workhorse.local.aws.alarms_state import (
    COMPARISONS,
    Missing,
    Point,
    Rule,
    State,
    evaluation_interval,
    few_samples,
    judge,
)
from workhorse.local.aws.metrics_query import MetricStat, Query, Resolution, common_period
from workhorse.local.aws.metrics_series import floor_to
from workhorse.local.aws.metrics_store import MetricKey, store_of


def rule_of(alarm: Alarm) -> Rule | None:
    """What decides about a metric alarm; None for anomaly detection, which is not modelled."""
    if alarm.comparison_operator not in COMPARISONS or alarm.threshold is None:
        return None
    periods = int(alarm.evaluation_periods)
    return Rule(
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        periods=periods,
        datapoints_to_alarm=int(alarm.datapoints_to_alarm or periods),
        missing=Missing(alarm.treat_missing_data or Missing.MISSING),
    )


def queries_of(alarm: Alarm) -> list[Query]:
    """What a metric alarm asks for; one query of it returns data."""
    if alarm.metric_data_queries:
        return [Query.of_moto(query) for query in alarm.metric_data_queries]
    dimensions = [{"Name": str(d.name), "Value": str(d.value)} for d in alarm.dimensions]
    metric = MetricStat(
        key=MetricKey.of(alarm.namespace, alarm.metric_name, dimensions),
        stat=alarm.extended_statistic or alarm.statistic or "Average",
        period=int(alarm.period),
        unit=alarm.unit,
    )
    return [Query(id="m1", metric=metric)]


def returned(queries: list[Query]) -> Query:
    """The query whose series the alarm watches; raises ValueError unless it is exactly one."""
    found = [query for query in queries if query.returned]
    if len(found) != 1:
        raise ValueError("Exactly one element of the metrics list should return data")
    return found[0]


def points_of(
    backend: CloudWatchBackend, alarm: Alarm, rule: Rule, boundary: float
) -> list[Point | None]:
    """The data points of the evaluation range that ends at `boundary`, oldest first."""
    queries = queries_of(alarm)
    period = common_period(queries)
    start = boundary - rule.range * period
    resolution = Resolution(
        queries, store_of(backend).window, start=start, end=boundary, aligned=False
    )
    found = resolution.series(returned(queries).id)
    starts = [start + number * period for number in range(rule.range)]
    return [Point(at=at, value=found[at]) if at in found else None for at in starts]


def _too_few(backend: CloudWatchBackend, alarm: Alarm, boundary: float) -> bool:
    """Whether the alarm ignores periods with few samples and this is one."""
    if alarm.evaluate_low_sample_count_percentile != "ignore" or not alarm.extended_statistic:
        return False
    metric = queries_of(alarm)[0].metric
    if metric is None or not metric.stat.startswith("p"):
        return False
    samples = store_of(backend).window(metric.key, boundary - metric.period, boundary, metric.unit)
    return few_samples(metric.stat, sum(sample.count for sample in samples))


def evaluate(backend: CloudWatchBackend, alarm: Alarm, boundary: float, now: float) -> None:
    """Judge a metric alarm by the periods that end at `boundary`, and act on it."""
    rule = rule_of(alarm)
    if rule is None or _too_few(backend, alarm, boundary):
        return
    verdict = judge(rule, points_of(backend, alarm, rule, boundary), State(alarm.state_value))
    if verdict.reason:
        data = reason_data(
            points=verdict.points,
            threshold=rule.threshold,
            statistic=alarm.extended_statistic or alarm.statistic,
            period=common_period(queries_of(alarm)),
            now=now,
        )
        new = Snapshot(state=str(verdict.state), reason=verdict.reason, data=data, since=now)
        change(backend, alarm, new)
    repeat(backend, alarm, now)


def boundary_of(alarm: Alarm, now: float) -> float:
    """The last moment at or before `now` at which the alarm is evaluated."""
    interval: int | None = alarm.__dict__.get("interval")
    if interval is None:
        interval = evaluation_interval(common_period(queries_of(alarm)))
        alarm.__dict__["interval"] = interval
    return floor_to(now, interval)


def composite_rule(alarm: Alarm) -> CompositeRule:
    """The rule of a composite alarm, read once."""
    found: CompositeRule | None = alarm.__dict__.get("composite_rule")
    if found is None:
        found = alarm.__dict__["composite_rule"] = read(alarm.rule or "")
    return found


def settle(backend: CloudWatchBackend, now: float) -> None:
    """Bring composite alarms in line with their children, parents after children."""
    composites = [alarm for alarm in list(backend.alarms.values()) if alarm.rule is not None]
    for _ in composites:
        moved = [alarm for alarm in composites if _settle_one(backend, alarm, now)]
        if not moved:
            return


def _settle_one(backend: CloudWatchBackend, alarm: Alarm, now: float) -> bool:
    states = {name: State(other.state_value) for name, other in backend.alarms.items()}
    rule = composite_rule(alarm)
    seen = {name: states.get(name) for name in sorted(rule.children)}
    # A state that was set by hand stays until a child changes (SetAlarmState's own page).
    if alarm.__dict__.get("children_seen") == seen:
        return False
    alarm.__dict__["children_seen"] = seen
    try:
        state = rule.state(states)
    except RuleError:
        return False  # a child was deleted: AWS leaves the state as it is
    told = ", ".join(f"{name} is in {child}" for name, child in seen.items())
    reason = f"Alarm rule {alarm.rule}: {told}"
    data = json.dumps(seen)
    change(backend, alarm, Snapshot(state=str(state), reason=reason, data=data, since=now))
    return True
