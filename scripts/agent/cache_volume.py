"""The verbs of `cache`: from a claim at the gateway to a mounted volume, and back.

Whatever goes wrong, the agent works: `/mnt/cache` is then an empty directory, and the gateway is
told why. Nothing is formatted that is not surely empty, unless an agent had made it before.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cache_clean import clean, fill_of
from .tell import say

CLAIM_SECONDS = 30
"""For the claim: the gateway tries other volumes for 20 s."""
TELL_SECONDS = 15
"""For a report, or for letting go."""
APPEAR_SECONDS = 60
"""How long an attached volume may take to be there; EC2 needs some seconds."""
PREPARE_SECONDS = 120
"""For checking, growing or formatting."""
MOUNT_SECONDS = 20
UNMOUNT_SECONDS = 15
"""How long something may still be open when the agent and Docker have ended."""
ALL_SECONDS = 150
"""For all of a verb but the last word to the gateway: its unit waits three minutes."""
FOREIGN, CORRUPT = 3, 4
"""Exit statuses of `cache-disk`."""

TOO_LONG = (124, 137)
"""Exit statuses of `timeout` when it ended the program, or had to kill it."""
SPARE_SECONDS = 5
"""A program that is told to end may take that long."""

KINDS = {FOREIGN: "foreign", CORRUPT: "corrupt"}
"""The first word of the reason, that the keeper of the volumes knows."""


class CacheError(Exception):
    """There will be no cache; the message begins with the kind of trouble."""


@dataclass(frozen=True)
class Machine:
    """Where things are; another place for each in tests."""

    place: Path
    run: Path
    speak: tuple[str, ...]
    programs: Path
    appear_seconds: int
    unmount_seconds: int
    until: float
    """By when it must be done, on the monotonic clock."""

    @property
    def state(self) -> Path:
        """Names the volume that was claimed, until it was let go."""
        return self.run / "cache.json"

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Machine":
        """As the environment says, or as on the image."""
        ours = f"{shlex.quote(sys.executable)} -m {__package__}.speak"
        return cls(
            place=Path(environ.get("WORKHORSE_CACHE", "/mnt/cache")),
            run=Path(environ.get("WORKHORSE_RUN", "/run/workhorse")),
            speak=tuple(shlex.split(environ.get("WORKHORSE_SPEAK", ours))),
            programs=Path(__file__).resolve().parent,
            appear_seconds=int(environ.get("WORKHORSE_APPEAR_SECONDS", str(APPEAR_SECONDS))),
            unmount_seconds=int(environ.get("WORKHORSE_UNMOUNT_SECONDS", str(UNMOUNT_SECONDS))),
            until=time.monotonic() + ALL_SECONDS,
        )

    def told(self) -> dict[str, str]:
        """What registering left behind."""
        try:
            lines = (self.run / "agent.env").read_text("utf-8").splitlines()
        except OSError:
            return {}
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def ask(self, what: str, body: Mapping[str, object], seconds: int) -> dict[str, Any]:
        """A word with the gateway; raises CacheError."""
        command = (*self.speak, "--seconds", str(seconds), "POST", f"/v1/volume/{what}", "-")
        answer = ran(command, seconds + SPARE_SECONDS, given=json.dumps(body))
        try:
            found = json.loads(answer)
        except ValueError as error:
            raise CacheError(f"failed: {what}: {error}") from error
        return found if isinstance(found, dict) else {}

    def disk(self, program: str, *arguments: str, seconds: int) -> str:
        """What a program of the cache says; raises CacheError."""
        left = int(self.until - time.monotonic())
        if left <= 0:
            raise CacheError("failed: there is no time left")
        return ran((str(self.programs / program), *arguments), min(seconds, left)).strip()


def ran(command: Sequence[str], seconds: int, given: str = "") -> str:
    """What a program printed; raises CacheError when it fails or takes too long.

    `timeout` ends all that the program began: a disk that is still being checked is not let go.
    """
    name = Path(command[0]).name
    bounded = ("timeout", f"--kill-after={SPARE_SECONDS}", str(seconds), *command)
    longest = seconds + 2 * SPARE_SECONDS
    try:
        ended = subprocess.run(
            bounded, input=given, capture_output=True, text=True, errors="replace",
            timeout=longest, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CacheError(f"failed: {name}: {error}") from error
    if ended.returncode in TOO_LONG:
        raise CacheError(f"failed: {name} took more than {seconds} s")
    if ended.returncode:
        words = " ".join(ended.stderr.split())[-300:]
        kind = KINDS.get(ended.returncode, "failed")
        raise CacheError(f"{kind}: {words or f'{name} ended with {ended.returncode}'}")
    return ended.stdout


def mount(machine: Machine) -> None:
    """Have a volume at the place, or an empty directory."""
    machine.place.mkdir(mode=0o755, parents=True, exist_ok=True)
    if os.path.ismount(machine.place):
        say(f"cache: {machine.place} is mounted already")
        return
    told = machine.told()
    if told.get("CACHE") != "yes" or not told.get("GATEWAY_URL"):
        say("cache: the agents of this pool have none")
        return
    try:
        claim = machine.ask("claim", {}, CLAIM_SECONDS)
    except CacheError as error:
        say(f"cache: none, {error}")
        return
    volume = str(claim.get("volume") or "")
    if not volume:
        say(f"cache: none, {claim.get('because') or 'and nobody says why'}")
        return
    machine.state.write_text(json.dumps({"volume": volume}), "utf-8")
    try:
        done = use(machine, volume, str(claim.get("device") or ""), str(claim.get("state")))
    except CacheError as error:
        do_without(machine, volume, str(error))
        return
    fill = fill_of(machine.place)
    say(f"cache: {volume} was {claim.get('state')}, is {done} and {fill:.0%} full")
    report = {"volume": volume, "mounted": True, "because": "", "fill": fill}
    tell(machine, "report", {**report, "wiped": done == "wiped"})


def use(machine: Machine, volume: str, device: str, state: str) -> str:
    """Find, mend and mount it, and say what was done to it; raises CacheError."""
    longest = machine.appear_seconds
    disk = machine.disk("cache-find", volume, device, str(longest), seconds=longest + SPARE_SECONDS)
    done = machine.disk("cache-disk", "prepare", disk, state, seconds=PREPARE_SECONDS)
    try:
        machine.disk("cache-disk", "mount", disk, str(machine.place), seconds=MOUNT_SECONDS)
    except CacheError:
        if os.path.ismount(machine.place):
            unmount(machine)
        raise
    tidy(machine, with_docker=True)
    return done


def tidy(machine: Machine, *, with_docker: bool) -> None:
    """Make room; where that is not possible, builds find out how much there is."""
    try:
        clean(machine.place, with_docker=with_docker)
    except OSError as error:
        say(f"cache: not cleaned: {error}")


def unmount(machine: Machine) -> None:
    """Take it off its place; raises CacheError while something is open there."""
    place, longest = str(machine.place), machine.unmount_seconds
    machine.disk("cache-disk", "unmount", place, str(longest), seconds=longest + SPARE_SECONDS)


def do_without(machine: Machine, volume: str, because: str) -> None:
    """Say why, and let it go, so that another may look at it."""
    say(f"cache: none, {volume}: {because}")
    report = {"volume": volume, "mounted": False, "because": because, "fill": None}
    tell(machine, "report", {**report, "wiped": False})
    if not os.path.ismount(machine.place):
        let_go(machine, volume, None)


def release(machine: Machine) -> bool:
    """Unmount what was claimed and let it go; False while something is open there."""
    try:
        volume = str(json.loads(machine.state.read_text("utf-8"))["volume"])
    except (OSError, ValueError, LookupError, TypeError):
        return True
    fill = None
    if os.path.ismount(machine.place):
        fill = fill_of(machine.place)
        try:
            unmount(machine)
        except CacheError as error:
            say(f"cache: {volume} stays, {error}")
            return False
    let_go(machine, volume, fill)
    return True


def let_go(machine: Machine, volume: str, fill: float | None) -> None:
    """It is unmounted: it is the next agent's."""
    if tell(machine, "release", {"volume": volume, "fill": fill}):
        machine.state.unlink(missing_ok=True)


def tell(machine: Machine, what: str, body: Mapping[str, object]) -> bool:
    """Tell the gateway; what it does not hear, the next agent finds out, or the ledger."""
    try:
        machine.ask(what, body, TELL_SECONDS)
    except CacheError as error:
        say(f"cache: the gateway was not told ({what}): {error}")
        return False
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one verb; 1 only for a volume that could not be unmounted."""
    parser = argparse.ArgumentParser(prog="cache", description="The cache volume of this instance.")
    parser.add_argument("verb", choices=("mount", "release", "clean"))
    verb = parser.parse_args(arguments).verb
    machine = Machine.of(os.environ)
    if verb == "release":
        return 0 if release(machine) else 1
    if verb == "mount":
        mount(machine)
    else:
        tidy(machine, with_docker=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
