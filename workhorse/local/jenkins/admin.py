"""`/_local/...`: what no real Jenkins has, for demos and tests; it needs no credentials.

GET  accounting   {"builds": [...]}: every build with its virtual times and why it was lost
GET  state        clock, queue length, nodes, whether the controller boots
GET  comings      {NODE: virtual time}: when an agent of each name first connected
GET  requests     {"GET api/json": count}: requests answered, by method and last parts of the path
POST restart      {"hard": bool}
POST faults       {"path_regex", "count", "status" | "delay" in real seconds}
POST agents/NAME  {"connected": bool}: an agent inside the stand-in comes or dies
POST advance      {"seconds"}: only where the clock stands still
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workhorse.local.clock import ScaledClock
from workhorse.local.jenkins.answers import Answer
from workhorse.local.jenkins.channels import InnerAgent
from workhorse.local.jenkins.controller import Controller
from workhorse.local.jenkins.permissions import Security
from workhorse.local.jenkins.runs import Run


@dataclass
class Fault:
    """Answers to spoil: how many are left, and how."""

    path: re.Pattern[str]
    count: int
    status: int = 0
    delay: float = 0.0
    """Real seconds before the answer."""


@dataclass
class Admin:
    """The back door of one stand-in."""

    controller: Controller
    clock: ScaledClock
    security: Security
    faults: list[Fault] = field(default_factory=list)
    inner: dict[str, InnerAgent] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)

    def count(self, method: str, path: tuple[str, ...]) -> None:
        """Count a request; what comes before the last part, or before `api`, is who it is about."""
        asked = [part for part in path if part] or [""]
        self.requests[f"{method} {'/'.join(asked[-2:] if 'api' in asked else asked[-1:])}"] += 1

    def fault(self, path: str) -> Fault | None:
        """The fault that meets a request, used up by one."""
        for fault in self.faults:
            if fault.count > 0 and fault.path.search(path):
                fault.count -= 1
                return fault
        return None

    def answer(self, method: str, path: tuple[str, ...], body: bytes) -> Answer:
        """Answer a request to `/_local/`."""
        try:
            wish = json.loads(body or b"{}")
            found = self._do(method, path, wish)
        except (KeyError, ValueError, TypeError, re.error) as error:
            return _json({"error": str(error)}, 400)
        return _json({"error": "no such page"}, 404) if found is None else _json(found, 200)

    def restart(self, *, hard: bool) -> None:
        """Restart the controller; sessions end with it."""
        self.security.restarted()
        self.controller.restart(hard=hard)

    def connect(self, name: str) -> bool:
        """An agent inside the stand-in goes online."""
        agent = InnerAgent(self.controller, name)
        self.inner[name] = agent
        return agent.connect()

    def vanish(self, name: str) -> None:
        """An agent inside the stand-in dies; raises KeyError when there is none."""
        self.inner.pop(name).vanish()

    def advance(self, seconds: float) -> None:
        """Let virtual time pass and do what falls due."""
        self.controller.advance(self.clock.advance(seconds))

    def _do(self, method: str, path: tuple[str, ...], wish: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - JSON
        match method, path:
            case "GET", ("accounting",):
                return {"builds": [_account(run) for run in self.controller.world.history]}
            case "GET", ("state",):
                return self._state()
            case "GET", ("comings",):
                return dict(self.controller.world.comings)
            case "GET", ("requests",):
                return dict(self.requests)
            case "POST", ("restart",):
                self.restart(hard=bool(wish.get("hard", False)))
            case "POST", ("faults",):
                self._spoil(wish)
            case "POST", ("agents", name):
                self.connect(name) if wish["connected"] else self.vanish(name)
            case "POST", ("advance",):
                self.advance(float(wish["seconds"]))
            case _:
                return None
        return {}

    def _spoil(self, wish: Mapping[str, Any]) -> None:
        fault = Fault(
            path=re.compile(str(wish["path_regex"])),
            count=int(wish.get("count", 1)),
            status=int(wish.get("status", 0)),
            delay=float(wish.get("delay", 0)),
        )
        self.faults.append(fault)

    def _state(self) -> dict[str, Any]:
        world = self.controller.world
        return {
            "now": world.now,
            "clock": str(self.clock),
            "version": world.profile.version,
            "session": world.session,
            "booting": self.controller.booting,
            "quieting": world.quieting,
            "queue": len(world.items),
            "running": [run.execution for run in world.history if run.building],
            "nodes": {
                computer.name: {"online": computer.online, "idle": computer.idle}
                for computer in world.sorted_computers()
                if not computer.built_in
            },
        }


def _account(run: Run) -> dict[str, Any]:
    return {
        "name": run.full_job,
        "job": run.job.name,
        "number": run.number,
        "queued": run.queued,
        "started": run.started,
        "ended": run.ended,
        "node": run.place,
        "result": run.result,
        "lost": None if run.lost is None else str(run.lost),
        "parameters": run.values(),
    }


def _json(found: Mapping[str, Any], status: int) -> Answer:
    return Answer(status=status, body=json.dumps(found), content_type="application/json")
