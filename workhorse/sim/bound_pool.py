"""The least of one pool: levels where they say it all, else stretch by stretch.

All times are milliseconds, and the builds are in the order of their arrival.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from workhorse.sim.bound_levels import boots_and_idle, events, full_agents, peak
from workhorse.sim.bound_schedule import lifetimes
from workhorse.sim.bound_stretch import solved

Builds = Sequence[tuple[int, int]]
"""Arrival and duration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The question beside the builds."""

    boot: int
    wait: int
    executors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is known of a pool or of a stretch of it."""

    lower: int
    """No policy that lets nobody wait longer needs fewer milliseconds of instances."""
    worths: tuple[float, ...]
    """Seconds of boots and idle agents of one executor that each build accounts for."""
    starts: tuple[int, ...]
    """When each build starts in a good schedule."""


def answered(builds: Builds, terms: Terms, *, worths: bool) -> Answer:
    """The bound and the schedule of one pool; the worths may be left out unless asked for."""
    if terms.wait == 0 and terms.executors == 1 and not worths:
        cost = boots_and_idle(events((a, a + d) for a, d in builds), terms.boot)
        busy = sum(duration for _, duration in builds)
        return Answer(lower=busy + cost, worths=(), starts=tuple(a for a, _ in builds))
    parts = [_part(part, terms) for part in stretches(builds, terms)]
    starts = tuple(start for part in parts for start in part.starts)
    if terms.executors > 1:
        starts = min((starts, tuple(a for a, _ in builds)), key=lambda s: _packed(builds, s, terms))
    return Answer(
        lower=sum(part.lower for part in parts),
        worths=tuple(worth for part in parts for worth in part.worths),
        starts=starts,
    )


def fewest_agents(builds: Builds, terms: Terms) -> int:
    """As many as it takes where the most builds have to run at once, each started at its latest."""
    return max(1, ceil(peak(_bound_to_run(builds, terms)) / terms.executors))


def stretches(builds: Builds, terms: Terms) -> Iterator[Builds]:
    """Cut where an agent kept for the next build would idle for longer than a boot takes."""
    first = 0
    end = builds[0][0]
    for number, (arrival, duration) in enumerate(builds):
        if arrival > end + terms.boot:
            yield builds[first:number]
            first = number
        end = max(end, arrival + duration + terms.wait)
    yield builds[first:]


def _part(builds: Builds, terms: Terms) -> Answer:
    """The bound and the schedule of one stretch, seen from its first arrival."""
    zero = builds[0][0]
    found = solved([(arrival - zero, d) for arrival, d in builds], terms.boot, terms.wait)
    lower = sum(duration for _, duration in builds) + found.extra
    if terms.executors > 1:
        lower = max(ceil(lower / terms.executors), _packed_lower(builds, terms))
    return Answer(
        lower=lower, worths=found.worths, starts=tuple(start + zero for start in found.starts)
    )


def _bound_to_run(builds: Builds, terms: Terms) -> list[tuple[int, int]]:
    """When a build runs whenever it starts: from the end of its patience to its earliest end."""
    return [(a + terms.wait, a + d) for a, d in builds if d > terms.wait]


def _packed_lower(builds: Builds, terms: Terms) -> int:
    """Agents of many executors: enough for what runs at once, and for all of it one that is full.

    Whatever else, one boots, and stays for the longest build.
    """
    whole = full_agents(_bound_to_run(builds, terms), terms.executors)
    levels = sum(end - start for start, end in whole) + boots_and_idle(events(whole), terms.boot)
    durations = [duration for _, duration in builds]
    return max(levels, terms.boot + max(*durations, ceil(sum(durations) / terms.executors)))


def _packed(builds: Builds, starts: tuple[int, ...], terms: Terms) -> int:
    """What these starts cost on agents of many executors."""
    durations = [duration for _, duration in builds]
    lives = lifetimes(starts, durations, terms.boot, terms.executors)
    return sum(terms.boot + life.end - life.start for life in lives)
