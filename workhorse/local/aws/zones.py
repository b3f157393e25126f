"""Which Availability Zone a group launches into: the one that holds the fewest."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence


def zones_to_try(
    zones: Sequence[str], held: Iterable[str], refused: Collection[str] = ()
) -> tuple[str, ...]:
    """The zones of a group in the order a launch tries them.

    `zones` are the group's zones in its own order, `held` the zone of each instance it has,
    `refused` the zones without capacity. Fewest first; a tie goes to the zone named first.
    """
    counts = Counter(held)
    allowed = [zone for zone in dict.fromkeys(zones) if zone not in refused]
    return tuple(sorted(allowed, key=lambda zone: counts[zone]))
