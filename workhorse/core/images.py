"""What is decided about images: which channel holds which, which are kept, which are pruned.

An image is an AMI of ours with the tag `workhorse:pool`. A pool has three channels: the candidate
that the newest bake or a person put there, the stable one that a rollout proved, and the one that
was stable before. Nothing here deletes anything: a verdict is a fact with its reasons.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from workhorse.core.errors import Refusal
from workhorse.core.word import Word

DAY_SECONDS = 86_400.0

TAG = "workhorse:"
"""What the names of our tags begin with; an image without `workhorse:pool` is none of ours."""


class Channel(Word):
    """A place of a pool for one image."""

    CANDIDATE = "candidate"
    """To be tried by the next rollout."""
    STABLE = "stable"
    """What the pool runs: a rollout to it ended well."""
    PREVIOUS = "previous"
    """What was stable before: where a roll back returns to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The AMI id in each channel of a pool; empty for none."""

    candidate: str = ""
    stable: str = ""
    previous: str = ""

    def of(self, image: str) -> tuple[Channel, ...]:
        """The channels that hold this image."""
        return tuple(channel for channel in Channel if image and getattr(self, channel) == image)

    def promoted(self, image: str) -> "Channels":
        """With this image as the stable one, and the stable one as the previous.

        To promote the previous one is to go back: the two change places.
        """
        left = replace(self, candidate="" if self.candidate == image else self.candidate)
        if self.stable == image:
            return left
        return replace(left, stable=image, previous=self.stable or self.previous)

    def condemned(self, image: str) -> "Channels":
        """Without this image as the candidate."""
        return replace(self, candidate="" if self.candidate == image else self.candidate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An AMI of ours."""

    id: str
    pool: str
    name: str = ""
    created_at: float
    """Epoch seconds."""
    state: str = "available"
    """EC2's own word: available, pending, failed and others."""
    snapshots: tuple[str, ...] = ()
    """The snapshots behind it, which outlive it."""
    tags: tuple[tuple[str, str], ...] = ()
    """All tags, sorted by name."""

    def tag(self, name: str) -> str:
        """The value of the tag `workhorse:NAME`; empty when it has none."""
        return dict(self.tags).get(TAG + name, "")

    @property
    def commit(self) -> str:
        """The commit that it was baked from."""
        return self.tag("commit")

    @property
    def failed(self) -> str:
        """Why it was condemned; empty when it was not."""
        return self.tag("failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot of ours, behind an image or left over from one."""

    id: str
    pool: str
    started_at: float
    """Epoch seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Everything that EC2, Auto Scaling and SSM say about images, read at one time."""

    images: tuple[Image, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    channels: Mapping[str, Channels] = field(default_factory=dict)
    """Of every pool, by its name."""
    used: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """AMI id to what uses it, as `instance i-0abc` or `group linux, version 4`."""

    def places(self, image: Image) -> tuple[str, ...]:
        """The channels that hold the image, those of other pools with the pool's name."""
        return tuple(
            str(channel) if pool == image.pool else f"{channel} of {pool}"
            for pool, channels in sorted(self.channels.items())
            for channel in channels.of(image.id)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What a prune keeps beside what is in use or in a channel."""

    newest: int = 3
    """So many of the newest images of each pool, whether condemned or not."""
    days: float = 7
    """All that are younger."""

    def __post_init__(self) -> None:
        """Refuse what would keep nothing by a slip."""
        if self.newest < 0:
            raise Refusal(f"--keep: {self.newest}: must be 0 or more")
        if not self.days >= 0:
            raise Refusal(f"--days: {self.days:g}: must be 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of an image."""

    image: Image
    kept: tuple[str, ...]
    """Every reason to keep it; none: it is pruned."""


def verdicts(stock: Stock, keeping: Keeping, now: float, pools: Iterable[str]) -> list[Verdict]:
    """What becomes of each image of these pools, the oldest first."""
    found: list[Verdict] = []
    for pool in sorted(set(pools)):
        images = sorted((i for i in stock.images if i.pool == pool), key=_age)
        newest = {image.id for image in images[max(0, len(images) - keeping.newest) :]}
        for image in images:
            reasons = _reasons(image, stock, keeping, now)
            if image.id in newest:
                reasons = [*reasons, f"one of the newest {keeping.newest}"]
            found.append(Verdict(image=image, kept=tuple(reasons)))
    return found


def _age(image: Image) -> tuple[float, str]:
    return image.created_at, image.id


def _reasons(image: Image, stock: Stock, keeping: Keeping, now: float) -> list[str]:
    reasons = [f"used by {use}" for use in stock.used.get(image.id, ())]
    reasons += [f"is {place}" for place in stock.places(image)]
    if image.state == "pending":
        reasons.append("is being made")
    if now - image.created_at < keeping.days * DAY_SECONDS:
        reasons.append(f"younger than {keeping.days:g} days")
    return reasons


def orphans(stock: Stock, keeping: Keeping, now: float, pools: Iterable[str]) -> list[Snapshot]:
    """The snapshots of these pools that belong to no image, but for young ones.

    A prune that was interrupted leaves them; a bake that runs has them before its image is told.
    """
    behind = {snapshot for image in stock.images for snapshot in image.snapshots}
    wanted = set(pools)
    return [
        snapshot
        for snapshot in sorted(stock.snapshots, key=lambda one: (one.started_at, one.id))
        if snapshot.pool in wanted
        and snapshot.id not in behind
        and now - snapshot.started_at >= keeping.days * DAY_SECONDS
    ]


def age(seconds: float) -> str:
    """A duration as people say it: `3 d`, `5 h`, `12 min`."""
    for size, unit in ((DAY_SECONDS, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(max(seconds, 0.0))} s"


HEADINGS = ("POOL", "IMAGE", "AGE", "COMMIT", "CHANNEL", "STATE", "IN USE")


def table(stock: Stock, now: float, pools: Iterable[str]) -> Iterator[str]:
    """The images of these pools for people, the newest first of each pool."""
    rows: list[tuple[str, ...]] = [HEADINGS]
    for pool in sorted(set(pools)):
        images = sorted((i for i in stock.images if i.pool == pool), key=_age, reverse=True)
        rows += [_row(image, stock, now) for image in images]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(image: Image, stock: Stock, now: float) -> tuple[str, ...]:
    uses = stock.used.get(image.id, ())
    return (
        image.pool,
        image.id,
        age(now - image.created_at),
        image.commit[:12] or "-",
        ", ".join(stock.places(image)) or "-",
        "condemned" if image.failed else image.state,
        f"{uses[0]} and {len(uses) - 1} more" if len(uses) > 1 else "".join(uses) or "-",
    )


def records(stock: Stock, now: float, pools: Iterable[str]) -> list[dict[str, object]]:
    """The same as plain JSON."""
    wanted = set(pools)
    return [
        {
            "id": image.id,
            "pool": image.pool,
            "name": image.name,
            "age_seconds": round(now - image.created_at),
            "state": image.state,
            "channels": list(stock.places(image)),
            "used_by": list(stock.used.get(image.id, ())),
            "snapshots": list(image.snapshots),
            "tags": dict(image.tags),
        }
        for image in sorted(stock.images, key=_age, reverse=True)
        if image.pool in wanted
    ]
