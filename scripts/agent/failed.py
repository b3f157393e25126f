"""Tell the controller why there is no agent here, before the machine powers itself off.

    journalctl ... | PYTHONPATH=/usr/local/lib python3 -m workhorse.failed --seconds 30

The end of the log comes by stdin. Under the lease where there is one; else with a fresh proof, by
which no node is made.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .exchange import FailedError
from .folder import RUN, lease_of
from .gateway import UNAUTHORIZED, Gateway
from .patience import Patience
from .speak import gateway_of_this_machine
from .tell import say

MOST_BYTES = 64 * 1024
"""Of the log, its end; the gateway takes no more."""


def body_of(log: str) -> dict[str, object]:
    """What is said: the last line of ours as the reason, and the end of the log."""
    plain = "".join(each for each in log if each.isprintable() or each in "\n\t")
    end = plain.encode()[-MOST_BYTES:].decode(errors="ignore")
    lines = [line for line in end.splitlines() if line.strip()]
    ours = [
        line for line in lines if any(word in line for word in ("gave up", "useless", "late co"))
    ]
    detail = (ours or lines or ["no log"])[-1]
    return {"kind": "failed", "detail": detail[-500:], "log": end}


def tell(gateway: Gateway, run: Path, body: Mapping[str, object]) -> None:
    """Say it once; raises FailedError or OSError."""
    try:
        if lease_of(run):
            gateway.call("POST", "/v1/ask", body, again=False)
            return
    except FailedError as refused:
        if refused.status != UNAUTHORIZED:
            raise
    gateway.tell_without_lease(body)


def main(arguments: Sequence[str] | None = None) -> int:
    """Tell and give 0; 1 when nobody heard."""
    parser = argparse.ArgumentParser(prog="failed", description="Tell why there is no agent here.")
    parser.add_argument("--seconds", default=30, type=float, help="how long it may take")
    parser.add_argument("--run", default=RUN, type=Path, help="where the lease is, if there is one")
    given = parser.parse_args(arguments)
    body = body_of(sys.stdin.buffer.read().decode(errors="replace"))
    patience = Patience(given.seconds)
    try:
        gateway = patience(lambda: gateway_of_this_machine(given.run))
        patience(lambda: tell(gateway, given.run, body))
    except (OSError, ValueError, FailedError) as error:
        say(f"failed: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
