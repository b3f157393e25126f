"""How many requests may wait for others than us at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from workhorse.core.admission import Denied, Status

MOST_OUTSIDE = 36
"""Three quarters of the gateway's threads. Whatever of STS, AWS and Jenkins does not answer, the
others hear that an agent is taken or still there, for which nobody else is asked."""

RETRY_SECONDS = 10.0


class Turnstile:
    """Lets so many through at once, and puts off the others; for many threads."""

    def __init__(self) -> None:
        self._places = BoundedSemaphore(MOST_OUTSIDE)

    @contextmanager
    def through(self) -> Iterator[None]:
        """Go in, and out again.

        Raises:
            Denied: there is no place: come again.
        """
        if not self._places.acquire(blocking=False):
            because = "too many others wait for Jenkins or AWS"
            raise Denied(Status.UNAVAILABLE, because, retry_seconds=RETRY_SECONDS)
        try:
            yield
        finally:
            self._places.release()
