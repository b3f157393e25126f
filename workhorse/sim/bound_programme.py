"""The linear programme that looks for good prices."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog  # type: ignore[import-untyped]  # scipy ships no types
from scipy.sparse import csr_array, hstack, vstack  # type: ignore[import-untyped]  # the same

from workhorse.sim.bound_prices import Indices, Numbers, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an earlier programme has decided: not a number where it is still free."""

    prices: Numbers
    tolls: Numbers


class Programme:
    """The linear programme: prices, tolls and the builds' bounds, these with a few rows each.

    It starts with the two ends of every build's patience and takes on, round by round, the rows
    that the last answer overlooked.
    """

    def __init__(self, table: Table, held: Held) -> None:
        self._table = table
        boot = table.boot
        self._builds = len(table.first_row)
        last_row = np.append(table.first_row[1:], len(table.build)) - 1
        self._rows = np.unique(np.concatenate([table.first_row, last_row]))
        moments, tolls = table.tolled.shape
        steps = np.arange(moments - 1)
        ones = np.ones(moments - 1)
        rise = csr_array(
            (
                np.concatenate([ones, -ones]),
                (np.concatenate([steps, steps]), np.concatenate([steps + 1, steps])),
            ),
            shape=(moments - 1, moments + tolls),
        )
        toll_posts = np.flatnonzero(table.tolled.sum(axis=1))
        one_price = csr_array(
            (np.ones(len(toll_posts)), (np.arange(len(toll_posts)), toll_posts)),
            shape=(len(toll_posts), moments),
        )
        capped = hstack([one_price, table.tolled[toll_posts]])
        fixed = vstack([rise, capped])
        self._fixed = hstack([fixed, csr_array((fixed.shape[0], self._builds))])
        self._limits = np.concatenate(
            [np.diff(table.moments) / 1000, np.full(len(toll_posts), boot)]
        )
        self._goal = -np.concatenate([np.zeros(moments), np.ones(tolls + self._builds)])
        free = np.tile([0.0, boot], (moments + tolls, 1))
        fixed_to = np.concatenate([held.prices, held.tolls])
        kept = np.flatnonzero(np.isfinite(fixed_to))
        free[kept] = fixed_to[kept, None]
        self._bounds = np.concatenate([free, np.tile([-boot, boot], (self._builds, 1))])

    def add(self, rows: Indices) -> bool:
        """Heed these rows from now on; false when it did already."""
        known = len(self._rows)
        self._rows = np.union1d(self._rows, rows)
        return len(self._rows) > known

    def solved(self) -> tuple[float, Numbers, Indices]:
        """The sum promised, prices and tolls, and for each build its heaviest start."""
        table, rows = self._table, self._rows
        own = csr_array(
            (np.ones(len(rows)), (np.arange(len(rows)), table.build[rows])),
            shape=(len(rows), self._builds),
        )
        matrix = vstack([self._fixed, hstack([-table.terms[rows], own])], format="csr")
        limits = np.concatenate([self._limits, np.zeros(len(rows))])
        answer = linprog(self._goal, A_ub=matrix, b_ub=limits, bounds=self._bounds, method="highs")
        weights = -answer.ineqlin.marginals[len(self._limits) :]
        heaviest = np.lexsort((-weights, table.build[rows]))
        first = heaviest[np.searchsorted(table.build[rows][heaviest], np.arange(self._builds))]
        starts = table.start[rows[first]]
        return -float(answer.fun), answer.x[: -self._builds], starts
