"""Situations of a pool: one by hand, and any that can be."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tests.facts import NOW, group, pool
from workhorse.core.learn import Learned, Sample, Sight, Spent
from workhorse.core.model import RunningBuild
from workhorse.core.plan import Situation


def situation(
    *, desired: int = 0, minimum: int = 0, maximum: int = 100, **changes: Any
) -> Situation:
    """A quiet, trusted pool of at most fifty agents, but for what is given."""
    policy_keys = {k: changes.pop(k) for k in list(changes) if hasattr(pool().policy, k)}
    facts: dict[str, Any] = {
        "policy": pool(**({"ceiling": 50} | policy_keys)).policy,
        "group": group(desired=desired, minimum=minimum, maximum=maximum),
        "now": NOW,
        "queued": 0,
        "running": 0,
        "ready": 0,
        "booting": 0,
        "coming": 0,
        "changed_at": NOW - 3600,
        "told": True,
        "frozen": False,
        "blind_step": 5,
    }
    return Situation(**(facts | changes))


SMALL = st.integers(min_value=0, max_value=60)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Any numbers that can be together."""
    ready, booting, coming = draw(SMALL), draw(SMALL), draw(SMALL)
    floor = draw(st.integers(min_value=0, max_value=10))
    return situation(
        queued=draw(SMALL),
        running=draw(st.integers(min_value=0, max_value=ready)),
        ready=ready,
        booting=booting,
        coming=coming,
        desired=ready + booting + coming + draw(st.integers(min_value=0, max_value=5)),
        minimum=draw(st.integers(min_value=0, max_value=3)),
        maximum=draw(st.integers(min_value=10, max_value=100)),
        floor=floor,
        ceiling=draw(st.integers(min_value=floor, max_value=60)),
        buffer=draw(st.integers(min_value=0, max_value=5)),
        max_step=draw(st.integers(min_value=1, max_value=60)),
        executors=draw(st.integers(min_value=1, max_value=4)),
        changed_at=NOW - draw(SMALL),
        told=draw(st.booleans()),
        frozen=draw(st.booleans()),
    )


def sample(*values: float) -> Sample:
    """These values, the oldest first."""
    return Sample().added(values, digits=3)


def learned(**changes: Any) -> Learned:
    """A pool that knows its boots (60 s) and builds (a minute to an hour, evenly)."""
    facts: dict[str, Any] = {
        "boots": sample(*[60.0] * 20),
        "durations": sample(*range(60, 3661, 60)),
        "gaps": sample(*range(0, 20_000, 200)),
    }
    return Learned(**(facts | changes))


def build(seconds_ago: float, estimate: float | None = None, number: int = 1) -> RunningBuild:
    """A build that began so long ago."""
    return RunningBuild(
        path=f"job/a/{number}/", started_at=NOW - seconds_ago, estimated_seconds=estimate
    )


SECONDS = st.integers(min_value=0, max_value=4000).map(float)
NONE = Sample()
BOOTS = (NONE, sample(*[60.0] * 9), sample(*range(35, 150, 7)), sample(60.0, 70.0))
DURATIONS = (NONE, sample(*range(60, 3661, 60)), sample(*range(5, 120, 3)), sample(9.0))
RATIOS = (NONE, sample(*[0.9, 1.0, 1.1] * 9), sample(*[0.1, 1.0, 4.0, 9.0] * 6))
GAPS = (NONE, sample(*range(0, 20_000, 200)), sample(*[10.0] * 30, *[9000.0] * 30))
WAITS = (NONE, sample(*[0.0, 61.0, 95.0] * 60), sample(*[1.0] * 200), sample(*[200.0] * 150))
BURSTS = (
    (),
    tuple(NOW - 10_000 + n for n in range(60)),
    tuple(NOW - 400_000 + 5_000 * push + n for push in range(20) for n in range(6)),
)


@st.composite
def lessons(draw: st.DrawFn) -> Learned:
    """Much, little or nothing, and a look that may be there."""
    left = sorted(NOW - at for at in draw(st.lists(SECONDS, max_size=4)))
    return Learned(
        boots=draw(st.sampled_from(BOOTS)),
        durations=draw(st.sampled_from(DURATIONS)),
        ratios=draw(st.sampled_from(RATIOS)),
        waits=draw(st.sampled_from(WAITS)),
        gaps=draw(st.sampled_from(GAPS)),
        arrivals=draw(st.sampled_from(BURSTS)),
        spent=Spent(at=NOW - 100, seconds=draw(SECONDS) * 100, instances=draw(SMALL)),
        sight=draw(st.sampled_from((None, Sight(left=tuple(left))))),
    )


@st.composite
def rich_situations(draw: st.DrawFn) -> Situation:
    """Any situation with all that planners may look at."""
    s = draw(situations())
    ages = st.lists(st.integers(0, 300).map(float), max_size=min(s.queued, 6))
    builds = tuple(
        build(draw(SECONDS), draw(st.none() | SECONDS.map(lambda x: x + 1)), n)
        for n in range(draw(st.integers(0, min(s.running, 4))))
    )
    return replace(
        s,
        blind_step=draw(st.integers(0, 5)),
        waiting=tuple(NOW - age for age in draw(ages)),
        builds=builds,
        learned=draw(lessons()),
        forced=draw(st.booleans()),
    )
