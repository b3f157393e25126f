"""What Jenkins remembers of each job, and how long it expects the next build to take.

The estimate is that of hudson.model.Job.getEstimatedDuration: the mean of up to three successful
builds, the last one and those among the last six, running ones counted among the six.
A build that was killed counts as aborted: it fills one of the six places and tells nothing.
"""

from collections import deque
from dataclasses import dataclass, field
from math import fsum

CANDIDATES = 3
LOOKED_AT = 6


@dataclass(slots=True, kw_only=True)
class _Entry:
    build: int
    seconds: float | None = None
    """How long it took; None while it runs, and for good when it was killed."""


@dataclass(slots=True, kw_only=True)
class _Past:
    last: deque[_Entry] = field(default_factory=lambda: deque(maxlen=LOOKED_AT))
    successful: _Entry | None = None
    """The newest build that succeeded, however long ago."""

    def estimate(self) -> float | None:
        chosen = [self.successful] if self.successful else []
        for entry in reversed(self.last):
            if len(chosen) == CANDIDATES:
                break
            if entry.seconds is not None and entry is not self.successful:
                chosen.append(entry)
        told = [entry.seconds for entry in chosen if entry.seconds is not None]
        return fsum(told) / len(told) if told else None


class History:
    """The builds of all jobs of one Jenkins, as far as estimates need them."""

    def __init__(self) -> None:
        self._jobs: dict[str, _Past] = {}

    def begun(self, task: str, build: int) -> float | None:
        """A build has started; what Jenkins expects it to take, None without a history."""
        past = self._jobs.get(task)
        if past is None:
            past = self._jobs[task] = _Past()
        past.last.append(_Entry(build=build))
        return past.estimate()

    def ended(self, task: str, build: int, seconds: float) -> None:
        """A build has succeeded after so many seconds."""
        past = self._jobs[task]
        entry = next((e for e in past.last if e.build == build), None) or _Entry(build=build)
        entry.seconds = seconds
        if past.successful is None or past.successful.build < build:
            past.successful = entry
