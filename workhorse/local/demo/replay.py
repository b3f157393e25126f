"""Asking Jenkins for the builds of a trace, each at its virtual time, from a thread of its own."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from workhorse.local.clock import ScaledClock
from workhorse.local.demo.jobs import ORDER, SECONDS
from workhorse.local.demo.processes import StageError
from workhorse.local.demo.trace import Arrival

TRIES = 5
"""How often one build is asked for when Jenkins does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One build that was asked for: the job, its queue item, when."""

    job: str
    item: int
    at: float


class Replay:
    """Queues each arrival `after` seconds from `begin`; `compress` shortens all durations.

    `build(job, parameters)` queues a build and gives its queue item.
    """

    def __init__(  # noqa: PLR0913 - what a replay is made of, by name
        self,
        arrivals: Sequence[Arrival],
        *,
        begin: float,
        clock: ScaledClock,
        jobs: Mapping[str, str],
        build: Callable[[str, dict[str, str]], int],
        compress: float = 1.0,
    ) -> None:
        self.asked: list[Asked] = []
        self.refused: list[str] = []
        self.extra = 0
        """Builds that were not of the trace."""
        self._arrivals = arrivals
        self._begin = begin
        self._clock = clock
        self._jobs = jobs
        self._build = build
        self._compress = compress
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replay", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def over(self) -> bool:
        """Every arrival was asked for, or refused."""
        return not self._thread.is_alive()

    def one_more(self, label: str, seconds: float) -> None:
        """Ask for a build that is not of the trace, when that is over."""
        self.extra += 1
        order = len(self._arrivals) + self.extra
        self._ask(order, Arrival(after=0, seconds=seconds, label=label))

    def _run(self) -> None:
        for order, arrival in enumerate(self._arrivals):
            due = self._begin + arrival.after / self._compress
            if self._stop.wait(max(0.0, self._clock.real(due - self._clock.now()))):
                return
            self._ask(order, arrival)

    def _ask(self, order: int, arrival: Arrival) -> None:
        job = self._jobs[arrival.label]
        seconds = max(1, round(arrival.seconds / self._compress))
        parameters = {SECONDS: str(seconds), ORDER: str(order)}
        for _try in range(TRIES):
            try:
                item = self._build(job, parameters)
            except StageError as error:
                self.refused.append(str(error))
                if self._stop.wait(1.0):
                    return
                continue
            self.asked.append(Asked(job=job, item=item, at=self._clock.now()))
            return
