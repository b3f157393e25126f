"""Builders of what the ledger goes by, so that a test spells out only what it is about."""

from collections.abc import Mapping
from typing import Any

from tests.facts import NOW, instance, jenkins, pool, snapshot
from tests.facts import group as group_of
from workhorse.core.disagreements import Facts
from workhorse.core.drain import Cause, Drain, DrainState
from workhorse.core.model import Group, Node, Pool
from workhorse.core.owner import home_of
from workhorse.core.survey import Times, survey

ID = "i-00000001"
OTHER = "i-00000002"
STRANGER = "i-0000000f"
HOME = home_of("123456789012", "eu-west-1")


def facts(
    *nodes: Node,
    group: Group | None = None,
    of: Pool | None = None,
    drains: tuple[Drain, ...] = (),
    states: Mapping[str, str] | None = None,
    **changes: Any,
) -> Facts:
    """A look at one pool of one agent in service, which may be believed unless it says not."""
    of = of or pool()
    members = group or group_of(instance(ID))
    held = {drain.instance: drain for drain in drains}
    at, frozen = changes.pop("at", NOW), changes.pop("frozen", False)
    told = None if changes.pop("blind", False) else jenkins(*nodes, read_at=at)
    shown = snapshot(told, members, states=states, at=at, frozen=frozen)
    known: dict[str, Any] = {"home": HOME, **changes}
    surveys = {of.name: survey(of, members, shown, held, Times())}
    return Facts(snapshot=shown, pools=(of,), surveys=surveys, drains=held, **known)


def drained(instance_id: str = ID, **changes: Any) -> Drain:
    """A drain under way."""
    told: dict[str, Any] = {"cause": Cause.SCALE_IN, "state": DrainState.CORDONED}
    told |= {"pool": "linux", "group": "linux-agents", "opened_at": NOW - 100}
    return Drain(instance=instance_id, **(told | changes))
