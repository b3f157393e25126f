"""The clairvoyant bound: the fewest instance-seconds with which a pool can run its builds.

Nobody who lets no build wait longer than W can do with less, not even who knows the future.

    instance-seconds  =  the builds' own  +  boot for every agent  +  idle agents

With W = 0 and one executor the least is known exactly (`bound_levels`).  With W > 0 the builds
are cut into stretches that have nothing to do with each other; for each, prices prove a lower
bound (`bound_prices`), a search finds a schedule (`bound_search`), and where both meet the least is
exact.  With E > 1 executors, E agents of one executor can do what one agent of E does, so a least
with one executor, divided by E, is a lower bound, and so are the levels of what must run at once.
The whole proof is in `docs/bound.md`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, isfinite

from workhorse.core.errors import Misuse
from workhorse.sim.bound_pool import Answer, Terms, answered, fewest_agents
from workhorse.sim.bound_schedule import Stint, Work, milliseconds, stints, verified

__all__ = ["Bound", "Stint", "Work", "clairvoyant", "ratio", "scheduled", "together", "verified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a clairvoyant needs, in instance-seconds from the launch to the end of each agent."""

    lower_seconds: float
    """No policy needs less."""
    upper_seconds: float
    """A schedule that the checker accepted needs this much, and nobody waits longer in it."""
    busy_seconds: float
    """The builds' own seconds, on one executor each."""
    boots_lower: int
    """No policy starts fewer agents."""
    exact: bool
    """Lower and upper are the same: this is the least."""
    method: str
    """How the lower bound is proven, in a few words."""


def clairvoyant(
    builds: Sequence[Work],
    *,
    boot_seconds: float,
    wait_seconds: float,
    executors: int = 1,
    share: float = 1.0,
) -> Bound:
    """The bound of one pool: builds as (arrival, duration) in seconds, in any order.

    `boot_seconds` is what a launch costs before the first build: the least that the world can
    draw, or its mean where figures are compared on average (`docs/bound.md` says why that holds).
    `share` is the part of the builds that must not wait longer than `wait_seconds`; the others may
    wait as long as they like, but they run.  With 0.95 the bound holds for every policy whose p95
    wait is at most `wait_seconds`.

    Raises:
        Misuse: a figure is not finite or out of range, or a build lasts less than a millisecond.
    """
    return together(
        [builds],
        boot_seconds=boot_seconds,
        wait_seconds=wait_seconds,
        executors=executors,
        share=share,
    )


def together(
    pools: Iterable[Sequence[Work]],
    *,
    boot_seconds: float,
    wait_seconds: float,
    executors: int = 1,
    share: float = 1.0,
) -> Bound:
    """The bound of pools that share no agents, summed; `share` is of the builds of them all.

    Raises:
        Misuse: as `clairvoyant`.
    """
    terms = _terms(boot_seconds, wait_seconds, executors, share)
    everybody = share == 1
    builds = [_in_order(pool) for pool in pools if pool]
    answers = [answered(pool, terms, worths=not everybody) for pool in builds]
    busy = sum(duration for pool in builds for _, duration in pool)
    if everybody:
        lower = sum(answer.lower for answer in answers) / 1000
        boots = sum(fewest_agents(pool, terms) for pool in builds)
    else:
        lower = _lower_for_share(answers, busy, terms, share)
        boots = len(builds)
    costs = [_checked(pool, a, terms) for pool, a in zip(builds, answers, strict=True)]
    upper = sum(milliseconds(cost) for cost in costs) / 1000
    return Bound(
        lower_seconds=lower,
        upper_seconds=upper,
        busy_seconds=busy / 1000,
        boots_lower=boots,
        exact=milliseconds(lower) == milliseconds(upper),
        method=_method(terms, everybody=everybody),
    )


def scheduled(
    builds: Sequence[Work], *, boot_seconds: float, wait_seconds: float, executors: int = 1
) -> tuple[Stint, ...]:
    """The schedule behind `upper_seconds`; its numbers are places in `builds`.

    Raises:
        Misuse: as `clairvoyant`.
    """
    if not builds:
        return ()
    terms = _terms(boot_seconds, wait_seconds, executors, 1.0)
    pool = _in_order(builds)
    order = sorted(range(len(builds)), key=lambda number: _in_order([builds[number]]))
    answer = answered(pool, terms, worths=False)
    return tuple(
        Stint(builds=tuple((order[number], start) for number, start in stint.builds))
        for stint in stints(answer.starts, [d for _, d in pool], terms.boot, executors)
    )


def ratio(instance_seconds: float, bound: Bound) -> float:
    """How many times the least a policy used: nobody gets below 1.

    Instance-seconds count from launch to end, as the bound does.  Where nothing had to run, 1
    for who used nothing and infinity for who did.
    """
    if bound.lower_seconds == 0:
        return 1.0 if instance_seconds == 0 else float("inf")
    return instance_seconds / bound.lower_seconds


def late_at_most(builds: int, share: float) -> int:
    """How many of so many builds may wait longer when the wait of that share is in order.

    Counted so that it is enough for a quantile by nearest rank and for an interpolated one.
    """
    return max(0, ceil(round((builds - 1) * (1 - share), 9)))


def _lower_for_share(answers: Sequence[Answer], busy: int, terms: Terms, share: float) -> float:
    """The prices' bound without the builds that may wait, whichever these are.

    A build that keeps to its patience brings about its worth.  One that does not may start where
    an agent is worth nothing and end where it is worth a whole boot: at best it takes a boot off.
    """
    worths = sorted((worth for answer in answers for worth in answer.worths), reverse=True)
    late = late_at_most(len(worths), share)
    boot = terms.boot / 1000
    extra = sum(worths[late:]) - late * boot
    return max(
        (busy / 1000 + extra) / terms.executors, busy / 1000 / terms.executors + boot * len(answers)
    )


def _checked(builds: Sequence[tuple[int, int]], answer: Answer, terms: Terms) -> float:
    """What the schedule costs, by the checker's count."""
    return verified(
        stints(answer.starts, [d for _, d in builds], terms.boot, terms.executors),
        [(arrival / 1000, duration / 1000) for arrival, duration in builds],
        boot_seconds=terms.boot / 1000,
        wait_seconds=terms.wait / 1000,
        executors=terms.executors,
    )


def _method(terms: Terms, *, everybody: bool) -> str:
    if not everybody:
        return "prices, less the builds that may wait"
    if terms.executors > 1:
        return "one executor's least divided, or the levels of what must run at once"
    return "levels" if terms.wait == 0 else "prices, stretch by stretch"


def _terms(boot: float, wait: float, executors: int, share: float) -> Terms:
    if not (isfinite(boot) and boot >= 0 and isfinite(wait) and wait >= 0):
        raise Misuse(f"boot {boot} s and wait {wait} s must be 0 or more")
    if executors < 1 or not 0 <= share <= 1:
        raise Misuse(f"{executors} executors must be 1 or more, and share {share} from 0 to 1")
    return Terms(boot=milliseconds(boot), wait=milliseconds(wait), executors=executors)


def _in_order(builds: Sequence[Work]) -> list[tuple[int, int]]:
    for arrival, duration in builds:
        if not (isfinite(arrival) and isfinite(duration) and milliseconds(duration) >= 1):
            raise Misuse(f"build ({arrival}, {duration}): must have a duration of 1 ms or more")
    return sorted((milliseconds(arrival), milliseconds(duration)) for arrival, duration in builds)
