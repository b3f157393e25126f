"""How a rollout stands, as lines for people: a block for a terminal, one line for a log. Pure.

Everything is told from the order, the standing that the controller wrote, and the time.
What is not known is left out rather than guessed: where nothing was told yet, the order waits for a
controller, and what was told long ago says how long.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from workhorse.core.orders import Awaited, Command, Order, Standing

SILENT_SECONDS = 180.0
"""What was told so long ago is told as old: three pulses of a roller, which may be down."""

BAR_WIDTH = 30
"""Characters between the brackets of the bar."""

AWAITED_SHOWN = 5
"""Agents that are waited for, each on a line of its own."""

WIDTH = 100
"""Columns of a line where no terminal tells."""

_BUILD = re.compile(r"(?P<job>(?:job/[^/]+/)+)(?:(?P<axes>[^/]+)/)?(?P<number>\d+)/?")

_DOING: Mapping[str, str] = {
    "ORDERED": "ordered",
    "CANARY_ASKED": "asks for a canary, one agent of the new version",
    "CANARY": "waits for the canary to register",
    "SMOKE": "tries the canary",
    "WAVE": "replaces agents",
    "REFRESHING": "Auto Scaling replaces agents",
    "BAKING": "watches the new agents",
    "HALTED": "halted",
    "ROLLING_BACK": "returns to the version before",
    "DONE": "done",
    "FAILED": "failed",
    "ROLLED_BACK": "taken back",
}
"""What a rollout does in each state; one that is not here is told by its name."""


_TRYING = frozenset({"CANARY_ASKED", "CANARY", "SMOKE"})
_IN_WAVES = frozenset({"WAVE", "REFRESHING", "BAKING"})


class Ending(StrEnum):
    """What became of a rollout, for whoever waits for it."""

    UNDER_WAY = "under way"
    HALTED = "halted"
    DONE = "done"
    FAILED = "failed"
    ROLLED_BACK = "taken back"


_SAID = frozenset(
    {
        *("a canary is asked for", "the canary is launched", "the canary boots"),
        *("the smoke job is asked for", "the smoke job runs"),
        *(
            "agents are waited for",
            "the new agents are watched",
            "every agent is of the new version",
        ),
    }
)
"""Words of the table that say what is told anyway."""

_ENDINGS = {
    "HALTED": Ending.HALTED,
    "DONE": Ending.DONE,
    "FAILED": Ending.FAILED,
    "ROLLED_BACK": Ending.ROLLED_BACK,
}


def ending(order: Order, standing: Standing | None) -> Ending:
    """What became of the order; a standing of an earlier order tells nothing of it.

    One that is halted and was asked to go on is under way again.
    """
    if standing is None or standing.order != order.id:
        return Ending.UNDER_WAY
    if standing.state == "HALTED" and order.command is not Command.HALT:
        return Ending.UNDER_WAY
    return _ENDINGS.get(standing.state, Ending.UNDER_WAY)


def verdict(standing: Standing) -> str:
    """How a rollout ended, in one line; one that is not over is told by what it does."""
    doing = _doing(standing.state)
    end = standing.ended_at
    took = f" after {in_words(end - standing.started_at)}" if end is not None else ""
    because = f": {standing.because}" if standing.because else ""
    return f"pool {standing.pool}: the rollout {standing.order}: {doing}{took}{because}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """An order and what was last told of it."""

    order: Order
    standing: Standing | None
    waves: int = 0
    """Waves of the pool's policy; 0 when nobody told."""

    def block(self, now: float, *, width: int = WIDTH) -> tuple[str, ...]:
        """Some lines that are drawn anew at every look, none longer than `width`."""
        standing = self._told()
        lines = [self._title(now)]
        if standing is None:
            lines.append(f"waits {in_words(now - self.order.at)} for a controller to take it")
        else:
            lines += [*_bar(standing), self._doing(standing), *_health(standing)]
            lines += [f"because {why}" for why in _why(standing)]
            lines += _waiting(standing, now)
            lines += _silence(standing, now)
        return tuple(_cut(line, width) for line in lines)

    def line(self) -> str:
        """Everything that matters in one line, which is another only when something changed."""
        standing = self._told()
        if standing is None:
            return "waits for a controller to take it"
        parts = [self._doing(standing)]
        if standing.total and standing.state not in _TRYING:
            parts.append(f"{_replaced(standing)} of {standing.total} replaced")
        parts += [f"{standing.leaving} leaving"] * bool(standing.leaving)
        parts += _health(standing)
        if awaited := _awaited(standing):
            parts.append(f"waits for {_names(awaited)}")
        return ": ".join([", ".join(parts), *_why(standing)])

    def _told(self) -> Standing | None:
        """The standing, when it is of this order."""
        told = self.standing
        return told if told is not None and told.order == self.order.id else None

    def _title(self, now: float) -> str:
        order = self.order
        image = f" ({order.image})" if order.image else ""
        asked = f", asked to {order.command}" if order.command is not Command.GO else ""
        ago = in_words(now - order.at)
        return (
            f"{order.pool}: version {order.previous} -> {order.target}{image} by {order.strategy}, "
            f"ordered by {order.by} {ago} ago{asked}"
        )

    def _doing(self, standing: Standing) -> str:
        doing = _doing(standing.state)
        of = f" of {self.waves}" if self.waves > standing.wave else ""
        wave = f"wave {standing.wave + 1}{of}: " if standing.state in _IN_WAVES else ""
        canary = standing.canary if standing.state in _TRYING else ""
        return f"{wave}{doing}" + (f", {canary}" if canary else "")


def in_words(seconds: float) -> str:
    """A duration as people say it: `45 s`, `14 min`, `2 h 05 min`; below 0 it is `0 s`."""
    whole = max(0, round(seconds))
    if whole < 2 * 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 2 * 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min"


def build_name(path: str) -> str:
    """A build as people write it: `job/team/job/api/812/` is `team/api #812`."""
    found = _BUILD.fullmatch(path)
    if found is None:
        return path.strip("/")
    job = "/".join(re.findall(r"job/([^/]+)/", found["job"]))
    axes = f" {found['axes']}" if found["axes"] else ""
    return f"{job}{axes} #{found['number']}"


def _doing(state: str) -> str:
    return _DOING.get(state, state.lower().replace("_", " "))


def _replaced(standing: Standing) -> int:
    return max(0, standing.total - standing.left)


def _bar(standing: Standing) -> Iterator[str]:
    """`=` for replaced agents, `-` for those that are leaving."""
    if not standing.total:
        return
    done = min(BAR_WIDTH, BAR_WIDTH * _replaced(standing) // standing.total)
    soon = min(BAR_WIDTH - done, -(-BAR_WIDTH * standing.leaving // standing.total))
    bar = ("=" * done + "-" * soon).ljust(BAR_WIDTH)
    leaving = f", {standing.leaving} leaving" if standing.leaving else ""
    yield f"[{bar}] {_replaced(standing)} of {standing.total} replaced{leaving}"


def _health(standing: Standing) -> Iterator[str]:
    if not standing.launched:
        return
    failed = f", {standing.failed} failed" if standing.failed else ""
    boot = standing.boot_seconds
    took = f", boot {in_words(boot)}" if boot is not None else ""
    yield f"{standing.registered} of {standing.launched} new agents registered{failed}{took}"


def _why(standing: Standing) -> Iterator[str]:
    if standing.because and standing.because not in _SAID:
        yield standing.because


def _awaited(standing: Standing) -> tuple[Awaited, ...]:
    """The agents that are waited for; a canary that boots is named already."""
    trying = standing.state in _TRYING
    return tuple(each for each in standing.awaited if each.build or not trying)


def _waiting(standing: Standing, now: float) -> Iterator[str]:
    """The agents that are waited for, the first few by name."""
    awaited = _awaited(standing)
    for number, each in enumerate(awaited[:AWAITED_SHOWN]):
        yield f"{'waits for' if not number else '':9} {each.instance}: {_busy_with(each, now)}"
    more = len(awaited) - AWAITED_SHOWN
    if more > 0:
        yield f"{'':9} and {more} more"


def _busy_with(awaited: Awaited, now: float) -> str:
    if not awaited.build:
        return awaited.because or "its end"
    told = f"runs {build_name(awaited.build)}"
    if awaited.since is not None:
        told += f", {in_words(now - awaited.since)} so far"
    if awaited.usual_seconds is not None:
        told += f", usually {in_words(awaited.usual_seconds)}"
    return told


def _names(awaited: tuple[Awaited, ...]) -> str:
    first = awaited[0]
    what = f" ({build_name(first.build)})" if first.build else ""
    more = f" and {len(awaited) - 1} more" if len(awaited) > 1 else ""
    return f"{first.instance}{what}{more}"


def _silence(standing: Standing, now: float) -> Iterator[str]:
    quiet = now - standing.at
    if standing.ended_at is None and quiet > SILENT_SECONDS:
        yield f"nothing was told for {in_words(quiet)}: does a controller run?"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: max(0, width - 2)]}.."
