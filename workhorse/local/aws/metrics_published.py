"""Metrics that AWS publishes itself: Auto Scaling groups and SQS queues, once a minute.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from collections import Counter
from collections.abc import Mapping
from typing import cast

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends
from moto.sqs.models import Queue, SQSBackend, sqs_backends

from workhorse.local.aws.engine import Engine
from workhorse.local.aws.metrics_series import Sample
from workhorse.local.aws.metrics_store import MetricKey, publish

GROUP_METRICS = (
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
    "GroupInServiceCapacity",
    "GroupPendingCapacity",
    "GroupStandbyCapacity",
    "GroupTerminatingCapacity",
    "GroupTotalCapacity",
)
"""What EnableMetricsCollection turns on when it names nothing (warm pools aside)."""

_PHASES = ("InService", "Pending", "Standby", "Terminating")


def group_values(
    *, minimum: int, maximum: int, desired: int, states: Mapping[str, int]
) -> dict[str, float]:
    """Every group metric, from the sizes and the number of instances per lifecycle state.

    Pending:Wait counts as Pending, Terminating:Wait as Terminating. Without weights the
    capacities equal the numbers of instances.
    """
    phases: Counter[str] = Counter()
    for state, count in states.items():
        phases[state.partition(":")[0]] += count
    values = {
        "GroupMinSize": float(minimum),
        "GroupMaxSize": float(maximum),
        "GroupDesiredCapacity": float(desired),
    }
    counted = {phase: float(phases[phase]) for phase in _PHASES}
    counted["Total"] = sum(counted.values())
    for phase, number in counted.items():
        values[f"Group{phase}Instances"] = number
        values[f"Group{phase}Capacity"] = number
    return values


def _group(group: FakeAutoScalingGroup, now: float) -> None:
    if not group.metrics:
        return
    values = group_values(
        minimum=group.min_size or 0,
        maximum=group.max_size or 0,
        desired=group.desired_capacity or 0,
        states=Counter(state.lifecycle_state for state in list(group.instance_states)),
    )
    backend = cloudwatch_backends[group.account_id][group.region]
    dimensions = frozenset({("AutoScalingGroupName", group.name)})
    for name in group.metrics:
        key = MetricKey(namespace="AWS/AutoScaling", name=name, dimensions=dimensions)
        publish(backend, key, [Sample.of(now, values[name], "None")])


def queue_values(queue: Queue, now: float) -> dict[str, tuple[float, str]]:
    """SQS' own metrics of a queue with their units; ages in seconds at epoch second `now`."""
    sent = [float(message.sent_timestamp or 0) / 1000 for message in list(queue.messages)]
    return {
        "ApproximateNumberOfMessagesVisible": (
            float(queue.approximate_number_of_messages),
            "Count",
        ),
        "ApproximateNumberOfMessagesNotVisible": (
            float(queue.approximate_number_of_messages_not_visible),
            "Count",
        ),
        "ApproximateNumberOfMessagesDelayed": (
            float(queue.approximate_number_of_messages_delayed),
            "Count",
        ),
        "ApproximateAgeOfOldestMessage": (max([0.0, *(now - at for at in sent)]), "Seconds"),
    }


def _queue(backend: CloudWatchBackend, queue: Queue, now: float) -> None:
    dimensions = frozenset({("QueueName", str(queue.name))})
    for name, (value, unit) in queue_values(queue, now).items():
        key = MetricKey(namespace="AWS/SQS", name=name, dimensions=dimensions)
        publish(backend, key, [Sample.of(now, value, unit)])


def publish_all(engine: Engine, at: float) -> None:
    """Publish every group's and queue's metrics at the epoch second `at`."""
    for group in engine.groups():
        _group(group, at)
    for account, region, backend in sqs_backends.iter_backends():
        for queue in list(cast("SQSBackend", backend).queues.values()):
            _queue(cloudwatch_backends[account][region], queue, at)
