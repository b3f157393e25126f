"""Figures out of lives and builds: every instance-second in exactly one phase."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, floor, fsum

from workhorse.sim.fleet import Fleet
from workhorse.sim.outcome import Figures, Phases, Timeline, Waits
from workhorse.sim.record import MONDAY, Life, RecordedWorld
from workhorse.sim.truth import Hand

STEPS = 720
"""A timeline has at most so many steps: more than a picture shows, fewer than a file minds."""
STEP_SECONDS = 60.0
"""The least that a step is long."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One build's turn: from its queueing to its end, by whatever hand."""

    pool: str
    queued_at: float
    started_at: float | None
    ended_at: float | None
    node: str
    hand: Hand | None = None
    """Who killed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A life within the window, with what its instance did."""

    life: Life
    start: float
    end: float
    phases: Phases
    runs: tuple[Span, ...]

    @property
    def seconds(self) -> float:
        """From start to end."""
        return self.end - self.start


def runs_of(world: RecordedWorld, pools: Mapping[str, str]) -> tuple[Run, ...]:
    """What became of every build; `pools` tells the pool of a label expression."""
    ends = {f.build: (f.at, None) for f in world.truth.finished}
    kills = {k.build: (k.at, k.hand) for k in world.truth.kills}
    nodes = {k.build: k.node for k in world.truth.kills}
    runs = []
    for build in world.builds:
        at, hand = ends.get(build.id) or kills.get(build.id) or (None, None)
        runs.append(
            Run(
                pool=pools[build.expression or ""],
                queued_at=build.since,
                started_at=build.started_at,
                ended_at=at,
                node=nodes.get(build.id, build.node),
                hand=hand,
            )
        )
    return tuple(runs)


def stays_of(lives: Mapping[str, Life], runs: Iterable[Run], window: Span) -> tuple[Stay, ...]:
    """The lives cut to the window; what lies outside is nobody's."""
    begin, over = window
    on: dict[str, list[Span]] = {}
    for run in runs:
        if run.started_at is not None:
            end = over if run.ended_at is None else run.ended_at
            on.setdefault(run.node, []).append((run.started_at, min(end, over)))
    stays = []
    for name, life in lives.items():
        start = max(begin, life.launched_at)
        end = over if life.ended_at is None else min(over, life.ended_at)
        if end > start:
            ran = tuple(on.get(name, ()))
            phases = phases_of(life, ran, start, end)
            stays.append(Stay(life=life, start=start, end=end, phases=phases, runs=ran))
    return tuple(stays)


def phases_of(life: Life, runs: Sequence[Span], start: float, end: float) -> Phases:
    """What an instance did between `start` and `end`, to the second."""
    ready = min(end, end if life.online_at is None else life.online_at)
    booted = max(start, min(ready, life.due_at if life.online_at is None else ready))
    ready = max(start, ready)
    last = end if life.gone_at is None else max(ready, min(end, life.gone_at))
    busy = _union(((max(ready, a), min(last, b)) for a, b in runs), ())
    away = ((max(ready, a), last if b is None else min(last, b)) for a, b in life.away)
    drain = _union(away, busy)
    in_use = _length(busy) + _length(drain)
    return Phases(
        boot=booted - start,
        busy=_length(busy),
        idle=last - ready - in_use,
        drain=_length(drain),
        zombie=(ready - booted) + (end - last),
    )


def _union(spans: Iterable[Span], without: Sequence[Span]) -> list[Span]:
    """The spans joined where they overlap, less those of `without`, which are joined already."""
    joined: list[Span] = []
    for start, end in sorted(s for s in spans if s[1] > s[0]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    for hole in without:
        joined = [piece for span in joined for piece in _cut(span, hole)]
    return joined


def _cut(span: Span, hole: Span) -> Iterable[Span]:
    pieces = (span[0], min(span[1], hole[0])), (max(span[0], hole[1]), span[1])
    return (piece for piece in pieces if piece[1] > piece[0])


def _length(spans: Iterable[Span]) -> float:
    return fsum(end - start for start, end in spans)


def figures(
    name: str, runs: Sequence[Run], stays: Sequence[Stay], fleet: Fleet, window: Span
) -> Figures:
    """The figures of one pool, or of all."""
    started = [r for r in runs if r.started_at is not None]
    finished = [r for r in started if r.ended_at is not None and r.hand is None]
    machines = fleet.of
    hours = [machines(s.life.pool).billed_hours(s.seconds) for s in stays]
    prices = (machines(s.life.pool).price(spot=s.life.spot) for s in stays)
    killed = Counter(str(r.hand) for r in runs if r.hand is not None)
    return Figures(
        name=name,
        builds=len(runs) - (sum(killed.values()) if fleet.rerun_killed else 0),
        finished=len(finished),
        killed=dict(sorted(killed.items())),
        waits=Waits.of([(r.started_at or 0.0) - r.queued_at for r in started]),
        build_seconds=fsum((r.ended_at or 0.0) - (r.started_at or 0.0) for r in finished),
        phases=_sum(s.phases for s in stays),
        boots=len(stays),
        peak=_peak([(s.start, s.end) for s in stays]),
        billed_hours=fsum(hours),
        cost=fsum(h * price for h, price in zip(hours, prices, strict=True)),
        timeline=timeline(runs, stays, window),
    )


def _sum(phases: Iterable[Phases]) -> Phases:
    each = tuple(phases)
    return Phases(
        boot=fsum(p.boot for p in each),
        busy=fsum(p.busy for p in each),
        idle=fsum(p.idle for p in each),
        drain=fsum(p.drain for p in each),
        zombie=fsum(p.zombie for p in each),
    )


def _peak(spans: Sequence[Span]) -> int:
    """The most spans at once; one that ends as another begins makes room first."""
    edges = sorted([(start, 1) for start, _ in spans] + [(end, -1) for _, end in spans])
    return max(accumulate(step for _, step in edges), default=0)


def timeline(runs: Iterable[Run], stays: Iterable[Stay], window: Span) -> Timeline:
    """Capacity, busy executors and queue as means over equal steps of the window."""
    begin, over = window
    step = max(STEP_SECONDS, ceil((over - begin) / STEPS / STEP_SECONDS) * STEP_SECONDS)
    turns = tuple(runs)
    queued = ((r.queued_at, over if r.started_at is None else r.started_at) for r in turns)
    busy = (
        (r.started_at, over if r.ended_at is None else r.ended_at)
        for r in turns
        if r.started_at is not None
    )
    return Timeline(
        start=begin - MONDAY,
        step=step,
        capacity=_means(((s.start, s.end) for s in stays), window, step),
        busy=_means(busy, window, step),
        queued=_means(queued, window, step),
    )


def _means(spans: Iterable[Span], window: Span, step: float) -> tuple[float, ...]:
    """How many spans cover each step, on average."""
    begin, over = window
    steps = max(1, ceil((over - begin) / step))
    covered = [0.0] * (steps + 1)
    whole = [0] * (steps + 1)
    for start, end in spans:
        a, b = (max(begin, start) - begin) / step, (min(over, end) - begin) / step
        if b <= a:
            continue
        first, last = floor(a), floor(b)
        covered[first] += min(b, first + 1) - a
        if last > first:
            covered[last] += b - last
            whole[first + 1] += 1
            whole[last] -= 1
    full = accumulate(whole)
    means = [round(c + w, 4) for c, w in zip(covered, full, strict=True)]
    return tuple(means[:steps])
