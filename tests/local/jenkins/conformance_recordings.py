"""What real servers answered, read from the recordings, and what of it is not compared."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "recorded" / "jenkins"
OLD, NEW = "2.462.3", "2.541.2"
VERSIONS = (OLD, NEW)

RENDERINGS = {
    "api-html": "the page about the remote API, for people",
    "api-xml": "the XML rendering of what JSON tells too",
}
"""Exchanges that are out of the total: other renderings than the stand-in's one."""

_METRICS = "a body cut off in the recording, most of it about the virtual machine and the plugins"
_PROGRAM = "Groovy that runs a program on the agent; the stand-in reads no Groovy"
_INSTANT = "taken between the agent's death and that of its build, which the stand-in has in one"

LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    OLD: {"metrics-nokey": _METRICS, "node-scripttext": _PROGRAM},
    NEW: {"metrics-nokey": _METRICS, "node-scripttext": _PROGRAM, "node-killed": _INSTANT},
}
"""Exchanges that are in the total, are not replayed, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A recorded request and its answer; `auth` is none, basic:token or basic:password."""

    version: str
    name: str
    method: str
    path: str
    auth: str
    sent: Mapping[str, str]
    """Headers of the request."""
    form: dict[str, str] | str | None
    """Its body: a form's fields, or XML."""
    status: int
    headers: Mapping[str, str]
    """Headers of the answer."""
    text: str
    """Body of the answer; of a long page only its head."""

    def json(self) -> Any:
        """The answer's body as JSON."""
        return json.loads(self.text)


def exchange(version: str, name: str) -> Exchange:
    """One recorded exchange."""
    raw = json.loads((FOLDER / version / f"{name}.json").read_text())
    request, response = raw["request"], raw["response"]
    return Exchange(
        version=version,
        name=name,
        method=request["method"],
        path=request["path"].removeprefix("/"),
        auth=request["auth"],
        sent=request["headers"],
        form=request["body"],
        status=response["status"],
        headers=response["headers"],
        text=response["body"],
    )


def names(version: str) -> list[str]:
    """Every exchange of a version that counts, in the order of the alphabet."""
    found = sorted(path.stem for path in (FOLDER / version).glob("*.json"))
    return [name for name in found if name not in RENDERINGS]


def covered(version: str) -> list[str]:
    """Those that are replayed."""
    return [name for name in names(version) if name not in LEFT_OUT[version]]
