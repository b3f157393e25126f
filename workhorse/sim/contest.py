"""Contenders against each other: everybody on every trace in the same world, and the bound beside.

Each replay and each pool's bound is a task of its own, so that they spread and are kept one by one.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from math import exp, fsum, log
from pathlib import Path
from statistics import NormalDist
from typing import Any

from rich.console import Console

from workhorse.core.errors import Refusal
from workhorse.sim.contender import Contender
from workhorse.sim.fleet import Boot, Fleet
from workhorse.sim.outcome import Figures, Outcome
from workhorse.sim.pools import homes_of, pools_of
from workhorse.sim.replay import cut, replay
from workhorse.sim.spread import Done, Kept, Task, digest, spread
from workhorse.sim.workload import Job, read_csv

GRACE_SECONDS = 30.0
"""How much longer than a boot 95 % of the builds may wait: the goal that contenders are held to."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Builds with a name and a digest, which keys are made of instead of a thousand builds."""

    name: str
    jobs: tuple[Job, ...]
    digest: str

    @classmethod
    def of(cls, name: str, jobs: Sequence[Job]) -> "Trace":
        """A trace of these builds."""
        told = "\n".join(f"{j.arrival!r},{j.seconds!r},{j.label},{j.name}" for j in jobs)
        return cls(name, tuple(jobs), hashlib.sha256(told.encode()).hexdigest())

    @classmethod
    def read(cls, path: Path, days: float | None = None) -> "Trace":
        """A file's first `days` days, or all of it, under the name of the file.

        Raises:
            Refusal: the file is no trace, or nothing arrives in these days.
        """
        return cls.of(path.name.partition(".")[0], cut(read_csv(path), days))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Patience:
    """How long builds may wait."""

    wait_seconds: float
    share: float = 1.0
    """The part of the builds that may not wait longer; the others may as long as they like."""

    def __str__(self) -> str:
        who = (
            "no build waits" if self.share == 1 else f"{100 * self.share:g} % of the builds wait no"
        )
        return f"{who} longer than {self.wait_seconds:.4g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a clairvoyant needs on one trace, in instance-seconds, for boots of the mean length.

    Boots are drawn, and a contender's are as long as the mean on average: so its figures are
    compared with the bound for the mean (`docs/bound.md`).
    """

    patience: Patience
    lower_seconds: float
    """No policy does with less."""
    upper_seconds: float
    """A schedule is known that needs this much."""
    pools: Mapping[str, float] = field(default_factory=dict)
    """Pool to its part of the lower bound; empty where they were bound together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """One trace, and what became of everybody on it."""

    trace: str
    outcomes: tuple[Outcome, ...]
    """In the order of the contenders, beside the first of the bounds; who failed is left out."""
    bounds: tuple[Bounds, ...] = ()
    """One for each patience that was asked for, in that order; what failed is left out."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """Contender or bound to why there is no figure of it."""


def limit_seconds(fleet: Fleet, share: float = 0.5) -> float:
    """The p95 wait that is held to be enough: a boot and `GRACE_SECONDS`.

    Args:
        fleet: whose machines of no pool in particular are meant.
        share: of the boots that are no longer than the one meant: 0.5 for the median.  With 0.95
            the wait of one in twenty is compared with the boot of one in twenty.
    """
    return boot_seconds(fleet.machines.boot, share) + GRACE_SECONDS


def boot_seconds(boot: Boot, share: float) -> float:
    """The boot that such a share of them does not exceed."""
    if boot.p99_seconds is None:
        return boot.median_seconds
    normal = NormalDist()
    sigma = log(boot.p99_seconds / boot.median_seconds) / normal.inv_cdf(0.99)
    return boot.median_seconds * exp(sigma * normal.inv_cdf(share))


def contest(  # noqa: PLR0913 - who plays what, where, and what is kept
    traces: Sequence[Trace],
    contenders: Sequence[Contender],
    fleet: Fleet,
    *,
    seed: int,
    executor: Executor,
    patiences: Sequence[Patience] = (),
    kept: Kept | None = None,
    console: Console | None = None,
) -> tuple[Heat, ...]:
    """Play every trace to every contender.

    Args:
        traces: what is played.
        contenders: to whom.
        fleet: the world that is assumed.
        seed: of everything left to chance.
        executor: where, see `workhorse.sim.workers`.
        patiences: bounds are computed for these.
        kept: what was computed before, and where the rest goes.
        console: for the progress bar; None for none.
    """
    plays = [play_task(t, fleet, c, seed) for t in traces for c in contenders]
    binds = [_bind_task(t, fleet, patience) for t in traces for patience in patiences]
    tasks = (*binds, *plays)  # a bound takes longest: begun first, it keeps nobody waiting
    done = iter(spread(tasks, executor, kept=kept, console=console, title="replays"))
    bound = [[next(done) for _ in patiences] for _ in traces]
    played = [[next(done) for _ in contenders] for _ in traces]
    return tuple(
        _heat(
            trace,
            {str(who): each for who, each in zip(contenders, mine, strict=True)},
            dict(zip(patiences, least, strict=True)),
        )
        for trace, mine, least in zip(traces, played, bound, strict=True)
    )


def play_task(trace: Trace, fleet: Fleet, contender: Contender, seed: int) -> Task:
    """A replay as a task; its value is an outcome's record."""
    return Task(
        name=f"{trace.name}: {contender}",
        key=digest("play", trace.digest, fleet, contender, seed),
        run=_play,
        arguments=(trace.jobs, fleet, contender, seed),
    )


def _play(jobs: Sequence[Job], fleet: Fleet, contender: Contender, seed: int) -> Mapping[str, Any]:
    return replay(jobs, fleet, contender, seed=seed).as_record()


def _bind_task(trace: Trace, fleet: Fleet, patience: Patience) -> Task:
    """A bound as a task; its value is that of `Bounds` without the patience."""
    return Task(
        name=f"{trace.name}: bound where {patience}",
        key=digest("bind", trace.digest, fleet, patience),
        run=_bind,
        arguments=(trace.jobs, fleet, patience),
    )


def _bind(jobs: Sequence[Job], fleet: Fleet, patience: Patience) -> Mapping[str, Any]:
    from workhorse.sim.bound import together  # noqa: PLC0415 - scipy, only where it is needed

    homes = homes_of(jobs, pools_of(jobs, fleet))
    builds: dict[str, list[tuple[float, float]]] = {}
    for job in jobs:
        builds.setdefault(homes[job.label], []).append((job.arrival, job.seconds))
    groups = {pool: (pool,) for pool in builds} if patience.share == 1 else _alike(builds, fleet)
    bounds = {
        name: together(
            [builds[pool] for pool in pools],
            boot_seconds=fleet.of(pools[0]).boot.mean_seconds,
            wait_seconds=patience.wait_seconds,
            executors=fleet.of(pools[0]).executors,
            share=patience.share,
        )
        for name, pools in groups.items()
    }
    return {
        "lower_seconds": fsum(b.lower_seconds for b in bounds.values()),
        "upper_seconds": fsum(b.upper_seconds for b in bounds.values()),
        "pools": {p: bounds[p].lower_seconds for p in groups} if patience.share == 1 else {},
    }


def _alike(pools: Iterable[str], fleet: Fleet) -> Mapping[str, tuple[str, ...]]:
    """All pools as one group: which builds wait long is chosen over all of them.

    Raises:
        Refusal: the pools' agents differ, and the bound knows one sort only.
    """
    named = tuple(sorted(pools))
    terms = {(fleet.of(pool).boot, fleet.of(pool).executors) for pool in named}
    if len(terms) > 1:
        raise Refusal(
            "bound: pools differ in boots or executors: must be alike where some may wait"
        )
    return {"all": named}


def _heat(trace: Trace, played: Mapping[str, Done], bound: Mapping[Patience, Done]) -> Heat:
    outcomes = [Outcome.from_record(d.value) for d in played.values() if not d.fault]
    bounds = tuple(
        Bounds(patience=patience, **d.value) for patience, d in bound.items() if not d.fault
    )
    failed = {who: d.fault for who, d in played.items() if d.fault}
    unbound = {f"bound where {patience}": d.fault for patience, d in bound.items() if d.fault}
    return Heat(
        trace=trace.name,
        outcomes=tuple(bounded(o, bounds[0]) for o in outcomes) if bounds else tuple(outcomes),
        bounds=bounds,
        faults={**failed, **unbound},
    )


def bounded(outcome: Outcome, bounds: Bounds) -> Outcome:
    """The outcome with the clairvoyant's seconds beside its own."""

    def beside(figures: Figures, seconds: float | None) -> Figures:
        wait = bounds.patience.wait_seconds
        return replace(figures, bound_seconds=seconds, bound_wait_seconds=wait)

    return replace(
        outcome,
        total=beside(outcome.total, bounds.lower_seconds),
        pools=tuple(beside(f, bounds.pools.get(f.name)) for f in outcome.pools),
    )
