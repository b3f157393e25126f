"""What a wish for a rollout comes to: an order, nothing to do, or why not. Pure.

A rollout is ordered to a version of the group's launch template, by its number, because an image
may be in several; and the order says what to return to, because by then the group tells no more.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from workhorse.core.errors import Refusal
from workhorse.core.model import Group
from workhorse.core.orders import Order, Strategy
from workhorse.core.progress import in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody asked for."""

    pool: str
    version: int | None = None
    """Of the launch template; None for that of `image`, or the newest."""
    image: str = ""
    strategy: Strategy = Strategy.DRAIN
    canary: bool = True
    by: str

    @property
    def named(self) -> bool:
        """It says which version, by its number or its image."""
        return self.version is not None or bool(self.image)


def order_id(at: float, chance: str) -> str:
    """An id that is never used again: the time, for people, and some characters of chance."""
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%S}-{chance}"


def target(wish: Wish, images: Mapping[int, str]) -> int:
    """The version that is wished for.

    Args:
        wish: what was asked for.
        images: version to AMI id, of every version of the group's launch template.

    Raises:
        Refusal: the template has no such version.
    """
    if not images:
        raise Refusal("the group's launch template has no version")
    if wish.version is not None:
        if wish.version not in images:
            raise Refusal(
                f"--version: {wish.version}: must be a version of the group's launch template "
                f"({min(images)} to {max(images)})"
            )
        return wish.version
    found = [version for version, image in images.items() if not wish.image or image == wish.image]
    if not found:
        newest = max(images)
        raise Refusal(
            f"--image: {wish.image}: must be in a version of the group's launch template; the "
            f"newest, {newest}, holds {images[newest]}: apply Terraform with the image first"
        )
    return max(found)


def reached(group: Group, version: int) -> bool:
    """Whether the group launches the version and has no agent of another that would stay."""
    others = [i for i in group.instances if not i.lifecycle.leaving]
    return group.template_version == version and all(i.template_version == version for i in others)


def ordered(wish: Wish, group: Group, images: Mapping[int, str], *, order: str, at: float) -> Order:
    """The order that the wish comes to.

    Args:
        wish: what was asked for.
        group: as it is now.
        images: version to AMI id, of every version of its launch template.
        order: the order's id.
        at: the time.

    Raises:
        Refusal: the template has no such version.
    """
    version = target(wish, images)
    before = _previous(group, images, version)
    return Order(
        id=order,
        pool=wish.pool,
        group=group.name,
        target=version,
        image=images[version],
        previous=before,
        previous_image=images.get(before, ""),
        strategy=wish.strategy,
        canary=wish.canary,
        by=wish.by,
        at=at,
    )


def under_way(order: Order, now: float) -> str:
    """Why no other may be ordered, and what can be done about it."""
    return (
        f"pool {order.pool}: a rollout to version {order.target} is under way, ordered by "
        f"{order.by} {in_words(now - order.at)} ago: see --watch, --halt and --roll-back"
    )


def _previous(group: Group, images: Mapping[int, str], version: int) -> int:
    """What the group launches; where that is no other version, what most of its agents are of.

    A group without either returns to the version below, and one without that to the same.
    """
    if group.template_version not in {0, version}:
        return group.template_version
    others = Counter(
        i.template_version for i in group.instances if i.template_version not in {0, version}
    )
    if others:
        return max(others, key=lambda each: (others[each], each))
    return max((each for each in images if each < version), default=version)
