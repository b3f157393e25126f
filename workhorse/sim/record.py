"""The simulated world of a replay: it remembers the life of every instance and of every build.

Chance is drawn for each pool apart, in the order of its launches: the n-th instance of a pool takes
as long to boot, and is spot or not, whoever launched it.
So contenders differ by what they do, not by luck.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from workhorse.core.effects import Cordon, DeleteNode, Effect, Recall
from workhorse.core.model import Hook
from workhorse.sim.builds import Build
from workhorse.sim.fleet import Fleet, Machines
from workhorse.sim.groups import Machine, Shape
from workhorse.sim.ports import Unwatched
from workhorse.sim.truth import Hand
from workhorse.sim.workload import Job
from workhorse.sim.world import World

MONDAY = 1_700_438_400.0
"""2023-11-20 00:00 UTC: the Monday that a trace's seconds count from in simulated time."""


@dataclass(slots=True, kw_only=True)
class Life:
    """One instance, from its launch to its end; times of the kernel."""

    pool: str
    spot: bool
    launched_at: float
    due_at: float
    """When its agent is to connect."""
    online_at: float | None = None
    away: list[tuple[float, float | None]] = field(default_factory=list)
    """When it was chosen to leave, and called back if it was."""
    gone_at: float | None = None
    """When its node was deleted."""
    ended_at: float | None = None

    def leave(self, now: float) -> None:
        """It is chosen to leave."""
        if not self.away or self.away[-1][1] is not None:
            self.away.append((now, None))

    def back(self, now: float) -> None:
        """It is called back."""
        if self.away and self.away[-1][1] is None:
            self.away[-1] = (self.away[-1][0], now)


class _Dice:
    """What is left to chance in one pool."""

    def __init__(self, seed: int, pool: str, machines: Machines) -> None:
        self._machines = machines
        self._boots, self._spots, self._losses = (
            Random(f"{seed}/{pool}/{what}")  # noqa: S311 - chance, not secrets
            for what in ("boot", "spot", "loss")
        )

    def launch(self) -> tuple[float, bool, float | None]:
        """How long the next instance boots, whether it is spot, and when it is taken back."""
        machines = self._machines
        boot = machines.boot.drawn(self._boots)
        spot = self._spots.random() < machines.spot_share
        rate = machines.spot_losses_per_hour / 3600
        lost = self._losses.expovariate(rate) if spot and rate else None
        return boot, spot, lost


class Recorder(Unwatched):
    """Sees the loops cordon, recall and delete."""

    def __init__(self, world: "RecordedWorld") -> None:
        self._world = world

    def changing(self, effect: Effect) -> None:
        """Note in the instance's life what concerns it."""
        if isinstance(effect, Cordon | Recall | DeleteNode):
            life = self._world.lives.get(effect.node)
            now = self._world.kernel.now
            if life is None or life.ended_at is not None:
                return
            if isinstance(effect, Cordon):
                life.leave(now)
            elif isinstance(effect, Recall):
                life.back(now)
            else:
                life.gone_at = now


class RecordedWorld(World):
    """A world of a fleet, with one group for each pool, named as the pool.

    Args:
        fleet: what is assumed.
        pools: pool to its labels.
        seed: of everything that is left to chance.
        hooked: the groups have a termination hook; else whom they end is dead at once.
    """

    def __init__(
        self, fleet: Fleet, pools: Mapping[str, frozenset[str]], *, seed: int, hooked: bool
    ) -> None:
        self.lives: dict[str, Life] = {}
        """Instance to its life."""
        self.builds: list[Build] = []
        """Every build that was queued, those run again included."""
        self.protected: dict[str, bool] = {}
        """Whether a pool's new instances have scale-in protection."""
        self._idle_since: dict[str, float] = {}
        self._ends_seen = 0
        self._lengths: dict[int, float] = {}
        self._fleet = fleet
        self._hooked = hooked
        self._kills = 0
        self._dice = {pool: _Dice(seed, pool, fleet.of(pool)) for pool in pools}
        shapes = [_shape(pool, pools[pool], fleet.of(pool), hooked=hooked) for pool in pools]
        super().__init__(shapes, seed=seed, exact=False, whole=False)
        self.auditor = Recorder(self)
        self.jenkins.timings.quiet = fleet.quiet_seconds
        self.jenkins.timings.start = fleet.start_seconds
        self.jenkins.timings.label_lag = fleet.label_lag_seconds
        self._shortages = Random(f"{seed}/shortages")  # noqa: S311 - chance, not secrets
        self._plan_shortage()

    def feed(self, jobs: Sequence[Job]) -> None:
        """Have these builds enter the queue, each at its time."""
        if jobs:
            self.kernel.at(MONDAY + jobs[0].arrival, self._arrive, jobs, 0)

    @property
    def unfinished(self) -> bool:
        """A build that was queued is not over."""
        return len(self.truth.finished) + len(self.truth.kills) < len(self.builds)

    def idle_since(self, instance: str) -> float:
        """When the agent's last build ended, or it came online; for one that is idle."""
        ends = self.truth.finished
        for finish in ends[self._ends_seen :]:
            self._idle_since[finish.node] = finish.at
        self._ends_seen = len(ends)
        return self._idle_since.get(instance) or self.lives[instance].online_at or 0.0

    def retire(self, instance: str) -> None:
        """Jenkins gives the agent no more builds."""
        self.jenkins.mark(instance, temporarily_offline=True)
        self.lives[instance].leave(self.kernel.now)

    # What the cloud tells us (`cloud.Site`).

    def launched(self, shape: Shape, machine: Machine) -> None:
        """Its agent boots; it may be a spot instance, and taken back some day."""
        now = self.kernel.now
        boot, machine.spot, lost = self._dice[shape.group].launch()
        boot *= self._image_tells(machine)
        machine.protected = self.protected.get(shape.group, False)
        self.lives[machine.id] = Life(
            pool=shape.group, spot=machine.spot, launched_at=now, due_at=now + boot
        )
        self.kernel.after(boot, self.registering.connect, shape, machine)
        if lost is not None:
            self.kernel.after(lost, self._take_back, machine)

    def hook_opened(self, shape: Shape, machine: Machine) -> None:
        """It was chosen to leave."""
        self.lives[machine.id].leave(self.kernel.now)
        super().hook_opened(shape, machine)

    def died(self, machine: Machine, hand: Hand) -> None:
        """Its builds are lost, and queued again; without our loops its node goes with it."""
        self.lives[machine.id].ended_at = self.kernel.now
        super().died(machine, hand)
        if not self._hooked:
            self.jenkins.delete(machine.id, hand)
        lost, self._kills = self.truth.kills[self._kills :], len(self.truth.kills)
        if self._fleet.rerun_killed:
            for kill in lost:
                build = next(b for b in reversed(self.builds) if b.id == kill.build)
                self._submit(build.task, self._lengths[build.id], build.expression or "")

    def _connected(self, machine: Machine) -> None:
        super()._connected(machine)
        life = self.lives[machine.id]
        if life.online_at is None:
            life.online_at = self.kernel.now

    def _take_back(self, machine: Machine) -> None:
        if machine.alive:
            self.interrupt_spot(machine.id)

    def _arrive(self, jobs: Sequence[Job], at: int) -> None:
        """Queue what comes now, and plan the next arrival: the heap stays short."""
        now = jobs[at].arrival
        while at < len(jobs) and jobs[at].arrival == now:
            self._submit(jobs[at].task, jobs[at].seconds, jobs[at].label)
            at += 1
        if at < len(jobs):
            self.kernel.at(MONDAY + jobs[at].arrival, self._arrive, jobs, at)

    def _submit(self, task: str, seconds: float, label: str) -> None:
        build = self.jenkins.submit(task, seconds, label)
        self._lengths[build.id] = seconds
        self.builds.append(build)

    def _plan_shortage(self) -> None:
        if self._fleet.shortages_per_day:
            gap = self._shortages.expovariate(self._fleet.shortages_per_day / 86400)
            self.kernel.after(gap, self._run_short)

    def _run_short(self) -> None:
        self.cloud.no_capacity = True
        self.kernel.after(self._fleet.shortage_seconds, self._recover)

    def _recover(self) -> None:
        self.cloud.no_capacity = False
        self._plan_shortage()


def _shape(pool: str, labels: frozenset[str], machines: Machines, *, hooked: bool) -> Shape:
    hook = Hook(name="drain", heartbeat_seconds=machines.heartbeat_seconds) if hooked else None
    return Shape(
        group=pool,
        labels=labels,
        minimum=machines.floor,
        maximum=machines.ceiling,
        queue=f"queue/{pool}" if hooked else "",
        executors=machines.executors,
        hook=hook,
        launch_seconds=machines.launch_seconds,
        react_seconds=machines.react_seconds,
        stop_seconds=machines.stop_seconds,
    )
