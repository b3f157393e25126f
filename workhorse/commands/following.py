"""Following a rollout: a block that is drawn anew on a terminal, a line for each change elsewhere.

Nothing here changes anything: whoever follows may go away, and another may follow from elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from workhorse.commands.command import Show
from workhorse.commands.rollout_desk import Desk
from workhorse.core.errors import Refusal, Surprise
from workhorse.core.orders import Order
from workhorse.core.progress import Ending, Progress, ending

DONE, FAILED, HALTED, UNTAKEN, INTERRUPTED = 0, 1, 3, 4, 130
"""Exit statuses; 2 is a refusal, and 130 what shells say of a program that Ctrl-C ended."""

LOOK_SECONDS = 2.0
"""Two calls of SSM at each look, of which it gives 40 a second to a whole account.

https://docs.aws.amazon.com/general/latest/gr/ssm.html
"""

TAKEN_SECONDS = 60.0
"""A controller looks for orders every few seconds; this is several times that."""

STATUS = {
    Ending.DONE: FAILED,
    Ending.FAILED: FAILED,
    Ending.ROLLED_BACK: FAILED,
    Ending.HALTED: HALTED,
}
"""The exit status of an ending that is not the one that was wanted."""


class Screen:
    """Where progress is shown; a context manager, because a drawn block has to be left."""

    def __init__(self, console: Console, show: Show) -> None:
        self._console = console
        self._show = show
        self._live: Live | None = None
        self._said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def progress(self, progress: Progress, now: float) -> None:
        """Draw the block anew; where no terminal is, say the line if it is another."""
        if self._console.is_terminal:
            self._draw("\n".join(progress.block(now, width=self._console.width)))
        elif (line := progress.line()) != self._said:
            self._said = line
            self._show(f"{datetime.fromtimestamp(now, UTC):%H:%M:%S} {line}")

    def say(self, line: str) -> None:
        """A line that stays."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        self._show(line)

    def _draw(self, text: str) -> None:
        # As Text: brackets of a bar are no markup.
        drawn = Text(text)
        if self._live is None:
            self._live = Live(drawn, console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(drawn, refresh=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How long is waited, in real seconds, and by whom."""

    wait: Callable[[float], bool]
    """Waits so many seconds, or not at all; True when told to stop, then and ever after."""
    look: float = LOOK_SECONDS
    """Between two looks."""
    taken: float = TAKEN_SECONDS
    """After so many without a word of a controller we go."""

    def __post_init__(self) -> None:
        """Refuse to look without a pause, or never, and times that are no number."""
        if not 0 < self.look < inf:
            raise Refusal(f"--look: {self.look:g}: must be above 0 seconds")
        if not self.taken >= 0:
            raise Refusal(f"--patience: {self.taken:g}: must be 0 or more seconds")


def follow(
    desk: Desk, order: Order, screen: Screen, rhythm: Rhythm, *, wanted: Ending = Ending.DONE
) -> int:
    """Show how the order comes along until it is over, halted, or we are told to stop.

    A look that fails is said and repeated: the rollout goes on without us.

    Args:
        desk: of the pool.
        order: what is followed.
        screen: where it is shown.
        rhythm: how long is waited.
        wanted: what is to become of it.

    Returns:
        DONE when that became of it, else FAILED or HALTED; UNTAKEN when no controller took the
        order in time, or before somebody took it away; INTERRUPTED.
    """
    waited = 0.0
    stopped = False
    while not stopped:
        try:
            seen = _look(desk, order, screen)
        except Surprise as surprise:
            screen.say(f"cannot look: {surprise}")
            seen = _Seen()
        if seen.came in STATUS:
            return DONE if seen.came is wanted else STATUS[seen.came]
        waited = 0.0 if seen.taken else waited + rhythm.look
        if not seen.taken and (seen.gone or waited > rhythm.taken):
            return UNTAKEN
        stopped = rhythm.wait(rhythm.look)
    return INTERRUPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What one look showed; as it stands here, of a look that failed."""

    taken: bool = True
    gone: bool = False
    came: Ending = Ending.UNDER_WAY


def _look(desk: Desk, order: Order, screen: Screen) -> _Seen:
    """Show how it stands.

    The order is read before the standing: a controller tells how it ended, then takes it away.
    """
    current = desk.orders.order(desk.pool)
    standing = desk.orders.standing(desk.pool)
    gone = current is None or current.id != order.id
    ours = order if current is None or gone else current
    progress = Progress(order=ours, standing=standing, waves=len(desk.policy.waves))
    screen.progress(progress, desk.now())
    taken = standing is not None and standing.order == order.id
    return _Seen(taken=taken, gone=gone, came=ending(ours, standing))
