"""Locks of the kernel on files: one controller per journal, one command per pool.

The kernel lets go of a lock when the last process that has its descriptor open ends, however it
ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workhorse.core.errors import Refusal


def taken(path: Path) -> int | None:
    """A descriptor that holds the lock file `path`; None when somebody else holds it.

    A process that inherits the descriptor holds the lock too.

    Raises:
        OSError: the file cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file `path` of a journal.

    Raises:
        Refusal: another process holds it, or it cannot be made.
    """
    try:
        file = taken(path)
    except OSError as wrong:
        raise Refusal(f"journal.path: {path}: cannot be made: {wrong}") from wrong
    if file is None:
        rule = "must be of one controller, and another one runs with it"
        raise Refusal(f"journal.path: {path.with_suffix('')}: {rule}")
    try:
        yield
    finally:
        os.close(file)
