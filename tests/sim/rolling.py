"""A pool at work in the simulated world, to be rolled out and watched."""

from workhorse.core.canary import canary_label
from workhorse.core.model import Hook, Lifecycle, Policy, Pool
from workhorse.core.orders import Command, Order, RolloutPolicy, Standing, Strategy
from workhorse.loops.driver import Pace
from workhorse.sim.audit import Audit
from workhorse.sim.faults.rolled import rolled, unfinished
from workhorse.sim.groups import Machine, Shape, Template
from workhorse.sim.jobs import Job
from workhorse.sim.stage import Stage
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

LABELS = frozenset({"linux"})
GROUP = "linux-agents"
QUEUE = "https://sqs.example/linux"
SMOKE = "smoke-linux"
BOOT_SECONDS = 60.0
BRISK = RolloutPolicy(waves=(50, 100), bake_seconds=60, smoke_job=SMOKE, smoke_seconds=300)
"""Two waves that are watched for a minute each."""
PACE = Pace(tick=10, glance=5, mail=5, publish=60, orders=5)


class Rolling:
    """So many agents that the floor keeps, watched by an auditor.

    Args:
        size: of the pool, at its beginning and at least.
        policy: what a rollout may do.
        ceiling: of the pool.
        executors: of each agent.
        seed: of the world's chance.
        skipping: leave out idle turns of the loops.
    """

    def __init__(  # noqa: PLR0913 - what a scene is made of, by name
        self,
        size: int = 4,
        policy: RolloutPolicy = BRISK,
        *,
        ceiling: int = 10,
        executors: int = 1,
        seed: int = 0,
        skipping: bool = True,
    ) -> None:
        shape = Shape(
            group=GROUP,
            labels=LABELS,
            maximum=ceiling + 2,
            desired=size,
            queue=QUEUE,
            executors=executors,
            hook=Hook(name="drain", heartbeat_seconds=600),
            boot_seconds=BOOT_SECONDS,
        )
        promised = Policy(
            name="linux",
            labels=LABELS,
            executors=executors,
            floor=size,
            ceiling=ceiling,
            boot_seconds=180,
            idle_seconds=60,
            cool_down_seconds=20,
        )
        pool = Pool(policy=promised, group=GROUP, queue_url=QUEUE)
        self.world = World([shape], seed=seed)
        self.rollings = self.world.allow_rollouts([pool])
        self.rollings.jobs.jobs[SMOKE] = Job(label=canary_label("linux"))
        self.rollings.jobs.jobs[policy.matrix_job] = Job(seconds=5)
        rollouts = {"linux": policy}
        self.audit = Audit(self.world, [pool], rollouts=rollouts)
        self.stage = Stage(self.world, [pool], pace=PACE, rollouts=rollouts, skipping=skipping)
        self.versions = 1
        self.run(200)

    def run(self, seconds: float) -> None:
        """Let the loops and the world go on."""
        self.stage.run(seconds)

    def builds(self, number: int, seconds: float) -> None:
        """So many builds are queued, and begin where there is room."""
        for _ in range(number):
            self.world.jenkins.submit("job", seconds, "linux")
        self.run(10)

    def order(
        self,
        template: Template | None = None,
        *,
        strategy: Strategy = Strategy.DRAIN,
        canary: bool = True,
    ) -> Order:
        """An image is baked, and its rollout ordered."""
        self.versions += 1
        made = template or Template(image=f"ami-{self.versions}")
        target = self.rollings.bake(GROUP, made)
        now = self.world.kernel.now
        return self.rollings.order(GROUP, target, at=now, strategy=strategy, canary=canary)

    def ask(self, command: Command) -> None:
        """Somebody asks something else of the order under way."""
        self.rollings.command("linux", self.rollings.orders["linux"].id, command)

    @property
    def standing(self) -> Standing:
        """What was told last."""
        return self.rollings.standings["linux"]

    def until_over(self, limit: float = 7200) -> Standing:
        """Let it go on until the order is closed and the last canary is gone; what was told."""
        until = self.world.kernel.now + limit
        while next(unfinished(self.world), None) is not None:
            assert self.world.kernel.now < until, self.standing
            self.run(10)
        self.run(60)
        self.check()
        return self.standing

    def check(self) -> None:
        """What holds of every rollout: nobody was killed, nothing was breached, all adds up."""
        assert self.world.truth.killed_by(Hand.OURS) == []
        assert not self.audit.breaches, "\n".join(self.audit.breaches)
        wrong = list(rolled(self.world))
        assert not wrong, wrong

    @property
    def members(self) -> list[Machine]:
        """Instances that count towards desired capacity."""
        return [m for m in self.world.members() if not m.lifecycle.leaving]

    @property
    def member_versions(self) -> set[int]:
        """Their template versions."""
        return {m.template_version for m in self.members}

    @property
    def cordoned(self) -> list[str]:
        """Members in service that a rollout keeps from taking builds."""
        serving = {m.id for m in self.world.members(Lifecycle.IN_SERVICE)}
        return [
            name
            for name, computer in self.world.jenkins.computers.items()
            if name in serving and any("rollout" in label for label in computer.labels)
        ]

    def launches_of(self, version: int) -> list[float]:
        """When instances of that version were launched, canaries apart."""
        machines = self.world.cloud.machines.values()
        return [m.launched_at for m in machines if m.template_version == version and not m.order]
