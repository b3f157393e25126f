"""The body of an embedded instance that boots its image; ends when the machine is off.

It lives in a mount and a process namespace of its own, which it enters by starting itself again:
however it ends, no mount is left, and no process. An instance launched with a key pair is being
baked: it boots in the network of the host, ssh on a port of loopback, and keeps what it changed.
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from workhorse.local.agent.boot import CLOCK, ENDPOINT, METADATA
from workhorse.local.agent.cloud import CallError, Cloud
from workhorse.local.machine import boot, namespace
from workhorse.local.machine.disks import handed_in
from workhorse.local.machine.identity import identity, made_from
from workhorse.local.machine.layers import Library, Machine

FAILED = 1
DEFAULT_REGION = "us-east-1"
ALONE = (
    *("unshare", "--mount", "--propagation", "private"),
    *("--pid", "--fork", "--kill-child", "--mount-proc", "--"),
)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(prog="python -m workhorse.local.machine", description=__doc__)
    found.add_argument("instance", help="id of the instance")
    found.add_argument("--folder", type=Path, required=True, help="of images and machines")
    found.add_argument("--ssh-port", type=int, default=0, help="of a machine that is baked")
    found.add_argument(
        "--port", type=int, action="append", default=[], help="of loopback, to be seen inside too"
    )
    found.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    return found


def main(arguments: Sequence[str]) -> int:
    """Be the machine until it is off; 1 when it could not boot."""
    given = parser().parse_args(arguments)
    if not given.alone:
        again = [sys.executable, "-m", "workhorse.local.machine", "--alone", *arguments]
        os.execvp(ALONE[0], [*ALONE, *again])  # noqa: S606 - no shell is wanted
    if lacking := [name for name in (METADATA, ENDPOINT, CLOCK) if name not in os.environ]:
        sys.stderr.write(f"{', '.join(lacking)}: must be set, as the embedded AWS does\n")
        return FAILED
    try:
        return asyncio.run(_live(given))
    except (OSError, LookupError, CallError) as error:
        sys.stderr.write(f"{given.instance}: {error}\n")
        return FAILED


async def _live(given: argparse.Namespace) -> int:
    endpoint = os.environ[ENDPOINT]
    region = os.environ.get("AWS_REGION", DEFAULT_REGION)
    cloud = Cloud(endpoint, region)
    library = Library(given.folder, lambda image: made_from(cloud, image))
    who = identity(cloud, given.instance)
    machine = library.machine(given.instance)
    machine.make(library.stack(who.image))
    machine.mount()
    try:
        if who.public_key:
            boot.authorise(machine, who.public_key)
            return await _run(boot.bake_command(machine, given.ssh_port), machine.log)
        told = boot.Told(
            endpoint=endpoint, metadata=os.environ[METADATA], region=region, clock=os.environ[CLOCK]
        )
        async with handed_in(given.folder.resolve() / "volumes", cloud, given.instance):
            return await _serve(machine, given.port, told)
    finally:
        machine.unmount()
        if who.public_key:
            boot.tidy(machine)
        else:
            machine.forget()


async def _serve(machine: Machine, ports: Sequence[int], told: boot.Told) -> int:
    """Boot an agent in a network where the endpoints are, and nothing else is."""
    network = namespace.isolated(sorted({urlsplit(told.endpoint).port or 80, *ports}))
    servers = await namespace.forward(network)
    try:
        return await _run(boot.agent_command(machine, network.path, told), machine.log)
    finally:
        for server in servers:
            server.close()


async def _run(command: Sequence[str], log: Path) -> int:
    """Boot, and pass SIGTERM on as a press of the power button."""
    with log.open("ab") as console:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            env=boot.environment(os.environ),
            start_new_session=True,
        )
    pressed = asyncio.Event()

    def press() -> None:
        # Of two, systemd-nspawn takes the second for impatience.
        if not pressed.is_set():
            pressed.set()
            process.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, press)
    return await process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
