"""Rules broken on purpose, each with the sentence that is no longer true.

A breakage is a way to make the loops: other numbers than were promised, other trust, another
performer, or one row or function of theirs replaced while the test lasts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from workhorse.core import drain as d
from workhorse.core import drain_steps
from workhorse.core.drain import Drain, DrainAction, DrainEvent, DrainState
from workhorse.core.drain_steps import Advance
from workhorse.core.drain_table import DRAIN
from workhorse.core.effects import (
    CompleteHook,
    DeleteNode,
    Effect,
    ForgetMessage,
    Heartbeat,
    Recall,
    SetDesiredCapacity,
    TerminateInstance,
)
from workhorse.core.machine import Row
from workhorse.core.model import Group, Instance, Lifecycle, Policy, Snapshot
from workhorse.loops import drainer, observe
from workhorse.loops.observe import Trust
from workhorse.loops.perform import RealPerformer, perform
from workhorse.loops.ports import Message
from workhorse.sim.faults.play import Loops

S, E, A = DrainState, DrainEvent, DrainAction
Patch = Callable[[pytest.MonkeyPatch], None]


def _nothing(_: pytest.MonkeyPatch) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """A rule that does not hold."""

    says: str
    """What is true of the loops now."""
    loops: Loops = field(default_factory=Loops)
    patch: Patch = _nothing


def by_policy(says: str, **changes: Callable[[Policy], Any]) -> Breakage:
    """The loops go by other numbers than were promised."""

    def believed(promised: Policy) -> Policy:
        return replace(promised, **{name: change(promised) for name, change in changes.items()})

    return Breakage(says=says, loops=Loops(believes=believed))


def by_trust(says: str, **changes: float) -> Breakage:
    """The loops trust readings that they should not."""
    return Breakage(says=says, loops=Loops(trust=Trust(**changes)))


def by_row(
    says: str, state: DrainState, event: DrainEvent, after: DrainState, *actions: DrainAction
) -> Breakage:
    """One row of the drain machine says something else."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(DRAIN, (state, event), Row(after, actions, "broken"))  # type: ignore[misc]

    return Breakage(says=says, patch=patch)


def by_name(says: str, owner: object, name: str, other: object) -> Breakage:
    """One function or constant is another."""
    return Breakage(says=says, patch=lambda monkeypatch: monkeypatch.setattr(owner, name, other))


def without(says: str, kind: type[Effect]) -> Breakage:
    """One kind of effect is journalled and never performed."""

    class Performer(RealPerformer):
        def perform(self, effect: Effect, because: str) -> None:
            """Everything else."""
            if isinstance(effect, kind):
                self._ports.journal.write({"kind": "left out", "because": because})
            else:
                super().perform(effect, because)

    return Breakage(says=says, loops=Loops(performer=Performer))


class NotJournalled(RealPerformer):
    """Performs and journals nothing."""

    def perform(self, effect: Effect, because: str) -> None:
        """At once."""
        assert because
        perform(self._ports, effect, self._ports.clock.now())


class JournalledLate(RealPerformer):
    """Performs first."""

    def perform(self, effect: Effect, because: str) -> None:
        """Do it, then say so."""
        perform(self._ports, effect, self._ports.clock.now())
        self._ports.journal.write({"kind": "effect", "because": because})


class AnothersHook(RealPerformer):
    """Completes the hook of whichever instance of the group waits longest."""

    def perform(self, effect: Effect, because: str) -> None:
        """With another's name in it."""
        if isinstance(effect, CompleteHook):
            found = self._ports.cloud.groups([effect.group])[effect.group].instances
            waits = [i.id for i in found if i.lifecycle is Lifecycle.TERMINATING_WAIT]
            effect = replace(effect, instance=waits[0] if waits else effect.instance)
        super().perform(effect, because)


class TakesDownTwice(RealPerformer):
    """Lowers desired capacity once more for each instance that took it down already."""

    def perform(self, effect: Effect, because: str) -> None:
        """And again."""
        super().perform(effect, because)
        if isinstance(effect, TerminateInstance) and effect.decrement:
            for name, group in self._ports.cloud.groups(["linux-agents"]).items():
                super().perform(SetDesiredCapacity(group=name, size=group.desired - 1), because)


def forgets_first(self: drainer.Drainer, _: str, queue: str, message: Message) -> None:
    """In the place of `_join`."""
    self._performer.perform(ForgetMessage(queue=queue, receipt=message.receipt), "heard")


def counts_from_the_opening(
    drain: Drain, event: DrainEvent, *arguments: Any, **named: Any
) -> Advance:
    """In the place of `advance`: a cordon that is asked for counts as one that was seen."""
    taken = _ADVANCE(drain, event, *arguments, **named)
    if taken.drain.state is S.ASKED:
        after = replace(taken.drain, state=S.CORDONED, confirmed_at=drain.opened_at)
        return replace(taken, drain=after)
    return taken


_ADVANCE = drain_steps.advance


def leaves_the_hook_for_later(drain: Drain, _: Snapshot) -> Drain:
    """In the place of `noted`, where hearts are made to beat."""
    return drain if drain.state is not S.WORKING else replace(drain, hook=None)


def unprotected(self: observe.Observer, notes: list[str]) -> dict[str, Group | None]:
    """In the place of `_groups`."""
    return {
        name: group and replace(group, instances=tuple(map(_bare, group.instances)))
        for name, group in _GROUPS(self, notes).items()
    }


_GROUPS = observe.Observer._groups


def _bare(instance: Instance) -> Instance:
    return replace(instance, protected=False)


def always_lower(*_: object) -> bool:
    """In the place of `_fewer`."""
    return True


def never(*_: object) -> bool:
    """In the place of a check."""
    return False


def nothing(*_: object) -> None:
    """In the place of something."""


def waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither asked again nor given up."""
    monkeypatch.setattr(d, "REPEAT_SECONDS", float("inf"))
    monkeypatch.setattr(d, "JOB_PATIENCE_SECONDS", float("inf"))


BREAKAGES: dict[str, Breakage] = {
    "settle time dropped": by_policy(
        "the second look may come at once", settle_seconds=lambda _: 0.0
    ),
    "second look dropped": by_row(
        "an agent in service is ended when it was seen idle once",
        *(S.CORDONED, E.SEEN_SETTLED, S.LEAVING, A.TERMINATE),
    ),
    "second look dropped at the hook": by_row(
        "a hook is completed when its agent was seen idle once",
        *(S.CORDONED, E.SEEN_SETTLED_AT_HOOK, S.RELEASED, A.COMPLETE),
    ),
    "second look dropped for the job": by_row(
        "the release job is queued when its agent was seen idle once",
        *(S.CORDONED, E.SEEN_SETTLED_FOR_JOB, S.HANDED, A.QUEUE_JOB),
    ),
    "busy taken for idle": by_row(
        "a build that runs keeps nobody", S.CORDONED, E.SEEN_BUSY, S.LEAVING, A.TERMINATE
    ),
    "unknown taken for idle": by_row(
        "an agent that cannot be seen is ended",
        *(S.CORDONED, E.SEEN_UNKNOWN, S.LEAVING, A.TERMINATE),
    ),
    "cordon dropped": by_row(
        "an agent is ended without a cordon",
        *(S.ASKED, E.SEEN_UNCORDONED, S.LEAVING, A.TERMINATE),
    ),
    "cordon undone and not missed": by_row(
        "an agent whose cordon somebody undid is ended all the same",
        *(S.QUIET, E.SEEN_UNCORDONED, S.LEAVING, A.TERMINATE),
    ),
    "cordon not confirmed": by_name(
        "a cordon counts from when it was asked for, not from when it was seen",
        *(drainer, "advance", counts_from_the_opening),
    ),
    "cordon undone and not written again": by_row(
        "a cordon is written once", S.CORDONED, E.SEEN_UNCORDONED, S.CORDONED
    ),
    "hook never completed": without("CompleteHook does nothing", CompleteHook),
    "hook completed for another": Breakage(
        says="the hook of another instance of the group is completed",
        loops=Loops(performer=AnothersHook),
    ),
    "heartbeat dropped": without("Heartbeat does nothing", Heartbeat),
    "heartbeat after the cordon": by_name(
        "no heartbeat is sent before Jenkins has taken the cordon",
        *(drainer, "noted", leaves_the_hook_for_later),
    ),
    "message forgotten first": by_name(
        "a message is deleted when it is understood", drainer.Drainer, "_join", forgets_first
    ),
    "message never forgotten": without("ForgetMessage does nothing", ForgetMessage),
    "node never deleted": without("DeleteNode does nothing", DeleteNode),
    "node deleted first": by_row(
        "the node is deleted before its instance is gone",
        *(S.QUIET, E.SEEN_SETTLED, S.LEAVING, A.DELETE_NODE, A.TERMINATE),
    ),
    "ceiling one too high": by_policy(
        "one agent more than the ceiling", ceiling=lambda p: p.ceiling + 1
    ),
    "ceiling one too low": by_policy(
        "one agent fewer than the ceiling", ceiling=lambda p: p.ceiling - 1
    ),
    "floor one too low": by_policy(
        "one agent fewer than the floor", floor=lambda p: max(0, p.floor - 1)
    ),
    "floor one too high": by_policy(
        "one agent more than the floor", floor=lambda p: min(p.ceiling, p.floor + 1)
    ),
    "sanity step ignored": by_policy("any step is taken at once", max_step=lambda _: 50),
    "desired taken down twice": Breakage(
        says="an agent that leaves takes desired capacity down by two",
        loops=Loops(performer=TakesDownTwice),
    ),
    "floor not minded by drains": by_name(
        "every agent that leaves takes desired capacity down", drain_steps, "_fewer", always_lower
    ),
    "scale-out dropped": without("SetDesiredCapacity does nothing", SetDesiredCapacity),
    "termination dropped": without("TerminateInstance does nothing", TerminateInstance),
    "recall dropped": without("Recall does nothing", Recall),
    "recalled while it leaves": by_row(
        "an agent is called back although its hook waits",
        *(S.RECALLED, E.HOOK_ARRIVED, S.RECALLED, A.RECALL),
    ),
    "grace after a restart dropped": by_trust(
        "Jenkins is believed as soon as it is up", restart_grace_seconds=0
    ),
    "stale readings believed": by_trust(
        "a reading may be hours old", stale_seconds=10_000, restart_grace_seconds=120
    ),
    "old readings acted on": by_name(
        "a reading that grew old while a tick acted on it is acted on",
        *(drainer.Drainer, "_too_old", never),
    ),
    "patience dropped": by_name(
        "an agent that is away is given up before its pipelines could resume",
        *(d, "PIPELINE_RESUME_SECONDS", 0.0),
    ),
    "release job waited for": Breakage(
        says="a release job that Jenkins lost is waited for, for ever", patch=waits_for_ever
    ),
    "protection ignored": by_name(
        "an instance that an operator protects is chosen like any other",
        *(observe.Observer, "_groups", unprotected),
    ),
    "drains not found again": by_name(
        "a drain that the loops forgot in a crash is forgotten", drainer.Drainer, "_find", nothing
    ),
    "clock jump taken at face value": Breakage(
        says="who sets the clock makes every wait shorter", loops=Loops(steady=False)
    ),
    "effects not journalled": Breakage(
        says="nobody can tell what was done", loops=Loops(performer=NotJournalled)
    ),
    "effects journalled late": Breakage(
        says="what was done just before a crash is not told", loops=Loops(performer=JournalledLate)
    ),
}
"""What chaos and the properties must notice."""
