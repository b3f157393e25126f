"""What a command is to `workhorse/__main__.py`."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

Show = Callable[[str], None]
"""Prints a line for people, at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One word of the command line."""

    name: str
    help: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Show], int]
    """Returns the exit status; raises `Refusal` for 2 and `Surprise` for 1."""
