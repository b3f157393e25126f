"""Which Availability Zone a group launches into: the one that holds the fewest."""

from collections import Counter
from collections.abc import Iterable, Sequence


def zones_to_try(zones: Sequence[str], held: Iterable[str]) -> tuple[str, ...]:
    """The zones of a group in the order a launch tries them.

    `zones` are the group's zones in its own order, `held` the zone of each instance it has.
    Fewest first; a tie goes to the zone named first.
    """
    counts = Counter(held)
    return tuple(sorted(dict.fromkeys(zones), key=lambda zone: counts[zone]))
