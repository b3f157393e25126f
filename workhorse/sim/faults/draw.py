"""Random plans, each the same for the same seed.

Worlds are small and builds short, so that thousands can be lived through; what is drawn from are
the numbers at which things meet: a fault about as long as a tick, a settle time, a hook's time-out,
the five minutes of a pipeline's patience.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from workhorse.core.model import Policy, Release
from workhorse.core.orders import Command, RolloutPolicy, Strategy
from workhorse.sim.faults.draw_leaving import LEAVING, with_leaving
from workhorse.sim.faults.draw_ledger import APART, with_ledger
from workhorse.sim.faults.draw_tokens import TOKENS, with_tokens
from workhorse.sim.faults.fault import AIMED, Fault
from workhorse.sim.faults.kinds import KINDS
from workhorse.sim.faults.messages import Oddity
from workhorse.sim.faults.ours import AnswersLost, SideFailed
from workhorse.sim.faults.plan import EXACT, BuildPlan, FaultPlan, PoolPlan
from workhorse.sim.faults.rollout import Made, OrderTakenAway, RolloutCommanded, RolloutOrdered
from workhorse.sim.faults.upon import Upon
from workhorse.sim.line import Side

NAMES = ("linux", "docker", "arm")
SHARED = "any"
"""A label that agents of every pool have."""
NOBODY = "windows"
"""A label that no pool has."""
SETTLE_SECONDS = 15.0
LAGS = (0.0, 0.0, 5.0)
"""With the oldest answer that is told again this stays below the settle time, which is for it."""

DRAWN: Mapping[str, Sequence[object]] = {
    "after": (False, True),
    "back_seconds": (8.0, 18.0, 60.0),
    "by_seconds": (20.0, 120.0, 600.0),
    "canary": (True, True, True, False),
    "call_seconds": (2.0, 6.0, 20.0, 40.0),
    "command": (Command.HALT, Command.HALT, Command.ROLL_BACK, Command.GO),
    "changes": (1, 2, 3, 4, 5, 6, 8, 12),
    "crash": (False, True),
    "decrement": (False, True),
    "delay_seconds": (0.0, 30.0, 400.0),
    "done": (False, True),
    "down_seconds": (5.0, 20.0, 60.0, 150.0),
    "every": (2, 3),
    "known": (True, True, False),
    "made": (*((Made.GOOD,) * 4), Made.DEAD, Made.DEAD, Made.SICK, Made.SLOW, Made.FAILING),
    "number": (1, 2, 3),
    "oddity": tuple(Oddity),
    "old_seconds": (4.0, 8.0),
    "pool": (0, 1, 2),
    "seconds": (5.0, 15.0, 40.0, 70.0, 150.0, 320.0, 700.0),
    "side": (Side.JENKINS, Side.JENKINS, Side.AUTO_SCALING, Side.EC2, Side.SQS, Side.JOURNAL),
    "size": (0, 1, 2, 3, 5),
    "strategy": (*((Strategy.DRAIN,) * 4), Strategy.MATRIX, Strategy.REFRESH),
    "warned": (True, True, False),
    "which": tuple(range(10)),
}
"""Field of a fault to what it may be."""
DRAWN_FOR: Mapping[tuple[str, str], Sequence[object]] = {
    ("AnswersLost", "seconds"): (40.0, 150.0, 400.0, 700.0),
    ("AnswersLost", "side"): (Side.JENKINS, Side.JENKINS, Side.AUTO_SCALING, Side.EC2, Side.SQS),
    ("ClockJumped", "by_seconds"): (-3600.0, -300.0, -20.0, 20.0, 300.0, 3600.0),
    ("ExecutorsTakenAway", "seconds"): (320.0, 1200.0, 2400.0),
    ("GatewayClosed", "seconds"): (150.0, 320.0, 700.0, 1500.0),
    ("InstanceProtected", "seconds"): (150.0, 700.0, 1500.0),
    ("GroupToldLate", "old_seconds"): (5.0, 15.0, 25.0),
    ("TokenMachineCame", "seconds"): (40.0, 150.0, 320.0),
    ("TokenMachineCame", "away_seconds"): (320.0, 905.0, 925.0, 950.0, 975.0, 1000.0),
    ("Slow", "call_seconds"): (2.0, 6.0, 16.0, 25.0, 40.0),
    ("Slow", "seconds"): (70.0, 150.0, 320.0, 700.0),
    # The journal is a local file: it fails, and is not slow.
    ("Slow", "side"): (Side.JENKINS, Side.AUTO_SCALING, Side.AUTO_SCALING, Side.EC2, Side.SQS),
}
"""Where a kind of fault has choices of its own."""
PLANNED: Sequence[tuple[str, tuple[tuple[str, float], ...]]] = (
    *(((EXACT, ()),) * 8),
    (EXACT, (("buffer_ratio", 0.5),)),
    (EXACT, (("idle_agents", 1),)),
    (EXACT, (("scale_out_factor", 2.0),)),
    ("stock", ()),
    ("stock", (("excess", 1.0), ("multiplier", 2.0), ("reevaluate_minutes", 3.0))),
    ("duration", ()),
    ("objective", ()),
)
"""Planners and their options; half of the pools have the plain one."""
ROLLED = 0.2
"""The share of plans in which something is rolled out."""
AWAITED_OF_ROLLOUTS = (
    *("LaunchCanary", "EndCanary", "RunJob", "UseTemplateVersion", "TellRollout", "CloseOrder"),
    *("PromoteImage", "CondemnImage", "Cordon", "Cordon", "TerminateInstance", "RunMatrix"),
)
UNREAD = 0.2
"""The share of orders that SSM does not tell of for a while, or not of what was told there."""
TAKEN_AWAY = 0.1
"""The share of orders that somebody deletes."""
STRAYING = 0.3
"""The share of orders with a build that fits a canary as well as any agent."""
LURKING = 0.4
"""The share of faults that wait for the loops to do something."""
AWAITED = (
    *("Cordon", "Cordon", "Cordon", "Cordon", "TerminateInstance", "TerminateInstance", "Recall"),
    *("CompleteHook", "QueueReleaseJob", "SetDesiredCapacity", "Heartbeat", "DeleteNode"),
)
AT_HAND = (
    *("NodeUncordoned", "NodeUncordoned", "NodeUncordoned", "InstanceEnded", "InstanceEnded"),
    *("ClockJumped", "ClockJumped", "InstanceProtected", "ConnectionBroke", "NodeMarkedOffline"),
    *("InstanceDied", "InstanceHung", "NodeDeleted", "InstanceDetached", "SpotLost"),
    *("RebalanceRecommended", "JenkinsRestarted", "LoopsCrashed", "CordonsLost", "ChangeFailed"),
    *("HookMessageMadeUp", "MessagesRepeated", "ToldAgain", "ZoneRebalanced"),
)
"""What may lie in wait: nothing that would keep a heartbeat from getting through."""
PEOPLES = frozenset({"RolloutOrdered", "RolloutCommanded", "OrderTakenAway"})
"""What is drawn only where something is rolled out."""
BOOKED = frozenset(
    {"GatewayClosed", "AgentForgotten", "ExecutorsTakenAway", "ImageAged", "TokenMachineCame"}
)
"""What is drawn only where the books come apart."""
ASKED = frozenset(
    {"AgentStopped", "AgentFeltIdle", "CrashedWhileQueueing", "AnswerLostWhileQueueing"}
)
"""What is drawn only where there is a gateway."""
ALONE = (
    *(name for name in KINDS if name not in {"Upon", *PEOPLES, *ASKED, *BOOKED}),
    *("InstanceEnded", "InstanceEnded", "InstanceHung", "AgentsNeverRegister", "DesiredSet"),
    *(
        "Slow",
        "Slow",
        "Slow",
        "AnswersLost",
        "AnswersLost",
        "LoopsCrashed",
        "SideFailed",
        "JenkinsRestarted",
        "InstanceProtected",
    ),
)
"""What strikes at a time; some more often, for they are what happens most."""


def plan(seed: int) -> FaultPlan:
    """The plan of that seed."""
    rng = random.Random(seed)  # noqa: S311 - chance, not secrets
    pools = tuple(_pool(rng, name) for name in NAMES[: rng.choice((1, 1, 1, 1, 2, 2, 3))])
    seconds = rng.choice((3600.0, 3600.0, 5400.0, 7200.0))
    builds = _builds(rng, [p.policy.name for p in pools], seconds)
    tick = rng.choice((10.0, 15.0, 20.0))
    made = FaultPlan(
        pools=pools,
        builds=builds,
        faults=_faults(rng, builds, seconds),
        seconds=seconds,
        seed=rng.randrange(1000),
        tick=tick,
        glance=rng.choice((5.0, tick, tick)),
        mail=rng.choice((5.0, 10.0, 20.0)),
        quiet_seconds=rng.choice((0.0, 0.0, 5.0)),
        label_lag=rng.choice(LAGS),
        shuffled=rng.random() < 0.5,  # noqa: PLR2004 - a coin
    )
    # Of chance of their own, so that a seed's plan is the same in all else.
    rolls = random.Random(f"rollouts of {seed}")  # noqa: S311 - chance, not secrets
    made = with_rollouts(made, rolls) if rolls.random() < ROLLED else made
    leaves = random.Random(f"leaving of {seed}")  # noqa: S311 - chance, not secrets
    made = with_leaving(made, leaves, fault) if leaves.random() < LEAVING else made
    books = random.Random(f"ledger of {seed}")  # noqa: S311 - chance, not secrets
    apart = books.random() < APART and not made.rollouts
    made = with_ledger(made, books, fault) if apart else made
    tokens = random.Random(f"tokens of {seed}")  # noqa: S311 - chance, not secrets
    came = tokens.random() < TOKENS and not made.rollouts and not made.asking
    return with_tokens(made, tokens, fault) if came else made


def with_rollouts(plan: FaultPlan, rng: random.Random) -> FaultPlan:
    """The plan with rollouts in it, one at least, and what befalls them; all else stays."""
    pools = tuple(replace(each, rollout=_rollout(rng, each.policy.name)) for each in plan.pools)
    found: list[Fault] = []
    strays: list[BuildPlan] = []
    for _ in range(rng.choice((1, 1, 1, 2))):
        at = rng.uniform(0.1, 0.7) * plan.seconds
        found.append(fault(rng, RolloutOrdered, round(at)))
        for _ in range(rng.choice((0, 0, 1, 2))):
            later = at + rng.choice((20.0, 60.0, 150.0, 300.0, 600.0))
            found.append(fault(rng, RolloutCommanded, round(later)))
        if rng.random() < LURKING:
            upon = replace(_upon(rng, at), effect=rng.choice(AWAITED_OF_ROLLOUTS))
            found.append(upon)
        if rng.random() < UNREAD:
            hidden = fault(rng, rng.choice((SideFailed, AnswersLost)), round(at + 60))
            found.append(replace(hidden, side=Side.SSM))  # type: ignore[call-arg] # both have it
        if rng.random() < TAKEN_AWAY:
            found.append(fault(rng, OrderTakenAway, round(at + rng.choice((5.0, 70.0, 300.0)))))
        if rng.random() < STRAYING:
            late = float(round(at + rng.choice((60.0, 90.0, 120.0, 150.0))))
            strays.append(BuildPlan(at=late, seconds=150.0, label=f"!{NOBODY}"))
    faults = tuple(sorted((*plan.faults, *found), key=lambda each: each.at))
    builds = tuple(sorted((*plan.builds, *strays), key=lambda each: each.at))
    return replace(plan, pools=pools, faults=faults, builds=builds)


def _rollout(rng: random.Random, name: str) -> RolloutPolicy:
    return RolloutPolicy(
        waves=rng.choice(((100.0,), (50.0, 100.0), (10.0, 50.0, 100.0))),
        bake_seconds=rng.choice((0.0, 20.0, 60.0)),
        max_unavailable=rng.choice((100.0, 100.0, 50.0, 25.0)),
        surge=rng.choice((0, 0, 1, 2)),
        queue_wait_seconds=rng.choice((60.0, 600.0)),
        max_failed=rng.choice((10.0, 60.0)),
        canary_seconds=rng.choice((0.0, 0.0, 150.0)),
        smoke_job=rng.choice(("", f"smoke-{name}")),
        smoke_seconds=120.0,
    )


def fault(rng: random.Random, kind: type[Fault], at: float) -> Fault:
    """A fault of that kind at that time; everything else of it is drawn."""
    drawn: dict[str, Any] = {
        each.name: rng.choice(DRAWN_FOR.get((kind.__name__, each.name), DRAWN.get(each.name, ())))
        for each in fields(kind)
        if each.name != "at"
    }
    return kind(at=float(at), **drawn)


def _pool(rng: random.Random, name: str) -> PoolPlan:
    floor = rng.choice((0, 0, 0, 1, 2))
    room = rng.choice((0, 1, 2, 4)) if floor else rng.choice((1, 2, 3, 4))
    policy = Policy(
        name=name,
        labels=frozenset({name, SHARED}),
        executors=rng.choice((1, 1, 2, 3)),
        floor=floor,
        ceiling=floor + room,
        buffer=rng.choice((0, 0, 0, 1, 2)),
        idle_seconds=rng.choice((20.0, 40.0, 120.0)),
        cool_down_seconds=rng.choice((0.0, 20.0, 60.0)),
        max_step=rng.choice((1, 2, 50)),
        boot_seconds=rng.choice((100.0, 150.0, 300.0)),
        settle_seconds=SETTLE_SECONDS,
        scale_in=rng.random() > 0.05,  # noqa: PLR2004 - one in twenty
        release=rng.choice((Release.CONTROLLER, Release.CONTROLLER, Release.JOB)),
    )
    planner, options = rng.choice(PLANNED)
    return PoolPlan(
        policy=policy,
        planner=planner,
        options=options,
        hook_seconds=rng.choice((120.0, 300.0, 300.0, 600.0, 0.0)),
        boots=rng.choice(((30.0,), (30.0, 60.0, 90.0), (45.0, 200.0))),
        queue=rng.random() > 0.1,  # noqa: PLR2004 - one in ten
        spot=rng.random() < 0.5,  # noqa: PLR2004 - a coin
        exclusive=name != NAMES[0] and rng.random() < 0.3,  # noqa: PLR2004 - some
    )


def _builds(rng: random.Random, names: Sequence[str], seconds: float) -> tuple[BuildPlan, ...]:
    labels = (*names, *names, *names, *names, SHARED, None, f"!{names[0]} && {SHARED}", NOBODY)
    bursts = [rng.uniform(0, 0.8 * seconds) for _ in range(rng.randint(1, 6))]
    made = [
        BuildPlan(
            at=float(round(rng.choice(bursts) + rng.choice((0.0, 0.0, 1.0, 20.0, 100.0)))),
            seconds=rng.choice((3.0, 20.0, 60.0, 150.0, 400.0)),
            label=rng.choice(labels),
            pipeline=rng.random() < 0.3,  # noqa: PLR2004 - some
        )
        for _ in range(rng.randint(5, 40))
    ]
    return tuple(sorted(made, key=lambda build: build.at))


def _faults(rng: random.Random, builds: Sequence[BuildPlan], seconds: float) -> tuple[Fault, ...]:
    """Up to eight; most come while something is built, or upon another, where it hurts."""
    found: list[Fault] = []
    for _ in range(rng.randint(0, 8)):
        at = rng.uniform(30, 0.95 * seconds)
        if rng.random() < 0.5:  # noqa: PLR2004 - a coin
            at = rng.choice(builds).at + rng.choice((5.0, 60.0, 100.0, 150.0, 250.0))
        elif found and rng.random() < 0.5:  # noqa: PLR2004 - a coin
            at = rng.choice(found).at + rng.choice((0.0, 5.0, 15.0, 40.0, 120.0))
        kind = KINDS[rng.choice(ALONE)]
        found.append(_upon(rng, at) if rng.random() < LURKING else fault(rng, kind, round(at)))
    return tuple(sorted(found, key=lambda each: each.at))


def _upon(rng: random.Random, at: float) -> Upon:
    """A fault that waits for an effect; mostly it then hits whom the effect names."""
    struck = fault(rng, KINDS[rng.choice(AT_HAND)], 0)
    if hasattr(struck, "which") and rng.random() > 0.2:  # noqa: PLR2004 - one in five
        struck = replace(struck, which=AIMED)  # type: ignore[call-arg] # those that have it
    return Upon(
        at=float(round(at)),
        effect=rng.choice(AWAITED),
        number=rng.choice((1, 1, 1, 1, 2)),
        delay_seconds=rng.choice((0.0, 2.0, 7.0, 12.0, 18.0, 24.0)),
        fault=struck,
    )
