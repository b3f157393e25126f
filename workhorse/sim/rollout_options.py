"""The options of `simulate` by which a rollout is tried."""

import argparse
from math import inf

from workhorse.core.errors import Refusal
from workhorse.core.orders import RolloutPolicy
from workhorse.sim.replay import Trial

KNOWN = RolloutPolicy()
"""Whose defaults hold where nothing is said."""
OPTIONS = ("surge", "unavailable", "waves", "bake", "wait_limit")


def add_rollout(parser: argparse.ArgumentParser) -> None:
    """When a rollout is tried, and by what policy."""
    waves = ",".join(f"{wave:g}" for wave in KNOWN.waves)
    group = parser.add_argument_group("a rollout", "played without and with it, for our planners")
    group.add_argument(
        "--rollout-at",
        type=float,
        metavar="HOURS",
        help="order one so many hours after the hour of the first build",
    )
    group.add_argument(
        "--rollout-surge",
        type=int,
        metavar="N",
        help=f"agents launched ahead of those that leave ({KNOWN.surge})",
    )
    group.add_argument(
        "--rollout-unavailable",
        type=float,
        metavar="PERCENT",
        help=f"of the agents, away at once ({KNOWN.max_unavailable:g})",
    )
    group.add_argument(
        "--rollout-waves",
        metavar="PERCENT,...",
        help=f"share of the old agents asked to leave after each wave ({waves})",
    )
    group.add_argument(
        "--rollout-bake",
        type=float,
        metavar="SECONDS",
        help=f"how long each wave is watched ({KNOWN.bake_seconds:g})",
    )
    group.add_argument(
        "--rollout-wait-limit",
        type=float,
        metavar="SECONDS",
        help="no agent is asked to leave while a build has waited longer "
        f"({KNOWN.queue_wait_seconds:g})",
    )


def tried(arguments: argparse.Namespace) -> Trial | None:
    """The rollout to try; None when none is asked for.

    Raises:
        Refusal: with every fault of the options.
    """
    given = {name: getattr(arguments, f"rollout_{name}") for name in OPTIONS}
    asked = [f"--rollout-{name.replace('_', '-')}" for name in OPTIONS if given[name] is not None]
    if arguments.rollout_at is None:
        if asked:
            raise Refusal(f"{asked[0]}: must come with --rollout-at")
        return None
    faults: list[str] = []
    waves = _waves(given["waves"], faults)
    policy = RolloutPolicy(
        waves=waves,
        bake_seconds=_within("bake", given["bake"], KNOWN.bake_seconds, 0, inf, faults),
        max_unavailable=_within(
            "unavailable", given["unavailable"], KNOWN.max_unavailable, 1, 100, faults
        ),
        surge=int(_within("surge", given["surge"], KNOWN.surge, 0, inf, faults)),
        queue_wait_seconds=_within(
            "wait-limit", given["wait_limit"], KNOWN.queue_wait_seconds, 0, inf, faults
        ),
    )
    if faults:
        raise Refusal("\n".join(faults))
    return Trial(at_hours=arguments.rollout_at, policy=policy)


def _within(  # noqa: PLR0913, PLR0917 - a number and its rule
    name: str, given: float | None, known: float, least: float, most: float, faults: list[str]
) -> float:
    value = known if given is None else given
    if not least <= value <= most:
        rule = f"{least:g} or more" if most == inf else f"from {least:g} to {most:g}"
        faults.append(f"--rollout-{name} {value:g}: must be {rule}")
    return value


def _waves(given: str | None, faults: list[str]) -> tuple[float, ...]:
    if given is None:
        return KNOWN.waves
    try:
        waves = tuple(float(each) for each in given.split(","))
    except ValueError:
        waves = ()
    rising = all(a < b for a, b in zip((0.0, *waves), waves, strict=False))
    if not waves or not rising or waves[-1] != 100:  # noqa: PLR2004 - percent
        faults.append(f"--rollout-waves {given}: must be rising percentages, the last of them 100")
        return KNOWN.waves
    return waves
