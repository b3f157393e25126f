"""The gateway as an agent speaks to it; docs/gateway.md has the routes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workhorse.local.agent.http import ask
from workhorse.local.agent.metadata import TOKEN
from workhorse.local.agent.place import Place, RegistrationError

UNAUTHORISED = 401

Prove = Callable[[str], Mapping[str, object]]
"""From a nonce to what identifies this machine in `POST /v1/register`: its way and its proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What the gateway knows of this agent."""

    known: bool | None
    """Jenkins has its node; None when nobody can tell now."""
    leaving: bool
    idle_seconds: float | None
    """Loop time since it idles; None while it does not, or when nobody can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The volume that an agent got; empty for none."""

    volume: str
    state: str
    because: str = ""


class Gateway:
    """One agent's side of the gateway at `url`, which ends with a slash; safe between threads.

    Every method raises RegistrationError when the gateway refuses, with the status 401 when the
    lease is good no more and `register` is to be called first, and OSError when it does not answer.
    """

    def __init__(self, url: str, prove: Prove) -> None:
        self._url = url
        self._prove = prove
        self._lease = ""
        self._again: dict[str, str] = {}

    def register(self) -> Place:
        """Prove who this is and become a node, or find that it is one."""
        nonce = str(self._post("v1/nonce", {}, leased=False)["nonce"])
        told = self._post("v1/register", {**self._prove(nonce), **self._again}, leased=False)
        self._lease = told["lease"]
        if "resume" in told:
            self._again = {"name": told["name"], "resume": told["resume"]}
        return Place(
            name=told["name"],
            jenkins_url=told["jenkins_url"].rstrip("/") + "/",
            secret=told["secret"],
            directory=told["directory"],
            cache=bool(told["cache"]),
            idle_minutes=float(told["idle_minutes"]),
        )

    def here(self) -> Here:
        """Say that the agent lives; it gets a new lease."""
        told = self._post("v1/here", {})
        self._lease = told["lease"]
        return Here(
            known=told["known"], leaving=bool(told["leaving"]), idle_seconds=told["idle_seconds"]
        )

    def ask(self, kind: str, detail: str = "") -> None:
        """Ask to be left alone by new builds."""
        self._post("v1/ask", {"kind": kind, "detail": detail, "log": ""})

    def claim(self) -> Claim:
        """Get a volume, if there is one."""
        told = self._post("v1/volume/claim", {})
        return Claim(
            volume=told["volume"], state=told.get("state", ""), because=told.get("because", "")
        )

    def report(self, volume: str, *, mounted: bool, because: str, fill: float, wiped: bool) -> None:
        """Tell what became of a claimed volume."""
        told = {"mounted": mounted, "because": because, "fill": fill, "wiped": wiped}
        self._post("v1/volume/report", {"volume": volume, **told})

    def release(self, volume: str, *, fill: float) -> None:
        """Give back a volume that is unmounted."""
        self._post("v1/volume/release", {"volume": volume, "fill": fill})

    def _post(
        self, path: str, body: Mapping[str, object], *, leased: bool = True
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if leased:
            headers["Authorization"] = f"Bearer {self._lease}"
        answer = ask("POST", self._url + path, headers=headers, body=json.dumps(body).encode())
        if answer.status >= 300:  # noqa: PLR2004 - all the good ones are below
            raise RegistrationError(
                f"gateway: {path}: {answer.status} {answer.text[:300]}",
                status=answer.status,
                retry_seconds=float(answer.headers.get("retry-after") or 0),
            )
        found: dict[str, Any] = json.loads(answer.body) if answer.body else {}
        return found


def by_token(token: str, size: Mapping[str, float]) -> Prove:
    """Prove by a registration token; the gateway gives a name, which is then told again."""
    return lambda _nonce: {"way": TOKEN, "token": token, "name": "", "resume": "", **size}
