"""Looking at lost builds: the reading side of `core/requeue.py`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf

from workhorse.core.drain import Drain, DrainState
from workhorse.core.model import Group, Lifecycle, Snapshot
from workhorse.core.requeue import (
    DOUBT_SECONDS,
    GIVE_UP_SECONDS,
    MOST_REFUSALS,
    OPEN,
    BuildRecord,
    Lost,
    RequeueEvent,
    RequeuePolicy,
    RequeueState,
    forbidden,
    is_marked,
    wanted,
)

KEEP_SECONDS = 3600.0
"""How long a build that is done with is remembered, for those of the same job in doubt."""

_DEAD = frozenset({"shutting-down", "terminated", "gone"})
_ENDING = frozenset({Lifecycle.TERMINATING_PROCEED, Lifecycle.TERMINATED})


def is_lost(
    instance: str, group: Group | None, snapshot: Snapshot, drains: Mapping[str, Drain]
) -> bool:
    """EC2 or Auto Scaling says that it is no more, or is ending; unknown means that it lives."""
    if group is None:
        return False
    if (member := group.by_id.get(instance)) is not None:
        return member.lifecycle in _ENDING
    drain = drains.get(instance)
    told = snapshot.states.get(instance) in _DEAD
    return told or (drain is not None and drain.state is DrainState.GONE)


def judged(
    lost: Lost, found: BuildRecord | None, policy: RequeuePolicy, now: float
) -> tuple[Lost, RequeueEvent]:
    """What a reading of the build says; None where Jenkins keeps it no more.

    The lost build comes back with what it was given, and why it is refused where it is.
    """
    if found is None:
        return _refused(lost, "Jenkins keeps it no more")
    lost = replace(lost, job=found.job, queue_id=found.queue_id)
    if because := _refusal(lost, found, policy, now):
        return _refused(lost, because)
    lost = replace(lost, parameters=found.parameters or ())
    if found.building:
        return lost, RequeueEvent.SEEN_RUNNING
    if not wanted(found.result):
        return lost, RequeueEvent.SEEN_GOOD
    marked = is_marked(found.description)
    return lost, RequeueEvent.SEEN_MARKED if marked else RequeueEvent.SEEN_BAD


def _refusal(lost: Lost, found: BuildRecord, policy: RequeuePolicy, now: float) -> str:
    if because := forbidden(found.job, policy):
        return because
    if not policy.marker or policy.marker not in found.job_description:
        return "its job did not opt in"
    if found.ours:
        return "we queued it ourselves"
    if found.parameters is None:
        return "a parameter of it cannot be given again exactly"
    return _too_late(lost, now)


def _too_late(lost: Lost, now: float) -> str:
    return "nothing came of it for a day" if now - lost.opened_at > GIVE_UP_SECONDS else ""


def _refused(lost: Lost, because: str) -> tuple[Lost, RequeueEvent]:
    return replace(lost, because=because), RequeueEvent.SEEN_REFUSED


def sought(  # noqa: PLR0911 - a ladder of conditions, an event each
    lost: Lost, runs: Sequence[BuildRecord], others: Iterable[Lost], now: float
) -> tuple[Lost, RequeueEvent]:
    """What the newer runs of its job say of a build that is marked.

    Args:
        lost: marked, or in doubt.
        runs: builds and queued items (number 0) of its job with a higher queue id.
        others: the other lost builds that we know of.
        now: seconds since the epoch.
    """
    alike = [run for run in runs if dict(run.parameters or ()) == dict(lost.parameters)]
    waits = any(not run.number for run in alike)
    if because := _too_late(lost, now):
        return _refused(lost, because)
    if lost.state is RequeueState.MARKED:
        return lost, RequeueEvent.SEEN_ALIKE if waits else RequeueEvent.SEEN_FREE
    if sum(run.ours for run in alike) > sum(_has_its_run(lost, each) for each in others):
        return lost, RequeueEvent.SEEN_AGAIN
    if waits:
        return replace(lost, none_at=0), RequeueEvent.SEEN_ALIKE
    if _gap(lost, runs):
        return lost, RequeueEvent.SEEN_GAP
    if lost.refusals >= MOST_REFUSALS:
        return _refused(lost, f"Jenkins refused it {lost.refusals} times")
    if not lost.none_at or lost.none_at > now:
        return replace(lost, none_at=now), RequeueEvent.SEEN_NONE
    if now - lost.none_at < DOUBT_SECONDS:
        return lost, RequeueEvent.SEEN_NONE
    return lost, RequeueEvent.SEEN_NONE_TWICE


def _has_its_run(lost: Lost, other: Lost) -> bool:
    """It was asked for since ours was lost, so that its run is certainly among the newer ones."""
    same = other.job == lost.job and dict(other.parameters) == dict(lost.parameters)
    since = other.asked_at > lost.opened_at
    return same and since and other.state is RequeueState.QUEUED


def _gap(lost: Lost, runs: Sequence[BuildRecord]) -> bool:
    """Of the numbers that came after its own, one is missing."""
    number = int(lost.build.rstrip("/").rpartition("/")[2])
    newer = {run.number for run in runs if run.number > number}
    return len(newer) < max(newer, default=number) - number


def rests(lost: Lost) -> bool:
    """Noted and read: nothing is to be asked before its instance is lost."""
    return lost.state is RequeueState.NOTED and lost.looked_at > 0


def holds_until(lost: Lost) -> float:
    """Until when the same facts take a build no further: one that is done with is forgotten."""
    if lost.state in OPEN:
        return inf if rests(lost) else 0.0
    return lost.looked_at + KEEP_SECONDS
