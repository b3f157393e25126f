"""The checkout that an image is baked from: its commit, and what differs from it."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workhorse.core.errors import Refusal

SECONDS = 60
"""How long git may take on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A commit, and the files in some folders that differ from it."""

    commit: str
    changed: tuple[str, ...]


def checkout(folders: Sequence[Path]) -> Checkout:
    """The checkout that holds these folders.

    Raises:
        Refusal: they lie in no git checkout with a commit, or there is no git.
    """
    where = folders[0]
    paths = [str(folder.resolve()) for folder in folders]
    commit = _git(where, "rev-parse", "--verify", "HEAD").strip()
    told = _git(where, "status", "--porcelain", "--untracked-files=all", "--", *paths)
    return Checkout(commit=commit, changed=tuple(line[3:] for line in told.splitlines()))


def _git(where: Path, *words: str) -> str:
    try:
        ended = subprocess.run(
            ["git", "-C", str(where), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as wrong:
        raise Refusal(f"git: {wrong}") from wrong
    if ended.returncode != 0:
        raise Refusal(f"{where}: must lie in a git checkout: {ended.stderr.strip()}")
    return ended.stdout
