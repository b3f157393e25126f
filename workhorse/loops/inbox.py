"""Messages that were received and not yet handled."""

from collections.abc import Iterable

from workhorse.core.errors import Surprise
from workhorse.core.model import Pool
from workhorse.loops.notes import note
from workhorse.loops.ports import Message, Ports


class Inbox:
    """Takes messages out of the queues of all pools; each stays here until it is handled."""

    def __init__(self, ports: Ports, pools: Iterable[Pool]) -> None:
        self._ports = ports
        self._queues = sorted({pool.queue_url for pool in pools if pool.queue_url})
        self.messages: dict[tuple[str, str], Message] = {}
        """By queue and message id: a newer receipt of the same message replaces the older."""
        self.missing: tuple[str, ...] = ()
        """Why queues did not answer when they were asked last."""

    def receive(self) -> bool:
        """Take what the queues hold; True when there is something to look at at once."""
        missing: list[str] = []
        for queue in self._queues:
            try:
                messages = self._ports.mailbox.receive(queue)
            except Surprise as surprise:
                note(self._ports, "unheard", queue=queue, error=str(surprise))
                missing.append(str(surprise))
                continue
            for message in messages:
                self.messages[queue, message.id] = message
        self.missing = tuple(missing)
        return bool(self.messages)
