"""Rules of rollouts broken on purpose, as `breakages.py` has those of everything else."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.properties.breakages import Breakage, by_name, without
from workhorse.core import budgets, canary_end, rollout_effects, rollout_looks, waves
from workhorse.core.budgets import Room
from workhorse.core.effects import (
    CloseOrder,
    CondemnImage,
    EndCanary,
    PromoteImage,
    TellRollout,
    UseTemplateVersion,
)
from workhorse.core.machine import Row
from workhorse.core.model import Instance, Lifecycle
from workhorse.core.orders import Command
from workhorse.core.rollout import ROLLOUT, RolloutAction, RolloutEvent, RolloutState
from workhorse.core.rollout_facts import Facts
from workhorse.core.waves import Choice
from workhorse.loops import roller

S, E = RolloutState, RolloutEvent


def by_row(
    says: str,
    state: RolloutState,
    event: RolloutEvent,
    after: RolloutState,
    *actions: RolloutAction,
) -> Breakage:
    """One row of the rollout machine says something else."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(ROLLOUT, (state, event), Row(after, actions, "broken"))  # type: ignore[misc]

    return Breakage(says=says, patch=patch)


def healthy(*_: object) -> str:
    """In the place of `unhealthy`."""
    return ""


def plenty(_: Facts) -> Room:
    """In the place of `room`."""
    return Room(agents=99, because="")


def no_holds(_: Facts) -> Iterator[str]:
    """In the place of `_holds`."""
    return iter(())


def nobody_back(_: Facts) -> Choice:
    """In the place of `choice_back`."""
    return Choice()


def always(*_: object) -> bool:
    """In the place of a check."""
    return True


def anybody(instance: Instance) -> bool:
    """In the place of `_may_leave`: whoever is in service."""
    return instance.lifecycle is Lifecycle.IN_SERVICE


def the_pool(pool: str) -> str:
    """In the place of `canary_label`: the label that the pool's builds ask for."""
    return pool


def deaf(self: roller.Roller) -> bool:
    """In the place of `read`: nobody halts anything."""
    news = _READ(self)
    for pool, order in self._orders.items():
        if order.command is Command.HALT:
            self._orders[pool] = replace(order, command=Command.GO)
    return news


_READ = roller.Roller.read


ROLLOUT_BREAKAGES: dict[str, Breakage] = {
    "canary dropped": by_row(
        "the group launches an image that nobody tried", S.ORDERED, E.UNTRIED, S.WAVE
    ),
    "late canary believed": by_row(
        "a canary that never came online has passed", S.CANARY, E.CANARY_LATE, S.WAVE
    ),
    "failed smoke job believed": by_row(
        "a canary that failed the smoke job has passed", S.SMOKE, E.SMOKE_FAILED, S.WAVE
    ),
    "canary under the pool's label": by_name(
        "a canary takes the builds of its pool", *(rollout_effects, "canary_label", the_pool)
    ),
    "canary never ended": without("EndCanary does nothing", EndCanary),
    "canary ended at once": by_name(
        "a canary is ended though a build strayed onto it", canary_end, "_settled", always
    ),
    "breaker dropped": by_name(
        "agents that never come are no fault of their image", *(rollout_looks, "unhealthy", healthy)
    ),
    "version not given back": by_row(
        "the breaker trips and the group goes on launching the bad version",
        *(S.ROLLING_BACK, E.VERSION_ABSENT, S.FAILED),
    ),
    "bad agents left": by_name(
        "a rollout is taken back and its agents stay", rollout_looks, "choice_back", nobody_back
    ),
    "budget ignored": by_name("any number of agents may be away at once", waves, "room", plenty),
    "waiting builds ignored": by_name(
        "agents are asked to leave however long builds wait", budgets, "_holds", no_holds
    ),
    "protected agent retired": by_name(
        "a rollout retires an agent that an operator protects", waves, "_may_leave", anybody
    ),
    "halt ignored": by_name("nobody can halt a rollout", roller.Roller, "read", deaf),
    "rollout never told": without("TellRollout does nothing", TellRollout),
    "order never closed": without("CloseOrder does nothing", CloseOrder),
    "version never used": without("UseTemplateVersion does nothing", UseTemplateVersion),
    "image never promoted": without("PromoteImage does nothing", PromoteImage),
    "image never condemned": without("CondemnImage does nothing", CondemnImage),
}
"""What chaos must notice of rollouts."""
