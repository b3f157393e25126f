"""Making a plan that fails smaller, and telling it as a test.

Greedy: whatever can be left out or made plain, and the plan still fails in the same way, is.  It
ends when nothing more can, or when its runs are used up; what it has then fails as well.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from typing import Any, TypeVar

from workhorse.sim.faults.plan import FaultPlan
from workhorse.sim.faults.verdict import Promise, Verdict
from workhorse.sim.faults.written import as_python, default_of, names_in

RUNS = 300
"""How often a plan is lived through to make it smaller: under a minute."""

PARTS = ("pools", "faults", "builds")
"""Of a plan: what it has several of."""

Run = Callable[[FaultPlan], Verdict]
Part = TypeVar("Part")


def shrink(plan: FaultPlan, run: Run, *, runs: int = RUNS) -> FaultPlan:
    """The smallest plan found that breaks one of the promises that `plan` breaks.

    Args:
        plan: a plan that breaks a promise; one that keeps all comes back as it is.
        run: lives through a plan.
        runs: the most plans that are tried.
    """
    search = _Search(plan, run, runs)
    while search.left and search.step():
        pass
    return search.plan


class _Search:
    def __init__(self, plan: FaultPlan, run: Run, runs: int) -> None:
        self.plan = plan
        self.left = runs
        self._run = run
        self._wanted: frozenset[Promise] = run(plan).promises

    def step(self) -> bool:
        """Go once through everything that could be simpler; True when anything was."""
        before = self.plan
        for simpler in (_fewer_faults, _fewer_builds, _fewer_pools, _plainer):
            self._take(simpler)
        return self.plan != before

    def _take(self, simpler: Callable[[FaultPlan], Iterator[FaultPlan]]) -> None:
        """Take the first simpler plan that fails too, and look for the next from there."""
        taken = True
        while taken:
            taken = False
            for candidate in simpler(self.plan):
                if not self.left:
                    return
                if candidate != self.plan and self._fails(candidate):
                    self.plan, taken = candidate, True
                    break

    def _fails(self, candidate: FaultPlan) -> bool:
        self.left -= 1
        return bool(self._run(candidate).promises & self._wanted)


def _without(parts: Sequence[Part]) -> Iterator[tuple[Part, ...]]:
    """The parts without all, a half, a quarter, and so on down to each single one of them."""
    size = len(parts)
    while size:
        for begin in range(0, len(parts), size):
            yield (*parts[:begin], *parts[begin + size :])
        size //= 2


def _fewer_faults(plan: FaultPlan) -> Iterator[FaultPlan]:
    for faults in _without(plan.faults):
        yield replace(plan, faults=faults)


def _fewer_builds(plan: FaultPlan) -> Iterator[FaultPlan]:
    for builds in _without(plan.builds):
        yield replace(plan, builds=builds)


def _fewer_pools(plan: FaultPlan) -> Iterator[FaultPlan]:
    for pools in _without(plan.pools):
        if pools:
            yield replace(plan, pools=pools)


def _plainer(plan: FaultPlan) -> Iterator[FaultPlan]:
    """One number or word of the plan as it would be anyway, or rounder."""
    for part in PARTS:
        members = getattr(plan, part)
        for number, member in enumerate(members):
            for plain in _plain(member):
                changed: dict[str, Any] = {part: (*members[:number], plain, *members[number + 1 :])}
                yield replace(plan, **changed)
    yield from _plain(plan)


def _plain(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any dataclass of a plan
    for each in fields(value):
        present, usual = getattr(value, each.name), default_of(each)
        if is_dataclass(present):
            for inner in _plain(present):
                yield replace(value, **{each.name: inner})
        elif each.name in PARTS:
            continue
        elif usual is not MISSING and present != usual:
            # Options are of the planner that they were drawn for: another would refuse them.
            bare: dict[str, Any] = {"options": ()} if each.name == "planner" else {}
            yield replace(value, **{each.name: usual}, **bare)
            if isinstance(present, float) and present != (rounder := _rounder(present)):
                yield replace(value, **{each.name: rounder})


def _rounder(number: float) -> float:
    """The same time to the minute below, then to ten seconds."""
    return number // 60 * 60 or number // 10 * 10


def as_test(plan: FaultPlan, verdict: Verdict, name: str) -> str:
    """A test to paste, which passes when the plan breaks no promise any more.

    Args:
        plan: the plan.
        verdict: what became of it, told in the test's docstring.
        name: the end of the test's name.
    """
    needed = names_in(plan) | {("workhorse.sim.faults.play", "run")}
    modules = sorted({module for module, _ in needed})
    imports = [
        f"from {module} import {', '.join(sorted(n for m, n in needed if m == module))}"
        for module in modules
    ]
    broken = ", ".join(sorted(promise.name for promise in verdict.promises))
    return "\n".join(
        (
            *imports,
            "",
            "",
            f"def test_{name}() -> None:",
            f'    """It broke {broken or "nothing"}."""',
            f"    plan = {as_python(plan, 4)}",
            "    verdict = run(plan)",
            "    assert verdict.kept, verdict",
            "",
        )
    )
