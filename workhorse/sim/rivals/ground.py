"""Where a rival stands: what it may read of one pool, what it may do, and when it looks.

A rival decides from a `View` and answers with actions.
It acts by its own means: it sets a size and leaves the choice of whom to end to AWS, or ends an
instance itself, with whatever runs on it.  Nothing here saves a build from a careless end.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, inf
from typing import ClassVar, NamedTuple, Protocol

from workhorse.core.errors import Surprise
from workhorse.core.model import Lifecycle
from workhorse.sim.builds import Stage
from workhorse.sim.fleet import Machines
from workhorse.sim.groups import Machine
from workhorse.sim.record import RecordedWorld
from workhorse.sim.truth import Hand

API_SECONDS = 1.0
"""From a rival's look at an agent to its call's having an effect: a build may begin meanwhile."""
SLACK_SECONDS = 0.001
"""A rival rests a little less than it could: rounding must not make it late."""


class Seen(NamedTuple):
    """One agent as Jenkins and Auto Scaling tell of it; millions are made in a run."""

    id: str
    launched_at: float
    in_service: bool
    online: bool
    """Its agent is connected and not taken off duty."""
    busy: int
    """Executors that hold a build."""
    idle_seconds: float
    """For how long none has; 0 while one does, or it is not online."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """Set the group's desired capacity; AWS chooses whom to end."""

    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire:
    """Let Jenkins give the agent no more builds."""

    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Terminate the instance, whatever runs on it by then."""

    instance: str
    decrement: bool
    """Lower desired capacity by one; where AWS refuses at the minimum, it is done without."""
    after: float = API_SECONDS


Action = Resize | Retire | End


class View:
    """One pool at one moment, read as far as it is asked for.

    Args:
        world: where it is read from.
        pool: which.
        machines: its executors, floor and ceiling.
        homes: label expression to the pool where its builds count.
        demand: see `Ground`.
        look: how many looks there were before, those that were left out included.
    """

    def __init__(  # noqa: PLR0913 - what a place to play is made of, by name
        self,
        *,
        world: RecordedWorld,
        pool: str,
        machines: Machines,
        homes: Mapping[str, str],
        demand: Callable[[float], int],
        look: int,
    ) -> None:
        self.now = world.kernel.now
        self.look = look
        self.machines = machines
        self.demand = demand
        self._world = world
        self._pool = pool
        self._homes = homes
        self._group = world.cloud.groups[pool]

    @cached_property
    def queued(self) -> int:
        """Items that wait for an executor of this pool."""
        homes, pool = self._homes, self._pool
        return sum(
            1
            for build in self._world.jenkins.queue.items.values()
            if homes[build.expression or ""] == pool and build.stage is not Stage.PENDING
        )

    @property
    def desired(self) -> int:
        """The group's desired capacity."""
        return self._group.desired

    @cached_property
    def agents(self) -> Sequence[Seen]:
        """The group's instances that are not on their way out."""
        return [self._seen(m) for m in self._group.machines.values() if not m.lifecycle.leaving]

    @property
    def busy(self) -> int:
        """Executors that hold a build."""
        return sum(agent.busy for agent in self.agents)

    @property
    def free(self) -> int:
        """Executors that could take a build now."""
        each = self.machines.executors
        return sum(max(0, each - agent.busy) for agent in self.agents if agent.online)

    def bounded(self, size: int) -> int:
        """The size, within the group's minimum and maximum."""
        return min(max(size, self.machines.floor), self.machines.ceiling)

    def idle_until(self, seconds: float, known: Container[str] = ()) -> float:
        """When the next agent will have been idle for so long; never, when none is on its way.

        Agents that are `known` are left out, and those that have been idle for longer: who lets
        them be will do so until something changes.
        """
        left = (seconds - a.idle_seconds for a in self.agents if a.online and a.id not in known)
        return self.now + min((each for each in left if each >= 0), default=inf) - SLACK_SECONDS

    def _seen(self, machine: Machine) -> Seen:
        computer = self._world.jenkins.computers.get(machine.id)
        online = computer is not None and computer.accepting
        busy = len(computer.builds) if computer else 0
        idle = self.now - self._world.idle_since(machine.id) if online and not busy else 0.0
        return Seen(
            id=machine.id,
            launched_at=machine.launched_at,
            in_service=machine.lifecycle is Lifecycle.IN_SERVICE,
            online=online,
            busy=busy,
            idle_seconds=idle,
        )


class Rival(Protocol):
    """Another system's policy for one pool; a dataclass whose fields are its settings."""

    name: ClassVar[str]
    """As it is asked for."""
    period: ClassVar[float]
    """Seconds between two looks."""
    hooked: ClassVar[bool]
    """It ends instances through our hook and drain."""
    protects: ClassVar[bool]
    """It switches scale-in protection on: AWS never chooses its instances."""

    def tick(self, view: View) -> Iterable[Action]:
        """What to do now."""

    def rests_until(self, view: View) -> float:
        """Until when further looks change nothing, if nothing happens; asked after each look."""


class Ground:
    """One rival in one pool of a world.

    Args:
        world: where it plays.
        pool: which group it sizes.
        rival: whom.
        machines: what is assumed of the pool.
        homes: label expression to the pool where its builds count.
        demand: share of the time to the agents that suffice for it, were every build of the trace
            started on arrival: what somebody who knows the past would buy.
    """

    def __init__(  # noqa: PLR0913 - what a place to play is made of, by name
        self,
        *,
        world: RecordedWorld,
        pool: str,
        rival: Rival,
        machines: Machines,
        homes: Mapping[str, str],
        demand: Callable[[float], int],
    ) -> None:
        self._world = world
        self._pool = pool
        self._rival = rival
        self._machines = machines
        self._homes = homes
        self._demand = demand
        self._begun_at = self._rests_until = world.kernel.now
        self._looked = -1
        world.protected[pool] = rival.protects

    def due(self) -> float:
        """When it looks next: not before it has to, or before anything happens."""
        period = self._rival.period
        usual = self._begun_at + (self._looked + 1) * period
        event = self._world.kernel.next_at()
        wanted = self._rests_until if event is None else min(event, self._rests_until)
        if wanted <= usual or self._looked < 0:
            return usual
        # The first of the usual moments from `wanted` on; for ever, when there is none.
        return (
            self._begun_at + ceil((wanted - self._begun_at) / period) * period
            if wanted < inf
            else inf
        )

    def look(self) -> None:
        """Read, decide and act."""
        since = self._world.kernel.now - self._begun_at
        self._looked = round(since / self._rival.period)
        view = View(
            world=self._world,
            pool=self._pool,
            machines=self._machines,
            homes=self._homes,
            demand=self._demand,
            look=self._looked,
        )
        actions = tuple(self._rival.tick(view))
        for action in actions:
            self._do(action)
        self._rests_until = view.now if actions else self._rival.rests_until(view)

    def _do(self, action: Action) -> None:
        cloud = self._world.cloud
        if isinstance(action, Resize):
            cloud.set_desired(self._pool, action.size)
        elif isinstance(action, Retire):
            self._world.retire(action.instance)
        else:
            self._world.kernel.after(action.after, self._end, action)

    def _end(self, action: End) -> None:
        cloud = self._world.cloud
        try:
            cloud.terminate(action.instance, Hand.OURS, decrement=action.decrement)
        except Surprise:
            # At the group's minimum, or gone already; a replacement is AWS' matter.
            machine = cloud.machines.get(action.instance)
            if action.decrement and machine is not None and machine.in_group:
                cloud.terminate(action.instance, Hand.OURS, decrement=False)


class Grounds:
    """Rivals in all pools of a world, looking in turn.

    Looks that would change nothing are left out: between two events of the world nothing changes,
    and a rival tells until when it would do nothing of itself.

    Args:
        world: where they play.
        grounds: one for each pool.
        let: lets so many seconds pass: `world.run`, or a stage's where our drain ends instances.
    """

    def __init__(
        self, world: RecordedWorld, grounds: Sequence[Ground], let: Callable[[float], object]
    ) -> None:
        self._kernel = world.kernel
        self._grounds = grounds
        self._let = let
        self._dues = [ground.due() for ground in grounds]
        """When each looks next; what has happened since the last look is in it."""

    def run(self, seconds: float) -> None:
        """Let the rivals and the world go on for so long."""
        until = self._kernel.now + seconds
        while (now := min(self._dues)) <= until:
            self._let(now - self._kernel.now)
            for ground, due in zip(self._grounds, self._dues, strict=True):
                if due <= now:
                    ground.look()
            self._dues = [ground.due() for ground in self._grounds]
        self._let(until - self._kernel.now)
