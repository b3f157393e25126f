"""How often somebody may come: a bucket that fills evenly and is emptied by one at each time."""

from dataclasses import dataclass

BURST_SECONDS = 10.0
"""What may come at once: so many seconds' worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What is left, as of a moment."""

    left: float
    at: float


def full(rate: float, now: float) -> Bucket:
    """The bucket of somebody who comes for the first time."""
    return Bucket(left=_size(rate), at=now)


def taken(bucket: Bucket, rate: float, now: float) -> tuple[Bucket, float]:
    """The bucket after one more, and how long to wait first: 0 when it may come now.

    Who must wait takes nothing. A clock that jumped back only stops the filling.

    Args:
        bucket: as it was.
        rate: how many a second may come in the long run.
        now: seconds, never the loops' when these run faster than the wall.
    """
    left = min(_size(rate), bucket.left + max(0.0, now - bucket.at) * rate)
    if left < 1:
        return Bucket(left=left, at=now), (1 - left) / rate
    return Bucket(left=left - 1, at=now), 0.0


def _size(rate: float) -> float:
    return max(1.0, rate * BURST_SECONDS)
