"""The journal in memory: like a file, it outlives the loops that write it."""

import json
from collections.abc import Mapping
from typing import Any

from workhorse.sim.line import Line, Side


class MemoryJournal:
    """The `Journal` port.

    Args:
        line: what may kill the writer.
        exact: keep what a file would give back, so that a record that is no JSON fails at once.
        whole: keep every record, for whoever reads `records` or `of` afterwards; else none but the
            newest of each kind, which is all that the loops ever ask for.
    """

    def __init__(self, line: Line, *, exact: bool = True, whole: bool = True) -> None:
        self.records: list[Mapping[str, Any]] = []
        self._last: dict[str, Mapping[str, Any]] = {}
        self._line = line
        self._exact = exact
        self._whole = whole

    def write(self, record: Mapping[str, Any]) -> None:
        """Append one record."""
        kept = json.loads(json.dumps(record)) if self._exact else record
        if self._line.troubled:
            self._line.change(Side.JOURNAL, lambda: self._append(kept))
        else:
            self._append(kept)
            self._line.changes[Side.JOURNAL] += 1

    def last(self, kind: str) -> Mapping[str, Any] | None:
        """The newest record of that kind."""
        return self._last.get(kind)

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """All records of that kind, oldest first."""
        return [r for r in self.records if r.get("kind") == kind]

    def _append(self, record: Mapping[str, Any]) -> None:
        if self._whole:
            self.records.append(record)
        self._last[str(record.get("kind", ""))] = record
