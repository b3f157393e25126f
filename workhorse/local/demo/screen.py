"""What a person sees while the demo runs: a live table on a terminal, plain lines elsewhere."""

import time
from collections.abc import Sequence
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live

from workhorse.local.demo.table import Row, live_table, plain_line

PLAIN_SECONDS = 5.0
"""Real seconds between two plain lines."""


class Screen:
    """Prints phases and notes, and shows rows; a context manager."""

    def __init__(self, out: TextIO) -> None:
        self._console = Console(file=out, highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._began = time.monotonic()
        self._next = 0.0
        self._latest = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def phase(self, text: str) -> None:
        """A new part of the demo begins."""
        self.close()
        self._next = 0.0
        self.say(text)

    def say(self, text: str) -> None:
        """One line that stays, after the real seconds since the beginning."""
        since = time.monotonic() - self._began
        self._console.print(f"{since:6.1f} s  {text}", markup=False)

    def progress(self, text: str) -> None:
        """A line of something slow: every now and then one is shown."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + PLAIN_SECONDS / 2
            self.say(f"  {text}")

    def rows(self, rows: Sequence[Row], *, since: float, done: int, asked: int) -> None:
        """The pools now; `since` is the virtual time since the window began."""
        if not self._console.is_terminal:
            now = time.monotonic()
            if now >= self._next:
                self._next = now + PLAIN_SECONDS
                self.say(plain_line(rows, since=since, done=done, asked=asked))
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        table = live_table(rows, since=since, done=done, asked=asked, note=self._latest)
        self._live.update(table, refresh=True)

    def deed(self, text: str) -> None:
        """Something that an outsider did."""
        self._latest = text
        self.say(text)

    def close(self) -> None:
        """Leave the live table."""
        if self._live is not None:
            self._live.stop()
            self._live = None
