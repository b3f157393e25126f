"""Fetch what the tests need beyond Python packages: Terraform, and the AWS provider as a mirror.

Run as `python -m scripts.prepare`; does nothing the second time.
"""

import sys

from scripts.sources import ROOT
from workhorse.adapters import toolchain
from workhorse.core.errors import WorkhorseError


def main() -> int:
    """Make `.tools/` ready and return the exit status."""
    try:
        made = toolchain.prepare(ROOT / ".tools", progress=_say)
    except WorkhorseError as error:
        _say(f"cannot prepare the tests: {error}")
        return 1
    _say(f"Terraform {made.version} is {made.binary}")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"prepare: {line}\n")


if __name__ == "__main__":
    raise SystemExit(main())
