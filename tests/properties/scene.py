"""A small world with the loops in it, watched by an auditor, and what must hold in it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from workhorse.core.drains import is_cordoned
from workhorse.core.model import Hook, Lifecycle, Policy, Pool, Release
from workhorse.loops.driver import Pace
from workhorse.loops.observe import Trust
from workhorse.loops.perform import Performer, RealPerformer
from workhorse.loops.ports import Ports
from workhorse.sim.audit import Audit
from workhorse.sim.builds import Build
from workhorse.sim.groups import Shape
from workhorse.sim.jenkins_facts import node_fact
from workhorse.sim.line import Side
from workhorse.sim.stage import Stage
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

LABELS = frozenset({"linux", "docker"})
QUEUE = "https://sqs.example/pool"
PACE = Pace(tick=10, glance=5, mail=4, publish=60)
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

    `given` is what the loops believe the policy to be, when that is to differ from the promise;
    `performer` makes what performs their effects, and `trust` says what readings they believe.
    """

    def __init__(
        self,
        options: Options,
        *,
        given: Policy | None = None,
        performer: Callable[[Ports], Performer] = RealPerformer,
        trust: Trust | None = None,
    ) -> None:
        promised = policy_of(options)
        self.group = "group"
        pool = Pool(policy=promised, group=self.group, queue_url=QUEUE)
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
        self.audit = Audit(self.world, [pool])
        known = replace(pool, policy=given) if given else pool
        self.deleted: set[str] = set()
        """Nodes that somebody deleted by hand."""
        self.stage = Stage(
            self.world,
            [known],
            pace=PACE,
            trust=trust,
            default_pool="pool",
            performer=performer,
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

    def still(self) -> bool:
        """Nothing is under way any more."""
        world = self.world
        group = world.cloud.groups[self.group]
        cordoned = [c for c in world.jenkins.computers.values() if is_cordoned(node_fact(c))]
        return (
            not self.runnable()
            and not any(c.builds for c in world.jenkins.computers.values())
            and not cordoned
            and all(m.lifecycle is Lifecycle.IN_SERVICE for m in group.machines.values())
            and group.members == group.desired
            and self.paired()
            and not self.open_letters()
        )

    def runnable(self) -> list[Build]:
        """Queued builds; without those pinned to a node that is gone, which wait for ever."""
        nodes = self.world.jenkins.computers
        items = self.world.jenkins.queue.items.values()
        return [
            b for b in items if not (b.expression or "").startswith("i-") or b.expression in nodes
        ]

    def paired(self) -> bool:
        """Every node has its instance, and every instance its node.

        A node may stay whose instance EC2 has forgotten, an hour after its end: who was blind for
        that long cannot tell it from a node of another region.
        """
        nodes, instances = self.world.leftovers()
        return not nodes & self.world.cloud.machines.keys() and not instances

    def open_letters(self) -> list[str]:
        """Messages about instances that nobody has forgotten yet."""
        letters = self.world.queues.letters.get(QUEUE, {}).values()
        return [x.body for x in letters if x.about]

    def calm(self) -> None:
        """All faults and all people stop."""
        world = self.world
        world.line.out_of_reach.clear()
        world.line.ambiguous.clear()
        world.line.seconds.clear()
        world.line.crash = None
        world.line.lost_cordons = 0
        world.cloud.no_capacity = False
        world.cloud.lag_seconds = 0.0
        world.jenkins.quieting_down = False
        for name, computer in world.jenkins.computers.items():
            if computer.temporarily_offline:
                world.jenkins.mark(name, temporarily_offline=False)
        for machine in world.members():
            if machine.protected:
                world.cloud.protect(machine.id, protected=False)
        for name in self.deleted - world.jenkins.computers.keys():
            self._clean_up(name)

    def _clean_up(self, name: str) -> None:
        """Whoever deleted the node of a living agent ends its instance too.

        The loops do not: it was seen to work and is listed no more, and unknown means busy.
        """
        cloud = self.world.cloud
        machine = cloud.machines.get(name)
        if machine is not None and machine.in_group:
            cloud.terminate(name, Hand.OUTSIDE, decrement=False)
            cloud.complete_hook(self.group, machine.hook, name, Hand.OUTSIDE)

    def settle(self) -> None:
        """Let time pass without faults until nothing is under way, as it must come to be."""
        self.calm()
        self.stage.run(1.1 * HEARTBEAT_SECONDS)
        late = self.world.truth.counts["hooks_timed_out"]
        for _ in range(QUIET_STEPS):
            self.stage.run(QUIET_STEP_SECONDS)
            self.check()
            assert self.world.truth.counts["hooks_timed_out"] == late, "nobody kept a hook alive"
            if self.still():
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
            *(f"letter {body}" for body in self.open_letters()),
            *(f"drain {d}" for d in self.stage.driver._drainer.drains.values()),
            *(str(r) for r in world.journal.records[-20:] if r.get("effect") != "Publish"),
        ]
        return "it never came to rest:\n" + "\n".join(lines)


SIDES = (Side.JENKINS, Side.AUTO_SCALING, Side.EC2, Side.SQS)
