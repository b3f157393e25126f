"""A made-up trace with the shape of a week, for those who have none yet: `generate`."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from workhorse.core.errors import Refusal, Surprise
from workhorse.sim import command
from workhorse.sim.workload import Week, generated, write_csv


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    top = argparse.ArgumentParser(prog="workhorse.sim generate", description=__doc__)
    top.add_argument("--out", type=Path, required=True, help="the CSV to write; .gz packs it")
    top.add_argument("--days", type=float, default=7.0, help="from a Monday on (7)")
    top.add_argument("--seed", type=int, default=1, help="of everything left to chance (1)")
    top.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help='of the shape, as pushes_per_day=90 or labels={"linux": 3}; may be given again',
    )
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Generate; see `command.ended` for the status."""
    arguments = parser().parse_args(argv)
    return command.ended(lambda: _generate(arguments), arguments.out.parent)


def _generate(arguments: argparse.Namespace) -> Mapping[str, str]:
    jobs = generated(
        week({**command.pairs("--set", arguments.set), "days": arguments.days}), arguments.seed
    )
    try:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        write_csv(jobs, arguments.out)
    except OSError as wrong:
        raise Surprise(f"{arguments.out}: {wrong}") from wrong
    command.say(f"{len(jobs)} builds in {arguments.days:g} days written to {arguments.out}\n")
    return {}


def week(settings: Mapping[str, object]) -> Week:
    """A week of which these settings are not the default.

    Raises:
        Refusal: a setting is unknown or refused; every fault is told.
    """
    known = Week.__dataclass_fields__
    unknown = [key for key in settings if key not in known]
    if unknown:
        told = ", ".join(known)
        raise Refusal("\n".join(f"workload: {key}: is no setting here ({told})" for key in unknown))
    try:
        return TypeAdapter(Week).validate_python(settings)
    except ValidationError as wrong:
        lines = (
            f"workload: {'.'.join(map(str, e['loc']))}: {e['input']!r}: {e['msg']}"
            for e in wrong.errors(include_url=False)
        )
        raise Refusal("\n".join(lines)) from None
