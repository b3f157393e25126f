"""Put a file where builds may have been: no link of theirs leads root elsewhere.

What a build left in its home stays over a reboot, and something of it may even run by then. So each
directory of a path is opened from the one above and never through a link, and a file has its owner
and its mode before it has its name.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

LED_ASTRAY = frozenset({errno.ELOOP, errno.ENOTDIR})
"""What opening a directory says of a link, or of a file."""

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def put(root: Path, path: str, content: bytes, mode: int, owner: tuple[int, int]) -> None:
    """Write a file below `root`, whole or not at all; `owner` is its user and group.

    Directories that are missing belong to whom the one above belongs.

    Raises:
        NotADirectoryError: a link or a file is in the way.
        OSError: it could not be written.
    """
    *folders, name = path.strip("/").split("/")
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            below = _below(at, folder)
            os.close(at)
            at = below
        _write(at, name, content, mode, owner)
    finally:
        os.close(at)


def _below(at: int, folder: str) -> int:
    """The directory of that name, made if it is missing."""
    made = False
    with suppress(FileExistsError):
        os.mkdir(folder, 0o755, dir_fd=at)
        made = True
    try:
        below = os.open(folder, FOLDER, dir_fd=at)
    except OSError as error:
        if error.errno in LED_ASTRAY:
            raise NotADirectoryError(f"{folder} is no directory") from error
        raise
    if made:
        above = os.fstat(at)
        os.fchown(below, above.st_uid, above.st_gid)
        os.fchmod(below, 0o755)
    return below


def _write(at: int, name: str, content: bytes, mode: int, owner: tuple[int, int]) -> None:
    half = f".{name}"
    with suppress(FileNotFoundError):
        os.unlink(half, dir_fd=at)
    made = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=at)
    with os.fdopen(made, "wb") as out:
        out.write(content)
        os.fchown(out.fileno(), *owner)
        os.fchmod(out.fileno(), mode)
    os.rename(half, name, src_dir_fd=at, dst_dir_fd=at)
