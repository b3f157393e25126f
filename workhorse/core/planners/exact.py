"""The `exact` planner: as many agents as the builds need, and what the operator wants beyond."""

from dataclasses import dataclass
from math import ceil, floor

from workhorse.core.plan import EXACT, TAIL, Plan, Rule, Situation, steady_until, target
from workhorse.core.planners.ahead import Asked
from workhorse.core.planners.options import refuse
from workhorse.core.planners.windows import Window, open_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """Every build an executor, at once."""

    buffer_ratio: float = 0.0
    """Agents beyond demand for each agent that demand asks for, rounded up."""
    scale_out_factor: float = 1.0
    """What is missing is asked for so many times, rounded up."""
    idle_agents: int = 0
    """Agents with a free executor beyond what queued items take, at least."""
    windows: tuple[Window, ...] = ()
    """Hours in which another floor and another number of idle agents hold."""

    def __post_init__(self) -> None:
        """Refuse numbers that mean nothing.

        Raises:
            ValueError: with every fault.
        """
        refuse(
            (self.buffer_ratio < 0, "buffer_ratio", self.buffer_ratio, "must be at least 0"),
            (
                self.scale_out_factor <= 0,
                "scale_out_factor",
                self.scale_out_factor,
                "must be more than 0",
            ),
            (self.idle_agents < 0, "idle_agents", self.idle_agents, "must be at least 0"),
        )

    def plan(self, situation: Situation) -> Plan:
        """The plan for this tick."""
        _, edge = open_now(self.windows, situation.now)
        wanted, reasons = target(situation, self.rules())
        grown = 0
        if self.scale_out_factor != 1:
            grown = next(r.after for r in reasons if r.rule == "scale_out")
        asked = Asked.of(situation).raised(situation, grown)
        return Plan(
            target=wanted,
            reasons=reasons,
            idle_seconds=situation.policy.idle_seconds,
            holds_until=min(steady_until(situation), edge, asked.holds_until),
            memory=asked.as_memory(),
        )

    def rules(self) -> tuple[Rule, ...]:
        """The pipeline; a rule whose option is left alone is not in it."""
        options: tuple[tuple[bool, Rule], ...] = (
            (self.buffer_ratio > 0, self.proportional_buffer),
            (self.idle_agents > 0, self.ready_ahead),
            (bool(self.windows), self.window),
            (self.scale_out_factor != 1, self.scale_out),
        )
        return (*EXACT[: -len(TAIL)], *(rule for used, rule in options if used), *TAIL)

    def proportional_buffer(self, s: Situation, wanted: int) -> tuple[int, str]:
        """The agents wanted beyond demand, the more the more there is of it."""
        if not s.told:
            return wanted, "Jenkins was not read"
        agents = (s.queued + s.running) / s.policy.executors
        more = ceil(round(self.buffer_ratio * agents, 6))
        return wanted + more, f"{self.buffer_ratio:g} of {agents:g}"

    def ready_ahead(self, s: Situation, wanted: int) -> tuple[int, str]:
        """So many agents keep a free executor when all that waits has been given one."""
        return with_idle(s, wanted, self.idle_agents)

    def window(self, s: Situation, wanted: int) -> tuple[int, str]:
        """What the hours of the week ask for."""
        found, _ = open_now(self.windows, s.now)
        if not found:
            return wanted, "outside of all windows"
        for one in found:
            wanted, _ = with_idle(s, max(wanted, one.floor), one.idle_agents)
        told = ("%s %s-%s %s" % (w.days, w.start, w.end, w.zone) for w in found)  # noqa: UP031 - four of one kind
        return wanted, "; ".join(told)

    def scale_out(self, s: Situation, wanted: int) -> tuple[int, str]:
        """What is missing, multiplied; what was asked for so stays while anything waits."""
        missing = wanted - s.have
        asked = Asked.of(s).size
        if not s.told or missing <= 0:
            return max(wanted, asked), f"{max(0, asked - wanted)} more were asked for"
        grown = s.have + ceil(round(missing * self.scale_out_factor, 6))
        return max(grown, asked), f"{self.scale_out_factor:g} times {missing} missing"


def with_idle(s: Situation, wanted: int, idle: int) -> tuple[int, str]:
    """At least `idle` agents with a free executor, however the builds are spread over agents."""
    if not s.told:
        return wanted, "Jenkins was not read"
    full = floor((s.queued + s.running) / s.policy.executors)
    return max(wanted, full + idle if idle else 0), f"{idle} idle beyond {full} full"
