"""Schedule windows: the hours of the week in which a pool keeps more agents than at other times.

A window is told in the wall clock of a named time zone, so that it follows summer time.
Its ends are found per day of UTC and kept, for a planner asks at every tick.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from math import inf
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workhorse.core.learn import DAY_SECONDS
from workhorse.core.planners.options import refuse_all

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As `datetime.date.weekday` counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of some days in which a floor and a number of idle agents hold."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    """A misspelt key is refused, where the options come from a file."""

    days: str = "mon-sun"
    """Days and ranges of days on which it begins, as in `mon-thu,sat`."""
    start: str = "00:00"
    """When it begins, hours and minutes."""
    end: str = "24:00"
    """When it ends; when that is not after `start`, on the day after."""
    zone: str = "UTC"
    """The time zone, as in `Europe/Berlin`."""
    floor: int = 0
    """Never fewer agents than this."""
    idle_agents: int = 0
    """Agents with a free executor beyond what queued items take."""

    def __post_init__(self) -> None:
        """Refuse what is no day, time, zone or number.

        Raises:
            ValueError: with every fault.
        """
        refuse_all(self._faults())

    def _faults(self) -> Iterator[str]:
        if None in _weekdays(self.days):
            yield f"days: {self.days}: must be of {', '.join(DAYS)} and ranges of them"
        for name in ("start", "end"):
            if _minutes(getattr(self, name)) is None:
                yield f"{name}: {getattr(self, name)}: must be a time from 00:00 to 24:00"
        try:
            _zone(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield f"zone: {self.zone}: must be a time zone of the IANA database"
        for name in ("floor", "idle_agents"):
            if getattr(self, name) < 0:
                yield f"{name}: {getattr(self, name)}: must be at least 0"


def open_now(windows: Sequence[Window], now: float) -> tuple[tuple[Window, ...], float]:
    """The windows that hold, and until when that is so."""
    day = int(now // DAY_SECONDS)
    found: list[Window] = []
    until = inf
    for window in windows:
        until = min(until, (day + 1) * DAY_SECONDS)
        for begin, end in stretches(window, day):
            until = min(until, *(edge for edge in (begin, end) if edge > now), inf)
            if begin <= now < end and window not in found:
                found.append(window)
    return tuple(found), until


@lru_cache(maxsize=1024)
def stretches(window: Window, day: int) -> tuple[tuple[float, float], ...]:
    """When the window begins and ends, of those that can touch that day since the epoch, UTC."""
    midnight = datetime.fromtimestamp(day * DAY_SECONDS, UTC).date()
    zone = _zone(window.zone)
    start, end = _minutes(window.start) or 0, _minutes(window.end) or 0
    later = end if end > start else end + 24 * 60
    begins = (midnight + timedelta(days=n) for n in (-2, -1, 0, 1))
    return tuple(
        (_moment(begin, start, zone), _moment(begin, later, zone))
        for begin in begins
        if begin.weekday() in _weekdays(window.days)
    )


def _moment(day: date, minutes: int, zone: tzinfo) -> float:
    """That wall clock time of that day; one that summer time leaves out is as an hour later."""
    ahead, rest = divmod(minutes, 24 * 60)
    local = datetime(day.year, day.month, day.day, rest // 60, rest % 60, tzinfo=zone)
    return (local + timedelta(days=ahead)).timestamp()


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def _minutes(told: str) -> int | None:
    hours, _, minutes = told.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == len("00")):
        return None
    total = int(hours) * 60 + int(minutes)
    return total if int(minutes) < 60 and total <= 24 * 60 else None  # noqa: PLR2004 - clock faces


def _weekdays(told: str) -> frozenset[int | None]:
    """The days; None among them for what is no day."""
    found: set[int | None] = set()
    for part in told.split(","):
        first, dash, last = part.strip().partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            found.add(None)
            continue
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found.update(n % len(DAYS) for n in range(begin, (end if end >= begin else end + 7) + 1))
    return frozenset(found)
