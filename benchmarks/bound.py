"""The clairvoyant bound of recorded traces, as the table of `docs/bound.md`, and how long it takes.

`python -m benchmarks.bound [TRACE.csv ...]` prints the table, of `data/traces` unless told
otherwise.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure
from workhorse.sim.bound import Work, clairvoyant, together
from workhorse.sim.workload import read_csv

TRACES = Path(__file__).parent.parent / "data/traces"
BOOT_SECONDS = 60.0
WAITS = (0.0, 60.0, 90.0)
SHARE = 0.95
HEAD = (
    "| trace | builds | W, s | busy, h | lower, h | upper, h | gap, % | lower for p95, h | CPU, s |"
)


def pools(trace: Path) -> list[Sequence[Work]]:
    """The builds of a trace, a list for each label."""
    found: dict[str, list[Work]] = defaultdict(list)
    for job in read_csv(trace):
        found[job.label].append((job.arrival, job.seconds))
    return list(found.values())


def row(trace: Path, wait: float) -> str:
    """One line of the table: a trace and a patience."""
    builds = pools(trace)
    began = time.process_time()
    bound = together(builds, boot_seconds=BOOT_SECONDS, wait_seconds=wait)
    took = time.process_time() - began
    late = together(builds, boot_seconds=BOOT_SECONDS, wait_seconds=wait, share=SHARE)
    gap = 100 * (bound.upper_seconds / bound.lower_seconds - 1)
    hours = " | ".join(
        f"{seconds / 3600:.1f}"
        for seconds in (bound.busy_seconds, bound.lower_seconds, bound.upper_seconds)
    )
    return (
        f"| {trace.stem} | {sum(map(len, builds))} | {wait:.0f} | {hours} | {gap:.3f} "
        f"| {late.lower_seconds / 3600:.1f} | {took:.1f} |"
    )


def run() -> Iterator[Figure]:
    """Seconds for the six weeks of bitcoin-core, and the gap that is left."""
    builds = pools(TRACES / "bitcoin-core.csv")
    began = time.process_time()
    bounds = [clairvoyant(pool, boot_seconds=BOOT_SECONDS, wait_seconds=90) for pool in builds]
    took = time.process_time() - began
    lower = sum(bound.lower_seconds for bound in bounds)
    upper = sum(bound.upper_seconds for bound in bounds)
    yield Figure(name="bound_bitcoin_core_seconds", value=took, unit="s", n=1)
    yield Figure(name="bound_gap_percent", value=100 * (upper / lower - 1), unit="%", n=1)


def main() -> None:
    """Print the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(prog="benchmarks.bound", description=__doc__)
    parser.add_argument("traces", nargs="*", type=Path, help="CSV files; data/traces by default")
    traces: list[Path] = parser.parse_args().traces or sorted(TRACES.glob("*.csv"))
    print(HEAD)
    print("| --- |" + " ---: |" * (HEAD.count("|") - 2))
    for trace in traces:
        for wait in WAITS:
            print(row(trace, wait), flush=True)


if __name__ == "__main__":
    main()
