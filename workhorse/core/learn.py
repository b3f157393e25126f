"""What a pool has taught us: how long its agents take to boot."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was observed of one pool; the journal keeps it across restarts."""

    boots: tuple[float, ...] = ()
    """Seconds from launch to the first online node, of the agents seen last, oldest first."""

    def as_record(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {"boots": list(self.boots)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Learned":
        """From what the journal kept; what is not there was not learned."""
        return cls(boots=tuple(record.get("boots", ())))
