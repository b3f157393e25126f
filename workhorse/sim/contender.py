"""Who is tried in a replay: one of our planners, or another system's policy."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from workhorse import plugins
from workhorse.core.errors import Refusal
from workhorse.core.model import Policy
from workhorse.sim import rivals

FLEETS = frozenset({"name", "labels", "executors", "floor", "ceiling", "release"})
"""Keys of `Policy` that the fleet decides, for everybody alike."""
KNOBS = tuple(f.name for f in fields(Policy) if f.name not in FLEETS)
"""Keys of `Policy` that a planner may be tried with."""


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
        """Its name, and what is set, as `contender` reads it: `exact(idle_seconds=60)`."""
        own = plugins.options_of(plugins.PLANNERS, self.name) if self.policy else ()
        knobs = {f"policy.{k}" if k in own else k: v for k, v in self.policy.items()}
        settings = {**knobs, **self.options}
        told = ", ".join(f"{key}={value}" for key, value in sorted(settings.items()))
        return f"{self.name}({told})" if told else self.name


def names() -> tuple[str, ...]:
    """All policies that can be tried: planners first, then rivals."""
    return (*plugins.names(plugins.PLANNERS), *rivals.RIVALS)


def contender(name: str, settings: Mapping[str, Any]) -> Contender:
    """The policy of that name with these settings.

    A setting of a planner is an option of its own or else a key of `Policy`; `policy.KEY` means the
    latter where both have it.

    Raises:
        Refusal: there is none of that name, or a setting is refused.
    """
    if name in rivals.RIVALS:
        rivals.made(name, settings)
        return Contender(name=name, kind=Kind.RIVAL, options=dict(settings))
    if name not in plugins.names(plugins.PLANNERS):
        raise Refusal(f"policy {name!r}: must be one of {', '.join(names())}")
    own = plugins.options_of(plugins.PLANNERS, name)
    policy: dict[str, Any] = {}
    options: dict[str, Any] = {}
    for key, value in settings.items():
        knob = key.removeprefix("policy.")
        if knob in KNOBS and (knob != key or key not in own):
            policy[knob] = value
        elif key in own:
            options[key] = value
        else:
            known = ", ".join(dict.fromkeys((*own, *KNOBS)))
            raise Refusal(f"{name}: {key}: is no setting here ({known})")
    plugins.planner(name, options, key=name)
    return Contender(name=name, kind=Kind.PLANNER, options=options, policy=policy)
