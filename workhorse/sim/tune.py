"""Search a planner's settings for little waiting at little cost, and tell the best: `tune`."""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from workhorse import plugins
from workhorse.core.errors import Refusal
from workhorse.sim import command
from workhorse.sim.contest import Trace, limit_seconds
from workhorse.sim.frontier import told
from workhorse.sim.search import Question, Range, search
from workhorse.sim.spread import Kept
from workhorse.sim.workers import workers

OUT = Path(".run/tune")

POLICY: Mapping[str, Range] = {
    "buffer": Range(low=0, high=6, whole=True),
    "cool_down_seconds": Range(low=0, high=300),
    "idle_seconds": Range(low=10, high=1800, log=True),
}
"""The knobs of a pool's policy that are searched for every planner.

The others are safety (`settle_seconds`, `max_step`, `boot_seconds`) or a wish (`scale_in`).
"""

PLANNERS: Mapping[str, Mapping[str, Range]] = {
    "exact": {
        "buffer_ratio": Range(low=0, high=0.5),
        "idle_agents": Range(low=0, high=6, whole=True),
        "scale_out_factor": Range(low=0.5, high=1.5),
    },
    "stock": {
        "excess": Range(low=0, high=6),
        "maximum": Range(low=10, high=100, whole=True),
        "multiplier": Range(low=0.5, high=2, log=True),
        "queued_weight": Range(low=0.25, high=2, log=True),
        "reevaluate_minutes": Range(low=0.5, high=20, log=True),
        "running_weight": Range(low=0.5, high=2, log=True),
    },
    "duration": {
        "confidence": Range(low=0.5, high=0.99),
        "idle_seconds": Range(low=10, high=1800, log=True, word="auto"),
        "slack_seconds": Range(low=0, high=120),
    },
    "objective": {
        "wait_seconds": Range(low=5, high=180, log=True),
    },
}
"""Each planner's own options that are searched; `--range` adds to them, for planners not ours too.

`wait_seconds` is a wish: its frontier tells what each wish costs.
"""

STATED: Mapping[str, tuple[str, ...]] = {
    "exact": ("windows",),
    "stock": ("minimum",),
    "objective": ("quantile", "instance_hours_per_day"),
}
"""Options that are not searched because they say what the operator wants, not how to get it."""


def ranges(planner: str, more: Mapping[str, Range] | None = None) -> Mapping[str, Range]:
    """What is searched of a planner: its options, and the policy's knobs that it does not shadow.

    Args:
        planner: its name.
        more: added, or put in place of those known.

    Raises:
        Refusal: there is no planner of that name.
    """
    known = plugins.names(plugins.PLANNERS)
    if planner not in known:
        raise Refusal(f"--planner {planner!r}: must be one of {', '.join(known)}")
    own = plugins.options_of(plugins.PLANNERS, planner)
    knobs = {key: each for key, each in POLICY.items() if key not in own}
    return {**knobs, **PLANNERS.get(planner, {}), **(more or {})}


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    top = argparse.ArgumentParser(prog="workhorse.sim tune", description=__doc__)
    top.add_argument("--trace", type=Path, required=True, help="CSV of builds to search on")
    top.add_argument("--planner", default="duration", help="whose settings (duration)")
    top.add_argument("--trials", type=int, default=64, help="settings to try (64)")
    top.add_argument(
        "--wait-limit", type=float, help="p95 wait that is enough, s (a median boot and 30 s)"
    )
    top.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="not searched but set, may be given again",
    )
    top.add_argument(
        "--range",
        action="append",
        default=[],
        metavar="KEY=LOW:HIGH[:whole|:log]",
        help="searched within these, may be given again",
    )
    command.add_world(top)
    command.add_work(top, OUT)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Search; see `command.ended` for the status."""
    arguments = parser().parse_args(argv)
    return command.ended(lambda: _tune(arguments), arguments.out)


def _tune(arguments: argparse.Namespace) -> Mapping[str, str]:
    from workhorse.sim.frontier_picture import drawn  # noqa: PLC0415 - matplotlib takes a second

    fleet = command.world(arguments)
    limit = limit_seconds(fleet) if arguments.wait_limit is None else arguments.wait_limit
    question = Question(
        planner=arguments.planner,
        trials=arguments.trials,
        limit_seconds=limit,
        seed=arguments.seed,
        ranges=ranges(arguments.planner, ranges_given(arguments.range)),
        settings=command.pairs("--set", arguments.set),
    )
    trace = Trace.read(arguments.trace, arguments.days)
    out, kept = arguments.out, Kept(arguments.out / command.KEPT)
    with workers(arguments.jobs, arguments.scheduler) as executor:
        screen = command.console(arguments)
        found = search(question, trace, fleet, executor=executor, kept=kept, console=screen)
    name = f"{found.trace}-{found.planner}"
    command.written(out / f"{name}.txt", told(found))
    record = json.dumps(found.as_record(), indent=1, sort_keys=True)
    command.written(out / f"{name}.json", record + "\n")
    drawn(found, out / f"{name}.png")
    command.say(f"{told(found)}\nwritten to {out}\n")
    return found.faults


def ranges_given(given: Iterable[str]) -> Mapping[str, Range]:
    """The ranges of `--range`.

    Raises:
        Refusal: one is no range.
    """
    found = {}
    for text in given:
        key, _, rest = text.partition("=")
        low, _, high = rest.partition(":")
        high, _, kind = high.partition(":")
        try:
            bounds = float(low), float(high)
        except ValueError:
            key = ""
            bounds = 0.0, 1.0
        if not key or kind not in {"", "whole", "log"}:
            raise Refusal(f"--range {text!r}: must be KEY=LOW:HIGH, KEY=LOW:HIGH:whole or :log")
        found[key] = Range(low=bounds[0], high=bounds[1], whole=kind == "whole", log=kind == "log")
    return found
