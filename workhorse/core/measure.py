"""The meters of one pool, from a survey of its agents, its demand, and its last rollout."""

from collections.abc import Iterable

from workhorse.core.demand import Demand
from workhorse.core.meters import Meter
from workhorse.core.model import Node
from workhorse.core.orders import Standing
from workhorse.core.rollout_looks import TRIPPED
from workhorse.core.survey import Survey

ANY_LABEL = "any"
"""What the `Label` dimension says of items without a label; CloudWatch takes no empty value."""

FAILED_SECONDS = 3600.0
"""How long after its end a failed rollout is still told: an alarm hangs on it, and whoever restarts
the controller meanwhile must not end that."""


def rollout_meters(pool: str, standing: Standing | None, now: float) -> tuple[Meter, ...]:
    """`RolloutFailed` of one pool in which rollouts can be ordered.

    1 from the moment at which the breaker of its rollout tripped until an hour after that rollout
    has ended, else 0; a rollout that people take back does not count.
    """
    failed = standing is not None and TRIPPED in standing.memory
    ended_at = standing.ended_at if standing else None
    told = failed and (ended_at is None or now - ended_at < FAILED_SECONDS)
    return (Meter(name="RolloutFailed", value=int(told), unit="Count", pool=pool),)


def pool_meters(pool: str, survey: Survey, demand: Demand | None, now: float) -> tuple[Meter, ...]:
    """All meters of one pool; those of the queue only when Jenkins could be read."""
    nodes = [a.node for a in (*survey.ready, *survey.draining) if a.node and not a.node.offline]
    total = sum(n.executors for n in nodes)
    busy = sum(min(n.busy, n.executors) for n in nodes)
    offline = [a.node for a in (*survey.booting, *survey.lost) if a.node]
    draining = len(survey.draining)
    numbers: list[tuple[str, float, str]] = [
        ("AgentsDesired", survey.group.desired, "Count"),
        ("AgentsInService", len(survey.ready), "Count"),
        ("AgentsBooting", len(survey.booting), "Count"),
        ("AgentsDraining", draining, "Count"),
        ("AgentsLost", len(survey.lost), "Count"),
    ]
    if demand is not None:
        idle = sum(n.executors - min(n.busy, n.executors) for n in _taking(survey))
        numbers += [
            ("ExecutorsTotal", total, "Count"),
            ("ExecutorsBusy", busy, "Count"),
            ("ExecutorsIdle", idle, "Count"),
            ("ExecutorsOffline", sum(n.executors for n in offline), "Count"),
            *_queue(demand.queued, demand.since, now),
        ]
    meters = [Meter(name=n, value=v, unit=u, pool=pool) for n, v, u in numbers]
    for label, queue in (demand.labels if demand else {}).items():
        told = _queue(queue.count, queue.since, now)
        shown = label or ANY_LABEL
        meters += [Meter(name=n, value=v, unit=u, pool=pool, label=shown) for n, v, u in told]
    return tuple(meters)


def _taking(survey: Survey) -> Iterable[Node]:
    """The nodes that take builds: an idle executor of a draining agent is no use to anyone."""
    return (a.node for a in survey.ready if a.node)


def _queue(count: int, since: float | None, now: float) -> list[tuple[str, float, str]]:
    oldest = max(0.0, now - since) if since is not None else 0.0
    return [("QueueLength", count, "Count"), ("QueueOldestWait", oldest, "Seconds")]
