"""`python -m workhorse.local.aws`: the embedded AWS as a process of its own.

Prints {"endpoint": URL, "clock": SPEC} as one line when it is ready; SIGTERM or SIGINT ends
it and every instance body.
"""

import argparse
import json
import shlex
import signal
import sys
import threading

from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock

INSTALL = "pip install 'workhorse[local]'"
LAST_PORT = 65_535


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(prog="python -m workhorse.local.aws", description=__doc__)
    default = Timings()
    found.add_argument("--port", type=int, default=0, help="port on 127.0.0.1, 0 for a free one")
    found.add_argument(
        "--clock",
        type=ScaledClock.parse,
        metavar="ORIGIN:REAL0:SPEED",
        help="virtual time, shared with others (default: wall)",
    )
    found.add_argument(
        "--body", type=shlex.split, default=[], help="command for each instance, {instance} its id"
    )
    found.add_argument(
        "--no-managed-policies", action="store_true", help="leave AWS' own IAM policies out"
    )
    for name in default.__slots__:
        option = f"--{name}-seconds"
        found.add_argument(
            option, type=float, default=getattr(default, name), help="virtual seconds"
        )
    return found


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; wrong options and packages that are not there end it with 2."""
    said = parser()
    options = said.parse_args(arguments)
    if not 0 <= options.port <= LAST_PORT:
        said.error(f"argument --port: {options.port}: must be from 0 to {LAST_PORT}")
    try:
        from workhorse.local.aws.server import EmbeddedAws  # noqa: PLC0415 - it needs the extra
    except ModuleNotFoundError as lacking:
        said.error(f"{lacking}: {INSTALL}")
    clock = options.clock or ScaledClock()
    names = Timings().__slots__
    timings = Timings(**{name: getattr(options, f"{name}_seconds") for name in names})
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    with EmbeddedAws(
        clock,
        timings=timings,
        port=options.port,
        body=options.body,
        managed_policies=not options.no_managed_policies,
    ) as aws:
        ready = {"endpoint": aws.endpoint, "clock": str(clock)}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
