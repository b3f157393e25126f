"""How many agents a pool should have, as a pipeline of small named rules.

A rule takes the situation and a number and returns a number and why.
`need` starts from nothing, the others correct what the one before them wanted; the journal keeps
every step.
The pipeline ends in a target for *capacity*: agents that take builds or soon will.
`moves` then turns the target into what is asked of AWS and Jenkins:
agents that were on their way out are called back first, then desired capacity is raised;
when there are too many, launches not begun are called off first, then idle agents are chosen to
leave, the oldest image first, then the longest idle.
Desired capacity is never lowered below the instances that exist: then Auto Scaling would choose.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, inf
from typing import Any, Protocol

from workhorse.core.learn import Learned
from workhorse.core.model import Agent, Group, Policy, Reason, RunningBuild


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that the rules of one pool may know."""

    policy: Policy
    group: Group
    now: float
    queued: int
    """Items that wait for this pool."""
    running: int
    """Executors of this pool that hold a build, draining agents left out."""
    ready: int
    """Agents in service that take builds."""
    booting: int
    """Instances young enough to be expected."""
    coming: int
    """Launches that Auto Scaling was asked for and has not begun."""
    changed_at: float = 0
    """When the size last changed."""
    told: bool
    """Jenkins was read: `queued` and `running` are known."""
    frozen: bool
    """Jenkins restarted or is quieting down: its answers are not to be trusted yet."""
    blind_step: int = 0
    """Agents that may be added while `told` is false or `frozen` is true."""
    waiting: tuple[float, ...] = ()
    """When each queued item entered the queue, as far as Jenkins tells of them."""
    builds: tuple[RunningBuild, ...] = ()
    """The builds on agents that take builds."""
    learned: Learned = field(default_factory=Learned)
    """What was learned of this pool so far."""
    memory: Mapping[str, Any] = field(default_factory=dict)
    """What the planner's last plan left for this one; empty after a restart."""
    forced: bool = False
    """An operator asked for a fresh plan now: `--force`."""
    surge: int = 0
    """Agents that a rollout wants ahead of those that it will have leave."""

    @property
    def have(self) -> int:
        """Capacity: what there is and what is coming."""
        return self.ready + self.booting + self.coming

    @property
    def floor(self) -> int:
        """The policy's floor, and the group's, which AWS would enforce."""
        return max(self.policy.floor, self.group.minimum)

    @property
    def ceiling(self) -> int:
        """The policy's ceiling, and the group's, which AWS would enforce."""
        return min(self.policy.ceiling, self.group.maximum)


Rule = Callable[[Situation, int], tuple[int, str]]


def need(s: Situation, _: int) -> tuple[int, str]:
    """Executors asked for, over executors per agent, rounded up."""
    if not s.told:
        return s.have, "Jenkins was not read: keep what there is"
    agents = ceil((s.queued + s.running) / s.policy.executors)
    return agents, f"{s.queued} queued + {s.running} running / {s.policy.executors} executors"


def buffer(s: Situation, wanted: int) -> tuple[int, str]:
    """The agents wanted beyond demand."""
    if not s.told:
        return wanted, "Jenkins was not read"
    return wanted + s.policy.buffer, f"buffer {s.policy.buffer}"


def surge(s: Situation, wanted: int) -> tuple[int, str]:
    """What a rollout wants beyond what the builds need, so that its leaving agents are not missed.

    Counted from the builds and not from what the planner wanted: a planner that keeps what there is
    would be given the same again at every tick.
    """
    if not s.told or s.frozen:
        return wanted, "Jenkins cannot be trusted now"
    agents = ceil((s.queued + s.running) / s.policy.executors) + s.policy.buffer
    least = max(agents, s.floor)
    return max(wanted, least + s.surge), f"{s.surge} beyond {least} while a rollout goes on"


def floor(s: Situation, wanted: int) -> tuple[int, str]:
    """Never fewer than the floor."""
    return max(wanted, s.floor), f"floor {s.floor}"


def ceiling(s: Situation, wanted: int) -> tuple[int, str]:
    """Never more than the ceiling."""
    return min(wanted, s.ceiling), f"ceiling {s.ceiling}"


def sanity_step(s: Situation, wanted: int) -> tuple[int, str]:
    """What exceeds the largest step of one tick is refused."""
    step = s.policy.max_step
    return max(min(wanted, s.have + step), s.have - step), f"at most {step} from {s.have}"


def blind(s: Situation, wanted: int) -> tuple[int, str]:
    """Blind means still: nothing leaves, and only few are added."""
    if s.told and not s.frozen:
        return wanted, "Jenkins was read"
    cap = s.have + s.blind_step
    return max(min(wanted, cap), s.have), f"Jenkins cannot be trusted now: {s.have} to {cap}"


def cool_down(s: Situation, wanted: int) -> tuple[int, str]:
    """Down slowly: no scale-in soon after a change of size. Scale-out never waits."""
    left = s.changed_at + s.policy.cool_down_seconds - s.now
    if wanted < s.have and left > 0:
        return s.have, f"{left:.0f} s of cool-down left"
    return wanted, "no cool-down in the way"


def scale_in_switch(s: Situation, wanted: int) -> tuple[int, str]:
    """Scale-in can be switched off by the policy or on the group."""
    if wanted < s.have and not s.policy.scale_in:
        return s.have, "scale_in is false"
    if wanted < s.have and s.group.scale_in_off:
        return s.have, "scale-in is switched off on the group"
    return wanted, "scale-in is on"


TAIL: tuple[Rule, ...] = (floor, ceiling, sanity_step, blind, cool_down, scale_in_switch)
"""How every planner of ours ends, whatever its options: the promises about size."""

_LAST = tuple(rule.__name__ for rule in TAIL)

EXACT: tuple[Rule, ...] = (need, buffer, *TAIL)
"""The `exact` planner: as many agents as the builds need, no more."""


def target(
    situation: Situation, rules: Sequence[Rule] = EXACT, *, of: int = 0
) -> tuple[int, tuple[Reason, ...]]:
    """The capacity that the rules make `of` another one, and each rule's reason."""
    wanted = of
    reasons: list[Reason] = []
    for rule in rules:
        after, because = rule(situation, wanted)
        reasons.append(Reason(rule=rule.__name__, before=wanted, after=after, because=because))
        wanted = after
    return wanted, tuple(reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a planner wants of one pool, and why; `kept` has it keep the promises about size."""

    target: int
    """Capacity: agents that take builds or soon will."""
    reasons: tuple[Reason, ...]
    idle_seconds: float
    """How long an agent must have been idle before it may be chosen to leave."""
    holds_until: float
    """The same facts give the same plan at any time before this one.

    The time of the plan where the planner cannot tell; the simulator skips the ticks in between.
    """
    memory: Mapping[str, Any] = field(default_factory=dict)
    """Handed to the next plan of this pool; plain JSON."""
    report: Mapping[str, Any] = field(default_factory=dict)
    """What it wants journalled with the decision: an error budget, a forecast; plain JSON."""


def kept(plan: Plan, situation: Situation) -> Plan:
    """The plan, ended by the rules of `TAIL` where the planner did not end it so itself.

    What a rollout wants beyond it comes before them.
    """
    return _surged(_ended(plan, situation), situation)


def _ended(plan: Plan, situation: Situation) -> Plan:
    last = plan.reasons[-len(_LAST) :]
    if tuple(r.rule for r in last) == _LAST and last[-1].after == plan.target:
        return plan
    wanted, reasons = target(situation, TAIL, of=plan.target)
    until = min(plan.holds_until, steady_until(situation))
    return replace(plan, target=wanted, reasons=plan.reasons + reasons, holds_until=until)


def _surged(plan: Plan, situation: Situation) -> Plan:
    if not situation.surge:
        return plan
    head = plan.reasons[: -len(TAIL)]
    of = plan.reasons[-len(TAIL)].before
    wanted, reasons = target(situation, (surge, *TAIL), of=of)
    return replace(plan, target=wanted, reasons=head + reasons)


class Planner(Protocol):
    """Says how large a pool should be; pure, the same for the same situation."""

    def plan(self, situation: Situation) -> Plan:
        """The plan for this tick."""


def steady_until(s: Situation) -> float:
    """Until when the rules of `EXACT` give the same for the same facts: a cool-down may end."""
    over = s.changed_at + s.policy.cool_down_seconds
    return over if over > s.now else inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What to do about the difference between capacity and target."""

    desired: int | None = None
    """The desired capacity to set; None to leave it."""
    recall: tuple[str, ...] = ()
    """Instances on their way out to call back."""
    leave: tuple[str, ...] = ()
    """Idle instances chosen to leave."""


def moves(
    situation: Situation, wanted: int, *, recallable: Sequence[str], idle: Sequence[str]
) -> Moves:
    """What to ask for so that capacity becomes `wanted`.

    Args:
        situation: the same that `wanted` was planned from.
        wanted: the target.
        recallable: instances that we chose to leave and that may still come back, best first.
        idle: instances that may be chosen to leave, first to go first.
    """
    desired = situation.group.desired
    more = wanted - situation.have
    if more > 0:
        back = tuple(recallable[:more])
        rise = min(more - len(back), max(0, situation.ceiling - desired))
        return Moves(desired=desired + rise if rise else None, recall=back)
    fewer = -more
    call_off = min(fewer, situation.coming, max(0, desired - situation.group.minimum))
    return Moves(
        desired=desired - call_off if call_off else None,
        leave=tuple(idle[: fewer - call_off]),
    )


def first_to_leave(agents: Sequence[tuple[Agent, float]], launches: int = 0) -> tuple[str, ...]:
    """Idle agents, ordered: those of other versions than the group launches, then longest idle.

    Among versions the oldest goes first; in a roll back the version that is launched is no newest.

    Args:
        agents: with the time since when each is idle.
        launches: the version that the group launches; 0 when it tells none.
    """

    def rank(entry: tuple[Agent, float]) -> tuple[bool, int, float, str]:
        instance = entry[0].instance
        version = instance.template_version
        return version == launches, version, entry[1], instance.id

    return tuple(agent.instance.id for agent, _ in sorted(agents, key=rank))
