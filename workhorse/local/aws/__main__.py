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

from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(prog="python -m workhorse.local.aws", description=__doc__)
    default = Timings()
    found.add_argument("--port", type=int, default=0, help="port on 127.0.0.1, 0 for a free one")
    found.add_argument("--clock", help="ORIGIN:REAL0:SPEED, shared with others (default: wall)")
    found.add_argument("--body", default="", help="command for each instance, {instance} its id")
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
    """Serve until told to stop."""
    options = parser().parse_args(arguments)
    clock = ScaledClock.parse(options.clock) if options.clock else ScaledClock()
    names = Timings().__slots__
    timings = Timings(**{name: getattr(options, f"{name}_seconds") for name in names})
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    body = shlex.split(options.body)
    with EmbeddedAws(
        clock,
        timings=timings,
        port=options.port,
        body=body,
        managed_policies=not options.no_managed_policies,
    ) as aws:
        ready = {"endpoint": aws.endpoint, "clock": str(clock)}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
