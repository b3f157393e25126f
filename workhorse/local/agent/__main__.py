"""The body of an embedded instance: boot, register, connect, run builds until it is ended."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from workhorse.local.agent import disk
from workhorse.local.agent.boot import (
    CLOCK,
    ENDPOINT,
    METADATA,
    PAUSE_SECONDS,
    Machine,
    boot,
    home,
    orphaned,
    patiently,
)
from workhorse.local.agent.cloud import CallError
from workhorse.local.agent.keeping import Keeping
from workhorse.local.agent.place import Place, RegistrationError
from workhorse.local.agent.programs import Programs
from workhorse.local.agent.work import Executors
from workhorse.local.clock import ScaledClock
from workhorse.local.jenkins.agent_link import AgentLink, RefusedError, connect

FAILED = 1

CLAIMS = 3
"""How often it tries to get a volume: an agent works without one, too."""


def main(arguments: Sequence[str]) -> int:
    """Serve until killed; 1 when the machine could not boot, which powers it off."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if lacking := [name for name in (METADATA, ENDPOINT, CLOCK) if name not in os.environ]:
        sys.stderr.write(f"{', '.join(lacking)}: must be set, as the embedded AWS does\n")
        return FAILED
    try:
        machine = boot(os.environ)
        clock = ScaledClock.parse(os.environ[CLOCK])
        if not machine.image.wait(clock):
            return 0
        place = patiently(machine.registrar.register, speed=clock.speed)
        with _kept(machine, place, clock):
            if "--agent-jar" in arguments:
                from workhorse.local.agent.jar import run  # noqa: PLC0415 - most need it not

                return run(place)
            serve(machine, place, clock)
    except (OSError, ValueError, CallError, RegistrationError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return 0


@contextmanager
def _kept(machine: Machine, place: Place, clock: ScaledClock) -> Iterator[None]:
    """What the gateway gives beside a node: a volume until the end, and an ear."""
    gateway = machine.gateway
    if gateway is None:
        yield
        return
    cache = home(place) / "cache"
    held = disk.Disk(gateway, place.name, disk.volumes(os.environ))
    Keeping(machine, gateway, place, clock).start()
    try:
        if place.cache:
            _try(
                lambda: patiently(
                    lambda: held.mount(cache, clock.now()), tries=CLAIMS, speed=clock.speed
                )
            )
        yield
    finally:
        _try(lambda: held.release(cache))


def _try(act: Callable[[], None]) -> None:
    """Do what an agent can do without, and say when it cannot be done."""
    try:
        act()
    except (OSError, RegistrationError) as error:
        sys.stderr.write(f"{error}\n")


def serve(machine: Machine, place: Place, clock: ScaledClock) -> None:
    """Connect, work, and connect again, for good."""
    parent = os.getppid()
    link = connect(place.jenkins_url, place.name, place.secret, reconnect=False)
    programs = Programs(home(place) / "bin", healthy=machine.image.healthy)
    executors = Executors(link, clock, home(place), programs)
    rest = threading.Event()
    while not orphaned(parent):
        try:
            _converse(machine, link, executors)
        except (OSError, RegistrationError) as error:
            sys.stderr.write(f"{error}\n")
            rest.wait(PAUSE_SECONDS)


def _converse(machine: Machine, link: AgentLink, executors: Executors) -> None:
    """One connection, from its handshake to its end.

    An agent of the gateway that is refused hears from there whether Jenkins forgot it; one of the
    Swarm plugin creates its node again.

    Raises:
        OSError, RegistrationError: it failed or ended; to be tried again after a pause.
    """
    try:
        for message in link.messages():
            executors.take(message)
    except RefusedError as refused:
        if machine.gateway is None:
            machine.registrar.register()
        raise ConnectionRefusedError(str(refused)) from refused


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
