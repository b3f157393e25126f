"""The logs of boots that failed, as their agents sent them: files beside the journal."""

from pathlib import Path
from threading import Lock

KEPT = 100
"""Files kept; older ones make room."""

MOST_BYTES = 64 * 1024
"""Of one file: the end of a log says why it ended."""


class FailureLogs:
    """A `loops.hearing.FailureLogs` in a folder; for many threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()

    def keep(self, instance: str, log: str) -> str:
        """Keep the log, one for each instance, and say where; empty when it cannot be written.

        That it failed is journalled all the same.
        """
        path = self._folder / f"{instance}.log"
        with self._lock:
            try:
                self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
                path.write_bytes(log.encode()[-MOST_BYTES:])
                path.chmod(0o640)
                self._make_room()
            except OSError:
                return ""
        return str(path)

    def _make_room(self) -> None:
        files = sorted(self._folder.glob("*.log"), key=lambda file: file.stat().st_mtime_ns)
        for old in files[:-KEPT]:
            old.unlink(missing_ok=True)
