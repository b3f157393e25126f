"""How many random fault plans a core lives through in a second.

Each is an hour or two of a small world with its loops, its faults, its auditor and the rest after.
"""

import time
from collections.abc import Iterator

from benchmarks.figures import Figure
from workhorse.sim.chaos import live

SEEDS = range(1_000_000, 1_000_200)
"""Plans like any others; the same at every measurement."""


def run() -> Iterator[Figure]:
    """Scenarios per second and core, and the share of them that kept every promise."""
    began = time.perf_counter()
    total = live(SEEDS)
    rate = total.plans / (time.perf_counter() - began)
    kept = 1 - len(total.failed) / total.plans
    yield Figure(name="chaos_scenarios_per_second", value=rate, unit="1/s", n=total.plans)
    yield Figure(name="chaos_promises_kept", value=kept, unit="share", n=total.plans)
