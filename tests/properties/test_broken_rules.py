"""The properties can fail: each rule that is broken here on purpose is caught by them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import Promises
from tests.properties.scene import Options, Scene, policy_of
from workhorse.core import drain as d
from workhorse.core.drain import DRAIN, DrainAction, DrainEvent, DrainState
from workhorse.core.effects import CompleteHook, DeleteNode, Effect, ForgetMessage
from workhorse.core.machine import Row
from workhorse.core.model import Snapshot
from workhorse.loops import drainer
from workhorse.loops.observe import Trust
from workhorse.loops.perform import RealPerformer, perform
from workhorse.loops.ports import Message

S, E, A = DrainState, DrainEvent, DrainAction
Break = Callable[[pytest.MonkeyPatch], Callable[[Options], Scene]]
"""Breaks a rule, and says how scenes are made then."""


def by_policy(**changes: Any) -> Break:
    """The loops go by other numbers than were promised."""

    def make(options: Options) -> Scene:
        promised = policy_of(options)
        return Scene(
            options, given=replace(promised, **{k: f(promised) for k, f in changes.items()})
        )

    return lambda _: make


def by_trust(trust: Trust) -> Break:
    """The loops trust readings that they should not."""
    return lambda _: lambda options: Scene(options, trust=trust)


def by_row(state: DrainState, event: DrainEvent, after: DrainState, *actions: DrainAction) -> Break:
    """One row of the drain machine says something else."""

    def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Options], Scene]:
        monkeypatch.setitem(DRAIN, (state, event), Row(after, actions, "broken"))  # type: ignore[misc]
        return Scene

    return broken


def without_effect(kind: type[Effect]) -> Break:
    """One kind of effect is journalled and never performed."""

    class Performer(RealPerformer):
        def perform(self, effect: Effect, because: str) -> None:
            if not isinstance(effect, kind):
                super().perform(effect, because)

    return lambda _: lambda options: Scene(options, performer=Performer)


def without_journal(_: pytest.MonkeyPatch) -> Callable[[Options], Scene]:
    """Effects are performed and not journalled."""

    class Performer(RealPerformer):
        def perform(self, effect: Effect, because: str) -> None:
            assert because
            perform(self._ports, effect, self._ports.clock.now())

    return lambda options: Scene(options, performer=Performer)


def forgets_first(monkeypatch: pytest.MonkeyPatch) -> Callable[[Options], Scene]:
    """A message is deleted as soon as it was understood."""

    def join(self: drainer.Drainer, _: str, queue: str, message: Message) -> None:
        self._performer.perform(ForgetMessage(queue=queue, receipt=message.receipt), "heard")

    monkeypatch.setattr(drainer.Drainer, "_join", join)
    return Scene


def believes_old_readings(monkeypatch: pytest.MonkeyPatch) -> Callable[[Options], Scene]:
    """A reading that grew old while a tick acted on it is acted on all the same."""

    def never(_: drainer.Drainer, snapshot: Snapshot) -> bool:
        return snapshot is None

    monkeypatch.setattr(drainer.Drainer, "_too_old", never)
    return Scene


def loses_patience(monkeypatch: pytest.MonkeyPatch) -> Callable[[Options], Scene]:
    """An agent that is away is given up before its pipelines could resume."""
    monkeypatch.setattr(d, "PIPELINE_RESUME_SECONDS", 0.0)
    return Scene


BROKEN: dict[str, Break] = {
    "settle time dropped": by_policy(settle_seconds=lambda _: 0.0),
    "second look dropped": by_row(S.CORDONED, E.SEEN_SETTLED, S.LEAVING, A.TERMINATE),
    "second look dropped at the hook": by_row(
        S.CORDONED, E.SEEN_SETTLED_AT_HOOK, S.RELEASED, A.COMPLETE
    ),
    "busy taken for idle": by_row(S.CORDONED, E.SEEN_BUSY, S.LEAVING, A.TERMINATE),
    "unknown taken for idle": by_row(S.CORDONED, E.SEEN_UNKNOWN, S.LEAVING, A.TERMINATE),
    "cordon dropped": by_row(S.ASKED, E.SEEN_UNCORDONED, S.LEAVING, A.TERMINATE),
    "hook never completed": without_effect(CompleteHook),
    "message forgotten first": forgets_first,
    "node never deleted": without_effect(DeleteNode),
    "ceiling off by one": by_policy(ceiling=lambda p: p.ceiling + 1),
    "floor ignored": by_policy(floor=lambda _: 0),
    "sanity step ignored": by_policy(max_step=lambda _: 50),
    "grace after a restart dropped": by_trust(Trust(restart_grace_seconds=0)),
    "stale readings believed": by_trust(Trust(stale_seconds=10_000)),
    "old readings acted on": believes_old_readings,
    "patience dropped": loses_patience,
    "effects not journalled": without_journal,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_caught(
    name: str, quick: settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Promises):
        make = staticmethod(BROKEN[name](monkeypatch))  # type: ignore[assignment] # as callable

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Broken, settings=quick)
