"""What really happened in the simulated world, which the loops never see.

Kills are told apart by the hand that did them: ours is an effect of the loops, every other hand is
something that no controller could have prevented.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Hand(StrEnum):
    """Who ended an instance, or the build on it."""

    OURS = "ours"
    """We completed the hook, terminated without one, or deleted the node."""
    AWS = "aws"
    """A group without a hook chose it, or a hook's time ran out."""
    OUTSIDE = "outside"
    """Somebody's EC2 TerminateInstances, or the machine died."""
    SPOT = "spot"
    NETWORK = "network"
    """The agent's connection broke while the instance lived on."""
    RESTART = "restart"
    """Jenkins itself was restarted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A build that did not live to its end."""

    at: float
    build: int
    task: str
    node: str
    hand: Hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """A build that ran to its end."""

    at: float
    build: int
    task: str
    node: str
    waited: float
    """Seconds from its entering the queue to its start."""
    expression: str | None = None
    """What it asked for."""


@dataclass(slots=True, kw_only=True)
class Truth:
    """Counts and lists that only grow."""

    finished: list[Finish] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    lost_items: int = 0
    """Queue items that a restart of Jenkins forgot."""
    counts: Counter[str] = field(default_factory=Counter)
    """launched, terminated, hooks_opened, hooks_completed, hooks_timed_out, capacity_errors,
    refused_sizes (asked of AWS beyond minimum or maximum), forgotten_early, dead_lettered,
    deleted_alive (nodes deleted while their instance ran)."""
    instance_seconds: float = 0.0
    """From launch to death, summed over the instances that died."""
    ends: dict[str, Hand] = field(default_factory=dict)
    """Instance to the hand that ended it."""

    def killed_by(self, hand: Hand) -> list[Kill]:
        """The kills of one hand."""
        return [k for k in self.kills if k.hand is hand]
