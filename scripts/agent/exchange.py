"""One HTTP exchange, and what it means when it goes wrong; Python's own library only."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

ANSWER_SECONDS = 20.0
"""Longest wait for one answer."""

MOST_BYTES = 16 * 1024 * 1024
"""Of an answer; the largest is a file of late configuration, which has half of it."""


class FailedError(Exception):
    """Somebody refused, or answered what makes no sense; it may go better later."""

    def __init__(self, told: str, *, status: int = 0, retry_seconds: float = 0) -> None:
        """With the HTTP status and what Retry-After asks for; 0 for none."""
        super().__init__(told)
        self.status = status
        self.retry_seconds = retry_seconds


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    *,
    seconds: float = ANSWER_SECONDS,
) -> Answer:
    """One exchange; redirects are not followed. Raises OSError when nobody answers in HTTP."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body=body, headers=dict(headers or {}))
        return received(connection.getresponse())
    except http.client.HTTPException as error:
        raise ConnectionError(f"{method} {parts.path}: {error!r}") from error
    finally:
        connection.close()


def received(reply: http.client.HTTPResponse) -> Answer:
    """The answer, read to its end or to the most that is taken.

    Raises:
        http.client.IncompleteRead: the connection ended before the answer did.
    """
    found = {name.lower(): value for name, value in reply.getheaders()}
    body = reply.read(MOST_BYTES)
    if reply.length and len(body) < MOST_BYTES:  # what is still to come; None where nobody said
        raise http.client.IncompleteRead(body, reply.length)
    return Answer(status=reply.status, headers=found, body=body)


def expect(answer: Answer, status: int, what: str) -> Answer:
    """The answer, if it has that status; raises FailedError else, with why or whereto."""
    if answer.status != status:
        why = answer.headers.get("x-error") or answer.headers.get("location", "")
        raise FailedError(f"{what}: {answer.status} {why}".rstrip(), status=answer.status)
    return answer
