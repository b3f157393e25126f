"""What goes wrong between Auto Scaling and the loops' reading of a queue.

SNS tries for weeks to deliver to SQS, and SQS keeps a message for days: none is lost on the way.
What does lose them is a queue policy or a subscription that somebody broke: then nothing that is
sent meanwhile ever arrives, and the instances' own state is all that tells of them.
"""

from dataclasses import dataclass
from enum import StrEnum

from workhorse.sim import envelopes
from workhorse.sim.faults.fault import Fault, group, machine, queue
from workhorse.sim.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesRepeated(Fault):
    """Everything in a queue is delivered once more: at least once is what SQS promises."""

    pool: int = 0

    def strike(self, world: World) -> None:
        """Put it all in again."""
        world.queues.repeat(queue(world, self.pool))


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesLost(Fault):
    """The queue's policy or its subscription is broken for a while."""

    pool: int = 0
    seconds: float = 300.0

    def strike(self, world: World) -> None:
        """Drop what is sent."""
        url = queue(world, self.pool)
        world.queues.losing.add(url)
        world.kernel.after(self.seconds, world.queues.losing.discard, url)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesDelayed(Fault):
    """What is sent to a queue in a while arrives late, and so in another order."""

    pool: int = 0
    by_seconds: float = 120.0
    seconds: float = 300.0

    def strike(self, world: World) -> None:
        """Deliver late."""
        url = queue(world, self.pool)
        world.queues.delays[url] = self.by_seconds
        world.kernel.after(self.seconds, world.queues.delays.pop, url, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookMessageMadeUp(Fault):
    """A hook's message comes for an instance that waits at none: late, early or never true."""

    which: int = 0
    delay_seconds: float = 0.0

    def strike(self, world: World) -> None:
        """Send it."""
        hit = machine(world, self.which)
        if hit is None:
            return
        shape = world.cloud.groups[hit.group].shape
        if not shape.queue:
            return
        name = shape.hook.name if shape.hook else "drain"
        body = envelopes.hook_arrived(hit.group, name, hit.id, world.kernel.now)
        world.queues.send(shape.queue, body, delay=self.delay_seconds)


class Oddity(StrEnum):
    """Messages that ask for nothing that is ours."""

    TEST = "test"
    FOREIGN = "foreign"
    MALFORMED = "malformed"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True, kw_only=True)
class OddMessageCame(Fault):
    """A message comes that is a test, another group's, no JSON, or about an unknown instance."""

    pool: int = 0
    oddity: Oddity = Oddity.TEST

    def strike(self, world: World) -> None:
        """Send it."""
        now = world.kernel.now
        body = {
            Oddity.TEST: envelopes.hook_tested(group(world, self.pool), now),
            Oddity.FOREIGN: envelopes.hook_arrived("another", "drain", "i-0badbad0", now),
            Oddity.MALFORMED: '{"Type": "Notification", "Message": ',
            Oddity.STRANGER: envelopes.spot_interruption("i-0badbad1", now),
        }[self.oddity]
        if url := queue(world, self.pool):
            world.queues.send(url, body)
