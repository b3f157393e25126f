"""One controller per journal on one machine: the second is refused, not obeyed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workhorse.core.errors import Refusal


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; the kernel lets go of it when the process ends, however it ends.

    Raises:
        Refusal: another process holds it, or it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    except OSError as wrong:
        raise Refusal(f"journal.path: {path}: cannot be made: {wrong}") from wrong
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            rule = "must be of one controller, and another one runs with it"
            raise Refusal(f"journal.path: {path.with_suffix('')}: {rule}") from None
        yield
    finally:
        os.close(file)
