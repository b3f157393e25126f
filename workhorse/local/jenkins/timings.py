"""What the metrics plugin tells of a build: how long it and its bodies waited, and held executors.

`...DurationMillis` are of the build itself, `...TimeMillis` of its bodies too. With bodies, the
time spent executing is theirs alone. Time spent blocked is told as waiting here.
"""

from workhorse.local.jenkins.exporting import Bean, Property
from workhorse.local.jenkins.runs import Run
from workhorse.local.jenkins.view import millis


def bean(run: Run) -> Bean:
    """The action of a build."""
    return Bean("jenkins.metrics.impl.TimeInQueueAction", _PROPERTIES, run)


def _none(_: Run) -> int:
    return 0


def _waiting(run: Run) -> int:
    return millis(run.buildable - run.queued)


def _buildable(run: Run) -> int:
    return millis(run.started - run.buildable)


def _buildable_with_bodies(run: Run) -> int:
    return _buildable(run) + millis(sum(waited for waited, _ in run.subtasks))


def _building(run: Run) -> int:
    return 0 if run.ended is None else millis(run.ended - run.started)


def _executing(run: Run) -> int:
    return millis(sum(held for _, held in run.subtasks)) if run.subtasks else _building(run)


def _utilization(run: Run) -> float:
    building = _building(run)
    return round(_executing(run) / building, 2) if building else 1.0


_PROPERTIES = (
    Property("blockedDurationMillis", _none, 2),
    Property("blockedTimeMillis", _none, 2),
    Property("buildableDurationMillis", _buildable, 2),
    Property("buildableTimeMillis", _buildable_with_bodies, 2),
    Property("buildingDurationMillis", _building, 2),
    Property("executingTimeMillis", _executing, 2),
    Property("executorUtilization", _utilization, 2),
    Property("subTaskCount", lambda run: len(run.subtasks), 2),
    Property("waitingDurationMillis", _waiting, 2),
    Property("waitingTimeMillis", _waiting, 2),
)
