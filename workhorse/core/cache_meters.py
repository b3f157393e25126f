"""The meters of a pool's cache volumes."""

from collections.abc import Mapping, Sequence

from workhorse.core.meters import Meter
from workhorse.core.volume import Volume
from workhorse.core.volumes import free
from workhorse.core.word import Word


class Outcome(Word):
    """What became of an agent's claim."""

    HIT = "hit"
    """It works with a volume that held something."""
    MISS = "miss"
    """It works with an empty one, or without, for none was free."""
    FAILED = "failed"
    """It works without: EC2 would not, or what it got could not be mounted."""


def cache_meters(
    pool: str, outcomes: Mapping[Outcome, int], ages: Sequence[float], volumes: Sequence[Volume]
) -> tuple[Meter, ...]:
    """`CacheHits`, `CacheMisses`, `CacheFailures`, and more where there is something to tell of.

    `CacheAgeSeconds`, how long the volumes that were given had lain unused, on average;
    `CacheFill`, how full the fullest volume was when last told, and `CacheFree`, how many are free.

    Args:
        pool: name of the pool.
        outcomes: of the claims since it was last told.
        ages: seconds, one for each volume given in that time that had been used before.
        volumes: what EC2 shows, of all pools; empty when it does not answer.
    """
    own = [volume for volume in volumes if volume.pool == pool]
    fills = [volume.fill for volume in own if volume.fill is not None]
    numbers: list[tuple[str, float, str]] = [
        ("CacheHits", outcomes.get(Outcome.HIT, 0), "Count"),
        ("CacheMisses", outcomes.get(Outcome.MISS, 0), "Count"),
        ("CacheFailures", outcomes.get(Outcome.FAILED, 0), "Count"),
    ]
    if ages:
        numbers.append(("CacheAgeSeconds", sum(ages) / len(ages), "Seconds"))
    if fills:
        numbers.append(("CacheFill", 100 * max(fills), "Percent"))
    if own:
        numbers.append(("CacheFree", sum(1 for volume in own if free(volume)), "Count"))
    return tuple(
        Meter(name=name, value=value, unit=unit, pool=pool) for name, value, unit in numbers
    )
