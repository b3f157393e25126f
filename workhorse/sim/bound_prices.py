"""Prices that prove how little a stretch of builds can cost when each may wait a while.

Give every moment t a price y(t) between 0 and `boot`: the worth of an agent that is free then.
It rises no faster than a second a second (keeping an agent costs that), and falls as it likes.
An agent that is launched, idles, and runs build after build costs, beside its builds' seconds,

    boot + idle  >=  the sum over its builds of  y(start) - y(end),

for the boot is worth more than the first price, idling more than the rise, and the last price is
not below 0.  Whatever the policy does, a build cannot do better than the least of
y(s) - y(s + duration) over the starts s that its patience allows, and the sum of these leasts is
below any policy's boots and idle seconds.  Any prices prove a bound; a linear programme finds good
ones.  So its solver need not be trusted: `Table.repaired` makes its answer fit, `Table.worths`
values it.

Tolls.  A build shorter than its patience could be split, in that sum, into parts that follow one
another on a part of an agent.  Against that each such build j may name a toll z: whoever gets
free, by a boot or as another build ends, from `boot` before j's arrival to the end of j's patience
pays it.  Somebody has to: the agent that runs j was free less than `boot` before (else another
boot is no dearer).  So j's bound is z more, the other builds' are less by the tolls at their ends,
and price and tolls together stay below `boot` at every moment.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack  # type: ignore[import-untyped]  # scipy ships no types

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Table:
    """Where prices may bend, and every start of a build that could be its cheapest.

    Prices are straight between `moments`, so a build is cheapest where it starts or ends on one.
    A column of `terms` is a moment's price or, behind these, a toll; a row is a start of a build.
    """

    def __init__(
        self,
        builds: Indices,
        boot: int,
        wait: int,
        *,
        finely: bool = False,
        also: Indices | None = None,
    ) -> None:
        """Builds are rows of arrival and duration, in milliseconds; prices bend at `also` too."""
        arrivals, durations = builds.T
        self.boot = boot / 1000
        self.short = np.flatnonzero(durations <= wait)
        """The builds that name a toll."""
        self.toll_from = first = arrivals[self.short] - boot
        last = arrivals[self.short] + wait
        bends = [_bends(arrivals, durations, wait, finely=finely), first]
        self.moments = np.unique(np.concatenate(bends if also is None else [*bends, also]))
        self.build, self.start = _starts(self.moments, arrivals, durations, wait)
        self.first_row = np.searchsorted(self.build, np.arange(len(arrivals)))
        end = self.start + durations[self.build]
        paid = (end[:, None] >= first) & (end[:, None] <= last)
        paid &= self.build[:, None] != self.short
        prices = _weights(self.moments, self.start) - _weights(self.moments, end)
        self.terms = hstack([prices, csr_array(-paid.astype(np.float64))], format="csr")
        self.tolled = csr_array(
            ((self.moments[:, None] >= first) & (self.moments[:, None] <= last)).astype(np.float64)
        )
        """Moment by toll: 1 where who gets free pays it."""

    def worths(self, prices: Numbers) -> tuple[Numbers, Indices]:
        """What every build must bring about at prices that keep the rules, and the row of each."""
        values = self.terms @ prices
        least = np.minimum.reduceat(values, self.first_row)
        rows = np.flatnonzero(values == least[self.build])
        cheapest = rows[np.searchsorted(self.build[rows], np.arange(len(least)))]
        least[self.short] += prices[len(self.moments) :]
        return least, cheapest

    def repaired(self, prices: Numbers) -> Numbers:
        """The prices made to keep their rules exactly, for a solver keeps them nearly."""
        count = len(self.moments)
        seconds = self.moments / 1000
        tolls = np.maximum(prices[count:], 0)
        sums = self.tolled @ tolls
        if sums.max(initial=0) > self.boot:
            tolls *= self.boot / sums.max()
            sums = self.tolled @ tolls
        price = np.clip(prices[:count], 0, np.maximum(self.boot - sums, 0))
        price = seconds + np.minimum.accumulate(price - seconds)
        return np.concatenate([price, tolls])


def _bends(arrivals: Indices, durations: Indices, wait: int, *, finely: bool) -> Indices:
    """Moments where prices may bend: where a build starts and ends at its earliest and latest.

    Finely, also where it ends if it starts as another just ends, and starts if it ends as another
    starts: there it is decided who can follow whom.
    """
    ends = arrivals + durations
    bends = np.unique(np.concatenate([arrivals, arrivals + wait, ends, ends + wait]))
    if not finely:
        return bends
    build, start = _starts(bends, arrivals, durations, wait)
    return np.unique(np.concatenate([bends, start, start + durations[build]]))


def _starts(
    moments: Indices, arrivals: Indices, durations: Indices, wait: int
) -> tuple[Indices, Indices]:
    """Builds and starts, ordered: those at which the build starts or ends on a moment."""
    pairs = []
    for offset in (np.zeros_like(durations), durations):
        low = np.searchsorted(moments, arrivals + offset)
        count = np.searchsorted(moments, arrivals + offset + wait, side="right") - low
        build = np.repeat(np.arange(len(arrivals)), count)
        place = np.arange(count.sum()) - np.repeat(count.cumsum() - count, count)
        pairs.append(np.stack([build, moments[low[build] + place] - offset[build]]))
    build, start = np.unique(np.concatenate(pairs, axis=1), axis=1)
    return build, start


def _weights(moments: Indices, times: Indices) -> csr_array:
    """Row by moment: how the price at a time is mixed from those of its two neighbours."""
    left = np.clip(np.searchsorted(moments, times, side="right") - 1, 0, max(len(moments) - 2, 0))
    right = np.minimum(left + 1, len(moments) - 1)
    share = (times - moments[left]) / np.maximum(moments[right] - moments[left], 1)
    rows = np.arange(len(times))
    return csr_array(
        (
            np.concatenate([1 - share, share]),
            (np.concatenate([rows, rows]), np.concatenate([left, right])),
        ),
        shape=(len(times), len(moments)),
    )
