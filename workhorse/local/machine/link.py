"""What runs on a booted machine in place of `java -jar agent.jar`: the stand-in's agent link.

It takes the options of agent.jar that the image gives; others are ignored. The standard library of
the image's own Python must do.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from workhorse.local.agent.boot import CLOCK
from workhorse.local.agent.programs import Programs
from workhorse.local.agent.work import Executors
from workhorse.local.clock import ScaledClock
from workhorse.local.jenkins.agent_link import connect


class OwnPrograms(Programs):
    """The programs that this image really has."""

    def path(self) -> str:
        """The PATH that its unit was given."""
        return os.environ.get("PATH", os.defpath)


def main(arguments: Sequence[str]) -> int:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="connect", description=__doc__, allow_abbrev=False)
    parser.add_argument("-url", required=True, help="Jenkins' root URL")
    parser.add_argument("-name", required=True, help="name of the node")
    parser.add_argument("-secret", required=True, help="the node's secret, or @FILE")
    parser.add_argument("-workDir", dest="directory", type=Path, required=True, help="for builds")
    given, _others = parser.parse_known_args(arguments)
    secret: str = given.secret
    if secret.startswith("@"):
        secret = Path(secret[1:]).read_text(encoding="ascii").strip()
    link = connect(given.url, given.name, secret)
    clock = ScaledClock.parse(os.environ[CLOCK])
    executors = Executors(link, clock, given.directory, OwnPrograms(given.directory))
    for message in link.messages():
        executors.take(message)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
