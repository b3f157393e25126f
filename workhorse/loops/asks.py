"""Where the gateway's threads leave what agents ask, for the loops' one thread to take."""

from collections import deque

from workhorse.core.asks import Ask

MOST_ASKS = 10_000
"""Beyond it the oldest are dropped: agents ask again."""


class Asks:
    """A box between threads; `deque` is safe for both ends."""

    def __init__(self) -> None:
        self._asks: deque[Ask] = deque(maxlen=MOST_ASKS)

    def put(self, ask: Ask) -> None:
        """Leave an ask."""
        self._asks.append(ask)

    def take(self) -> tuple[Ask, ...]:
        """All that were left since, oldest first."""
        found = []
        while self._asks:
            found.append(self._asks.popleft())
        return tuple(found)

    def __bool__(self) -> bool:
        return bool(self._asks)
