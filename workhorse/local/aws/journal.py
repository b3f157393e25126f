"""What happened in the embedded AWS, in order, for whoever does the accounting afterwards."""

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened: `number` counts from 1, `at` is a virtual epoch second.

    `kind` is a dotted word such as "instance.launched"; `detail` holds plain JSON values.
    """

    number: int
    at: float
    kind: str
    detail: dict[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """The happening as one flat JSON object."""
        return {"number": self.number, "at": self.at, "kind": self.kind, **self.detail}


class EventLog:
    """Happenings in the order they were recorded; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._happenings: list[Happening] = []

    def record(self, kind: str, now: float, **detail: object) -> None:
        """Append one happening at the virtual time `now`."""
        with self._lock:
            number = len(self._happenings) + 1
            self._happenings.append(Happening(number=number, at=now, kind=kind, detail=detail))

    def since(self, number: int = 0) -> list[Happening]:
        """All happenings with a number above `number`."""
        with self._lock:
            return self._happenings[number:]
