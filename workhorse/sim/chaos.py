"""Random fault plans by the thousand against the real loops, on all cores.

`python -m workhorse.sim chaos --scenarios 10000 --seed 1` lives through that many plans and says
which broke a promise; each of those, a few at most, is made smaller and printed as a test to paste.
What is found depends on the seed only, not on the number of processes.
"""

import argparse
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from workhorse.core.errors import Refusal
from workhorse.sim.faults import draw
from workhorse.sim.faults.fault import Fault
from workhorse.sim.faults.plan import FaultPlan
from workhorse.sim.faults.play import run
from workhorse.sim.faults.upon import Upon
from workhorse.sim.faults.verdict import Verdict
from workhorse.sim.faults.written import as_json, from_json
from workhorse.sim.shrink import as_test, shrink

CHUNK = 20
"""Plans that a process lives through before it tells of them: a second or two."""
SHOWN = 3
"""Failing plans that are made smaller and printed; the others are only named."""
APART = 1_000_000
"""Seeds of plans that lie between those of one run's seed and the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of a number of plans."""

    plans: int = 0
    builds: int = 0
    finished: int = 0
    effects: int = 0
    crashes: int = 0
    seconds: float = 0.0
    """Simulated ones."""
    faults: Mapping[str, int] = field(default_factory=Counter)
    kills: Mapping[str, int] = field(default_factory=Counter)
    failed: tuple[tuple[int, str], ...] = ()
    """Seed of the plan, and what it broke."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            plans=self.plans + other.plans,
            builds=self.builds + other.builds,
            finished=self.finished + other.finished,
            effects=self.effects + other.effects,
            crashes=self.crashes + other.crashes,
            seconds=self.seconds + other.seconds,
            faults=Counter(self.faults) + Counter(other.faults),
            kills=Counter(self.kills) + Counter(other.kills),
            failed=(*self.failed, *other.failed),
        )

    def lines(self) -> Iterator[str]:
        """The summary; the same for the same seed and number of plans."""
        yield f"{self.plans} scenarios, {self.seconds / 86400:.1f} simulated days"
        yield (
            f"{self.builds} builds, {self.finished} of them finished; the others fit no pool's "
            "labels, were forgotten by a Jenkins that crashed, or are among the killed"
        )
        yield f"{self.effects} effects, {self.crashes} crashes of the loops"
        yield "faults: " + _told(self.faults)
        yield "builds killed, by hand: " + _told(self.kills)
        yield f"{len(self.failed)} scenarios broke a promise"


def _told(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {number}" for name, number in ranked) or "none"


def tally(seed: int, plan: FaultPlan, verdict: Verdict) -> Tally:
    """What became of one plan."""
    return Tally(
        plans=1,
        builds=verdict.builds,
        finished=verdict.finished,
        effects=verdict.effects,
        crashes=verdict.crashes,
        seconds=verdict.seconds,
        faults=Counter(_kind(each) for each in plan.faults),
        kills=verdict.kills,
        failed=() if verdict.kept else ((seed, str(verdict)),),
    )


def _kind(fault: Fault) -> str:
    return type(fault.fault if isinstance(fault, Upon) else fault).__name__


def live(seeds: Iterable[int]) -> Tally:
    """Live through the plans of these seeds."""
    total = Tally()
    for seed in seeds:
        plan = draw.plan(seed)
        total += tally(seed, plan, run(plan))
    return total


def chunks(seed: int, scenarios: int) -> list[range]:
    """The seeds of a run's plans, cut into what a process does at once."""
    first, last = seed * APART, seed * APART + scenarios
    return [range(at, min(at + CHUNK, last)) for at in range(first, last, CHUNK)]


def main(argv: Sequence[str] | None = None) -> int:
    """The command: 0 when every promise was kept, 1 when one was broken.

    Raises:
        Refusal: an option makes no sense.
    """
    options = _parser().parse_args(argv)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if options.plan is not None:
        return _replay(console, options.plan)
    _check(options)
    work = chunks(options.seed, options.scenarios)
    total = Tally()
    with _progress() as progress:
        bar = progress.add_task("chaos", total=options.scenarios, failed=0)
        for part in _spread(work, options.processes):
            total += part
            progress.update(bar, advance=part.plans, failed=len(total.failed))
        took = progress.tasks[0].elapsed or 1.0
    for line in total.lines():
        console.print(line)
    console.print(f"{total.plans / took:.1f} scenarios a second")
    for seed, broken in total.failed:
        console.print(f"\nplan {seed}:\n{broken}")
        if options.save is not None:
            path = options.save / f"plan_{seed}.json"
            path.write_text(json.dumps(as_json(draw.plan(seed)), indent=1) + "\n")
    for seed, _ in total.failed[:SHOWN]:
        _show(console, draw.plan(seed), f"plan_{seed}")
    return 1 if total.failed else 0


def _check(options: argparse.Namespace) -> None:
    for name in ("scenarios", "processes"):
        number = getattr(options, name)
        if number < 1:
            raise Refusal(f"--{name}: {number}: must be at least 1")
    if options.seed < 0:
        raise Refusal(f"--seed: {options.seed}: must be 0 or more")
    if options.save is not None and not options.save.is_dir():
        raise Refusal(f"--save: {options.save}: must be a folder")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="workhorse.sim chaos", description="Run random fault plans and check the promises."
    )
    parser.add_argument("--scenarios", type=int, default=1000, help="how many random plans")
    parser.add_argument("--seed", type=int, default=1, help="of the plans")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="how many live at once"
    )
    parser.add_argument("--save", type=Path, help="folder for the plans that fail, as JSON")
    parser.add_argument("--plan", type=Path, help="live through the plan of this JSON file instead")
    return parser


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]} broken"),
        console=Console(stderr=True),
    )


def _spread(work: Sequence[range], processes: int) -> Iterator[Tally]:
    """What became of each chunk, in their order."""
    with ExitStack() as stack:
        spread: Any = map
        if processes > 1:
            spread = stack.enter_context(ProcessPoolExecutor(processes)).map
        yield from spread(live, work)


def _replay(console: Console, path: Path) -> int:
    """One plan from a file."""
    try:
        record = json.loads(path.read_text())
    except (OSError, ValueError) as wrong:
        raise Refusal(f"{path} is no fault plan: {wrong}") from None
    plan = from_json(record)
    verdict = run(plan)
    console.print(str(verdict))
    if verdict.kept:
        return 0
    _show(console, plan, path.stem.replace("-", "_"))
    return 1


def _show(console: Console, plan: FaultPlan, name: str) -> None:
    smaller = shrink(plan, run)
    test = as_test(smaller, run(smaller), f"{name}_keeps_every_promise")
    console.print(f"\nmade smaller, to paste into tests/properties/test_found.py:\n\n{test}")
