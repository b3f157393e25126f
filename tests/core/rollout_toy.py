"""A toy pool for rollouts: agents that boot, work and leave in ticks, and no loops at all."""

import json
from dataclasses import dataclass, field, replace

from tests.core.rollout_scenes import (
    CANARY,
    NEW,
    OLD,
    canary,
    cordoned_node,
    facts,
    leaving,
    order,
)
from tests.facts import NOW, instance, node, pool
from workhorse.core.demand import Demand
from workhorse.core.drain import Drain, DrainState
from workhorse.core.effects import (
    CancelRefresh,
    CloseOrder,
    Effect,
    EndCanary,
    LaunchCanary,
    RunJob,
    StartRefresh,
    UseTemplateVersion,
)
from workhorse.core.model import Instance, Node
from workhorse.core.orders import (
    Canary,
    Command,
    JobRun,
    Order,
    Refresh,
    RefreshStatus,
    RolloutPolicy,
    Standing,
    Strategy,
)
from workhorse.core.rollout import OVER
from workhorse.core.rollout_facts import Facts
from workhorse.core.rollouts import Advance, advance, ordered
from workhorse.core.survey import Times

TICK_SECONDS = 10.0
BOOT_TICKS = 3
LATE_SECONDS = 60.0


@dataclass(kw_only=True)
class Member:
    """One agent: since when it is there, and how many ticks of work it has left."""

    instance: Instance
    born: int
    work: int = 0
    drain: Drain | None = None


@dataclass(kw_only=True)
class Toy:
    """A pool that keeps its size, and the rollout that is ordered for it."""

    size: int
    policy: RolloutPolicy
    strategy: Strategy = Strategy.DRAIN
    bad: bool = False
    """Agents of the new version never come online."""
    works: tuple[int, ...] = ()
    """Ticks of work that the first agents have left."""
    held: int = 0
    """How many of the last agents are protected, until `release`."""
    tick: int = 0
    launches: int = OLD
    """The version that the group launches."""
    launched: int = 0
    members: dict[str, Member] = field(default_factory=dict)
    canary: Canary | None = None
    run: JobRun | None = None
    refresh: Refresh | None = None
    log: list[Advance] = field(default_factory=list)
    """Every look, and what was done."""

    def __post_init__(self) -> None:
        self.order: Order = order(strategy=self.strategy)
        self.standing: Standing = ordered(self.order, self.now)
        for number in range(self.size):
            self._launch(work=self.works[number] if number < len(self.works) else 0, born=-99)
        for member in list(self.members.values())[self.size - self.held :]:
            member.instance = replace(member.instance, protected=True)

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return NOW + self.tick * TICK_SECONDS

    @property
    def over(self) -> bool:
        """The rollout has ended."""
        return self.standing.state in OVER

    def release(self) -> None:
        """Nobody is protected any more."""
        for member in self.members.values():
            member.instance = replace(member.instance, protected=False)

    def ask(self, command: Command) -> None:
        """People ask something of the rollout."""
        self.order = replace(self.order, command=command)

    def lose(self) -> None:
        """An agent is gone from one moment to the next."""
        if self.members:
            del self.members[next(iter(self.members))]

    def restart(self) -> None:
        """All that a controller's end leaves of the rollout is what it told."""
        self.standing = Standing.from_record(json.loads(json.dumps(self.standing.as_record())))

    def turn(self, *, read: bool = True, frozen: bool = False, waits: bool = False) -> Facts:
        """One tick: the agents go on, and then the rollout is looked at; what it knew."""
        self.tick += 1
        for name, member in list(self.members.items()):
            self._go_on(name, member)
        self._refresh_one()
        while len(self.members) < self.size:
            self._launch()
        known = self._facts(read=read, frozen=frozen, waits=waits)
        while True:
            taken = advance(self.standing, known)
            self.standing = taken.standing
            self.log.append(taken)
            if not taken.moved:
                break
            done = (*taken.effects, *taken.retire, *taken.recall)
            assert not done, "done before it was told"
        self._apply(taken)
        return known

    def _go_on(self, name: str, member: Member) -> None:
        member.work = max(0, member.work - 1)
        drain = member.drain
        if drain is None:
            return
        if drain.state is DrainState.ASKED:
            member.drain = replace(drain, state=DrainState.CORDONED, confirmed_at=self.now)
        elif not member.work:
            del self.members[name]

    def _launch(self, work: int = 0, born: int | None = None) -> None:
        self.launched += 1
        name = f"i-{self.launched:08x}"
        at = self.tick if born is None else born
        refreshed = self.refresh and self.refresh.status is RefreshStatus.IN_PROGRESS
        version = NEW if refreshed else self.launches
        shown = instance(name, launched_at=NOW + at * TICK_SECONDS, template_version=version)
        self.members[name] = Member(instance=shown, born=at, work=work)

    def _online(self, member: Member) -> bool:
        good = not (self.bad and member.instance.template_version == NEW)
        return good and self.tick - member.born >= BOOT_TICKS

    def _node(self, member: Member) -> Node:
        at_work = {"idle": False, "busy": 1} if member.work else {}
        if member.drain and member.drain.confirmed_at:
            return cordoned_node(member.instance, **at_work)
        return node(member.instance.id, **at_work)

    def _facts(self, *, read: bool, frozen: bool, waits: bool) -> Facts:
        drains = [m.drain for m in self.members.values() if m.drain]
        nodes = [self._node(m) for m in self.members.values() if self._online(m)]
        if self.canary and not self.bad and self.now - self.canary.launched_at >= 30:
            nodes.append(node(CANARY, "workhorse-canary-linux"))
        return facts(
            *(m.instance for m in self.members.values()),
            nodes=tuple(nodes),
            drains=tuple(drains),
            launches=self.launches,
            demand=Demand(queued=1, since=self.now - 9999) if waits else None,
            of=pool(ceiling=99, boot_seconds=LATE_SECONDS),
            times=Times(),
            read=read,
            frozen=frozen,
            at=self.now,
            order=self.order,
            policy=self.policy,
            canaries=(self.canary,) if self.canary else (),
            runs=(self.run,) if self.run else (),
            refreshes=(self._refreshed(),) if self.refresh else (),
        )

    def _refresh_one(self) -> None:
        """A running refresh ends an old agent that does not work."""
        if self.refresh is None or self.refresh.status is not RefreshStatus.IN_PROGRESS:
            return
        old = (n for n, m in self.members.items() if m.instance.template_version != NEW)
        if (name := next((n for n in old if not self.members[n].work), None)) is not None:
            del self.members[name]

    def _refreshed(self) -> Refresh:
        assert self.refresh is not None
        left = any(m.instance.template_version != NEW for m in self.members.values())
        if not left and self.refresh.status is RefreshStatus.IN_PROGRESS:
            self.refresh = replace(self.refresh, status=RefreshStatus.SUCCESSFUL)
            self.launches = NEW
        return self.refresh

    def _apply(self, taken: Advance) -> None:
        for name in taken.retire:
            self.members[name].drain = replace(
                leaving(self.members[name].instance, state=DrainState.ASKED), confirmed_at=None
            )
        for name in taken.recall:
            self.members[name].drain = None
        for effect in taken.effects:
            self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        if isinstance(effect, UseTemplateVersion):
            self.launches = effect.version
        elif isinstance(effect, LaunchCanary):
            self.canary = replace(canary(), order=effect.order, launched_at=self.now)
        elif isinstance(effect, EndCanary):
            self.canary = None
        elif isinstance(effect, RunJob):
            self.run = JobRun(path="job/smoke/1/", result="SUCCESS")
        elif isinstance(effect, StartRefresh):
            number = int(self.refresh.id[-1]) + 1 if self.refresh else 1
            self.refresh = Refresh(id=f"refresh-{number}", status=RefreshStatus.IN_PROGRESS)
        elif isinstance(effect, CancelRefresh) and self.refresh:
            self.refresh = replace(self.refresh, status=RefreshStatus.CANCELLED)
        elif isinstance(effect, CloseOrder):
            assert self.over, "closed before it was over"
