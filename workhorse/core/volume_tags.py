"""What the tags of a cache volume say, and what is written on it after each step.

A volume whose tier cannot be read is of no tier, and nobody claims it.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from workhorse.core.agents import Tier
from workhorse.core.volume import FILL_TAG, POOL_TAG, STATE_TAG, TIER_TAG, USED_TAG, Volume

CORRUPT, FOREIGN, SOUND = "corrupt", "foreign", "sound"
"""What `STATE_TAG` says."""

Tags = tuple[tuple[str, str], ...]


def with_tags(volume: Volume, tags: Mapping[str, str]) -> dict[str, Any]:
    """The fields of `Volume` that tags tell: those that are there, the others as the volume has.

    Words that make no sense count as absent; a tier that makes none is no tier.
    """
    found: dict[str, Any] = {}
    if POOL_TAG in tags:
        found["pool"] = tags[POOL_TAG]
    if TIER_TAG in tags:
        found["tier"] = _tier(tags[TIER_TAG])
    if USED_TAG in tags:
        found["used_at"] = _number(tags[USED_TAG])
    if FILL_TAG in tags:
        found["fill"] = _share(tags[FILL_TAG])
    if STATE_TAG in tags:
        found["corrupt"] = tags[STATE_TAG] == CORRUPT
        found["foreign"] = tags[STATE_TAG] == FOREIGN
    return {key: value for key, value in found.items() if getattr(volume, key) != value}


def after_claim(now: float) -> Tags:
    """Written when an agent has it."""
    return ((USED_TAG, f"{now:.0f}"),)


def after_release(now: float, fill: float | None) -> Tags:
    """Written before it is detached: afterwards it may be another's."""
    return (*after_claim(now), *_fill(fill))


def after_report(*, mounted: bool, because: str, fill: float | None, wiped: bool) -> Tags:
    """Written when its agent told what it found; nothing when that changes nothing.

    The first word of `because`, up to a colon, is what kind of trouble it was.
    """
    kind = because.partition(":")[0]
    if not mounted and kind in {CORRUPT, FOREIGN}:
        return ((STATE_TAG, kind), *_fill(fill))
    if mounted and wiped:
        return ((STATE_TAG, SOUND), *_fill(fill))
    return _fill(fill)


def lowered_to(tier: Tier) -> Tags:
    """Written when builds of less trust may have written on it."""
    return ((TIER_TAG, tier.value),)


def _fill(fill: float | None) -> Tags:
    return () if fill is None or not 0 <= fill <= 1 else ((FILL_TAG, f"{fill:.3f}"),)


def _tier(text: str) -> Tier:
    return next((tier for tier in Tier if tier.value == text), Tier.NONE)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) and number >= 0 else None


def _share(text: str) -> float | None:
    number = _number(text)
    return number if number is not None and number <= 1 else None
