"""A schedule that knew the future, and the checker that believes nothing about it."""

from collections.abc import Sequence
from dataclasses import dataclass

from workhorse.core.errors import Misuse

Work = tuple[float, float]
"""One build: when it enters the queue, and how long it holds an executor, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stint:
    """One agent's life by what it runs: it is up from its first start to its last end."""

    builds: tuple[tuple[int, float], ...]
    """Number of the build in the list, and the second at which it starts."""


def milliseconds(seconds: float) -> int:
    """Times are read to the millisecond, so that sums and comparisons are exact."""
    return round(seconds * 1000)


def verified(
    schedule: Sequence[Stint],
    builds: Sequence[Work],
    *,
    boot_seconds: float,
    wait_seconds: float,
    executors: int = 1,
) -> float:
    """The instance-seconds of a schedule, each agent from its launch to its last build's end.

    Shares no code with what makes schedules.

    Raises:
        Misuse: a build runs not once, starts before its arrival or more than `wait_seconds`
            after it, or finds no free executor; or an agent runs nothing.
    """
    seen: set[int] = set()
    cost = 0
    for stint in schedule:
        running: list[int] = []
        first: int | None = None
        end = 0
        for number, start_seconds in sorted(stint.builds, key=lambda build: build[1]):
            start = milliseconds(start_seconds)
            arrival, duration = (milliseconds(each) for each in builds[number])
            if number in seen:
                raise Misuse(f"build {number} runs twice")
            if not 0 <= start - arrival <= milliseconds(wait_seconds):
                raise Misuse(f"build {number} arrives at {arrival} ms and starts at {start} ms")
            running = [each for each in running if each > start]
            if len(running) >= executors:
                raise Misuse(f"build {number} finds no free executor at {start} ms")
            seen.add(number)
            running.append(start + duration)
            end = start + duration if first is None else max(end, start + duration)
            first = start if first is None else first
        if first is None:
            raise Misuse("an agent runs nothing")
        cost += milliseconds(boot_seconds) + end - first
    if len(seen) != len(builds):
        raise Misuse(f"{len(builds) - len(seen)} builds never run")
    return cost / 1000


@dataclass(slots=True, kw_only=True)
class Life:
    """An agent while builds are given to it; in milliseconds."""

    start: int
    end: int
    running: list[int]
    """Ends of what it runs, and of some that are over."""
    builds: list[tuple[int, int]]

    def has_room(self, moment: int, executors: int) -> bool:
        """An executor is free then."""
        self.running = [end for end in self.running if end > moment]
        return len(self.running) < executors

    def take(self, number: int, start: int, end: int) -> None:
        """Run one build more."""
        self.builds.append((number, start))
        self.running.append(end)
        self.end = max(self.end, end)


def lifetimes(
    starts: Sequence[int], durations: Sequence[int], boot: int, executors: int
) -> list[Life]:
    """Agents for builds that start just then, all in milliseconds.

    Of the free agents that are worth keeping, the one that ends or ended last takes the next
    build.  With one executor nothing is cheaper (see `bound_levels`); with more it is a good guess,
    for long builds come to share an agent.
    """
    up: list[Life] = []
    over: list[Life] = []
    for number in sorted(range(len(starts)), key=lambda each: (starts[each], -durations[each])):
        start = starts[number]
        end = start + durations[number]
        over += (life for life in up if start - life.end >= boot)
        up = [life for life in up if start - life.end < boot]
        free = [life for life in up if life.has_room(start, executors)]
        life = max(free, key=lambda each: each.end, default=None)
        if life is None:
            life = Life(start=start, end=end, running=[], builds=[])
            up.append(life)
        life.take(number, start, end)
    return over + up


def stints(
    starts: Sequence[int], durations: Sequence[int], boot: int, executors: int
) -> tuple[Stint, ...]:
    """The same as a schedule."""
    return tuple(
        Stint(builds=tuple((number, start / 1000) for number, start in life.builds))
        for life in lifetimes(starts, durations, boot, executors)
    )
