"""A request as plain values, after authentication."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote

from workhorse.local.jenkins.answers import Answer, forbidden
from workhorse.local.jenkins.permissions import Security, User
from workhorse.local.jenkins.view import View
from workhorse.local.jenkins.world import World


class RefusedError(Exception):
    """The request ends here, with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: who asks what; `segments` are the decoded parts of the path."""

    method: str
    path: str
    segments: tuple[str, ...]
    query: str = ""
    body: bytes = b""
    content_type: str = ""
    host: str = ""
    """Scheme, host and context path that the caller used, with a slash at the end."""
    session: str = ""
    """Id of the session, where the caller came with its cookie or has just got one."""
    remote: str = "127.0.0.1"
    view: View
    security: Security
    values: dict[str, list[str]] = field(init=False)
    """Parameters of query and form, query first."""

    def __post_init__(self) -> None:
        """Read the parameters, and the name of a job that is in folders as one."""
        object.__setattr__(self, "segments", _joined(self.segments))
        values = parse_qs(self.query, keep_blank_values=True)
        if self.content_type.startswith("application/x-www-form-urlencoded"):
            form = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
            for name, found in form.items():
                values.setdefault(name, []).extend(found)
        object.__setattr__(self, "values", values)

    @property
    def user(self) -> User:
        """Who asks."""
        return self.view.user

    @property
    def world(self) -> World:
        """The controller's memory."""
        return self.view.world

    def value(self, name: str, default: str = "") -> str:
        """A parameter's first value."""
        return self.values.get(name, [default])[0]

    def form(self) -> dict[str, Any] | None:
        """The `json` parameter of a structured form; None when there is none that can be read."""
        try:
            found = json.loads(self.value("json"))
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    def need(self, permission: str) -> None:
        """Refuse the request unless the caller has this permission."""
        if not self.user.may(permission):
            raise RefusedError(forbidden(self.user.name, permission))

    def url(self, *segments: str) -> str:
        """Absolute URL below the root, as in a Location header."""
        return self.host + "".join(f"{quote(each, safe='=,()')}/" for each in segments)

    def delay(self) -> float | None:
        """The `delay` parameter, in seconds."""
        found = re.match(r"(\d+(?:\.\d+)?)", self.value("delay"))
        return float(found[1]) if found else None


def _joined(segments: tuple[str, ...]) -> tuple[str, ...]:
    """`job, a, job, b, ...` as `job, a/b, ...`."""
    while segments[:1] == ("job",) and segments[2:3] == ("job",) and segments[3:]:
        segments = ("job", f"{segments[1]}/{segments[3]}", *segments[4:])
    return segments
