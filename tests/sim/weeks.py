"""A few busy hours to replay, and outcomes to show."""

from workhorse.sim.contender import contender
from workhorse.sim.fleet import Fleet
from workhorse.sim.outcome import Outcome
from workhorse.sim.replay import replay
from workhorse.sim.workload import Job, Week, generated

FLEET = Fleet()
SEED = 7


def morning(hours: float = 3) -> tuple[Job, ...]:
    """So many hours of a Tuesday from nine on: some sixty builds of two labels in three."""
    shape = Week(days=2, median_seconds=240, builds_per_push=5, labels={"linux": 3, "windows": 1})
    nine = (24 + 9) * 3600
    return tuple(j for j in generated(shape, 5) if nine <= j.arrival < nine + hours * 3600)


def played(name: str, fleet: Fleet = FLEET, **settings: object) -> Outcome:
    """What becomes of that morning with this policy."""
    return replay(morning(), fleet, contender(name, settings), seed=SEED)
