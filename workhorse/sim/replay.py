"""A trace played to one contender in the simulated world, and the figures of what became of it.

The time measured runs from the hour of the first arrival to the end of the last build.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from math import inf

from pydantic import TypeAdapter, ValidationError

from workhorse import plugins
from workhorse.core.errors import Refusal
from workhorse.core.model import Policy, Pool, Scaling
from workhorse.core.orders import RolloutPolicy
from workhorse.loops.driver import Pace
from workhorse.sim import rivals
from workhorse.sim.contender import Contender, Kind
from workhorse.sim.fleet import Fleet
from workhorse.sim.groups import Template
from workhorse.sim.outcome import ALL, Outcome
from workhorse.sim.pools import demand_of, homes_of, pools_of
from workhorse.sim.record import MONDAY, RecordedWorld
from workhorse.sim.rivals.ground import Ground, Grounds, Rival
from workhorse.sim.stage import Stage
from workhorse.sim.tally import figures, runs_of, stays_of
from workhorse.sim.workload import Job

PACE = Pace(publish=inf)
"""Our loops keep their default pace, as in production; nobody reads what they would publish."""
PATIENCE_SECONDS = 7 * 86_400.0
"""How long after the last arrival a replay waits for builds that nobody runs."""
CHUNK_SECONDS = 3600.0
"""How often a replay looks whether it is over."""

Progress = Callable[[float], object]
"""Told from time to time which share of the replay is done."""
Run = Callable[[float], object]
"""Lets so many seconds pass."""


def replay(  # noqa: PLR0913 - what a replay is made of, by name
    jobs: Sequence[Job],
    fleet: Fleet,
    contender: Contender,
    *,
    seed: int,
    days: float | None = None,
    progress: Progress = lambda _: None,
) -> Outcome:
    """Play the builds to the contender.

    Args:
        jobs: in the order of their arrival.
        fleet: the world that is assumed.
        contender: who decides.
        seed: of everything left to chance; the same for the same seed.
        days: only the builds of so many days from the hour of the first on.
        progress: told how far it is.

    Raises:
        Refusal: nothing to play, a label that no pool has, or settings that the contender refuses.
    """
    cast = Cast.of(cut(jobs, days), fleet, contender)
    return outcome_of(cast, played(cast, seed, progress), seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A rollout in the middle of a replay: when, and by what policy."""

    at_hours: float
    """After the hour of the first arrival."""
    policy: RolloutPolicy = field(default_factory=RolloutPolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who and what plays."""

    jobs: Sequence[Job]
    fleet: Fleet
    contender: Contender
    labels: Mapping[str, frozenset[str]]
    """Pool to its labels."""
    homes: Mapping[str, str]
    """Label expression to the pool where its builds count."""

    @classmethod
    def of(cls, jobs: Sequence[Job], fleet: Fleet, contender: Contender) -> "Cast":
        """These builds, with a pool for each plain label of theirs.

        Raises:
            Refusal: a label that no pool has.
        """
        labels = pools_of(jobs, fleet)
        homes = homes_of(jobs, labels)
        return cls(jobs=jobs, fleet=fleet, contender=contender, labels=labels, homes=homes)

    @property
    def begin(self) -> float:
        """The hour of the first arrival, in simulated time."""
        return MONDAY + self.jobs[0].arrival // 3600 * 3600

    def rival(self) -> Rival:
        """One rival, for one pool."""
        return rivals.made(self.contender.name, self.contender.options)

    @property
    def hooked(self) -> bool:
        """Instances end through our hook and drain."""
        return self.contender.kind is Kind.PLANNER or self.rival().hooked


def played(
    cast: Cast, seed: int, progress: Progress, *, trial: Trial | None = None
) -> RecordedWorld:
    """The world after the last build, and after the rollout that was to be tried."""
    world = RecordedWorld(cast.fleet, cast.labels, seed=seed, hooked=cast.hooked)
    world.run(cast.begin - world.kernel.now)
    world.feed(cast.jobs)
    if trial is not None:
        _plan_rollout(cast, world, trial)
    planned = cast.contender.kind is Kind.PLANNER
    run = _stage(cast, world, trial) if planned else _grounds(cast, world)
    _play(world, run, MONDAY + cast.jobs[-1].arrival, progress)
    return world


def cut(jobs: Sequence[Job], days: float | None) -> Sequence[Job]:
    """The builds of the first `days` days from the hour of the first; all of them for None.

    Raises:
        Refusal: there are none.
    """
    if not jobs:
        raise Refusal("trace: 0 builds: must have one at least")
    if days is None:
        return jobs
    if not days > 0:
        raise Refusal(f"days {days}: must be above 0")
    over = jobs[0].arrival // 3600 * 3600 + days * 86_400
    found = tuple(takewhile(lambda job: job.arrival < over, jobs))
    if not found:
        raise Refusal(f"days {days}: must be long enough for one build at least")
    return found


def _plan_rollout(cast: Cast, world: RecordedWorld, trial: Trial) -> None:
    """Somebody bakes an image for each pool, and orders its rollout."""
    rolling = world.allow_rollouts(_pools(cast, Scaling.LOOP))

    def order(pool: str) -> None:
        version = rolling.bake(pool, Template(image=f"ami-{pool}"))
        rolling.order(pool, version, at=world.kernel.now)

    for pool in cast.labels:
        world.kernel.at(cast.begin + 3600 * trial.at_hours, order, pool)


def _stage(cast: Cast, world: RecordedWorld, trial: Trial | None) -> Run:
    """The real loops with the planner, one for each pool."""
    contender = cast.contender
    planner = plugins.planner(contender.name, contender.options, key="policy")
    planners = dict.fromkeys(cast.labels, planner)
    rollouts = dict.fromkeys(cast.labels, trial.policy) if trial else None
    pools = _pools(cast, Scaling.LOOP)
    return Stage(world, pools, pace=PACE, planners=planners, rollouts=rollouts).run


def _grounds(cast: Cast, world: RecordedWorld) -> Run:
    """The rival, one for each pool; with our drain where its instances end at a hook."""
    grounds: list[Ground] = []
    for name in cast.labels:
        machines = cast.fleet.of(name)
        own = [job for job in cast.jobs if cast.homes[job.label] == name]
        ground = Ground(
            world=world,
            pool=name,
            rival=cast.rival(),
            machines=machines,
            homes=cast.homes,
            demand=partial(demand_of, own, machines.executors),
        )
        grounds.append(ground)
    let = Stage(world, _pools(cast, Scaling.ALARMS), pace=PACE).run if cast.hooked else world.run
    return Grounds(world, grounds, let).run


def _pools(cast: Cast, scaling: Scaling) -> tuple[Pool, ...]:
    """The pools as settings would have them.

    Raises:
        Refusal: a policy is refused.
    """
    pools: list[Pool] = []
    for name, labels in cast.labels.items():
        machines = cast.fleet.of(name)
        policy = {
            "name": name,
            "labels": labels,
            "executors": machines.executors,
            "floor": machines.floor,
            "ceiling": machines.ceiling,
            **cast.contender.policy,
        }
        try:
            read = TypeAdapter(Policy).validate_python(policy)
        except ValidationError as wrong:
            faults = (f"policy.{e['loc'][0]}: {e['input']!r}: {e['msg']}" for e in wrong.errors())
            raise Refusal("\n".join(faults)) from None
        pools.append(Pool(policy=read, group=name, queue_url=f"queue/{name}", scaling=scaling))
    return tuple(pools)


def _play(world: RecordedWorld, run: Run, last_arrival: float, progress: Progress) -> None:
    begin, now = world.kernel.now, world.kernel.now
    while now <= last_arrival or (_goes_on(world) and now < last_arrival + PATIENCE_SECONDS):
        run(CHUNK_SECONDS)
        now = world.kernel.now
        progress(min(1.0, (now - begin) / max(1.0, last_arrival - begin)))


def _goes_on(world: RecordedWorld) -> bool:
    """A build or a rollout is not over."""
    return world.unfinished or (world.rolling is not None and bool(world.rolling.orders))


def outcome_of(cast: Cast, world: RecordedWorld, seed: int) -> Outcome:
    """What became of it, in figures."""
    runs = runs_of(world, cast.homes)
    last = max((f.at for f in world.truth.finished), default=world.kernel.now)
    window = cast.begin, world.kernel.now if world.unfinished else last
    stays = stays_of(world.lives, runs, window)
    pools = tuple(
        figures(
            pool,
            [run for run in runs if run.pool == pool],
            [stay for stay in stays if stay.life.pool == pool],
            cast.fleet,
            window,
        )
        for pool in cast.labels
    )
    return Outcome(
        contender=str(cast.contender),
        seed=seed,
        hours=(window[1] - window[0]) / 3600,
        total=figures(ALL, runs, stays, cast.fleet, window),
        pools=pools,
    )
