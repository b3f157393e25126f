"""A meter: one number that a pool is watched by.

Names and units are CloudWatch's; the Prometheus text carries the same numbers.
terraform/modules/agent-pool builds its alarms and its dashboard on these names.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One number: its CloudWatch name and unit, and the dimensions it is told for."""

    name: str
    value: float
    unit: str
    pool: str
    """Empty for what is of no one pool."""
    label: str = ""
    """A label expression that items wait for; empty for the number of the whole pool."""
    kind: str = ""
    """A disagreement of the ledger's, a way to register or a status; empty for all of them."""

    @property
    def dimensions(self) -> dict[str, str]:
        """CloudWatch dimensions: `Pool`, `Label` and `Kind`, those that the meter is of."""
        own = {"Pool": self.pool, "Label": self.label, "Kind": self.kind}
        return {name: value for name, value in own.items() if value}
