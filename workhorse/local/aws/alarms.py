"""CloudWatch alarms that live: moto stores them and never looks at them.

`tick` evaluates what is due; the patches are in `alarms_api.py`.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from typing import cast

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends

from workhorse.local.aws.alarms_evaluate import boundary_of, evaluate, settle


def tick(now: float) -> None:
    """Evaluate every alarm whose next evaluation has come."""
    for _account, _region, found in cloudwatch_backends.iter_backends():
        backend = cast("CloudWatchBackend", found)
        for alarm in list(backend.alarms.values()):
            if alarm.rule is None:
                boundary = boundary_of(alarm, now)
                if alarm.__dict__.get("evaluated_at", boundary) < boundary:
                    alarm.__dict__["evaluated_at"] = boundary
                    evaluate(backend, alarm, boundary, now)
        settle(backend, now)
