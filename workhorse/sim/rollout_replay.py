"""A trace played twice, without and with a rollout in its middle: what the rollout costs builds.

Both replays have the same builds, fleet and seed, so that what differs is the rollout's doing.
All pools are rolled out at the same time, each to a good image.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workhorse.core.errors import Refusal
from workhorse.core.orders import RolloutPolicy
from workhorse.sim import command
from workhorse.sim.contender import Contender, Kind
from workhorse.sim.fleet import Fleet
from workhorse.sim.outcome import Outcome, Waits
from workhorse.sim.record import RecordedWorld
from workhorse.sim.replay import Cast, Progress, Trial, cut, outcome_of, played
from workhorse.sim.tally import runs_of
from workhorse.sim.truth import Hand
from workhorse.sim.workload import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolled:
    """What became of the rollout of one pool."""

    pool: str
    state: str
    """Its last, of `core/rollout.py`; empty when no controller ever took it up."""
    seconds: float
    """From its order to its end, or to the end of the replay."""
    replaced: int
    """Agents of the old version that there were when it began."""
    killed: int
    """Builds that our hand ended, in the whole of the replay."""
    builds: int
    """That entered the queue while it went on."""
    waits: Waits
    """Of these builds."""
    without: Waits
    """Of these builds, had there been no rollout."""
    more_seconds: float
    """Instance-seconds beyond those without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One contender's replay."""

    outcome: Outcome
    """With the rollout, if one was tried."""
    pools: tuple[Rolled, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """The rollouts as plain JSON."""
        return {"contender": self.outcome.contender, "pools": [asdict(each) for each in self.pools]}


def replay_rollout(  # noqa: PLR0913 - what a replay is made of, by name
    jobs: Sequence[Job],
    fleet: Fleet,
    contender: Contender,
    trial: Trial,
    *,
    seed: int,
    progress: Progress = lambda _: None,
) -> Played:
    """Play the builds to the contender without and with the rollout.

    Args:
        jobs: in the order of their arrival.
        fleet: the world that is assumed.
        contender: who decides; one of our planners.
        trial: the rollout.
        seed: of everything left to chance; the same for the same seed.
        progress: told how far it is.

    Raises:
        Refusal: as `replay`; or the contender is no planner, or no build arrives after the order.
    """
    cast = Cast.of(cut(jobs, None), fleet, contender)
    _check(cast, trial)
    plain = played(cast, seed, lambda share: progress(share / 2))
    rolled = played(cast, seed, lambda share: progress((1 + share) / 2), trial=trial)
    before, after = outcome_of(cast, plain, seed), outcome_of(cast, rolled, seed)
    more = {
        other.name: other.instance_seconds - one.instance_seconds
        for one, other in zip(before.pools, after.pools, strict=True)
    }
    pools = tuple(_rolled(pool, cast, plain, rolled, more[pool]) for pool in cast.labels)
    return Played(outcome=after, pools=pools)


def _check(cast: Cast, trial: Trial) -> None:
    if cast.contender.kind is not Kind.PLANNER:
        raise Refusal(f"--rollout-at: {cast.contender}: must be a planner of ours")
    hours = (cast.jobs[-1].arrival - cast.jobs[0].arrival // 3600 * 3600) / 3600
    if not 0 <= trial.at_hours < hours:
        raise Refusal(f"--rollout-at {trial.at_hours:g}: must be from 0 to below {hours:.1f} hours")


def _rolled(
    pool: str, cast: Cast, plain: RecordedWorld, world: RecordedWorld, more: float
) -> Rolled:
    standing = world.rolling.standings.get(pool) if world.rolling else None
    begin = next(order.at for order in _placed(world) if order.pool == pool)
    end = standing.ended_at if standing and standing.ended_at else world.kernel.now
    waits = _waits(world, cast, pool, begin, end)
    kills = [
        kill for kill in world.truth.killed_by(Hand.OURS) if world.lives[kill.node].pool == pool
    ]
    return Rolled(
        pool=pool,
        state=standing.state if standing else "",
        seconds=end - begin,
        replaced=standing.total if standing else 0,
        killed=len(kills),
        builds=len(waits),
        waits=Waits.of(waits),
        without=Waits.of(_waits(plain, cast, pool, begin, end)),
        more_seconds=more,
    )


def _placed(world: RecordedWorld) -> Sequence[Any]:
    return world.rolling.placed if world.rolling else ()


def _waits(world: RecordedWorld, cast: Cast, pool: str, begin: float, end: float) -> list[float]:
    """How long the pool's builds waited that entered the queue between these times."""
    return [
        run.started_at - run.queued_at
        for run in runs_of(world, cast.homes)
        if run.pool == pool and begin <= run.queued_at <= end and run.started_at is not None
    ]


ROWS: tuple[tuple[str, Callable[[Rolled], str]], ...] = (
    ("ended", lambda r: r.state or "not begun"),
    ("took, min", lambda r: f"{r.seconds / 60:.1f}"),
    ("agents replaced", lambda r: str(r.replaced)),
    ("killed by the policy", lambda r: str(r.killed)),
    ("builds meanwhile", lambda r: str(r.builds)),
    ("  wait p50, s", lambda r: f"{r.waits.p50:.1f}"),
    ("  without it", lambda r: f"{r.without.p50:.1f}"),
    ("  wait p95, s", lambda r: f"{r.waits.p95:.1f}"),
    ("  without it", lambda r: f"{r.without.p95:.1f}"),
    ("  wait p99, s", lambda r: f"{r.waits.p99:.1f}"),
    ("  without it", lambda r: f"{r.without.p99:.1f}"),
    ("instance-hours more", lambda r: f"{r.more_seconds / 3600:.2f}"),
)
"""The rows of a table: their titles and cells."""


def text(trial: Trial, played_to: Sequence[Played]) -> str:
    """The report of the rollouts, a table for each pool with a column for each policy."""
    lines = ["", heading(trial)]
    for number, first in enumerate(played_to[0].pools if played_to else ()):
        columns = [[first.pool, *(title for title, _ in ROWS)]]
        for each in played_to:
            rolled = each.pools[number]
            columns.append([each.outcome.contender, *(cell(rolled) for _, cell in ROWS)])
        lines += ["", *command.columns(list(zip(*columns, strict=True)))]
    return "\n".join(lines) + "\n"


def record(trial: Trial, played_to: Sequence[Played]) -> dict[str, Any]:
    """The same as plain JSON."""
    return {"trial": asdict(trial), "played": [each.as_record() for each in played_to]}


def heading(trial: Trial) -> str:
    """What was tried, on a line."""
    policy: RolloutPolicy = trial.policy
    waves = ", ".join(f"{wave:g}" for wave in policy.waves)
    return (
        f"rollout at hour {trial.at_hours:g}: waves of {waves} %, at most "
        f"{policy.max_unavailable:g} % away, surge {policy.surge}, bake {policy.bake_seconds:g} s, "
        f"held while a build waits longer than {policy.queue_wait_seconds:g} s"
    )
