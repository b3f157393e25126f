"""Other systems' policies, each from its documented constants, in the same simulated world.

A rival is a small dataclass: its fields are its settings, their defaults the documented ones, and
its docstring names where they are from.  It reads what that system would read and acts by that
system's means.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from workhorse.core.errors import Refusal
from workhorse.sim.rivals.alarms import Alarms
from workhorse.sim.rivals.ec2_fleet import Ec2Fleet
from workhorse.sim.rivals.ec2_plugin import Ec2Plugin
from workhorse.sim.rivals.fixed import Fixed
from workhorse.sim.rivals.ground import Rival
from workhorse.sim.rivals.poll import Poll
from workhorse.sim.rivals.taskscaler import Taskscaler
from workhorse.sim.rivals.vespene import Vespene

KINDS: tuple[type[Any], ...] = (Fixed, Alarms, Poll, Ec2Plugin, Ec2Fleet, Taskscaler, Vespene)
RIVALS: Mapping[str, type[Any]] = {kind.name: kind for kind in KINDS}
"""Name to the dataclass that satisfies `Rival`."""


def settings(name: str) -> tuple[str, ...]:
    """The names of a rival's settings."""
    return tuple(f.name for f in fields(RIVALS[name]) if f.init)


def made(name: str, options: Mapping[str, Any]) -> Rival:
    """A rival with these settings, for one pool.

    Raises:
        Refusal: there is none of that name, or a setting is refused; every fault is told.
    """
    if name not in RIVALS:
        raise Refusal(f"policy {json.dumps(name)}: must be one of {', '.join(RIVALS)}")
    known = settings(name)
    faults = [
        f"{name}: {key}: is no setting here ({', '.join(known)})"
        for key in options
        if key not in known
    ]
    if faults:
        raise Refusal("\n".join(faults))
    try:
        reader = TypeAdapter(RIVALS[name])
        return cast("Rival", reader.validate_json(json.dumps(dict(options)), strict=True))
    except ValidationError as wrong:
        raise Refusal("\n".join(_told(name, wrong))) from None


def _told(name: str, wrong: ValidationError) -> Iterator[str]:
    for error in wrong.errors(include_url=False):
        key = ".".join(map(str, error["loc"]))
        rule = error["msg"].replace("Input should be", "must be").removeprefix("Value error, ")
        yield f"{name}: {key}: {json.dumps(error['input'])}: {rule}"
