"""The `exact` planner: as many agents as the builds need, no more."""

from dataclasses import dataclass

from workhorse.core.plan import EXACT, Plan, Situation, steady_until, target


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """Every build an executor, at once."""

    def plan(self, situation: Situation) -> Plan:
        """The plan for this tick."""
        wanted, reasons = target(situation, EXACT)
        return Plan(
            target=wanted,
            reasons=reasons,
            idle_seconds=situation.policy.idle_seconds,
            holds_until=steady_until(situation),
        )
