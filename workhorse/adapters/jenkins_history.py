"""The past of a Jenkins: its jobs, and page by page their builds, asked for politely.

One request at a time and no more than so many a minute, every answer by a tight tree. A request
that met a restart, a full server or a broken line is made again a few times, each time later.
What the answers mean is in `jenkins_history_wire.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests

from workhorse.adapters import jenkins_history_wire as wire
from workhorse.adapters.jenkins_http import JenkinsHttp, json_of, told
from workhorse.adapters.jenkins_paths import job_path
from workhorse.core.errors import Missing, Refusal, Surprise, Unreadable
from workhorse.loops.ports import Clock

PAGE = 100
"""Builds in one request: Jenkins loads each from its disk, and gives nobody else the time."""

PAUSES = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Seconds before each further try of a request: a controller restarts within a minute or two."""

LONGEST_PAUSE = 300.0
"""The longest that a server's Retry-After is heeded."""

_NOT_FOUND = requests.codes.not_found
_UNAUTHORIZED = requests.codes.unauthorized
_BUSY = (requests.codes.request_timeout, requests.codes.too_many_requests)
_ERROR = requests.codes.internal_server_error


class Stopped(Surprise):
    """We were told to stop."""


class JenkinsHistory:
    """What a Jenkins remembers.

    Args:
        http: the conversation.
        clock: for the pauses; time is nowhere else asked for.
        per_minute: the most requests in a minute.
        show: told why a request is made again, and when: people would take the pause for the end.
    """

    def __init__(
        self,
        http: JenkinsHttp,
        clock: Clock,
        *,
        per_minute: float,
        show: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.requests = 0
        """How many requests were made."""
        self._http = http
        self._clock = clock
        self._show = show
        self._interval = 60.0 / per_minute
        self._free_at: float | None = None
        self._known = False

    def labels(self) -> Mapping[str, frozenset[str]]:
        """Each node that is there now, with its labels but for its own name.

        Raises:
            Surprise: it could not be read.
        """
        return wire.labels(self._must("computer/api/json", wire.NODES_TREE))

    def jobs(self, *, depth: int) -> Iterator[wire.PastJob]:
        """All jobs that the token may read, folder by folder, so many folders deep.

        A folder that is gone meanwhile is left out.

        Raises:
            Surprise: one could not be read.
        """
        folders = [("", depth)]
        while folders:
            folder, left = folders.pop()
            answer = self._json(f"{job_path(folder)}api/json", wire.JOBS_TREE)
            if answer is None and not folder:
                raise Unreadable(f"{self._http.server}: there is no Jenkins at this URL")
            jobs, below = wire.jobs(answer or {"jobs": []}, folder)
            yield from jobs
            if left > 0:
                folders += [(each, left - 1) for each in reversed(below)]

    def builds(self, job: str, first: int) -> wire.Page:
        """`PAGE` builds of a job from the `first` on, counted from its newest.

        Raises:
            Missing: there is no such job any more.
            Surprise: it could not be read.
        """
        tree = f"{wire.BUILDS_TREE}{{{first},{first + PAGE}}}"
        answer = self._json(f"{job_path(job)}api/json", tree)
        if answer is None:
            raise Missing(f"Jenkins has no job {job!r} any more")
        return wire.page(answer, job, PAGE)

    def _must(self, where: str, tree: str) -> Mapping[str, Any]:
        answer = self._json(where, tree)
        if answer is None:
            raise Unreadable(f"{self._http.server}{where}: 404")
        return answer

    def _json(self, where: str, tree: str) -> Mapping[str, Any] | None:
        """The answer; None when there is no such thing, or not for us."""
        for pause in (*PAUSES, None):
            self._wait_for_our_turn()
            answer: requests.Response | None = None
            try:
                answer = self._http.get(where, tree)
                why = f"{self._http.server}{where}: {answer.status_code}"
            except Unreadable as wrong:
                if pause is None:
                    raise
                why = str(wrong)
            if answer is not None and not self._again(answer, pause):
                self._known = True
                return None if answer.status_code == _NOT_FOUND else json_of(answer)
            seconds = max(pause or 0, _retry_after(answer))
            self._show(f"{why}: again in {seconds:.0f} s")
            self._wait(seconds)
        raise Unreadable(f"{self._http.server}{where}: did not answer")

    def _again(self, answer: requests.Response, pause: float | None) -> bool:
        """Whether the request should be made once more.

        Raises:
            Refusal: the token is not accepted, or may not read.
        """
        status = answer.status_code
        # A valid token too is refused for a moment, while Jenkins starts.
        refused = status == requests.codes.forbidden or (
            status == _UNAUTHORIZED and not self._known
        )
        if refused:
            raise Refusal(f"--user: {told(answer)}")
        again = status in {*_BUSY, _UNAUTHORIZED} or status >= _ERROR
        return again and pause is not None

    def _wait_for_our_turn(self) -> None:
        now = self._clock.now()
        if self._free_at is not None:
            # A clock that jumped back must not hold us up for longer than one interval.
            self._wait(min(self._interval, self._free_at - now))
        self._free_at = self._clock.now() + self._interval
        self.requests += 1

    def _wait(self, seconds: float) -> None:
        if self._clock.wait(max(0.0, seconds)):
            raise Stopped("stopped; the same command goes on from here")


def _retry_after(answer: requests.Response | None) -> float:
    """What the server asks for, where it says so in seconds."""
    text = answer.headers.get("Retry-After", "") if answer is not None else ""
    return min(float(text), LONGEST_PAUSE) if text.isdecimal() else 0.0
