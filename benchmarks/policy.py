"""What our planner needs on the shipped trace, beside a clairvoyant and the best rival.

The same figures as on the page of results, of those contenders that matter for them alone:
`duration`, the two rivals whose waits are no longer, and the bound.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from workhorse.sim.contender import contender
from workhorse.sim.contest import Patience, Trace, contest, limit_seconds
from workhorse.sim.fleet import Fleet
from workhorse.sim.verdict import verdict
from workhorse.sim.workers import workers

TRACE = Path("data/traces/bitcoin-core.csv")
OURS = "duration"
RIVALS = ("poll", "ec2-fleet")
SEED = 1
SHARE = 0.95
"""Waits are held to a p95 boot and 30 s."""


def run() -> Iterator[Figure]:
    """Instance-hours over those of the bound, and over those of the best rival in time."""
    trace, fleet = Trace.read(TRACE), Fleet()
    limit = limit_seconds(fleet, SHARE)
    with workers(len(os.sched_getaffinity(0))) as executor:
        (heat,) = contest(
            [trace],
            [contender(name, {}) for name in (OURS, *RIVALS)],
            fleet,
            seed=SEED,
            executor=executor,
            patiences=[Patience(wait_seconds=limit)],
        )
    held = verdict(heat, heat.outcomes[0], limit)
    builds = len(trace.jobs)
    ratios = {"policy_ratio_to_bound": held.to_bound, "policy_ratio_to_best_rival": held.to_rival}
    for name, ratio in ratios.items():
        if ratio is not None:
            yield Figure(name=name, value=ratio, unit="ratio", n=builds)
    yield Figure(name="policy_wait_p95_seconds", value=held.wait_seconds, unit="s", n=builds)
