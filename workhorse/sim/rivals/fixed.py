"""A fleet of fixed size: what most people have before they scale."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import ClassVar

from workhorse.core.errors import Refusal
from workhorse.sim.rivals.ground import Action, Resize, View


@dataclass(slots=True, kw_only=True)
class Fixed:
    """So many agents, day and night; Auto Scaling replaces what dies.

    The default is what somebody who knows the trace would buy: enough for 95 % of the time, were
    every build to start on arrival.
    """

    name: ClassVar[str] = "fixed"
    period: ClassVar[float] = 3600.0
    hooked: ClassVar[bool] = False
    protects: ClassVar[bool] = False

    size: int | None = None
    """Agents; None to take the `share`."""
    share: float = 0.95
    """The share of the time that the size is to suffice for."""

    def __post_init__(self) -> None:
        """Refuse what is no size and no share."""
        if self.size is not None and self.size < 0:
            raise Refusal(f"fixed: size {self.size}: must be 0 or more")
        if not 0 < self.share <= 1:
            raise Refusal(f"fixed: share {self.share}: must be above 0 and at most 1")

    def tick(self, view: View) -> Iterable[Action]:
        """Set the size, once for all."""
        if view.look == 0:
            size = view.bounded(view.demand(self.share) if self.size is None else self.size)
            yield Resize(size=size)

    def rests_until(self, _: View) -> float:
        """For ever: Auto Scaling does the rest."""
        return inf
