"""Leave, but not before the builds have ended or a deadline has passed: `workhorse-leave stop`.

The gateway is asked, by the lease that only root reads: no build can stop the machine it runs on.
From then on the controller gives this agent no builds, waits for those that run, and has its group
end the instance, which ends this program too. When the deadline passes before that, the machine is
powered off, with whatever still runs: that is what a deadline is for, and the journal says so.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .exchange import FailedError
from .folder import RUN, lease_of
from .gateway import Gateway
from .speak import gateway_of_this_machine
from .tell import say

DEADLINE_SECONDS = 3600.0
LOOK_SECONDS = 5.0
"""Between one try to be heard, or one look at the clock, and the next."""

AGAIN_SECONDS = 30.0
"""Between one ask that was heard and the next: a controller started in between knows of none."""

PROC = Path("/proc")
TAG = b"BUILD_TAG="
"""Jenkins gives it to every process of a build."""


def running(proc: Path = PROC) -> list[str]:
    """The builds that have a process on this machine, by Jenkins' BUILD_TAG."""
    found = set()
    for environment in proc.glob("[0-9]*/environ"):
        try:
            variables = environment.read_bytes().split(b"\0")
        except OSError:
            continue
        found |= {
            each[len(TAG) :].decode(errors="replace") for each in variables if each[:10] == TAG
        }
    return sorted(found - {""})


@dataclass
class Stop:
    """One stop with a deadline. The clock and the rest are arguments, for tests."""

    ask: Callable[[], object]
    """Say to the gateway that this agent stops; raises FailedError or OSError."""
    power_off: Callable[[], object]
    builds: Callable[[], list[str]] = running
    clock: Callable[[], float] = time.monotonic
    rest: Callable[[float], None] = time.sleep

    def until(self, seconds: float) -> None:
        """Wait to be ended; power off when nobody did so in time."""
        end = self.clock() + seconds
        asked, ask_at = False, self.clock()
        while (left := end - self.clock()) > 0:
            if self.clock() >= ask_at and self._asked(first=not asked):
                asked, ask_at = True, self.clock() + AGAIN_SECONDS
            self.rest(min(LOOK_SECONDS, left))
        still = self.builds()
        say(
            f"stop: {seconds:g} seconds have passed; still running: {', '.join(still) or 'nothing'}"
        )
        if not asked:
            say("stop: the gateway was never reached")
        self.power_off()

    def _asked(self, *, first: bool) -> bool:
        try:
            self.ask()
        except (OSError, FailedError) as error:
            say(f"stop: {error}")
            return False
        if first:
            say("stop: no new builds come; the instance is ended when those that run are done")
        return True


def held(run: Path) -> bool:
    """Whether whoever calls holds this agent's lease."""
    try:
        return bool(lease_of(run))
    except PermissionError:
        return False


def power_off() -> None:
    """Have systemd end everything in order, and switch off."""
    subprocess.run(["systemctl", "poweroff"], check=True, timeout=60)


def main(arguments: Sequence[str] | None = None) -> int:
    """Stop this machine; 1 when it cannot even be tried."""
    parser = argparse.ArgumentParser(prog="workhorse-leave stop", description="Leave in order.")
    parser.add_argument(
        "--deadline", default=DEADLINE_SECONDS, type=float, metavar="SECONDS", help="then power off"
    )
    parser.add_argument("--run", default=RUN, type=Path, help="where the lease is")
    given = parser.parse_args(arguments)
    if not held(given.run):
        say("stop: there is no lease: only root may stop an agent, and only one that registered")
        return 1
    try:
        gateway: Gateway = gateway_of_this_machine(given.run)
    except (OSError, ValueError, FailedError) as error:
        say(f"stop: {error}")
        return 1
    body = {"kind": "stop", "detail": f"deadline {given.deadline:g} s", "log": ""}
    Stop(lambda: gateway.call("POST", "/v1/ask", body), power_off).until(given.deadline)
    return 0


if __name__ == "__main__":
    sys.exit(main())
