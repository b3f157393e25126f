"""A small world with the loops in it, watched by an auditor, and what must hold in it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from workhorse.core.agents import AgentPolicy
from workhorse.core.canary import canary_label
from workhorse.core.model import Hook, Policy, Pool, Release
from workhorse.core.orders import RolloutPolicy
from workhorse.loops.driver import Pace
from workhorse.sim.audit import Audit
from workhorse.sim.faults.again import DEPLOY, KEEP, MARKER, PLAIN, POLICY, owed, twice, unheard
from workhorse.sim.faults.play import Loops
from workhorse.sim.faults.rest import calm, under_way
from workhorse.sim.faults.rolled import mend, on_canaries, rolled
from workhorse.sim.faults.verdict import Promise
from workhorse.sim.groups import Shape
from workhorse.sim.jobs import Job
from workhorse.sim.line import Side
from workhorse.sim.stage import Stage
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

LABELS = frozenset({"linux", "docker"})
QUEUE = "https://sqs.example/pool"
PACE = Pace(tick=10, glance=5, mail=4, publish=60, asked=5)
JOBS = {KEEP: f"Whatever happens. {MARKER}", DEPLOY: f"To the site. {MARKER}", PLAIN: "Once."}
HEARTBEAT_SECONDS = 300.0
QUIET_STEP_SECONDS = 600.0
QUIET_STEPS = 60
"""Ten hours: far beyond the longest build, hook, held message and patience in these scenes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a scene is made of."""

    floor: int = 0
    ceiling: int = 4
    executors: int = 1
    buffer: int = 0
    release: Release = Release.CONTROLLER
    hook: bool = True
    seed: int = 0
    label_lag: float = 0.0
    idle_minutes: float = 0.0
    max_builds: int = 0
    rollout: RolloutPolicy | None = None
    """What a rollout may do; None where none can be ordered."""


def policy_of(options: Options) -> Policy:
    """The numbers that are promised."""
    return Policy(
        name="pool",
        labels=LABELS,
        executors=options.executors,
        floor=options.floor,
        ceiling=options.ceiling,
        buffer=options.buffer,
        idle_seconds=40,
        cool_down_seconds=20,
        max_step=3,
        boot_seconds=120,
        settle_seconds=15,
        release=options.release,
    )


class Scene:
    """A world of one pool, its loops and its auditor.

    `loops` says which loops, when they are not to be the real ones.
    """

    def __init__(self, options: Options, loops: Loops | None = None) -> None:
        loops = loops or Loops()
        promised = policy_of(options)
        self.group = "group"
        agent = AgentPolicy(idle_minutes=options.idle_minutes, max_builds=options.max_builds)
        pool = Pool(policy=promised, group=self.group, queue_url=QUEUE, agent=agent)
        shape = Shape(
            group=self.group,
            labels=LABELS,
            executors=options.executors,
            minimum=0,
            maximum=options.ceiling + 2,
            queue=QUEUE,
            hook=Hook(name="drain", heartbeat_seconds=HEARTBEAT_SECONDS) if options.hook else None,
            spot=True,
            boot_seconds=lambda rng: rng.choice((30.0, 60.0, 90.0)),
        )
        self.world = World([shape], seed=options.seed)
        self.world.jenkins.timings.label_lag = options.label_lag
        self.world.queues.shuffled = True
        self.world.queues.max_receives = 50
        self.world.steady = loops.steady
        self.world.asking.allowed = True
        self.builds = self.world.allow_requeue(JOBS)
        rollouts = {pool.name: options.rollout} if options.rollout else {}
        if options.rollout is not None:
            jobs = self.world.allow_rollouts([pool]).jobs.jobs
            jobs[options.rollout.smoke_job] = Job(label=canary_label(pool.name))
            jobs[options.rollout.matrix_job] = Job(seconds=5)
        self.audit = Audit(self.world, [pool], rollouts=rollouts)
        self.pools = (pool,)
        self.stage = Stage(
            self.world,
            [replace(pool, policy=loops.believes(promised))],
            pace=PACE,
            trust=loops.trust,
            default_pool="pool",
            rollouts=rollouts,
            requeue=POLICY,
            performer=loops.performer,
        )

    @property
    def machines(self) -> list[str]:
        """The living instances, oldest first."""
        return [m.id for m in self.world.cloud.machines.values() if m.alive]

    @property
    def nodes(self) -> list[str]:
        """The Jenkins nodes, oldest first."""
        return list(self.world.jenkins.computers)

    def check(self) -> None:
        """What must hold at every moment."""
        assert not self.audit.breaches, "\n".join(self.audit.breaches)
        ours = self.world.truth.killed_by(Hand.OURS)
        assert not ours, f"killed by our hand: {ours}"
        wrong = [*on_canaries(self.world), *twice(self.world)]
        assert not wrong, wrong

    def still(self) -> bool:
        """Nothing is under way any more."""
        return not next(self._under_way(), None)

    def _under_way(self) -> Iterator[tuple[Promise, str]]:
        yield from under_way(self.world, self.pools)
        yield from owed(self.world, calm=False)
        yield from unheard(self.world)

    def settle(self) -> None:
        """Let time pass without faults until nothing is under way, as it must come to be."""
        calm(self.world, self.pools)
        self.stage.run(1.1 * HEARTBEAT_SECONDS)
        late = self.world.truth.counts["hooks_timed_out"]
        for _ in range(QUIET_STEPS):
            mend(self.world)
            self.stage.run(QUIET_STEP_SECONDS)
            self.check()
            assert self.world.truth.counts["hooks_timed_out"] == late, "nobody kept a hook alive"
            if self.still():
                wrong = list(rolled(self.world))
                assert not wrong, wrong
                return
        raise AssertionError(self.story())

    def story(self) -> str:
        """What there is, and the end of the journal, for whoever must find out why."""
        world = self.world
        group = world.cloud.groups[self.group]
        lines = [
            f"desired {group.desired}, queue {list(world.jenkins.queue.items.values())}",
            *(f"machine {m}" for m in world.cloud.machines.values() if m.alive or m.in_group),
            *(f"node {c}" for c in world.jenkins.computers.values()),
            *(f"{promise}: {text}" for promise, text in self._under_way()),
            *(f"drain {d}" for d in self.stage.driver._drainer.drains.values()),
            *(str(r) for r in world.journal.records[-20:] if r.get("effect") != "Publish"),
        ]
        return "it never came to rest:\n" + "\n".join(lines)


SIDES = (Side.JENKINS, Side.AUTO_SCALING, Side.EC2, Side.SQS)
