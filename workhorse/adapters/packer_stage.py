"""The template as an older Packer can read it, and the digest of what an image is made from.

Debian's Packer is 1.6.6: it knows no plugins, no `imds_support` and no `metadata_options`. The
template says those in a file of its own and between two marks; a staged copy lacks both, so one
template serves 1.6.6 and every current Packer.
"""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from workhorse.core.errors import Misuse

PLUGINS = "plugins.pkr.hcl"
"""The file that only a Packer with plugins can read."""

OPEN, SHUT = "# >1.6 --", "# <1.6 --"
"""Lines around what 1.6.6 does not know."""

LEFTOVERS = frozenset({"__pycache__", "spec"})
"""Folders that never reach an image: they make no other one."""


def stage(source: Path, target: Path, *, plugins: bool = False) -> Path:
    """Copy the template at `source` to `target`, which must not exist; gives `target`.

    Without `plugins` the copy is one for Packer 1.6.6; with them it is whole.

    Raises:
        Misuse: a mark is opened twice, or not closed.
        OSError: the copy failed.
    """
    shutil.copytree(source, target)
    if plugins:
        return target
    (target / PLUGINS).unlink(missing_ok=True)
    for path in sorted(target.rglob("*.pkr.hcl")):
        path.write_text("".join(_without_marked(path.read_text(), path.name)))
    return target


def tree_digest(*folders: Path) -> str:
    """SHA-256 of the names, modes and contents of all files, in hexadecimal.

    A file's mode counts as executable or not; tests and compiled files do not count.
    """
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if not path.is_file() or LEFTOVERS & set(name.parts):
                continue
            executable = bool(path.stat().st_mode & 0o100)
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{folder.name}/{name.as_posix()}\0{executable}\0{content}\n".encode())
    return digest.hexdigest()


def _without_marked(text: str, name: str) -> Iterator[str]:
    inside = False
    for line in text.splitlines(keepends=True):
        if line.strip() in {OPEN, SHUT}:
            if inside is (line.strip() == OPEN):
                raise Misuse(f"{name}: {line.strip()!r} where the other mark is due")
            inside = not inside
        elif not inside:
            yield line
    if inside:
        raise Misuse(f"{name}: {OPEN!r} is not closed by {SHUT!r}")
