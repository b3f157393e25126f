"""The requeue machine: how a build that was lost with its instance is queued again, once.

We run one small machine for each build that was on an agent when EC2 took it; its table is in
`core/requeue_table.py`.
The order is always the same.
NOTED: its agent was warned, and the build runs on; what it was given is remembered.
LOST: the instance is no more, and the last reading that showed the agent online showed the build
on it; we wait until Jenkins has a result, for a pipeline may go on elsewhere and succeed.
MARKED: a line in the build's description says that it is queued again; written before anything is
queued, so that whoever comes later, with another journal or none, knows of it.
ASKED: the journal says that Jenkins is being asked; written before it is, so that we know
afterwards that it *may* have been.
QUEUED: Jenkins took it. LEFT: it is not queued again, and the reason says why.

Once is what this is about.
A build that is not marked was never queued again.
One that is marked and of which our journal says that nothing was asked of Jenkins yet was not
either.
Any other is in doubt, and so is one where Jenkins did not answer what it was asked.
In doubt we look: a newer run that our own user queued with the same parameters counts as ours.
When two looks that are `DOUBT_SECONDS` apart show none, and no run of the job since then was
deleted, there was none, and it is queued; when one was deleted it cannot be told, and it is left.

What is ugly: Jenkins makes one item of two that are alike and wait together.
Where one waits that is like ours we wait until it has begun.
A build that failed by itself in the seconds between the last look and the end of its instance is
queued again: nobody can tell it from one that was lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from workhorse.core.word import Word

DOUBT_SECONDS = 60.0
"""Between the two looks that tell that Jenkins did not take what it was asked.

A request that timed out for us may still wait in Jenkins, which drops it after 30 s: Winstone's
idle time-out.
"""

GIVE_UP_SECONDS = 86_400.0
"""How long a lost build is followed: Jenkins aborts a pipeline that waits for its node after five
minutes, and one that goes on elsewhere has a result within a day, or people have forgotten it."""

MOST_REFUSALS = 5
"""How often Jenkins may refuse to queue a build: it may not like the value of a parameter any more,
or our user may not build the job."""

MARK = "workhorse: lost with its agent"
"""How the line in the description of a build begins that is queued again."""

_BAD = frozenset({"FAILURE", "ABORTED", "NOT_BUILT"})
_JOB = "job"

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequeuePolicy:
    """Which builds may be queued again."""

    marker: str = ""
    """A job opts in by this text in its description; empty: none may."""
    never: tuple[str, ...] = ("*deploy*", "*release*", "*publish*")
    """Patterns of names, without regard to case, of jobs that never are, whatever they say."""


class RequeueState(Word):
    """Where a build stands."""

    NOTED = "NOTED"
    LOST = "LOST"
    MARKED = "MARKED"
    ASKED = "ASKED"
    QUEUED = "QUEUED"
    LEFT = "LEFT"


OPEN = frozenset({RequeueState.NOTED, RequeueState.LOST, RequeueState.MARKED, RequeueState.ASKED})
"""States in which something is yet to come."""


class RequeueEvent(Word):
    """What was seen of a build, its instance, or its job."""

    SEEN_SAFE = "SeenSafe"
    """Its agent is online and the build is not on it any more: it ended by itself."""
    INSTANCE_LOST = "InstanceLost"
    SEEN_RUNNING = "SeenRunning"
    """It has no result yet."""
    SEEN_GOOD = "SeenGood"
    """It succeeded, or is unstable: it went on elsewhere."""
    SEEN_BAD = "SeenBad"
    """It failed, and its job wants it again."""
    SEEN_MARKED = "SeenMarked"
    """The same, and it is marked already: somebody was here before us."""
    SEEN_REFUSED = "SeenRefused"
    """It must not be queued again."""
    SEEN_FREE = "SeenFree"
    """Nothing that is like it waits in the queue."""
    SEEN_ALIKE = "SeenAlike"
    """An item like it waits in the queue."""
    TAKEN = "Taken"
    """Jenkins answered that it is queued."""
    SEEN_AGAIN = "SeenAgain"
    """A newer run of ours with the same parameters."""
    SEEN_NONE = "SeenNone"
    """No such run, at a look that does not tell enough yet."""
    SEEN_NONE_TWICE = "SeenNoneTwice"
    """No such run, and there was none."""
    SEEN_GAP = "SeenGap"
    """No such run, and one of the job was deleted since."""


class RequeueAction(Word):
    """What a step does."""

    MARK = "MarkBuild"
    QUEUE = "QueueAgain"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRecord:
    """A build as Jenkins keeps it."""

    path: str
    """As `job/api-tests/812/`; empty while it is queued."""
    job: str
    """Full name of its job, as `folder/api-tests`."""
    number: int
    """0 while it is queued."""
    queue_id: int
    building: bool
    result: str
    """SUCCESS, UNSTABLE, FAILURE, NOT_BUILT or ABORTED; empty while there is none."""
    started_at: float
    parameters: Parameters | None
    """None when one of them cannot be given again exactly: a password, a file, a credential."""
    description: str = ""
    job_description: str = ""
    ours: bool = False
    """It was queued by our own user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """One build that was on an agent when it was taken."""

    build: str
    """Its path, as `job/api-tests/812/`."""
    instance: str
    pool: str
    state: RequeueState = RequeueState.NOTED
    opened_at: float
    looked_at: float = 0
    """When Jenkins was last asked about it."""
    asked_at: float = 0
    """When Jenkins was last asked to queue it."""
    refusals: int = 0
    """How often Jenkins said no."""
    none_at: float = 0
    """When a look in doubt first showed no run; 0 for not yet."""
    job: str = ""
    """Full name of its job; empty until the build was read."""
    queue_id: int = 0
    parameters: Parameters = ()
    because: str = ""
    """Why it stands where it stands."""


def job_of(path: str) -> str:
    """The name of the job of a build's path, as it stands there; empty where it is no plain job's.

    A cell of a matrix is none: its parent is built again, or it is not.
    """
    parts = path.strip("/").split("/")
    names = parts[1:-1:2]
    plain = len(parts) > 2 and len(parts) % 2 and parts[-1].isdigit()  # noqa: PLR2004 - job/J/N
    if not plain or any(word != _JOB for word in parts[0:-1:2]):
        return ""
    return "/".join(names)


def forbidden(job: str, policy: RequeuePolicy) -> str:
    """Why a job's builds are never queued again, by its name alone; empty when they may be."""
    if not job:
        return "it is no build of a plain job"
    lower = job.lower()
    for pattern in policy.never:
        wanted = pattern.lower()
        if any(fnmatchcase(name, wanted) for name in (lower, *lower.split("/"))):
            return f"its job's name is like {pattern}"
    return ""


def mark_text(lost: Lost) -> str:
    """The line that is added to its description."""
    return f"{MARK} {lost.instance}, queued again"


def is_marked(description: str) -> bool:
    """The description of a build tells that it is queued again."""
    return any(line.startswith(MARK) for line in description.splitlines())


def wanted(result: str) -> bool:
    """Such a result is one of a build that was lost."""
    return result in _BAD


def as_record(lost: Lost) -> dict[str, Any]:
    """For the journal."""
    return {
        **{name: getattr(lost, name) for name in Lost.__slots__},
        "state": str(lost.state),
        "parameters": [list(pair) for pair in lost.parameters],
    }


def from_record(record: Mapping[str, Any]) -> Lost:
    """What an earlier run journalled."""
    own = {name: record[name] for name in Lost.__slots__}
    own["state"] = RequeueState(record["state"])
    own["parameters"] = tuple((str(name), str(value)) for name, value in record["parameters"])
    return Lost(**own)
