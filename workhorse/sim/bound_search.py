"""A good schedule by moving one start at a time; all times are milliseconds."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence

from workhorse.sim.bound_levels import END, START, Event, boots_and_idle, events

SWEEPS = 8
"""Rounds over all builds of a stretch; on the traces hardly any stretch needs as many."""

Span = tuple[int, int]


def improved(
    builds: Sequence[tuple[int, int]], begin: Sequence[int], *, boot: int, wait: int, enough: int
) -> tuple[int, tuple[int, ...]]:
    """Boots and idle milliseconds, and the starts, when no single start can be moved any more.

    A build is tried at its arrival, at the end of its patience, where another build ends and where
    it ends as another starts: between these nothing is gained.  The search begins with the starts
    given and stops at `enough`, a cost that no schedule is below.
    """
    starts = list(begin)
    line = events((start, start + d) for start, (_, d) in zip(starts, builds, strict=True))
    cost = boots_and_idle(line, boot)
    for _ in range(SWEEPS):
        before = cost
        for number, (arrival, duration) in enumerate(builds):
            if cost <= enough:
                return cost, tuple(starts)
            gain, starts[number] = _moved(line, (arrival, duration), starts[number], boot, wait)
            cost -= gain
        if cost == before:
            break
    return cost, tuple(starts)


def in_line(builds: Sequence[tuple[int, int]], *, boot: int, wait: int) -> tuple[int, ...]:
    """Starts to begin with: in order of arrival, each takes the agent that idles least for it.

    It waits for the agent if its patience allows, and boots one at once where none is worth it.
    """
    free: list[int] = []
    starts = []
    for arrival, duration in builds:
        patient = bisect_right(free, arrival + wait)
        place = min(bisect_left(free, arrival), patient - 1)
        start = arrival
        if place >= 0 and arrival - free[place] < boot:
            start = max(arrival, free.pop(place))
        insort(free, start + duration)
        starts.append(start)
    return tuple(starts)


def _moved(
    line: list[Event], build: tuple[int, int], start: int, boot: int, wait: int
) -> tuple[int, int]:
    """What the best start gains on the one it has, and that start; the line then holds it."""
    arrival, duration = build
    spans = _touched(arrival, duration, boot, wait)
    least = before = _cost(line, spans, boot)
    best = start
    _take(line, start, duration)
    for place in _places(line, arrival, duration, wait):
        _put(line, place, duration)
        cost = _cost(line, spans, boot)
        _take(line, place, duration)
        if cost < least:
            least, best = cost, place
    _put(line, best, duration)
    return before - least, best


def _touched(arrival: int, duration: int, boot: int, wait: int) -> tuple[Span, ...]:
    """Where a move of the build can matter: a boot around all its starts, and all its ends.

    A gap longer than a boot costs a boot, however long, so who is paired with whom farther away
    changes nothing; what lies in the first boot of a span is counted wrong, but always alike.
    """
    end = arrival + duration
    first = (arrival - boot, arrival + wait + boot)
    last = (end - boot, end + wait + boot)
    return ((first[0], last[1]),) if last[0] <= first[1] else (first, last)


def _cost(line: Sequence[Event], spans: tuple[Span, ...], boot: int) -> int:
    return sum(boots_and_idle(_within(line, *span), boot) for span in spans)


def _put(line: list[Event], start: int, duration: int) -> None:
    insort(line, (start, START))
    insort(line, (start + duration, END))


def _take(line: list[Event], start: int, duration: int) -> None:
    del line[bisect_left(line, (start, START))]
    del line[bisect_left(line, (start + duration, END))]


def _places(line: Sequence[Event], arrival: int, duration: int, wait: int) -> list[int]:
    end = arrival + duration
    places = {arrival, arrival + wait}
    places |= {moment for moment, kind in _within(line, arrival, arrival + wait) if kind == END}
    places |= {
        moment - duration for moment, kind in _within(line, end, end + wait) if kind == START
    }
    return sorted(places)


def _within(line: Sequence[Event], first: int, last: int) -> Sequence[Event]:
    return line[bisect_left(line, (first, END)) : bisect_right(line, (last, START))]
