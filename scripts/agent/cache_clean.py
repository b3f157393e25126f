"""Make room in the cache: what was not used for longest goes first.

Done before the agent starts, when nothing of it is in use.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from .tell import say

FULL, ENOUGH = 0.8, 0.7
"""Above the first it is cleaned until it is below the second."""

ROOTS = (
    "git",
    "bazel",
    "bazel/repository",
    "bazel/repository/content_addressable",
    "bazel/repository/content_addressable/sha256",
    "maven",
    "maven/repository",
    "npm",
    "npm/_cacache",
)
"""Whose entries go one by one: a mirror, a downloaded file, a group of artefacts. One that is a
root itself goes never, only what is in it."""

DOCKER = "docker"
"""Goes as a whole, and last: its parts hang together in ways that only Docker knows."""

LOOKED_AT = 2000
"""Files of one entry whose times are looked at: enough to see a recent use, and bounded."""


def fill_of(place: Path) -> float:
    """How full the file system there is, 0 to 1, of blocks or of inodes, whichever is fuller."""
    seen = os.statvfs(place)
    shares = ((seen.f_blocks, seen.f_bavail), (seen.f_files, seen.f_favail))
    return max((1 - free / all_of for all_of, free in shares if all_of), default=0.0)


def used_at(entry: Path) -> float:
    """When the entry was last read or written, as far as its files tell.

    File systems note a first reading in a day, and later ones not.
    """
    newest = 0.0
    for number, path in enumerate(_with_all_in(entry)):
        if number >= LOOKED_AT:
            break
        seen = path.lstat()
        # A directory is read by whoever looks what is in it, as we do now.
        newest = max(newest, seen.st_mtime, 0.0 if path.is_dir() else seen.st_atime)
    return newest


def entries(place: Path) -> list[Path]:
    """What may be removed one by one, that which was not used for longest first."""
    roots = {place.resolve() / root for root in ROOTS}
    found = [entry for root in sorted(roots) for entry in _children(root) if entry not in roots]
    dated = [(used_at(entry), str(entry), entry) for entry in found]
    return [entry for _, _, entry in sorted(dated)]


def clean(place: Path, *, with_docker: bool) -> None:
    """Remove entries when it is fuller than `FULL`, until it is no fuller than `ENOUGH`.

    Args:
        place: where the cache is mounted.
        with_docker: Docker does not run, so that its part may go too, when the rest was too little.
    """
    before = fill_of(place)
    if before <= FULL:
        return
    removed = _removed_while_full(place, entries(place))
    if with_docker and fill_of(place) > FULL:
        removed += _removed_while_full(place, _children(place.resolve() / DOCKER))
    say(f"cache: {before:.0%} full, now {fill_of(place):.0%}, without {removed} entries")


def _removed_while_full(place: Path, chosen: Iterable[Path]) -> int:
    """How many it took."""
    removed = 0
    for entry in chosen:
        if fill_of(place) <= ENOUGH:
            break
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
        removed += 1
    return removed


def _children(root: Path) -> list[Path]:
    """What is in a directory, and nothing where there is none or a link of a build leads to it."""
    if root.resolve() != root or not root.is_dir():
        return []
    return sorted(root.iterdir())


def _with_all_in(entry: Path) -> Iterator[Path]:
    """The entry, and what is below it without following links."""
    yield entry
    if entry.is_dir() and not entry.is_symlink():
        for folder, folders, files in os.walk(entry):
            for name in (*files, *folders):
                yield Path(folder, name)
