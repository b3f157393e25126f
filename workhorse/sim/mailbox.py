"""Simulated SQS standard queues: at least once, in no order, hidden while in flight."""

import random
from dataclasses import dataclass

from workhorse.core.errors import Missing
from workhorse.loops.ports import Message
from workhorse.sim.kernel import Kernel

BATCH = 10
"""The most messages that one ReceiveMessage gives."""


@dataclass(slots=True, kw_only=True, eq=False)
class Letter:
    """One message in a queue, and what the world knows of it."""

    id: str
    body: str
    visible_at: float
    about: str = ""
    """The instance whose hook it tells of; empty for any other message."""
    receives: int = 0
    receipt: str = ""
    """The newest one; SQS promises nothing for older ones, so here they do nothing."""


class SimQueues:
    """All queues of the world, by URL; a queue is made by its first message or reader.

    Args:
        kernel: gives the time.
        rng: shuffles what is received together.
        visibility_seconds: the queues' default visibility time-out.
        max_receives: the redrive policy's maxReceiveCount; 0 for no dead letter queue.
    """

    def __init__(
        self,
        kernel: Kernel,
        rng: random.Random,
        *,
        visibility_seconds: float = 30.0,
        max_receives: int = 0,
    ) -> None:
        self._kernel = kernel
        self._rng = rng
        self.visibility_seconds = visibility_seconds
        self.max_receives = max_receives
        self.shuffled = False
        """Give what is received together in any order."""
        self.letters: dict[str, dict[str, Letter]] = {}
        self.dead: list[Letter] = []
        self.losing: set[str] = set()
        """Queues whose policy or subscription is broken: what is sent there now never arrives."""
        self.lost: list[Letter] = []
        self.delays: dict[str, float] = {}
        """Queues that AWS delivers to so many seconds late."""
        self._sequence = 0

    def send(self, queue: str, body: str, *, about: str = "", delay: float = 0.0) -> None:
        """Put a message into a queue, to be seen from `delay` seconds on."""
        self._sequence += 1
        letter = Letter(
            id=f"m-{self._sequence}",
            body=body,
            about=about,
            visible_at=self._kernel.now + delay + self.delays.get(queue, 0.0),
        )
        if queue in self.losing:
            self.lost.append(letter)
            return
        self.letters.setdefault(queue, {})[letter.id] = letter

    def calm(self) -> None:
        """Everything that is sent from now on arrives, and at once."""
        self.losing.clear()
        self.delays.clear()

    def repeat(self, queue: str) -> None:
        """Deliver every message of a queue once more, as at-least-once allows."""
        for letter in list(self.letters.get(queue, {}).values()):
            self.send(queue, letter.body, about=letter.about)

    def receive(self, queue: str) -> tuple[Message, ...]:
        """Up to ten visible messages; each is hidden for the visibility time-out."""
        letters = self.letters.get(queue)
        if not letters:
            return ()
        now = self._kernel.now
        visible = [x for x in letters.values() if x.visible_at <= now]
        if self.shuffled:
            self._rng.shuffle(visible)
        found = []
        for letter in visible:
            if self.max_receives and letter.receives >= self.max_receives:
                self.dead.append(letters.pop(letter.id))
                continue
            letter.receives += 1
            letter.visible_at = now + self.visibility_seconds
            letter.receipt = f"{letter.id}/{letter.receives}"
            found.append(Message(id=letter.id, receipt=letter.receipt, body=letter.body))
            if len(found) == BATCH:
                break
        return tuple(found)

    def find(self, queue: str, receipt: str) -> Letter | None:
        """The letter whose newest receipt it is."""
        letter = self.letters.get(queue, {}).get(receipt.partition("/")[0])
        return letter if letter and receipt == letter.receipt else None

    def hold(self, queue: str, receipt: str, seconds: int) -> None:
        """ChangeMessageVisibility.

        Raises:
            Missing: the message is deleted, or in nobody's flight.
        """
        letter = self.find(queue, receipt)
        if letter is None or letter.visible_at <= self._kernel.now:
            raise Missing(f"message {receipt} is not in flight")
        letter.visible_at = self._kernel.now + seconds

    def forget(self, queue: str, receipt: str) -> Letter | None:
        """DeleteMessage; the letter that is gone now, if the receipt was its newest."""
        letter = self.find(queue, receipt)
        if letter is not None:
            del self.letters[queue][letter.id]
        return letter

    def waiting(self, queue: str) -> int:
        """How many messages the queue holds, hidden ones too."""
        return len(self.letters.get(queue, {}))
