"""Run one benchmark or all: `python -m benchmarks [NAME] [--json]`."""

import argparse
import os
import platform
import sys
from importlib import import_module

BENCHMARKS = ("tick", "reaction", "simulation", "chaos", "bound", "policy", "rollout", "gateway")
"""Modules of this package, each with a `run`.

Each is imported when it is due: what the later ones load would weigh on the earlier ones, for
Python's collector walks all that is loaded.
"""


def main() -> int:
    """Print every figure as it is measured; 2 for a name that is none."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", default="", help=f"one of {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    arguments = parser.parse_args()
    if arguments.name and arguments.name not in BENCHMARKS:
        names = ", ".join(BENCHMARKS)
        print(f"bench: {arguments.name!r} must be one of {names}", file=sys.stderr)
        return 2
    if not arguments.json:
        machine = f"{os.cpu_count()} cores of {platform.machine()}, {platform.system()}"
        print(f"on {machine}, Python {platform.python_version()}")
    for name in BENCHMARKS:
        if arguments.name in {"", name}:
            for figure in import_module(f"benchmarks.{name}").run():
                print(figure.as_json() if arguments.json else figure, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
