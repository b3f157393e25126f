"""The outsiders: who interferes when, and with whom. Pure; `outsiders.py` does the deeds."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from workhorse.local.demo.facts import Hand
from workhorse.local.demo.view import AgentSeen, View

LOWER_BY = 2
"""By how much an outsider lowers a desired capacity."""

Choose = Callable[[View, random.Random], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A hand acts when this part of the window is over and it finds a target."""

    hand: Hand
    after: float
    """0 is the beginning of the window, 1 its end."""
    choose: Choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The cues that are left, in order of time."""

    cues: tuple[Cue, ...] = ()

    def due(self, view: View, part: float, chance: random.Random) -> tuple[Cue, str] | None:
        """The first cue whose time has come and that finds a target, with that target."""
        for cue in self.cues:
            if cue.after <= part and (target := cue.choose(view, chance)) is not None:
                return cue, target
        return None

    def without(self, done: Cue) -> "Script":
        """The script after that cue."""
        return Script(cues=tuple(cue for cue in self.cues if cue is not done))

    def at_once(self) -> "Script":
        """What need not wait until the last deed is over: a drain that was begun for a kill."""
        if any(cue.hand is Hand.OPERATOR_TERMINATE for cue in self.cues):
            return Script()
        return Script(cues=tuple(cue for cue in self.cues if cue.hand is Hand.KILL_CONTROLLER))

    def again(self) -> "Script":
        """The script for one more build: if its drain is still wanted, somebody begins one."""
        left = {cue.hand for cue in self.cues}
        if Hand.KILL_CONTROLLER not in left or Hand.OPERATOR_TERMINATE in left:
            return self
        return Script(cues=(_begin_a_drain(), *self.cues))

    @property
    def wants_a_build(self) -> bool:
        """Whether a hand is left that one more build, and the idle agent after it, would serve."""
        return any(cue.hand in SERVED_BY_ONE for cue in self.cues)


SERVED_BY_ONE = frozenset({Hand.OPERATOR_TERMINATE, Hand.KILL_CONTROLLER, Hand.NODE_DELETED})
"""Hands for which one agent is enough, of any pool."""


def script(*, ec2_loss: bool) -> Script:
    """Everybody who interferes in a demo."""
    cues = [
        Cue(hand=Hand.LOWERED_DESIRED, after=0.15, choose=group_to_lower),
        Cue(hand=Hand.NODE_DELETED, after=0.20, choose=idle_agent),
        _begin_a_drain(),
        Cue(hand=Hand.KILL_CONTROLLER, after=0.25, choose=drain_with_a_build),
        Cue(hand=Hand.SPOT_WARNING, after=0.30, choose=idle_spot_agent),
        Cue(hand=Hand.NODE_DELETED, after=0.35, choose=idle_agent),
        Cue(hand=Hand.REBALANCE, after=0.40, choose=agent_of_fullest_zone),
    ]
    if ec2_loss:
        cues.append(Cue(hand=Hand.EC2_TERMINATE, after=0.60, choose=busy_agent))
    return Script(cues=tuple(cues))


def _begin_a_drain() -> Cue:
    return Cue(hand=Hand.OPERATOR_TERMINATE, after=0.25, choose=busy_agent)


def busy_agent(view: View, chance: random.Random) -> str | None:
    """An agent in service that runs a build."""
    return _one(chance, [agent for agent in view.agents if agent.busy])


def idle_agent(view: View, chance: random.Random) -> str | None:
    """An idle agent of a pool for which no build waits."""
    return _one(chance, _idle(view))


def idle_spot_agent(view: View, chance: random.Random) -> str | None:
    """The same, on spot."""
    return _one(chance, [agent for agent in _idle(view) if agent.spot])


def _idle(view: View) -> list[AgentSeen]:
    pressed = {names.group for names in view.pools if view.waiting.get(names.job)}
    return [a for a in view.agents if a.working and a.idle and a.group not in pressed]


def agent_of_fullest_zone(view: View, chance: random.Random) -> str | None:
    """Any working agent of the zone that holds most of some group, as AZRebalance picks them."""
    full: list[AgentSeen] = []
    for names in view.pools:
        working = [agent for agent in view.of(names.group) if agent.working]
        zones = Counter(agent.zone for agent in working)
        if len(working) > 1 and zones:
            fullest = max(sorted(zones), key=lambda zone: zones[zone])
            full += [agent for agent in working if agent.zone == fullest]
    return _one(chance, full)


def group_to_lower(view: View, chance: random.Random) -> str | None:
    """A group of which more agents are busy than a lowered desired capacity would leave."""
    groups = [
        names.group
        for names in view.pools
        if sum(1 for agent in view.of(names.group) if agent.busy) > LOWER_BY
        and view.desired[names.group] - LOWER_BY >= view.floors[names.group]
    ]
    return chance.choice(sorted(groups)) if groups else None


def drain_with_a_build(view: View, chance: random.Random) -> str | None:
    """An agent that is cordoned, waits at the hook and still runs a build."""
    held = [a for a in view.agents if a.at_hook and a.cordoned and a.online and not a.idle]
    return _one(chance, held)


def _one(chance: random.Random, agents: list[AgentSeen]) -> str | None:
    return chance.choice(sorted(agent.instance for agent in agents)) if agents else None
