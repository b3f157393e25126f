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
from workhorse.local.jenkins.profile import profile

INSTALL = "pip install 'workhorse[local]'"
LAST_PORT = 65_535


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(prog="python -m workhorse.local.jenkins")
    add = found.add_argument
    add("--port", type=int, default=0, help="loopback port, 0 for a free one")
    add(
        "--clock",
        type=ScaledClock.parse,
        metavar="ORIGIN:REAL0:SPEED",
        help="virtual time, default the wall",
    )
    add("--version", type=_version, default="2.541.2", help="core to stand in for, or 2.462.3")
    add("--user", default="admin", help="name of the administrator")
    add("--token-file", type=Path, help="holds the administrator's token; made when absent")
    add("--prefix", default="", help="context path, such as /jenkins")
    return found


def _version(text: str) -> str:
    return profile(text).version


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to end; 1 when the port or the token's file cannot be used.

    Wrong options and packages that are not there end it with 2.
    """
    said = parser()
    options = said.parse_args(arguments)
    if not 0 <= options.port <= LAST_PORT:
        said.error(f"argument --port: {options.port}: must be from 0 to {LAST_PORT}")
    try:
        asyncio.run(_serve(options))
    except ModuleNotFoundError as lacking:
        said.error(f"{lacking}: {INSTALL}")
    except (OSError, UnicodeDecodeError) as wrong:
        sys.stderr.write(f"{said.prog}: {wrong}\n")
        return 1
    return 0


async def _serve(options: argparse.Namespace) -> None:
    from workhorse.local.jenkins.server import Server  # noqa: PLC0415 - it needs the extra

    server = Server(options.version, options.clock or ScaledClock(), options.prefix)
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
    sys.exit(main())
