"""Who is tried in a replay: one of our planners, or another system's policy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Where a contender comes from."""

    PLANNER = "planner"
    """An entry point of `workhorse.planners`, run by the real loops."""
    RIVAL = "rival"
    """One of `workhorse.sim.rivals`, acting by its own means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One policy with its settings; plain data, so that it can be sent to another process."""

    name: str
    """The planner's entry point, or the rival's name."""
    kind: Kind
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the planner or the rival; plain JSON."""
    policy: Mapping[str, Any] = field(default_factory=dict)
    """Keys of `Policy` that are not the default: for planners only."""

    def __str__(self) -> str:
        """Its name, and what is set: `exact(idle_seconds=60)`."""
        settings = {**self.policy, **self.options}
        told = ", ".join(f"{key}={value}" for key, value in sorted(settings.items()))
        return f"{self.name}({told})" if told else self.name
