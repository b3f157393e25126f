"""Watch over this agent as long as the machine runs; the decisions are those of `vigil`.

    PYTHONPATH=/usr/local/lib python3 -m workhorse.watch

As root: it reads the lease, and starts the agent's unit. Everything it waits for has an end, so
that a notice of two minutes is handed on within seconds; what fails is tried at a later turn.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import vigil
from .exchange import FailedError
from .folder import RUN, answer_of, keep_lease
from .gateway import UNAUTHORIZED, Gateway
from .machine import Machine, learn
from .metadata import Metadata
from .patience import Patience
from .register import enter
from .tell import say

TURN_SECONDS = 2.0
"""Between one look at the metadata service and the next: a notice is for two minutes."""

ANSWER_SECONDS = 3.0
"""Longest wait for an answer of the gateway, which stands before the next look: with the turn it
makes the five seconds in which a notice is handed on. Only registering again may take longer."""

UNIT = "workhorse-agent.service"
AT_ONCE = 4
"""So many steps without a rest, when the news of one brings on the next."""

NOTICES = {
    "spot": "meta-data/spot/instance-action",
    "rebalance": "meta-data/events/recommendations/rebalance",
    "target": "meta-data/autoscaling/target-lifecycle-state",
}
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html"""


def control(*arguments: str) -> None:
    """systemctl, whose failure is told and changes nothing."""
    try:
        subprocess.run(["systemctl", *arguments], check=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        say(f"watch: {error}")


@dataclass
class Watch:
    """One watcher: where it looks, whom it tells, what it remembers."""

    metadata: Metadata | None
    gateway: Gateway
    enter: Callable[[], object]
    """Come in again; raises FailedError or OSError."""
    rules: vigil.Rules
    run: Path
    control: Callable[..., None] = control
    state: vigil.State = field(default_factory=vigil.State)
    _news: tuple[vigil.News, ...] = ()

    def turn(self, now: float, dice: Callable[[], float]) -> None:
        """Look, decide, act; at once again as long as there is news to act upon."""
        seen = self._look()
        for _ in range(AT_ONCE):
            known = vigil.Seen(news=self._news, **seen)
            self.state, actions = vigil.step(self.rules, self.state, known, now, dice())
            self._news = tuple(news for action in actions for news in self._act(action))
            if not self._news:
                return

    def _look(self) -> dict[str, str]:
        """What EC2 announces; what cannot be read announces nothing, and hides nothing else."""
        seen: dict[str, str] = {}
        if self.metadata is None:
            return seen
        for name, path in NOTICES.items():
            try:
                seen[name] = self.metadata.maybe(path).strip()
            except FailedError as error:
                say(f"watch: {error}")
            except OSError as error:  # nobody is there: the others would be waited for as long
                say(f"watch: {error}")
                break
        return seen

    def _act(self, action: vigil.Action) -> Sequence[vigil.News]:
        match action:
            case vigil.Ask(kind=kind, detail=detail):
                body: Mapping[str, object] = {"kind": kind, "detail": detail, "log": ""}
                return self._say("/v1/ask", body, lambda _: vigil.Accepted(kind=kind), kind)
            case vigil.SayHere():
                return self._say("/v1/here", {}, self._heard)
            case vigil.Register():
                return [self._register()]
            case vigil.StartAgent():
                # A unit that gave up may be started again; one that runs is left alone.
                self.control("reset-failed", UNIT)
                self.control("--no-block", "start", UNIT)
        return []

    def _say(
        self,
        path: str,
        body: Mapping[str, object],
        heard: Callable[[dict[str, object]], vigil.News],
        told: str = "",
    ) -> Sequence[vigil.News]:
        try:
            news = heard(self.gateway.call("POST", path, body, again=False))
        except FailedError as error:
            say(f"watch: {error}")
            return [vigil.Refused()] if error.status == UNAUTHORIZED else []
        except OSError as error:
            say(f"watch: gateway: {path}: {error}")
            return []
        if told:
            say(f"watch: the gateway knows: {told}")
        return [news]

    def _heard(self, answer: dict[str, object]) -> vigil.Heard:
        lease, known, idle = (answer.get(key) for key in ("lease", "known", "idle_seconds"))
        if isinstance(lease, str) and lease:
            keep_lease(self.run, lease)
        return vigil.Heard(
            known=known if isinstance(known, bool) else None,
            leaving=answer.get("leaving") is True,
            idle_seconds=float(idle) if isinstance(idle, int | float) else None,
        )

    def _register(self) -> vigil.News:
        try:
            self.enter()
        except FailedError as error:
            say(f"watch: {error}")
            return vigil.Shut(retry_seconds=error.retry_seconds)
        except OSError as error:
            say(f"watch: register: {error}")
            return vigil.Shut()
        say("watch: registered again")
        self.rules = replace(self.rules, idle_seconds=idle_seconds(self.run))
        return vigil.Registered()


def idle_seconds(run: Path) -> float:
    """After how long without a build the gateway wants to be asked; 0 for never."""
    idle = answer_of(run).get("idle_minutes")
    return 60 * float(idle) if isinstance(idle, int | float) else 0


def watch_of(machine: Machine, environ: Mapping[str, str], run: Path) -> Watch:
    """The watcher of this machine. A trial may give it another pace."""
    rules = vigil.Rules(
        here_seconds=float(environ.get("WORKHORSE_HERE_SECONDS") or vigil.HERE_SECONDS),
        idle_seconds=idle_seconds(run),
    )
    quick = Gateway(machine.told.gateway_url, machine.claim, run, seconds=ANSWER_SECONDS)
    patient = Gateway(machine.told.gateway_url, machine.claim, run)
    metadata = machine.metadata and Metadata(machine.metadata.endpoint, kept=True)
    return Watch(
        metadata=metadata,
        gateway=quick,
        enter=lambda: enter(machine, patient, run),
        rules=rules,
        run=run,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch until this process is ended; 1 when the machine could not say what it is."""
    parser = argparse.ArgumentParser(prog="watch", description="Watch over this agent.")
    parser.add_argument("--run", default=RUN, type=Path, help="where registration left its files")
    given = parser.parse_args(arguments)
    try:
        machine = Patience(300)(lambda: learn(os.environ))
        watch = watch_of(machine, os.environ, given.run)
    except (OSError, ValueError, FailedError) as error:
        say(f"watch: {error}")
        return 1
    pace = float(os.environ.get("WORKHORSE_WATCH_SECONDS") or TURN_SECONDS)
    chance = random.Random(f"{machine.name} {time.time()}")  # noqa: S311 - pauses are no secret
    # It has just registered: what the gateway saw last may be older than that.
    first = time.monotonic() + watch.rules.here_seconds * (0.5 + chance.random())
    watch.state = vigil.State(here_at=first)
    while True:
        watch.turn(time.monotonic(), chance.random)
        time.sleep(pace)


if __name__ == "__main__":
    sys.exit(main())
