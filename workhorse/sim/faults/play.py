"""Living through a plan: the real loops in the simulated world, and what they made of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from workhorse.core.canary import canary_label
from workhorse.core.ledger import LedgerPolicy
from workhorse.core.model import Policy, Pool
from workhorse.loops.driver import Pace
from workhorse.loops.observe import Trust
from workhorse.loops.perform import Performer, RealPerformer
from workhorse.loops.ports import Ports
from workhorse.sim.audit import Audit
from workhorse.sim.builds import Build
from workhorse.sim.faults.again import PLAIN, POLICY, calm_enough, jobs_of, owed, twice, unheard
from workhorse.sim.faults.fault import Fault, plan_faults
from workhorse.sim.faults.ours import LoopsCrashed
from workhorse.sim.faults.plan import BuildPlan, FaultPlan, PoolPlan
from workhorse.sim.faults.rest import calm, under_way, waiting_builds
from workhorse.sim.faults.rolled import mend, rolled
from workhorse.sim.faults.upon import Upon
from workhorse.sim.faults.verdict import Broken, Promise, Verdict
from workhorse.sim.jobs import Job
from workhorse.sim.stage import Stage
from workhorse.sim.token_machines import ABSENT_SECONDS
from workhorse.sim.truth import Hand
from workhorse.sim.world import START, World

REST_SECONDS = 3600.0
"""When everything must be at rest: an hour after the last fault and the last build are over.

The longest waits of the loops, one after another, stay well below it: the grace after a restart of
Jenkins (2 min), giving up an agent that is away (5 min), the release job's patience (10 min), a
message that is hidden (15 min).
"""
BACKLOG_SECONDS = 1800.0
"""When builds must be through, beyond what they would take one after another."""
STEP_SECONDS = 60.0
"""How often it is looked whether all is at rest."""
STILL_SECONDS = 150.0
"""How long nothing may be done at rest: several ticks, and longer than any cool-down."""
PUBLISH_SECONDS = 300.0
KEPT_MUTE = 1 / 3
"""Two of three heartbeats may fail: a hook that runs out must have been mute for this share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loops:
    """Which loops live through a plan: the real ones, unless something is broken on purpose."""

    believes: Callable[[Policy], Policy] = field(default=lambda policy: policy)
    """What they are told of a pool's policy."""
    trust: Trust = field(default_factory=Trust)
    performer: Callable[[Ports], Performer] = RealPerformer
    steady: bool = True
    """Their clock does not jump while they live."""
    skipping: bool = True
    """Turns that would do nothing are left out; that changes nothing but the time it takes."""


def run(plan: FaultPlan, loops: Loops | None = None) -> Verdict:
    """Live through the plan, then in peace, and say which promises were broken."""
    play = _Play(plan, loops or Loops())
    fall = _Fall()
    with fall:
        play.live()
    return play.verdict(fall.error)


class _Fall:
    """Keeps the error that ends a play: it is a finding like any other."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        self.error = error
        return kind is not None and issubclass(kind, Exception)


class _Play:
    def __init__(self, plan: FaultPlan, loops: Loops) -> None:
        self._plan = plan
        self.pools = tuple(each.pool for each in plan.pools)
        self.world = world = World([p.shape for p in plan.pools], seed=plan.seed, exact=False)
        world.jenkins.timings = plan.timings
        world.queues.shuffled = plan.shuffled
        world.steady = loops.steady
        if plan.rollouts:
            _allow_rollouts(world, plan)
        if plan.asking:
            world.asking.allowed = True
            world.allow_requeue(jobs_of(plan))
        if any(each.image_days for each in plan.pools):
            world.inventory.pools |= {each.group: each.name for each in self.pools}
        self.audit = Audit(world, map(_promised, plan.pools), rollouts=plan.rollouts)
        self._calm = calm_enough(plan)
        self._exact = frozenset(each.pool.group for each in plan.pools if each.plain)
        self.stage = Stage(
            world,
            [replace(pool, policy=loops.believes(pool.policy)) for pool in self.pools],
            pace=_pace(plan),
            trust=loops.trust,
            default_pool=self.pools[0].name if self.pools else "",
            planners={each.policy.name: each.made_planner() for each in plan.pools},
            rollouts=plan.rollouts,
            requeue=POLICY if plan.asking else None,
            performer=loops.performer,
            ledger=LedgerPolicy(absent_seconds=ABSENT_SECONDS),
            skipping=loops.skipping,
        )
        self._builds: list[Build] = []
        self._stirred: list[str] = []
        for build in plan.builds:
            world.kernel.at(START + build.at, self._submit, build)
        plan_faults(world, plan.faults)

    def _submit(self, build: BuildPlan) -> None:
        """A build is asked for until Jenkins is there to hear of it."""
        jenkins = self.world.jenkins
        if not jenkins.up:
            self.world.kernel.after(10.0, self._submit, build)
            return
        name = f"{build.job or PLAIN}-{build.seconds:.0f}"
        how: dict[str, Any] = {"pipeline": build.pipeline}
        if self.world.again is None:
            made = jenkins.submit(name, build.seconds, build.label, **how)
        else:
            how["number"] = len(self._builds)
            made = self.world.again.submit(name, build.seconds, build.label, **how)
        self._builds.append(made)

    def live(self) -> None:
        """Faults, then peace, then rest."""
        self.stage.run(self._plan.seconds)
        self._in_peace()
        if len(self._exact) == len(self.pools) and not next(self._under_way(), None):
            self._at_rest()

    def _under_way(self) -> Iterator[tuple[Promise, str]]:
        yield from under_way(self.world, self.pools, self._exact)
        yield from owed(self.world, calm=self._calm)
        yield from unheard(self.world)

    def _in_peace(self) -> None:
        clock, calmed = self.world.clock, False
        times = 2 if self._plan.asking else 1
        work = times * sum(build.seconds for build in self._plan.builds)
        give_up = clock.now() + work + BACKLOG_SECONDS
        # Who counts by a clock that was set back waits for as much longer.
        rest = REST_SECONDS + max(0.0, -self.world.ahead_seconds)
        rest_by = give_up + rest
        while clock.now() < rest_by:
            if not calmed or not self.world.jenkins.up:
                calm(self.world, self.pools)
                calmed = self.world.jenkins.up
            mend(self.world)
            self.stage.run(STEP_SECONDS)
            if not next(self._under_way(), None):
                return
            if clock.now() < give_up and not next(waiting_builds(self.world, self.pools), None):
                give_up, rest_by = 0.0, clock.now() + rest

    def _at_rest(self) -> None:
        """Nothing is done any more, once the loops have seen that the world is at rest."""
        self.stage.run(self._plan.tick)
        journal = self.world.journal
        before = len(journal.records)
        self.stage.run(STILL_SECONDS)
        self._stirred = [
            str(record)
            for record in journal.records[before:]
            if record.get("kind") == "effect" and record["effect"] != "Publish"
        ]

    def verdict(self, error: BaseException | None) -> Verdict:
        """What became of it."""
        truth, world = self.world.truth, self.world
        return Verdict(
            broken=tuple(sorted(self._broken(error), key=lambda each: each.at)),
            builds=len(self._builds),
            finished=len(truth.finished),
            kills=Counter(str(kill.hand) for kill in truth.kills),
            effects=len(world.journal.of("effect")),
            crashes=self.stage.crashes,
            seconds=world.kernel.now - START,
        )

    def _broken(self, error: BaseException | None) -> Iterator[Broken]:
        now = self.world.kernel.now
        for kill in self.world.truth.killed_by(Hand.OURS):
            yield _broken(Promise.NO_KILL, kill.at, f"build {kill.build} on {kill.node}")
        told = ((Promise.BACKED, self.audit.breaches), (Promise.LEDGER, self.audit.late[:1]))
        for promise, breach in ((each, line) for each, lines in told for line in lines):
            when, _, text = breach.removeprefix("at ").partition(": ")
            yield _broken(promise, float(when), text)
        for at, machine in self.world.cloud.timeouts:
            if not self._mute(at, machine.group):
                yield _broken(Promise.HOOKS, at, f"the hook of {machine.id} ran out")
        for promise, text in self._under_way() if error is None else ():
            yield _broken(promise, now, text)
        for promise, text in (*rolled(self.world), *twice(self.world)):
            yield _broken(promise, now, text)
        for text in self._stirred:
            yield _broken(Promise.REST, now, text)
        if error is not None:
            yield _broken(Promise.ALIVE, now, repr(error))
        planned = sum(_crashes(each) for each in self._plan.faults)
        if self.stage.crashes > planned:
            text = f"killed {self.stage.crashes} times by {planned} faults"
            yield _broken(Promise.ALIVE, now, text)

    def _mute(self, at: float, group: str) -> bool:
        """Heartbeats could not get through for so long that the hook had to run out."""
        hook = self.world.cloud.groups[group].shape.hook
        beat = hook.heartbeat_seconds if hook else 0.0
        windows = [each.mutes() for each in self._plan.faults]
        mute = sum(
            max(0.0, min(at - START, until) - max(at - START - beat, since))
            for since, until in (window for window in windows if window)
        )
        return mute >= KEPT_MUTE * beat


def _pace(plan: FaultPlan) -> Pace:
    return Pace(
        tick=plan.tick,
        glance=plan.glance,
        mail=plan.mail,
        publish=PUBLISH_SECONDS,
        orders=plan.tick,
        asked=plan.glance,
    )


def _allow_rollouts(world: World, plan: FaultPlan) -> None:
    """People may order rollouts; the jobs that these need are there."""
    rolling = world.allow_rollouts(each.pool for each in plan.pools)
    for name, policy in plan.rollouts.items():
        rolling.jobs.jobs[policy.smoke_job] = Job(label=canary_label(name))
        rolling.jobs.jobs[policy.matrix_job] = Job()


def _promised(plan: PoolPlan) -> Pool:
    """What the auditor is told: other planners choose for themselves who idles too long."""
    policy = plan.policy if plan.plain else replace(plan.policy, idle_seconds=0.0)
    return replace(plan.pool, policy=policy)


def _crashes(fault: Fault) -> bool:
    return isinstance(fault.fault if isinstance(fault, Upon) else fault, LoopsCrashed)


def _broken(promise: Promise, at: float, what: str) -> Broken:
    return Broken(promise=promise, at=at - START, what=what)
