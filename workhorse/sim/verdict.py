"""Whether the goals are reached: said by the figures, whichever way they turn out.

The first goal: within 10 % of the instance-hours of a clairvoyant who lets no build wait longer
than the limit.  The second: at most 0.8 of the instance-hours of the best rival.  Both for who
keeps the p95 wait within the limit; a rival that does not is no match.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workhorse.sim.contest import Bounds, Heat
from workhorse.sim.outcome import Outcome
from workhorse.sim.rivals import RIVALS

BOUND_GOAL = 1.10
"""Instance-hours over the clairvoyant's, at most."""
RIVAL_GOAL = 0.80
"""Instance-hours over the best rival's, at most."""
OURS = ("duration", "objective")
"""The planners that the goals are set for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One policy on one trace, held to one limit of the wait."""

    trace: str
    policy: str
    limit_seconds: float
    wait_seconds: float
    """p95 over all builds."""
    to_bound: float | None
    """Instance-hours over the bound for the limit; None where there is none."""
    to_rival: float | None
    """Over those of the best rival; None where no rival keeps within the limit."""
    rival: str = ""
    """Who that is."""

    @property
    def in_time(self) -> bool:
        """The wait is within the limit."""
        return self.wait_seconds <= self.limit_seconds

    @property
    def reaches_bound(self) -> bool:
        """The first goal is reached."""
        return self.in_time and self.to_bound is not None and self.to_bound <= BOUND_GOAL

    @property
    def reaches_rival(self) -> bool:
        """The second goal is reached; without a rival in time there is nobody to beat."""
        return self.in_time and (self.to_rival is None or self.to_rival <= RIVAL_GOAL)

    def sentences(self) -> Iterable[str]:
        """The verdict in words, one sentence for the wait and one for each goal."""
        who = f"`{self.policy}` on {self.trace}"
        within = "within" if self.in_time else "beyond"
        yield f"{who}: p95 wait {self.wait_seconds:.1f} s, {within} {self.limit_seconds:.0f} s."
        if self.to_bound is None:
            yield f"{who}: the bound is not known."
        else:
            more = f"{100 * (self.to_bound - 1):.1f} % above the clairvoyant"
            goal = f"the goal of {100 * (BOUND_GOAL - 1):.0f} %"
            yield f"{who}: {more}; {goal} is {self._reached(self.to_bound <= BOUND_GOAL)}."
        if self.to_rival is None:
            yield f"{who}: no rival keeps within {self.limit_seconds:.0f} s, so there is no match."
        else:
            share = f"{self.to_rival:.3f} of the instance-hours of `{self.rival}`"
            goal = f"the goal of {RIVAL_GOAL:.2f}"
            reached = self._reached(self.to_rival <= RIVAL_GOAL)
            yield f"{who}: {share}; {goal} is {reached}{self._nobody_could()}."

    def _nobody_could(self) -> str:
        """Where the rival is too near the bound to be beaten by so much."""
        if self.to_bound is None or self.to_rival is None:
            return ""
        least = self.to_rival / self.to_bound
        return f", a clairvoyant needs {least:.3f}" if least > RIVAL_GOAL else ""

    def _reached(self, cheap: bool) -> str:  # noqa: FBT001 - the one thing it is told
        if cheap and not self.in_time:
            return "not reached, for the wait alone"
        return "reached" if cheap else "not reached"


def is_rival(outcome: Outcome) -> bool:
    """Another system's policy."""
    return outcome.contender.partition("(")[0] in RIVALS


def best_rival(outcomes: Iterable[Outcome], limit_seconds: float) -> Outcome | None:
    """The rival with the fewest instance-hours among those that run all builds within the limit."""
    match = [o for o in outcomes if is_rival(o) and in_time(o, limit_seconds)]
    return min(match, key=lambda o: (o.total.instance_seconds, o.contender), default=None)


def in_time(outcome: Outcome, limit_seconds: float) -> bool:
    """All builds ran, and 95 % of them waited no longer than the limit."""
    total = outcome.total
    return total.finished == total.builds and total.waits.p95 <= limit_seconds


def bounds_for(heat: Heat, limit_seconds: float, share: float = 1.0) -> Bounds | None:
    """The bound of a heat for that wait."""
    for bounds in heat.bounds:
        if (bounds.patience.wait_seconds, bounds.patience.share) == (limit_seconds, share):
            return bounds
    return None


def verdict(heat: Heat, outcome: Outcome, limit_seconds: float) -> Verdict:
    """Hold one outcome of a heat to a limit."""
    seconds = outcome.total.instance_seconds
    bounds = bounds_for(heat, limit_seconds)
    rival = best_rival(heat.outcomes, limit_seconds)
    return Verdict(
        trace=heat.trace,
        policy=outcome.contender,
        limit_seconds=limit_seconds,
        wait_seconds=outcome.total.waits.p95,
        to_bound=None if bounds is None else seconds / bounds.lower_seconds,
        to_rival=None if rival is None else seconds / rival.total.instance_seconds,
        rival="" if rival is None else rival.contender,
    )


def verdicts(heat: Heat, limit_seconds: float) -> Sequence[Verdict]:
    """Those of our planners that the goals are set for."""
    ours = [o for o in heat.outcomes if o.contender.partition("(")[0] in OURS]
    return [verdict(heat, outcome, limit_seconds) for outcome in ours]
