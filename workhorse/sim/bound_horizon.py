"""Prices for a stretch of any length: a programme for some hundred builds at a time.

Where builds run day and night a stretch has no end, and programmes grow faster than their builds.
So one is solved for the first builds of the stretch, the prices up to a moment well before its last
arrival are held, and the next programme begins there, with the builds that these prices leave open.
Held prices are prices like any: what they prove is proven, and only a little is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workhorse.sim.bound_prices import Flags, Indices, Numbers, Table
from workhorse.sim.bound_programme import Held, Programme

MOST = 240
"""Builds of a programme, and more where many are left open; the traces' stretches have fewer."""
ROUNDS = 20
"""Times a programme is solved at most: three do on the traces, and stopping early is safe."""
CLOSE = 0.0005
"""Seconds: a bound this near to what the programme promises is not worth another round."""
CLOSE_SHARE = 0.0003
"""The same as a share of it, for more than `FEW` builds, where there is some gap anyway."""
FEW = 30
"""Builds of a stretch that is worth exact prices, and finer ones should the coarse leave a gap: on
the traces these close most gaps of so few, and take minutes for two hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What the prices prove of a stretch."""

    worths: Numbers
    """Seconds of boots and idle agents that each build must bring about, toll included, and some
    less than none; their sum is the bound."""
    starts: tuple[int, ...]
    """Milliseconds: where the programme runs most of each build, for a search to begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The best that one programme came to; prices with the tolls behind them."""

    prices: Numbers
    worths: Numbers
    starts: Indices


class _Past:
    """What is held, and until when."""

    def __init__(self, builds: int) -> None:
        self.until = -np.inf
        self.moments = np.empty(0, dtype=np.int64)
        self.prices = np.empty(0)
        self.tolls = np.full(builds, np.nan)

    def held(self, table: Table, now: Indices) -> Held:
        """For the next programme: prices up to `until`, tolls that settled builds have paid."""
        prices = np.full(len(table.moments), np.nan)
        known = table.moments <= self.until
        if known.any():
            prices[known] = np.interp(table.moments[known], self.moments, self.prices)
        return Held(prices=prices, tolls=self.tolls[now[table.short]])

    def hold(self, table: Table, found: _Found, now: Indices, until: float) -> None:
        """Hold what was found up to the last bend before that time, so that none is cut."""
        kept = table.moments <= max(until, self.until)
        if not kept.any():
            return
        self.moments = table.moments[kept]
        self.prices = found.prices[: len(table.moments)][kept]
        self.until = float(self.moments[-1])
        begun = table.toll_from <= self.until
        self.tolls[now[table.short[begun]]] = found.prices[len(table.moments) :][begun]


def priced(
    builds: Sequence[tuple[int, int]],
    boot: int,
    wait: int,
    *,
    finely: bool = False,
    at_once: int = MOST,
) -> Priced:
    """The best prices found for a stretch of builds (arrival, duration), all in milliseconds.

    Finely lets them bend in more places: dearer to compute, and for few builds worth it.
    """
    every = np.array(builds, dtype=np.int64)
    worths = np.zeros(len(every))
    starts = every[:, 0].copy()
    if boot == 0:
        return Priced(worths=worths, starts=tuple(starts.tolist()))
    past = _Past(len(every))
    now = np.empty(0, dtype=np.int64)
    settled = np.empty(0, dtype=np.bool_)
    taken = 0
    while taken < len(every):
        new = np.arange(taken, min(taken + max(at_once - len(now), at_once // 2, 1), len(every)))
        taken += len(new)
        now = np.concatenate([now, new])
        table = Table(every[now], boot, wait, finely=finely, also=past.moments)
        found = _found(table, past.held(table, now))
        open_ = np.concatenate([~settled, np.ones(len(new), dtype=np.bool_)])
        worths[now[open_]] = found.worths[open_]
        starts[now[open_]] = found.starts[open_]
        # Builds to come name tolls from a boot before their arrival, which is after the last here.
        past.hold(
            table, found, now, min(every[new[len(new) // 2], 0], every[new[-1], 0] - boot - 1)
        )
        now, settled = _left(every, now, past.until, wait)
    return Priced(worths=worths, starts=tuple(starts.tolist()))


def _left(every: Indices, now: Indices, until: float, wait: int) -> tuple[Indices, Flags]:
    """The builds that the next programme needs, and which of them are settled.

    A build is settled when it is over at its latest, for all its prices are held.  A settled one
    that names a toll is needed as long as one that is not settled may end where that is paid.
    """
    arrivals, durations = every[now].T
    settled = arrivals + durations + wait <= until
    needed = ~settled | ((durations <= wait) & (arrivals + wait > until - wait))
    return now[needed], settled[needed]


def _found(table: Table, held: Held) -> _Found:
    """Solve, look what the solution overlooked, and solve again."""
    programme = Programme(table, held)
    best: _Found | None = None
    for _ in range(ROUNDS):
        promised, answer, starts = programme.solved()
        prices = table.repaired(answer)
        worths, cheapest = table.worths(prices)
        if best is None or worths.sum() > best.worths.sum():
            best = _Found(prices=prices, worths=worths, starts=starts)
        near = max(CLOSE, CLOSE_SHARE * promised * (len(worths) > FEW))
        if promised - best.worths.sum() < near or not programme.add(cheapest):
            break
    assert best is not None  # noqa: S101 - ROUNDS is not 0
    return best
