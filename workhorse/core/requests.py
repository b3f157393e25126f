"""A request to the gateway and its answer, without HTTP: what passes between its face and its mind.

Bodies are JSON objects; the routes and their keys are those of docs/gateway.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks."""

    method: str
    path: str
    """Below the gateway's root, as in `/v1/register`."""
    body: Mapping[str, Any] = field(default_factory=dict)
    bearer: str = ""
    """The token of the header `Authorization: Bearer`; empty for none."""
    peer: str = ""
    """The address it comes from, for the limits on rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    content: bytes | None = None
    """A file, instead of the body."""
    retry_seconds: float | None = None
    """The header Retry-After."""
