"""A stretch of builds that has nothing to do with the others: prices below, a search above.

All times are milliseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import chain
from math import ceil, gcd

from workhorse.sim.bound_horizon import FEW, Priced, priced
from workhorse.sim.bound_search import improved, in_line

NUMERIC = 1e-6
"""Seconds that rounding may have added to a build's worth; taken off before the sum is rounded up.
The solver is exact to a tenth of that, and only where held prices meet new ones does it matter."""

Builds = Sequence[tuple[int, int]]
"""Arrival and duration, in the order of arrival."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What is known of it, on agents of one executor."""

    extra: int
    """Nobody has fewer milliseconds of boots and idle agents."""
    cost: int
    """What the schedule has."""
    worths: tuple[float, ...]
    """Seconds of boots and idle agents that each build accounts for."""
    starts: tuple[int, ...]
    """The schedule."""


def solved(builds: Builds, boot: int, wait: int) -> Stretch:
    """The bound and the schedule of a stretch.

    The least is a sum of differences of arrivals, durations, boots and patience (`docs/bound.md`),
    so it is a multiple of what divides them all, and the bound can be rounded up to one.
    """
    arrivals = tuple(arrival for arrival, _ in builds)
    if len(builds) == 1:
        return Stretch(extra=boot, cost=boot, worths=(boot / 1000,), starts=arrivals)
    step = reduce(gcd, (boot, wait, *chain(*builds)))
    prices = priced(builds, boot, wait)
    extra = _extra(prices, boot, step)
    queued = in_line(builds, boot=boot, wait=wait)
    cost, starts = _searched(builds, (prices.starts, queued, arrivals), boot, wait, extra)
    if cost > extra and len(builds) <= FEW:
        finer = priced(builds, boot, wait, finely=True)
        if finer.worths.sum() > prices.worths.sum():
            prices = finer
            extra = max(extra, _extra(prices, boot, step))
        cost, starts = min((cost, starts), _searched(builds, (finer.starts,), boot, wait, extra))
    return Stretch(extra=extra, cost=cost, worths=tuple(prices.worths.tolist()), starts=starts)


def _extra(prices: Priced, boot: int, step: int) -> int:
    """What the prices prove, rounded up; and somebody has to boot."""
    proved = float((prices.worths - NUMERIC).sum()) * 1000
    return max(boot, ceil(proved / step) * step)


def _searched(
    builds: Builds, begins: Sequence[tuple[int, ...]], boot: int, wait: int, enough: int
) -> tuple[int, tuple[int, ...]]:
    """The best of the searches from these starts; none after one has found enough."""
    best = improved(builds, begins[0], boot=boot, wait=wait, enough=enough)
    for begin in begins[1:]:
        if best[0] <= enough:
            break
        best = min(best, improved(builds, begin, boot=boot, wait=wait, enough=enough))
    return best
