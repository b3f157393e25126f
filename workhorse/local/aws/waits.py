"""One lifecycle action: an instance that a hook holds, and when it is let go.

A hook's wait ends by CompleteLifecycleAction, by its heartbeat time-out (then the default
result counts), or by the global limit, "48 hours or 100 times the heartbeat timeout,
whichever is smaller":
https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

LONGEST_WAIT = 48 * 3600.0
"""Seconds; the page above."""

MOST_HEARTBEATS = 100
"""Times the heartbeat time-out; the page above."""


def global_limit(heartbeat: float) -> float:
    """Seconds that an instance can stay in a wait state, for a heartbeat time-out in seconds."""
    return min(LONGEST_WAIT, MOST_HEARTBEATS * heartbeat)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """An instance held by one hook.

    `deadline` and `limit` are virtual epoch seconds: of the present heartbeat, and of the
    whole wait. `result` is None while it waits, then "CONTINUE" or "ABANDON".
    """

    hook: str
    token: str
    heartbeat: float
    default_result: str
    deadline: float
    limit: float
    result: str | None = None
    timed_out: bool = False

    def beat(self, now: float) -> "Wait":
        """The wait after RecordLifecycleActionHeartbeat."""
        return replace(self, deadline=min(now + self.heartbeat, self.limit))

    def completed(self, result: str) -> "Wait":
        """The wait after CompleteLifecycleAction."""
        return replace(self, result=result)

    def at(self, now: float) -> "Wait":
        """The wait at a time: past its deadline it has its default result."""
        if self.result is None and now >= self.deadline:
            return replace(self, result=self.default_result, timed_out=True)
        return self


def begun(*, hook: str, token: str, heartbeat: float, default_result: str, now: float) -> Wait:
    """A wait that starts now; `heartbeat` is the hook's time-out in seconds."""
    limit = now + global_limit(heartbeat)
    deadline = min(now + heartbeat, limit)
    return Wait(
        hook=hook,
        token=token,
        heartbeat=heartbeat,
        default_result=default_result,
        deadline=deadline,
        limit=limit,
    )


def outcome(waits: Iterable[Wait]) -> str | None:
    """What the waits of one transition amount to: None while one is open.

    An ABANDON ends the matter at once: other actions of the transition are not waited for.
    """
    results = [wait.result for wait in waits]
    if "ABANDON" in results:
        return "ABANDON"
    return None if None in results else "CONTINUE"
