"""What an agent costs beside the builds it runs, when it is known when they run.

Times here are whole milliseconds, so that a build which ends as another begins does so exactly.
Let N(t) builds run at t, on A(t) >= N(t) agents of one executor.  The agents cost their seconds,
plus a boot for each that is started: the integral of A, plus `boot` for every step up of A.
Look at one level k: "at least k run".  It is on and off and on again, and A may stay above k in
between, at the length of the gap, or step down and up, at one boot.  The levels do not meddle with
each other, so the least is, level by level, a boot for the first time on and the lesser of gap and
boot for every gap.  An agent that ended its build last is the one to take the next: that pairs the
end and the beginning of a gap of one level, which is how `boots_and_idle` counts on a stack.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

END, START = 0, 1
"""Of two events at one moment the end comes first: its agent can take the build that begins."""

Event = tuple[int, int]
"""Millisecond, and `END` or `START`."""


def events(runs: Iterable[tuple[int, int]]) -> list[Event]:
    """The ends and starts of builds that run from one millisecond to another, in order."""
    return sorted(event for start, end in runs for event in ((start, START), (end, END)))


def boots_and_idle(ordered: Sequence[Event], boot: int) -> int:
    """The least milliseconds of boots and idle agents with which the builds run just then."""
    freed: list[int] = []
    cost = 0
    for moment, kind in ordered:
        if kind == END:
            freed.append(moment)
        elif freed and moment - freed[-1] < boot:
            cost += moment - freed.pop()
        else:
            cost += boot
    return cost


def full_agents(runs: Iterable[tuple[int, int]], executors: int) -> list[tuple[int, int]]:
    """Runs of whole agents: k of them run while more than (k - 1) * executors of the builds do.

    There can be no fewer agents than that, however the builds are spread over them.
    """
    count = 0
    needed = 0
    begun: list[int] = []
    whole: list[tuple[int, int]] = []
    for moment, group in groupby(events(runs), key=lambda event: event[0]):
        count += sum(1 if kind == START else -1 for _, kind in group)
        wanted = -(-count // executors)
        begun += [moment] * (wanted - needed)
        whole += [(begun.pop(), moment) for _ in range(needed - wanted)]
        needed = wanted
    return whole


def peak(runs: Iterable[tuple[int, int]]) -> int:
    """The most that run at once."""
    running = most = 0
    for _, kind in events(runs):
        running += 1 if kind == START else -1
        most = max(most, running)
    return most
