"""Whether the goals are reached: said by the figures, whichever way they turn out.

The first goal: within 10 % of the instance-hours of a clairvoyant.  The second: at most 0.8 of the
instance-hours of the best rival.  Both for who keeps the p95 wait within the limit; a rival that
does not is no match, and the clairvoyant is one with that p95 wait too, where its bound is known,
else one who lets no build wait longer than the limit, who needs a little more.
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
SHARE = 0.95
"""Of the builds, for whom the goals set a limit."""
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
    """Instance-hours over the bound where no build waits longer; None where there is none."""
    to_least: float | None = None
    """Over the bound where 95 % wait no longer; None where there is none."""
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
        held = self.held_to
        return self.in_time and held is not None and held <= BOUND_GOAL

    @property
    def held_to(self) -> float | None:
        """The ratio that the first goal goes by: the larger one where both are known."""
        return self.to_bound if self.to_least is None else self.to_least

    @property
    def reaches_rival(self) -> bool:
        """The second goal is reached; without a rival in time there is nobody to beat."""
        return self.in_time and (self.to_rival is None or self.to_rival <= RIVAL_GOAL)

    def sentences(self) -> Iterable[str]:
        """The verdict in words, one sentence for the wait and one for each goal."""
        who = f"`{self.policy}` on {self.trace}"
        within = "within" if self.in_time else "beyond"
        yield f"{who}: p95 wait {self.wait_seconds:.1f} s, {within} {self.limit_seconds:.0f} s."
        yield from self._bound_sentence(who)
        if self.to_rival is None:
            yield f"{who}: no rival keeps within {self.limit_seconds:.0f} s, so there is no match."
        else:
            share = f"{self.to_rival:.3f} of the instance-hours of `{self.rival}`"
            goal = f"the goal of {RIVAL_GOAL:.2f}"
            reached = self._reached(self.to_rival <= RIVAL_GOAL)
            yield f"{who}: {share}; {goal} is {reached}{self._nobody_could()}."

    def _bound_sentence(self, who: str) -> Iterable[str]:
        if self.held_to is None or self.to_bound is None:
            yield f"{who}: the bound is not known."
            return
        most = f"{_percent(self.to_bound)} above a clairvoyant who lets nobody wait longer"
        if self.to_least is not None:
            most += f", {_percent(self.to_least)} above the least that is proven for that p95 wait"
        goal = f"the goal of {_percent(BOUND_GOAL, digits=0)}"
        yield f"{who}: {most}; {goal} is {self._reached(self.held_to <= BOUND_GOAL)}."

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


def _percent(ratio: float, digits: int = 1) -> str:
    return f"{100 * (ratio - 1):.{digits}f} %"


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
    least = bounds_for(heat, limit_seconds, SHARE)
    rival = best_rival(heat.outcomes, limit_seconds)
    return Verdict(
        trace=heat.trace,
        policy=outcome.contender,
        limit_seconds=limit_seconds,
        wait_seconds=outcome.total.waits.p95,
        to_bound=None if bounds is None else seconds / bounds.lower_seconds,
        to_least=None if least is None else seconds / least.lower_seconds,
        to_rival=None if rival is None else seconds / rival.total.instance_seconds,
        rival="" if rival is None else rival.contender,
    )


def verdicts(heat: Heat, limit_seconds: float) -> Sequence[Verdict]:
    """Those of our planners that the goals are set for."""
    ours = [o for o in heat.outcomes if o.contender.partition("(")[0] in OURS]
    return [verdict(heat, outcome, limit_seconds) for outcome in ours]
