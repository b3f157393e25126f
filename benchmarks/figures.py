"""One figure of a benchmark, and how it is printed."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measured number."""

    name: str
    value: float
    unit: str
    n: int
    """How many measurements it is from."""

    def as_json(self) -> str:
        """One JSON object."""
        return json.dumps(asdict(self))

    def __str__(self) -> str:
        return f"{self.name:32} {self.value:12.4f} {self.unit:10} n={self.n}"


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie, by the nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, min(len(ranked) - 1, round(share * len(ranked) + 0.5) - 1))]
