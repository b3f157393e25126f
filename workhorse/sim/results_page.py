"""The page of results: tables and sentences out of heats, nothing else."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from workhorse.sim import report
from workhorse.sim.contest import Heat, Trace, boot_seconds
from workhorse.sim.outcome import Figures, Outcome
from workhorse.sim.verdict import OURS, best_rival, in_time, is_rival, verdict, verdicts

HEADING = """# Results

Every policy on every trace, in the same simulated world, beside what a clairvoyant would need.
This page is written by `{command}`; nothing on it is written by hand.

Our planners are {planners}; the rivals are other systems' policies with the constants of their \
documentation ([simulator.md](simulator.md) names the sources).
All of them run as they come, with the settings in brackets where there are any.
"""

READING = """## How to read it

A wait is the time from a build's entering the queue to its start.
Instance-hours count from the launch of an instance to its end.
Tables go by a limit of {limit}.
The bound is what a clairvoyant needs who lets no build wait longer than that \
([bound.md](bound.md)).
The best rival is the one with the fewest instance-hours of those that run every build and keep \
the p95 wait within the limit.
"""

DOUBTS = """## What the figures do not tell

- The defaults of our planners were chosen with bitcoin-core in view, so the other traces are the \
fairer test; the constants of the rivals are those of their makers, who know none of these traces.
- The traces know no machine of ours: boots and prices are assumptions, and the same for everybody.
- A trace has one job a label, so that estimates of durations are those of the label, which is \
worse than what a Jenkins with many jobs would give.
- The two Jenkins traces hold when builds started, not when they were queued: they are smoother \
than what the queue saw, and their waits are ours alone.
- A row of pulumi-pipelines is a whole pipeline, taken as one build on one agent.
- One seed was played; another one moves the figures by its own boots.
"""

Cell = Callable[[Figures], str]

COLUMNS: tuple[tuple[str, Cell], ...] = (
    ("wait p50, s", lambda f: f"{f.waits.p50:.1f}"),
    ("p95, s", lambda f: f"{f.waits.p95:.1f}"),
    ("p99, s", lambda f: f"{f.waits.p99:.1f}"),
    ("instance-hours", lambda f: f"{f.instance_hours:,.1f}"),
    ("to bound", lambda f: report.NOTHING if f.ratio is None else f"{f.ratio:.3f}"),
)
WASTE: tuple[tuple[str, Cell], ...] = (
    ("busy", lambda f: _share(f.phases.busy, f)),
    ("boot", lambda f: _share(f.phases.boot, f)),
    ("idle", lambda f: _share(f.phases.idle, f)),
    ("drain", lambda f: _share(f.phases.drain, f)),
    ("zombie", lambda f: _share(f.phases.zombie, f)),
    ("boots", lambda f: f"{f.boots:,}"),
    ("per build", lambda f: f"{f.churn:.2f}"),
    ("cost", lambda f: f"{f.cost:,.2f}"),
    ("killed", lambda f: str(f.kills)),
    ("unfinished", lambda f: str(f.builds - f.finished)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A p95 wait that is held to be enough."""

    words: str
    """What it is made of."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One trace and what became of it."""

    subject: report.Subject
    trace: Trace
    heat: Heat
    shipped: bool
    """It is part of this repository."""
    driven: bool
    """Developers' pushes drive it: the goals are set for it."""


def page(
    shown: Sequence[Shown], limits: Sequence[Limit], *, command: str, missing: Sequence[str] = ()
) -> str:
    """The whole page as Markdown.

    Args:
        shown: the traces, in the order of the page.
        limits: of the wait, the strictest first; the last is the one that tables go by.
        command: what writes the page.
        missing: names of traces that were not there.
    """
    planners = {o.contender: None for s in shown for o in s.heat.outcomes if not is_rival(o)}
    ours = ", ".join(f"`{name}`" for name in planners) or "none"
    told = HEADING.format(command=command, planners=ours)
    blocks = [
        told.rstrip("\n"),
        *_goals(shown, limits),
        READING.format(limit=_limit(limits[-1])).rstrip("\n"),
        *_traces(shown, missing),
        *(block for each in shown for block in _one(each, limits)),
        DOUBTS.rstrip("\n"),
    ]
    return "\n\n".join(blocks) + "\n"


def _limit(limit: Limit) -> str:
    return f"{limit.seconds:.0f} s, {limit.words}"


def _goals(shown: Sequence[Shown], limits: Sequence[Limit]) -> Iterable[str]:
    yield "## The goals"
    yield (
        "On traces that developers drive, one of "
        + " and ".join(f"`{name}`" for name in OURS)
        + " is to be within 10 % of the clairvoyant's instance-hours and at most at 0.8 of the "
        "best rival's, with a p95 wait of a boot and 30 s."
    )
    driven = [each for each in shown if each.driven]
    if not driven:
        yield "No such trace was played."
    for limit in limits:
        yield f"With {limit.words}, {limit.seconds:.0f} s{_hard(driven, limit)}:"
        lines = [line for each in driven for line in _verdicts(each.heat, limit)]
        yield "\n".join(f"- {line}" for line in lines)


def _hard(shown: Sequence[Shown], limit: Limit) -> str:
    """Whether boots alone are beyond the limit."""
    boots = [boot_seconds(each.subject.fleet.machines.boot, 0.95) for each in shown]
    if not boots or boots[0] <= limit.seconds:
        return ""
    return f", though one boot in twenty takes longer than {boots[0]:.0f} s by itself"


def _verdicts(heat: Heat, limit: Limit) -> Iterable[str]:
    each = verdicts(heat, limit.seconds)
    for one in each:
        yield from one.sentences()
    told = {True: "is reached", False: "is not reached"}
    bound = told[any(one.reaches_bound for one in each)]
    rival = told[any(one.reaches_rival for one in each)]
    if all(one.to_rival is None for one in each):
        rival = "has no match"
    yield f"**{heat.trace}: the bound's goal {bound}, the rival's {rival}.**"


def _traces(shown: Sequence[Shown], missing: Sequence[str]) -> Iterable[str]:
    yield "## What was played"
    rows = [
        (
            each.trace.name,
            f"{len(each.trace.jobs):,}",
            f"{(each.trace.jobs[-1].arrival - each.trace.jobs[0].arrival) / 86_400:.1f}",
            f"{sum(job.seconds for job in each.trace.jobs) / 3600:,.0f}",
            "developers" if each.driven else "timers",
            "data/traces" if each.shipped else "not shipped",
        )
        for each in shown
    ]
    yield _table(("trace", "builds", "days", "busy hours", "driven by", "where"), rows, left=1)
    for name in missing:
        yield f"The trace {name} was not there: it may not be shipped."
    yield "Assumed of the world, for everybody alike:"
    yield "\n".join(f"- {line}" for line in report.assumptions(shown[0].subject.fleet))


def _one(each: Shown, limits: Sequence[Limit]) -> Iterable[str]:
    subject, heat = each.subject, each.heat
    days = "" if subject.days is None else f", the first {subject.days:g} days"
    yield f"## {heat.trace}{days}"
    if not each.shipped:
        yield "This trace is not shipped: its licence does not say that it may be."
    rows = [_row(heat, outcome, limits) for outcome in heat.outcomes]
    within = (f"within {limit.seconds:.0f} s" for limit in limits)
    head = ("policy", *(title for title, _ in COLUMNS), "to best rival", *within)
    yield _table(head, rows, left=1)
    yield "\n".join(_bounds(heat, limits))
    yield "Where the instance-hours went:"
    waste = [(f"`{o.contender}`", *(c(o.total) for _, c in WASTE)) for o in heat.outcomes]
    yield _table(("policy", *(title for title, _ in WASTE)), waste, left=1)
    yield from _pools(heat)
    for who, why in heat.faults.items():
        yield f"Failed: {who}: {why}"


def _row(heat: Heat, outcome: Outcome, limits: Sequence[Limit]) -> tuple[str, ...]:
    to_rival = verdict(heat, outcome, limits[-1].seconds).to_rival
    return (
        f"`{outcome.contender}`",
        *(cell(outcome.total) for _, cell in COLUMNS),
        report.NOTHING if to_rival is None else f"{to_rival:.3f}",
        *("yes" if in_time(outcome, limit.seconds) else "no" for limit in limits),
    )


def _bounds(heat: Heat, limits: Sequence[Limit]) -> Iterable[str]:
    for bounds in heat.bounds:
        who = f"- A clairvoyant, where {bounds.patience}"
        least, known = bounds.lower_seconds / 3600, bounds.upper_seconds / 3600
        yield f"{who}, needs {least:,.1f} instance-hours at least; {known:,.1f} are known to do."
    for limit in limits:
        rival = best_rival(heat.outcomes, limit.seconds)
        who = "nobody" if rival is None else f"`{rival.contender}`"
        yield f"- The best rival within {_limit(limit)}, is {who}."


def _pools(heat: Heat) -> Iterable[str]:
    """Each pool by itself, for those planners that the goals are set for."""
    ours = [o for o in heat.outcomes if o.contender.partition("(")[0] in OURS]
    rows = [
        (f"`{o.contender}`", f.name, *(cell(f) for _, cell in COLUMNS))
        for o in ours
        for f in o.pools
    ]
    if rows:
        yield "Pool by pool:"
        yield _table(("policy", "pool", *(title for title, _ in COLUMNS)), rows, left=2)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> str:
    sides = ["---" if number < left else "---:" for number in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, sides, *rows))


def _share(seconds: float, figures: Figures) -> str:
    total = figures.phases.total
    return f"{100 * seconds / total:.1f} %" if total else report.NOTHING
