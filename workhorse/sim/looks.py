"""What the readings that the loops were given told of each node, as the auditor keeps it."""

from dataclasses import dataclass

from workhorse.core.cordon import cordons_among
from workhorse.core.model import Node


@dataclass(slots=True, kw_only=True)
class Looks:
    """What the readings told of one node, since its cordon was first seen."""

    confirmed_at: float | None = None
    idle: int = 0
    """Readings to be trusted that showed it cordoned, online and idle, none busy between them."""
    idle_at: float = 0.0
    """When the last of them was asked for."""
    away_since: float | None = None
    """Since when every reading showed it offline or not at all."""
    free_since: float | None = None
    """Since when every reading showed it online and idle."""
    back_at: float | None = None
    """When it was first seen online after it was not."""


def note(looks: Looks, node: Node | None, read_at: float, *, trusted: bool) -> None:
    """Keep what a reading tells of who may be ended.

    Args:
        looks: what was told of the node before.
        node: as it is read; None when it is not listed.
        read_at: when the reading was asked for.
        trusted: it is no reading of a Jenkins that has just started.
    """
    away = node is None or node.offline
    if not away:
        looks.away_since = None
    elif trusted and looks.away_since is None:
        looks.away_since = read_at
    if node is None or not cordons_among(node.labels):
        looks.confirmed_at, looks.idle = None, 0
        return
    if looks.confirmed_at is None:
        looks.confirmed_at = read_at
    if node.busy or not node.idle:
        looks.idle = 0
    elif trusted and not away:
        looks.idle, looks.idle_at = looks.idle + 1, read_at


def note_idleness(looks: Looks, node: Node | None, read_at: float) -> None:
    """Keep what a reading tells of who may be chosen to leave."""
    if node is None or node.offline:
        looks.back_at = looks.free_since = None
        return
    looks.back_at = read_at if looks.back_at is None else looks.back_at
    if node.busy or not node.idle:
        looks.free_since = None
    elif looks.free_since is None:
        looks.free_since = read_at
