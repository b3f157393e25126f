"""The folder of one run: `.run/demo-1`, `.run/demo-2` and so on, never shared."""

from itertools import count
from pathlib import Path


def claim(runs: Path) -> Path:
    """Make the first folder whose number is free; two demos never get the same."""
    runs.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        folder = runs / f"demo-{number}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError("numbers end")
