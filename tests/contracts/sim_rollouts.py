"""Rollouts in the simulated world, as `rollout_stages.py` wants them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count

from tests.contracts.rollout_stages import LABELS, POOL
from tests.contracts.stages import GROUP, HEARTBEAT_SECONDS, HOOK, MAXIMUM
from workhorse.core.model import Hook, Lifecycle
from workhorse.sim.builds import Stage
from workhorse.sim.groups import Machine, Shape, Template
from workhorse.sim.jobs import Job, Run
from workhorse.sim.line import Side
from workhorse.sim.rolling import CANDIDATE
from workhorse.sim.rolling_ports import ImagesPort, JobsPort, LauncherPort, OrdersPort
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

HOUR = 3600.0


class Simulated:
    """A world with one empty group, in which rollouts can be ordered."""

    def __init__(self) -> None:
        hook = Hook(name=HOOK, heartbeat_seconds=HEARTBEAT_SECONDS)
        shape = Shape(group=GROUP, labels=LABELS, maximum=MAXIMUM, hook=hook)
        self.world = World([shape])
        self.rollings = self.world.allow_rollouts()
        self.ports = self.world.ports()
        self.rolling = self.world.line, self.world.auditor
        self.pass_time = self.world.run
        self.now = self.world.clock.now

    def shut(self) -> None:
        """Nothing answers any more."""
        self.world.line.out_of_reach.update(Side)


class SimulatedLauncher(Simulated):
    """`LauncherWorld`."""

    def __init__(self) -> None:
        super().__init__()
        self.port = LauncherPort(*self.rolling, self.world.launching)
        self.cloud = self.ports.cloud

    def add_version(self) -> int:
        """A new version with a new image."""
        versions = self.world.cloud.group(GROUP).templates
        image = f"ami-{len(versions) + 1}"
        return self.world.launching.add_version(GROUP, Template(image=image))

    def grow(self, size: int) -> None:
        """Set desired capacity, and wait."""
        self.world.cloud.set_desired(GROUP, size)
        self.world.run(120)

    def members(self) -> Mapping[str, int]:
        """The group's instances and their versions."""
        return {m.id: m.template_version for m in self.world.members()}

    def hold_open(self) -> Sequence[str]:
        """Who waits at the hook."""
        return [m.id for m in self.world.members(Lifecycle.TERMINATING_WAIT)]

    def let_go(self) -> None:
        """Complete their hooks."""
        for instance in self.hold_open():
            self.world.cloud.complete_hook(GROUP, HOOK, instance, Hand.AWS)

    def _machine(self, instance: str) -> Machine:
        return self.world.cloud.machines[instance]

    def version_of(self, instance: str) -> int:
        """Of any instance."""
        return self._machine(instance).template_version

    def user_data(self, instance: str) -> str:
        """What the world would have made of it; here an agent is told its label outright."""
        label = self._machine(instance).label
        return f"AGENT_LABELS={label}\nAGENT_MODE=EXCLUSIVE\n" if label else ""

    def tags(self, instance: str) -> Mapping[str, str]:
        """What tells a canary."""
        machine = self._machine(instance)
        if not machine.order:
            return {}
        return {"workhorse:canary": machine.order, "workhorse:pool-group": machine.group}


class SimulatedOrders(Simulated):
    """`OrdersWorld`."""

    def __init__(self) -> None:
        super().__init__()
        self.port = OrdersPort(*self.rolling, self.rollings)


class SimulatedJobs(Simulated):
    """`JobsWorld`."""

    def __init__(self) -> None:
        super().__init__()
        self.port = JobsPort(*self.rolling, self.world.jenkins, self.rollings)

    def add_job(self, name: str, label: str) -> None:
        """A job of an hour."""
        self.rollings.jobs.jobs[name] = Job(label=label, seconds=HOUR)

    def add_matrix(self, name: str) -> None:
        """A matrix job whose children take an hour."""
        self.rollings.jobs.jobs[name] = Job(seconds=HOUR)

    def add_agent(self, name: str, labels: frozenset[str], *, executors: int = 1) -> None:
        """An agent connects."""
        self.world.jenkins.connect(name, labels, executors)

    def settle(self) -> None:
        """Let Jenkins hand out what it can."""
        self.world.run(5)

    def _runs(self, job: str) -> list[Run]:
        return [run for run in self.rollings.jobs.runs if run.job == job]

    def end_runs(self, job: str, result: str) -> None:
        """What runs is over now: to its end, or not."""
        jenkins = self.world.jenkins
        for part in [p for run in self._runs(job) for p in run.parts if p.stage is Stage.RUNNING]:
            computer = jenkins.computers[part.node]
            if result == "SUCCESS":
                part.stop_timer()
                jenkins._finish(part, computer)
            else:
                computer.builds.remove(part)
                jenkins._kill(part, part.node, Hand.OUTSIDE)
                jenkins._touch(computer)

    def started(self, job: str) -> int:
        """Runs that Jenkins knows of."""
        return len(self._runs(job))

    def runs_on(self, job: str) -> frozenset[str]:
        """Where a part of a run is."""
        parts = [part for run in self._runs(job) for part in run.parts]
        return frozenset(part.node for part in parts if part.stage is Stage.RUNNING)

    def executors(self, node: str) -> int:
        """How many the node has."""
        return self.world.jenkins.computer(node).executors


class SimulatedImages(Simulated):
    """`ImagesWorld`."""

    def __init__(self) -> None:
        super().__init__()
        self.port = ImagesPort(*self.rolling, self.rollings)
        self._ids = count(1)

    def add_image(self) -> str:
        """An image is known by its name alone."""
        return f"ami-{next(self._ids)}"

    def set_candidate(self, image: str) -> None:
        """Somebody baked it."""
        self.rollings.channels[POOL][CANDIDATE] = image

    def channels(self) -> Mapping[str, str]:
        """Those that are set."""
        return dict(self.rollings.channels[POOL])

    def condemned(self, image: str) -> str:
        """Why."""
        return self.rollings.condemned.get(image, "")


@contextmanager
def launcher_world() -> Iterator[SimulatedLauncher]:
    """Auto Scaling and EC2."""
    yield SimulatedLauncher()


@contextmanager
def orders_world() -> Iterator[SimulatedOrders]:
    """Orders."""
    yield SimulatedOrders()


@contextmanager
def jobs_world() -> Iterator[SimulatedJobs]:
    """Jenkins."""
    yield SimulatedJobs()


@contextmanager
def images_world() -> Iterator[SimulatedImages]:
    """Images."""
    yield SimulatedImages()
