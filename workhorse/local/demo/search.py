"""Looking for Jenkins' token where an agent could have it: its processes, its files, its log."""

import os
from collections.abc import Iterable
from pathlib import Path

from workhorse.local.demo.bodies import OURS

CHUNK = 1 << 20


class Search:
    """Looks for one secret below some folders and in the agents that run; remembers where it was.

    Args:
        secret: what is looked for.
        places: files, and folders with all that is below them.
    """

    def __init__(self, secret: str, places: Iterable[Path]) -> None:
        self._secret = secret.encode()
        self._places = tuple(places)
        self._found: set[str] = set()

    def processes(self, proc: Path = Path("/proc")) -> None:
        """Look at the command line and the environment of every agent that runs now."""
        for path in proc.glob("[0-9]*"):
            command = _read(path / "cmdline")
            if not any(word in command for word in OURS):
                continue
            if self._secret in command + _read(path / "environ"):
                self._found.add(f"process {path.name}")

    def found(self) -> tuple[str, ...]:
        """Where it is or was, the files looked at now."""
        for place in self._places:
            files = _below(place) if place.is_dir() else [place]
            self._found |= {str(file) for file in files if self._is_in(file)}
        return tuple(sorted(self._found))

    def _is_in(self, file: Path) -> bool:
        """The file holds it; one that has just gone does not."""
        if file.is_symlink() or not file.is_file():
            return False
        try:
            return self._holds(file)
        except FileNotFoundError:
            return False

    def _holds(self, file: Path) -> bool:
        before = b""
        with file.open("rb") as opened:
            while chunk := opened.read(CHUNK):
                if self._secret in before + chunk:
                    return True
                before = chunk[-len(self._secret) :]
        return False


def _below(folder: Path) -> Iterable[Path]:
    """All files below it; a folder that goes meanwhile, as an agent's may, is passed over."""
    return (Path(place, name) for place, _, names in os.walk(folder) for name in names)


def _read(path: Path) -> bytes:
    """What is there; nothing when the process has ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
