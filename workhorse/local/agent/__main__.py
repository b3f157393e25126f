"""The body of an embedded instance: boot, register, connect, run builds until it is ended."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from workhorse.local.agent.boot import CLOCK, Machine, boot, orphaned, patiently
from workhorse.local.agent.cloud import CallError
from workhorse.local.agent.programs import Programs
from workhorse.local.agent.registration import RegistrationError
from workhorse.local.agent.work import Executors
from workhorse.local.clock import ScaledClock
from workhorse.local.jenkins.agent_link import AgentLink, RefusedError, connect

FAILED = 1


def main(arguments: Sequence[str]) -> int:
    """Serve until killed; 1 when the machine could not boot, which powers it off."""
    try:
        machine = boot(os.environ)
        clock = ScaledClock.parse(os.environ[CLOCK])
        if not machine.image.wait(clock):
            return 0
        if "--agent-jar" in arguments:
            from workhorse.local.agent.jar import become  # noqa: PLC0415 - most agents need it not

            become(machine)
        serve(machine, clock)
    except (OSError, ValueError, CallError, RegistrationError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return 0


def serve(machine: Machine, clock: ScaledClock) -> None:
    """Connect, work, and connect again; a controller that forgot the node is told of it again."""
    parent = os.getppid()
    settings = machine.settings
    link = connect(settings.jenkins_url, machine.name, patiently(machine.register), reconnect=False)
    directory = Path(settings.remote_directory, machine.name)
    programs = Programs(directory / "bin", healthy=machine.image.healthy)
    executors = Executors(link, clock, directory, programs)
    while not orphaned(parent):
        patiently(lambda: _converse(machine, link, executors))


def _converse(machine: Machine, link: AgentLink, executors: Executors) -> None:
    """One connection, from its handshake to its end.

    Raises:
        OSError: it failed or ended; to be tried again after a pause.
    """
    try:
        for message in link.messages():
            executors.take(message)
    except RefusedError as refused:
        machine.register()
        raise ConnectionRefusedError(str(refused)) from refused


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
