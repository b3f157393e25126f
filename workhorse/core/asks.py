"""What agents ask of the controller, as facts: the gateway hears them, the next tick acts.

An ask is no order: a drain opens, and ends an agent only after its two looks.
"""

from dataclasses import dataclass

from workhorse.core.word import Word


class AskKind(Word):
    """Why an agent wants to be left alone by new builds."""

    SPOT = "spot"
    """Its metadata service shows the two-minute notice."""
    REBALANCE = "rebalance"
    """Its metadata service shows the rebalance recommendation."""
    IDLE = "idle"
    """It was told to ask after so many idle minutes."""
    STOP = "stop"
    """A person or a program on it stops it."""
    FAILED = "failed"
    """It cannot become or stay an agent, and powers itself off; `detail` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One agent's word, proved to be its own."""

    instance: str
    pool: str
    kind: AskKind
    at: float
    """When the gateway heard it."""
    detail: str = ""
