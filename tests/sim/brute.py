"""The least instance-seconds of a few small builds, by trying everything.

With whole seconds some cheapest schedule has whole seconds only, so every start in the patience of
every build is tried, on every agent that has a free executor and on a new one.
"""

from itertools import product

Build = tuple[int, int]
"""Arrival and duration in whole seconds."""


def cheapest(builds: list[Build], patience: list[int], boot: int, executors: int) -> int:
    """The least instance-seconds, by trying everything."""
    delays = product(*(range(each + 1) for each in patience))
    return min(
        placed(
            sorted((a + late, d) for (a, d), late in zip(builds, delay, strict=True)),
            (),
            boot,
            executors,
        )
        for delay in delays
    )


def placed(
    runs: list[Build], agents: tuple[tuple[int, ...], ...], boot: int, executors: int
) -> int:
    """The least that the runs cost, in order of start; an agent is the ends of its builds."""
    if not runs:
        return 0
    (start, duration), *rest = runs
    end = start + duration
    costs = [boot + duration + placed(rest, (*agents, (end,)), boot, executors)]
    for place, ends in enumerate(agents):
        if sum(each > start for each in ends) < executors:
            longer = max(0, end - max(ends))
            kept = (*agents[:place], (*ends, end), *agents[place + 1 :])
            costs.append(longer + placed(rest, kept, boot, executors))
    return min(costs)
