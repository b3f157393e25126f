"""One reading for all who ask at once."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from workhorse.core.admission import Denied, Status
from workhorse.core.errors import Surprise

WAIT_SECONDS = 10.0
"""How long somebody waits for a reading that another one began."""

RETRY_SECONDS = 5.0

Read = TypeVar("Read")


class Coalesced(Generic[Read]):
    """A reading that many threads want: one at a time makes it, the others wait and have it too.

    Args:
        what: for people, as in "the groups".
        read: makes the reading; called by one thread at a time.
        now: seconds of the wall.
        current_seconds: what began so long before it was asked for is not read anew.
    """

    def __init__(
        self,
        what: str,
        read: Callable[[], Read],
        now: Callable[[], float],
        *,
        current_seconds: float,
    ) -> None:
        self._what = what
        self._read = read
        self._now = now
        self._current_seconds = current_seconds
        self._lock = Lock()
        self.last: Read | None = None
        """What was read last, however long ago."""
        self._began_at: float | None = None
        self._failed_at: float | None = None

    def get(self) -> Read:
        """The reading.

        Raises:
            Denied: it cannot be had now.
        """
        asked_at, failed_at = self._now(), self._failed_at
        if failed_at is not None and 0 <= asked_at - failed_at < RETRY_SECONDS:
            raise self._denied("it could not a moment ago")
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise self._denied("others wait for it too")
        try:
            return self._current(asked_at)
        except Surprise as surprise:
            self._failed_at = self._now()
            raise self._denied("the journal says why") from surprise
        finally:
            self._lock.release()

    def _current(self, asked_at: float) -> Read:
        began = self._began_at
        if self.last is None or began is None or began <= asked_at - self._current_seconds:
            began = self._now()
            self.last = self._read()
            self._began_at, self._failed_at = began, None
        return self.last

    def _denied(self, because: str) -> Denied:
        text = f"{self._what} cannot be read now: {because}"
        return Denied(Status.UNAVAILABLE, text, retry_seconds=RETRY_SECONDS)
