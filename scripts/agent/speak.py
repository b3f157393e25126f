"""Say one thing to the gateway, for the shell programs of the agent and for people.

    PYTHONPATH=/usr/local/lib python3 -m workhorse.speak [--seconds 60] POST /v1/here '{}'

Prints the JSON of the answer; the body comes by stdin where it is given as `-`. A lease that has
ended is proved anew. What fails is tried again until the seconds are over; then 1, and why.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .exchange import FailedError
from .folder import RUN
from .gateway import Gateway
from .machine import learn
from .patience import Patience
from .tell import say


def gateway_of_this_machine(run: Path = RUN, seconds: float = 20) -> Gateway:
    """The gateway that user data names; raises ValueError where it names none, and as `learn`."""
    machine = learn(os.environ)
    if not machine.told.gateway_url:
        raise ValueError("user data names no gateway")
    return Gateway(machine.told.gateway_url, machine.claim, run, seconds=seconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Speak and give 0; 1 when nobody understood in time."""
    parser = argparse.ArgumentParser(prog="speak", description="Say one thing to the gateway.")
    parser.add_argument("--seconds", default=60, type=float, help="how long it may take")
    parser.add_argument("--run", default=RUN, type=Path, help="where the lease is")
    parser.add_argument("method", help="GET or POST")
    parser.add_argument("path", help="below the gateway's root, as /v1/here")
    parser.add_argument("body", nargs="?", default="{}", help="JSON, or - for stdin")
    given = parser.parse_args(arguments)
    patience = Patience(given.seconds)
    try:
        body = json.loads(sys.stdin.read() if given.body == "-" else given.body)
        gateway = patience(lambda: gateway_of_this_machine(given.run))
        answer = patience(lambda: gateway.call(given.method, given.path, body))
    except (OSError, ValueError, FailedError) as error:
        say(f"speak: {error}")
        return 1
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
