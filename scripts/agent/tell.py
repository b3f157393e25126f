"""What is said to the journal."""

import sys


def say(line: str) -> None:
    """Tell the journal; whoever calls has left out what is secret."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
