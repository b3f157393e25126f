"""A journal that is also told aloud, for whoever watches the controller's output."""

from collections.abc import Callable, Mapping
from typing import Any

from workhorse.core.errors import Surprise
from workhorse.core.explain import explain
from workhorse.loops.ports import Journal


class SpokenJournal:
    """A `loops.ports.Journal` around another; `show` gets a line for what people ask about."""

    def __init__(self, journal: Journal, show: Callable[[str], None]) -> None:
        self._journal = journal
        self._show = show
        self._fault = ""

    def write(self, record: Mapping[str, Any]) -> None:
        """Say it, then append it: what could not be written was at least said.

        Why it could not is said once: the loops go on without it, and do little.
        """
        for line in explain((record,)):
            self._show(line)
        try:
            self._journal.write(record)
        except Surprise as surprise:
            told, self._fault = self._fault, str(surprise)
            if told != self._fault:
                self._show(self._fault)
            raise
        self._fault = ""

    def last(self, kind: str) -> Mapping[str, Any] | None:
        """The newest record of that kind, from before a restart too."""
        return self._journal.last(kind)
