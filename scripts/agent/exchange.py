"""One HTTP exchange, and what it means when it goes wrong; Python's own library only."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

ANSWER_SECONDS = 20.0
"""Longest wait for one answer."""


class FailedError(Exception):
    """Somebody refused, or answered what makes no sense; it may go better later."""


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Answer:
    """One exchange; redirects are not followed. Raises OSError when nobody answers in HTTP."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body=body, headers=dict(headers or {}))
        reply = connection.getresponse()
        found = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(status=reply.status, headers=found, body=reply.read())
    except http.client.HTTPException as error:
        raise ConnectionError(f"{method} {parts.path}: {error!r}") from error
    finally:
        connection.close()


def expect(answer: Answer, status: int, what: str) -> Answer:
    """The answer, if it has that status; raises FailedError else, with why or whereto."""
    if answer.status != status:
        why = answer.headers.get("x-error") or answer.headers.get("location", "")
        raise FailedError(f"{what}: {answer.status} {why}".rstrip())
    return answer
