"""Which random plan notices which broken rule first, and the table of that in the documents.

`PYTHONPATH=. python tests/properties/mutations.py` looks anew for all that are not noticed by the
plan that the page names, and writes the page.
"""

import re
import sys
from dataclasses import dataclass

import pytest

from scripts import sources
from tests.properties.breakages import BREAKAGES as COMMON
from tests.properties.leaving_breakages import LEAVING_BREAKAGES
from tests.properties.ledger_breakages import LEDGER_BREAKAGES
from tests.properties.rollout_breakages import ROLLOUT_BREAKAGES
from workhorse.sim.faults import draw
from workhorse.sim.faults.kinds import KINDS
from workhorse.sim.faults.play import run
from workhorse.sim.faults.verdict import Promise, Verdict

BREAKAGES = {**COMMON, **ROLLOUT_BREAKAGES, **LEAVING_BREAKAGES, **LEDGER_BREAKAGES}
"""All that must be noticed."""
PAGE = sources.ROOT / "docs/faults.md"
LIMIT = 2000
"""Plans that are tried; each breakage must be noticed by one of them."""

ROW = re.compile(r"^\| (?P<name>[^|]+) \| [^|]+ \| (?P<plan>\d+) \| (?P<broken>[A-Z_]+) \|$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """By which plan a breakage was noticed, and by which promise first."""

    plan: int
    broken: str


def caught_by(plan: int, verdict: Verdict) -> Caught | None:
    """What a verdict says; None when it says that all promises were kept."""
    return Caught(plan=plan, broken=verdict.broken[0].promise.name) if verdict.broken else None


def search(name: str, first: int = 0) -> Caught | None:
    """The first plan that notices the breakage; the page's own is tried before all others."""
    for number in (first, *range(LIMIT)):
        with pytest.MonkeyPatch.context() as monkeypatch:
            BREAKAGES[name].patch(monkeypatch)
            caught = caught_by(number, run(draw.plan(number), BREAKAGES[name].loops))
        if caught is not None and run(draw.plan(number)).kept:
            return caught
    return None


def row(name: str, caught: Caught) -> str:
    """A line of the table."""
    return f"| {name} | {BREAKAGES[name].says} | {caught.plan} | {caught.broken} |"


def read(page: str) -> dict[str, Caught]:
    """The table of a page."""
    rows = filter(None, map(ROW.match, page.splitlines()))
    return {r["name"]: Caught(plan=int(r["plan"]), broken=r["broken"]) for r in rows}


def mutations(told: dict[str, Caught]) -> str:
    """The table of what was broken."""
    head = "| broken | what is true of the loops then | noticed by plan | by the promise |"
    return "\n".join((head, "| --- | --- | --- | --- |", *(row(n, c) for n, c in told.items())))


def promises() -> str:
    """The table of what is promised."""
    rows = (f"| {each.name} | {each.value} |" for each in Promise)
    return "\n".join(("| promise | what it says |", "| --- | --- |", *rows))


def kinds() -> str:
    """The table of what goes wrong."""
    rows = (f"| {name} | {str(kind.__doc__).splitlines()[0]} |" for name, kind in KINDS.items())
    return "\n".join(("| fault | what happens |", "| --- | --- |", *rows))


def filled(page: str, told: dict[str, Caught]) -> str:
    """The page with its three tables as they are now."""
    tables = {"mutations": mutations(told), "promises": promises(), "faults": kinds()}
    for name, table in tables.items():
        begin, end = f"<!-- table: {name} -->", f"<!-- end of table: {name} -->"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n\n{table}\n\n{end}{rest.partition(end)[2]}"
    return page


def main() -> int:
    """Look anew and write the page; 1 when something is noticed by nothing."""
    page = PAGE.read_text()
    known, told = read(page), dict[str, Caught]()
    for name in BREAKAGES:
        caught = search(name, known[name].plan if name in known else 0)
        if caught is not None:
            told[name] = caught
        sys.stdout.write(f"{name}: {caught}\n")
    PAGE.write_text(filled(page, told))
    return int(told.keys() != BREAKAGES.keys())


if __name__ == "__main__":
    sys.exit(main())
