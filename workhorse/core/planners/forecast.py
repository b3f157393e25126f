"""What a late build costs to avoid, from recent arrivals and boots.

Three things keep builds from being late, and each is bought where it is cheapest.

An idle agent.  Number the arrivals of every stretch of one boot time: the k-th of them finds an
idle agent if k were idle when it began, since what is launched meanwhile comes later.  So the k-th
idle agent of an hour serves the arrivals of rank k in that hour and costs an hour.
A spare launch.  Of m agents launched for n items, some boot too slowly; the n items are in time
when n of the m are.  One more costs a boot and a drain.
Keeping an agent that became idle: see `warm.py`.

One price rules all three: what may be paid, in seconds of an agent, for one late build less.
The higher it is, the fewer builds are late; `predicted` says how few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from workhorse.core.learn import DAY_SECONDS, Learned
from workhorse.core.planners.freeing import one_more

HOUR_SECONDS = 3600.0
HOURS = 24
LADDER = (0.0, *(30.0 * 1.5**step for step in range(24)))
"""The prices that may be paid: nothing, then from half a minute to four days of an agent."""
SPARE_MOST = 2
"""Never more than so many launches for one item."""
_NOTHING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the recent past says of a day to come."""

    ranks: tuple[float, ...]
    """Share of the arrivals that were the first of their boot time, the second, and so on."""
    hours: tuple[float, ...]
    """Arrivals per hour, for each hour of the day, UTC."""
    in_time: float
    """The share of the boots that an item can wait for without being late; as if one more boot had
    been seen and had been too slow, so that few boots do not promise much."""
    agent_seconds: float
    """What a launch costs beyond the work that is done on it: boot and drain."""
    busy_seconds: float
    """The work of a day."""

    @property
    def per_day(self) -> float:
        """Arrivals of a day."""
        return sum(self.hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a price would buy."""

    idle: tuple[int, ...]
    """Idle executors to keep, for each hour of the day."""
    late: float
    """The share of the builds that would be late."""
    hours_a_day: float
    """Instance hours of a day, the work included."""


def forecast(learned: Learned, wait_seconds: float, boot: float, agent_seconds: float) -> Forecast:
    """Of a pool that has learned at least one arrival.

    Args:
        learned: what it has learned.
        wait_seconds: an item that waits longer is late.
        boot: the median boot, in seconds.
        agent_seconds: what a launch costs.
    """
    hours = _hours(learned.arrivals)
    durations = learned.durations.newest
    boots = len(learned.boots)
    mean = sum(durations) / len(durations) if durations else 0.0
    return Forecast(
        ranks=_ranks(learned.arrivals, boot),
        hours=hours,
        in_time=round(learned.boots.up_to(wait_seconds) * boots / (boots + 1), 3),
        agent_seconds=agent_seconds,
        busy_seconds=mean * sum(hours),
    )


def _ranks(arrivals: Sequence[float], boot: float) -> tuple[float, ...]:
    counts: list[int] = []
    first = 0
    for number, at in enumerate(arrivals):
        while arrivals[first] <= at - boot:
            first += 1
        rank = number - first
        if rank >= len(counts):
            counts.extend([0] * (rank + 1 - len(counts)))
        counts[rank] += 1
    return tuple(count / len(arrivals) for count in counts)


def _hours(arrivals: Sequence[float]) -> tuple[float, ...]:
    """Per hour of the day; of less than two days, the mean for every hour."""
    span = max(arrivals[-1] - arrivals[0], HOUR_SECONDS)
    if span < 2 * DAY_SECONDS:
        return (len(arrivals) / span * HOUR_SECONDS,) * HOURS
    counts = [0] * HOURS
    for at in arrivals:
        counts[hour_of(at)] += 1
    return tuple(count / (span / DAY_SECONDS) for count in counts)


def hour_of(now: float) -> int:
    """The hour of the day, UTC."""
    return int(now % DAY_SECONDS // HOUR_SECONDS)


def predicted(cast: Forecast, price: float, most: int) -> Outlook:
    """What a price would buy.

    Args:
        cast: the forecast.
        price: seconds of an agent for one late build less.
        most: executors that there may be.
    """
    late_boot, spare = _after_launches(cast, price)
    kept = {rate: _worth(cast, rate, price, most) for rate in set(cast.hours)}
    idle = tuple(kept[rate] for rate in cast.hours)
    beyond = _beyond(cast.ranks)
    launched = sum(
        rate * beyond[min(n, len(beyond) - 1)] for rate, n in zip(cast.hours, idle, strict=True)
    )
    seconds = cast.busy_seconds + cast.agent_seconds * (cast.per_day * (1 + spare))
    return Outlook(
        idle=idle,
        late=launched / cast.per_day * late_boot if cast.per_day else 0.0,
        hours_a_day=seconds / HOUR_SECONDS + sum(idle),
    )


def _worth(cast: Forecast, rate: float, price: float, most: int) -> int:
    """How many idle executors are worth an hour, from the first one on."""
    saved = (1.0 - cast.in_time) * rate * price
    number = 0
    while number < min(len(cast.ranks), most) and cast.ranks[number] * saved > HOUR_SECONDS:
        number += 1
    return number


def _beyond(ranks: Sequence[float]) -> list[float]:
    """The share of arrivals of a rank above 0, 1, 2 and so on."""
    shares = [1.0]
    for share in ranks:
        shares.append(max(0.0, shares[-1] - share))
    return shares


def _after_launches(cast: Forecast, price: float) -> tuple[float, float]:
    """Of the items that wait for a launch: the share that is late, and the spare launches."""
    late = spare = 0.0
    beyond = _beyond(cast.ranks)
    for low in (2**n for n in range(len(cast.ranks).bit_length())):
        share = beyond[low - 1] - beyond[min(2 * low - 1, len(beyond) - 1)]
        launches = spared_launches(low, cast.in_time, price, cast.agent_seconds)
        late += share * _launched(low, cast.in_time)[launches - low].late
        spare += share * (launches / low - 1.0)
    return late, spare


def spared_launches(items: int, in_time: float, price: float, agent_seconds: float) -> int:
    """How many agents to launch for so many items: one more as long as that is worth its price.

    Args:
        items: how many wait for a launch.
        in_time: the share of the boots that an item can wait for.
        price: seconds of an agent for one late build less.
        agent_seconds: what a launch costs.
    """
    steps = _launched(items, in_time)
    spare = next((n for n, s in enumerate(steps) if s.saves * price <= agent_seconds), len(steps))
    return items + min(spare, len(steps) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Launched:
    """So many agents launched for so many items."""

    late: float
    """The share of the items that is expected to be late."""
    saves: float
    """Late builds less that one more launch would make."""


@lru_cache(maxsize=512)
def _launched(items: int, in_time: float) -> tuple[_Launched, ...]:
    """For as many launches as there are items, for one more, and so on.

    One more saves a build when it is in time itself and fewer than `items` of the others are.
    """
    chances = [1.0] + [0.0] * (items - 1)
    for _ in range(items):
        chances = one_more(chances, in_time)
    steps: list[_Launched] = []
    for _ in range((SPARE_MOST - 1) * items + 1):
        late = sum(chance * (items - n) for n, chance in enumerate(chances)) / items
        steps.append(_Launched(late=late, saves=in_time * sum(chances)))
        if steps[-1].saves < _NOTHING:
            break
        chances = one_more(chances, in_time)
    return tuple(steps)
