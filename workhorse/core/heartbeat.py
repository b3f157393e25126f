"""What keeps a drain's hook open and its messages ours while its builds run."""

from dataclasses import replace
from math import inf

from workhorse.core.drain import Drain, DrainState
from workhorse.core.effects import Effect, Heartbeat, HoldMessage

HOLD_SECONDS = 900
"""How long a message is hidden each time it is held; held again at every heartbeat.

If we die, it comes back after at most this long; the hook is found sooner, by the instance's state.
"""


def heartbeat(drain: Drain, now: float) -> tuple[Drain, tuple[Effect, ...]]:
    """The heartbeat and the holding of messages that are due; also while nothing can be read.

    The heartbeat comes at a third of the hook's time-out: two may fail before the hook runs out.
    """
    effects: tuple[Effect, ...] = ()
    beat_at, held_at = drain.beat_at, drain.held_at
    if (
        drain.hook
        and _held_there(drain)
        and _due(drain.beat_at, drain.hook.heartbeat_seconds / 3, now)
    ):
        effects += (Heartbeat(group=drain.group, hook=drain.hook.name, instance=drain.instance),)
        beat_at = now
    if drain.messages and _due(drain.held_at, HOLD_SECONDS / 3, now):
        effects += tuple(
            HoldMessage(queue=queue, receipt=receipt, seconds=HOLD_SECONDS)
            for queue, _, receipt in drain.messages
        )
        held_at = now
    return replace(drain, beat_at=beat_at, held_at=held_at) if effects else drain, effects


def next_beat(drain: Drain) -> float:
    """When `heartbeat` has something to do next, if the drain stays as it is."""
    beat = hold = inf
    if drain.hook and _held_there(drain):
        beat = drain.beat_at + drain.hook.heartbeat_seconds / 3
    if drain.messages:
        hold = drain.held_at + HOLD_SECONDS / 3
    return min(beat, hold)


def _held_there(drain: Drain) -> bool:
    return drain.state not in {DrainState.RELEASED, DrainState.GONE}


def _due(last: float, pause: float, now: float) -> bool:
    """Also when the clock jumped back."""
    return now - last >= pause or last > now
