"""Run a stand-in as a process: `python -m workhorse.local.jenkins --port 0 --clock SPEC`.

It prints one line, {"url": ...}, when it is ready, and ends on SIGTERM or SIGINT.
"""

import argparse
import asyncio
import json
import secrets
import signal
import sys
from pathlib import Path

from workhorse.local.clock import ScaledClock
from workhorse.local.jenkins.permissions import ADMINISTER, User
from workhorse.local.jenkins.server import Server
from workhorse.local.jenkins.standin import DEFAULT_VERSION


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="python -m workhorse.local.jenkins")
    add = parser.add_argument
    add("--port", type=int, default=0, help="loopback port, 0 for a free one")
    add("--clock", default="", metavar="ORIGIN:REAL0:SPEED", help="virtual time, default the wall")
    add("--version", default=DEFAULT_VERSION, help="core to stand in for, 2.541.2 or 2.462.3")
    add("--user", default="admin", help="name of the administrator")
    add("--token-file", type=Path, help="holds the administrator's token; made when absent")
    add("--prefix", default="", help="context path, such as /jenkins")
    asyncio.run(_serve(parser.parse_args(arguments)))


async def _serve(options: argparse.Namespace) -> None:
    clock = ScaledClock.parse(options.clock) if options.clock else ScaledClock()
    server = Server(options.version, clock, options.prefix)
    token = _token(options.token_file)
    permissions = frozenset({ADMINISTER})
    server.security.add(
        User(name=options.user, token=token, password=token, permissions=permissions)
    )
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await server.start(options.port)
    sys.stdout.write(json.dumps({"url": server.url}) + "\n")
    sys.stdout.flush()
    await ended.wait()
    await server.stop()


def _token(path: Path | None) -> str:
    """The token in the file; a new one is written where there is no file."""
    if path is not None and path.exists():
        return path.read_text().strip()
    token = f"11{secrets.token_hex(16)}"
    if path is not None:
        path.touch(mode=0o600)
        path.write_text(token + "\n")
    return token


if __name__ == "__main__":
    main()
