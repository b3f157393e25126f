"""How fast the fleet grew when builds came: scale-ups, and the reaction time of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from workhorse.local.demo.facts import Build, Evidence, Hand

OURS_SECONDS = 1.0
"""A change of desired capacity this close to a deed on the same group is that deed's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleUp:
    """Desired capacity was raised.

    `reaction` is how many seconds the longest waiting of the builds that came since the pool's last
    scale-up had been waiting; None when none had come, as when capacity taken away is asked again.
    """

    at: float
    group: str
    before: int
    after: int
    reaction: float | None


def scale_ups(evidence: Evidence) -> tuple[ScaleUp, ...]:
    """Every rise of a group's desired capacity between the beginning and the end, in order."""
    last: dict[str, float] = {}
    found = []
    for happening in evidence.happenings:
        if happening.kind != "group.desired" or not evidence.began <= happening.at:
            continue
        group = str(happening.detail["group"])
        before, after = int(happening.detail["before"]), int(happening.detail["after"])
        if after <= before or _outside(evidence, group, happening.at):
            continue
        came = [b for b in evidence.builds if evidence.pools.get(b.job) == group]
        found.append(
            ScaleUp(
                at=happening.at,
                group=group,
                before=before,
                after=after,
                reaction=_reaction(came, last.get(group, float("-inf")), happening.at),
            )
        )
        last[group] = happening.at
    return tuple(found)


def _reaction(builds: Sequence[Build], since: float, at: float) -> float | None:
    """How long the first build that came after `since`, and had not started by `at`, waited."""
    waiting = [
        build.queued
        for build in builds
        if since < build.queued <= at and (build.started is None or build.started > at)
    ]
    return at - min(waiting) if waiting else None


def _outside(evidence: Evidence, group: str, at: float) -> bool:
    return any(
        deed.hand is Hand.LOWERED_DESIRED
        and deed.target == group
        and abs(deed.at - at) <= OURS_SECONDS
        for deed in evidence.deeds
    )
