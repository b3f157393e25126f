"""Rules of leaving and of lost builds broken on purpose, as `breakages.py` has the others."""

import pytest

from tests.properties.breakages import Breakage, by_name, nothing, without
from workhorse.core import drains, leaving, requeue_looks
from workhorse.core.effects import MarkBuild, QueueAgain
from workhorse.core.machine import Row
from workhorse.core.requeue import RequeueAction, RequeueEvent, RequeueState
from workhorse.core.requeue_table import REQUEUE
from workhorse.loops.leaver import Leaver
from workhorse.loops.requeue import Requeue

S, E, A = RequeueState, RequeueEvent, RequeueAction


def by_row(
    says: str,
    state: RequeueState,
    event: RequeueEvent,
    after: RequeueState,
    *actions: RequeueAction,
) -> Breakage:
    """One row of the requeue machine says something else."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(REQUEUE, (state, event), Row(after, actions, "broken"))  # type: ignore[misc]

    return Breakage(says=says, patch=patch)


def silence(*_: object) -> str:
    """In the place of what says why not."""
    return ""


def always(*_: object) -> bool:
    """In the place of a check."""
    return True


def all_of_them(*_: object) -> tuple[int, str]:
    """In the place of how many can be done without."""
    return 99, ""


def no_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither at the beginning nor at the end."""
    monkeypatch.setattr(drains, "may_shrink", always)
    monkeypatch.setattr(leaving, "_spare", all_of_them)


LEAVING_BREAKAGES: dict[str, Breakage] = {
    "opting in not minded": by_name(
        "every build that was lost is queued again", requeue_looks, "_refusal", silence
    ),
    "deploys not spared": by_name(
        "a job's name keeps none of its builds from being queued again",
        *(requeue_looks, "forbidden", silence),
    ),
    "lost builds not marked": without("MarkBuild does nothing", MarkBuild),
    "lost builds not queued": without("QueueAgain does nothing", QueueAgain),
    "queued again before it is marked": by_row(
        "a build is queued again and marked never", S.LOST, E.SEEN_BAD, S.ASKED, A.QUEUE
    ),
    "asked again in doubt": by_row(
        "a run of ours that is there keeps nobody from asking again",
        *(S.ASKED, E.SEEN_AGAIN, S.ASKED, A.QUEUE),
    ),
    "queued again while it lives": by_row(
        "a build on an agent that was warned is queued again at once",
        *(S.NOTED, E.SEEN_RUNNING, S.MARKED, A.MARK),
    ),
    "queued again although it succeeded": by_row(
        "a pipeline that went on elsewhere is queued again", S.LOST, E.SEEN_GOOD, S.MARKED, A.MARK
    ),
    "what runs not remembered": by_name(
        "a build whose agent was lost without a warning is forgotten", Requeue, "_see", nothing
    ),
    "asks not heard": by_name("agents ask in vain", Leaver, "_hear", nothing),
    "floor not minded by idle agents": Breakage(
        says="an idle agent leaves although another must be launched for it", patch=no_floor
    ),
}
"""What chaos must notice."""
