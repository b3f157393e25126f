"""What the watcher of an agent does next: pure, with time and chance as arguments.

It looks every two seconds at the metadata service, and every minute asks the gateway whether
Jenkins still knows this agent. From that follows, and from nothing else:

- a notice that EC2 takes the instance back is handed on until it is accepted, and then, as long as
  it stands, every half minute: the controller may have been started again in between;
- an agent that Jenkins forgot registers again, but only when it was told so twice: one reading of a
  controller that is starting is no news. Nothing is done while the gateway does not know either;
- whose lease is refused proves again who it is, which is to register again;
- an agent that is idle for too long asks to go, again and again: the gateway may say no for hours;
- one that leaves neither asks to go nor comes back because it was forgotten.

Whatever goes to the gateway is spread by chance: a thousand agents begin in the same minute.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

HERE_SECONDS = 60.0
"""Between one question to the gateway and the next, give or take a fifth."""
SPREAD = 0.2
CONFIRM_SECONDS = 10.0
"""Between the first word that Jenkins forgot this agent and the second; up to twice as long."""
TWICE = 2
SHORTEST, LONGEST = 5.0, 60.0
"""Seconds between two tries to register again."""

AGAIN_SECONDS = 30.0
"""Between one ask that was accepted and the same again."""

MOST_RETRY_AFTER = 120.0
"""Seconds; the controller gives up agents that say nothing for long."""

LAST_STATES = frozenset({"Terminated", "Detached", "Standby"})
"""Of autoscaling/target-lifecycle-state: the group does not count on this instance any more.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What does not change while the watcher runs."""

    here_seconds: float = HERE_SECONDS
    idle_seconds: float = 0
    """How long an agent is idle before it asks to go; 0: it never does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The gateway took an ask."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the gateway answered to `here`; None is what it does not know."""

    known: bool | None = None
    leaving: bool = False
    idle_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The gateway does not take the lease any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """This machine came in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """Registering did not work, or the gateway asked for patience."""

    retry_seconds: float = 0


News = Accepted | Heard | Refused | Registered | Shut


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the metadata service shows now, and what came of the last actions."""

    spot: str = ""
    """The text of spot/instance-action; empty for none."""
    rebalance: str = ""
    """The text of events/recommendations/rebalance; empty for none."""
    target: str = ""
    """The text of autoscaling/target-lifecycle-state; empty for none."""
    news: tuple[News, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the watcher remembers; a fresh one after it was started again."""

    accepted: Mapping[str, float] = field(default_factory=dict)
    """When the gateway took an ask, by its kind."""
    here_at: float = 0
    """When the gateway is asked next."""
    missing: int = 0
    """So many times in a row it said that Jenkins does not know this agent."""
    register_at: float | None = None
    """When to register again; None: no need."""
    pause: float = SHORTEST
    """Seconds from a vain try to the next."""
    idle_at: float | None = None
    """When it last asked to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Say to the gateway that this agent wants no more builds."""

    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SayHere:
    """Ask the gateway what it knows of this agent; it renews the lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Come in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAgent:
    """Start the agent's unit if it does not run; one that runs may be connected, with builds."""


Action = Ask | SayHere | Register | StartAgent


@dataclass
class _Next:
    """The state that comes and the actions so far, while a step is made."""

    state: State
    actions: list[Action] = field(default_factory=list)


def step(
    rules: Rules, state: State, seen: Seen, now: float, dice: float
) -> tuple[State, tuple[Action, ...]]:
    """What to remember and what to do.

    `now` is in seconds of a clock that does not go back; `dice` is drawn from 0 to 1 each time.
    """
    turn = _Next(state)
    leaves = seen.target in LAST_STATES
    for news in seen.news:
        if isinstance(news, Heard):
            _hear(turn, rules, replace(news, leaving=news.leaving or leaves), now, dice)
        else:
            _take(turn, news, now, dice)
    _warn(turn, seen, now)
    at = turn.state.register_at
    if at is not None and now >= at:
        turn.state = replace(turn.state, register_at=None)
        turn.actions.append(Register())
    if now >= turn.state.here_at:
        turn.state = replace(turn.state, here_at=now + _about(rules.here_seconds, dice))
        turn.actions.append(SayHere())
    return turn.state, tuple(turn.actions)


def _about(seconds: float, dice: float) -> float:
    return seconds * (1 + SPREAD * (2 * dice - 1))


def _take(
    turn: _Next, news: Accepted | Refused | Registered | Shut, now: float, dice: float
) -> None:
    """Take in what came of an action."""
    match news:
        case Accepted(kind=kind):
            turn.state = replace(turn.state, accepted={**turn.state.accepted, kind: now})
        case Refused():
            due = turn.state.register_at
            turn.state = replace(turn.state, register_at=now if due is None else due)
        case Registered():
            turn.state = replace(turn.state, register_at=None, missing=0, pause=SHORTEST)
            turn.actions.append(StartAgent())
        case Shut(retry_seconds=asked):
            pause = min(LONGEST, SHORTEST + dice * (3 * turn.state.pause - SHORTEST))
            wait = max(pause, min(asked, MOST_RETRY_AFTER) + dice * SHORTEST)
            turn.state = replace(turn.state, register_at=now + wait, pause=pause)


def _hear(turn: _Next, rules: Rules, heard: Heard, now: float, dice: float) -> None:
    """Take in what the gateway knows."""
    state = replace(turn.state, missing=0) if heard.known else turn.state
    if heard.known is False and not heard.leaving:
        state = replace(state, missing=state.missing + 1)
        if state.missing < TWICE:
            state = replace(state, here_at=min(state.here_at, now + CONFIRM_SECONDS * (1 + dice)))
        elif state.register_at is None:
            state = replace(state, register_at=now)
    idle = heard.idle_seconds
    long_enough = idle is not None and 0 < rules.idle_seconds <= idle
    lately = state.idle_at is not None and now - state.idle_at < rules.here_seconds
    if long_enough and heard.known and not heard.leaving and not lately:
        state = replace(state, idle_at=now)
        turn.actions.append(Ask(kind="idle", detail=f"idle for {idle:.0f} seconds"))
    turn.state = state


def _warn(turn: _Next, seen: Seen, now: float) -> None:
    """Hand on what EC2 announces until the gateway has taken it, and then now and then."""
    for kind, text in (("spot", seen.spot), ("rebalance", seen.rebalance)):
        taken_at = turn.state.accepted.get(kind)
        if text and (taken_at is None or now - taken_at >= AGAIN_SECONDS):
            turn.actions.append(Ask(kind=kind, detail=text[:500]))
