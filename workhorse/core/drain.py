"""The drain machine: how an agent leaves without losing a build.

We run one small machine per leaving agent.
It is a table, and it is *level* driven: at every tick we look at the agent afresh, name what we see
with one event, and step.
Messages only open a drain, or find one open and change nothing.

The order is always the same.
ASKED: we want the agent out; we write the cordon until a reading shows it.
CORDONED: a reading showed the cordon, so from then on no build can begin there; one that had been
assigned before may still run, and we wait for it, however long.
QUIET: it was seen idle, once.
The second look that counts is taken at least one settle time after the cordon was confirmed,
because Jenkins may start a build that it had assigned just before our write, and shows it within
moments.
LEAVING: we asked Auto Scaling to end an instance that was still in service; its hook then waits
for us like any other's.
HANDED: the pool lets a job end the hook, from the agent, and that job is queued.
RELEASED: the hook is completed; AWS ends the instance.
GONE: AWS says that it is no more, and its node is deleted.
ENDED: nothing is left to do, and only now its messages are forgotten.
RECALLED: demand came back while the agent was still in service; its labels are written back.

Nothing of this needs a memory to be safe.
The cordon is a label in Jenkins and carries the cause, waiting at the hook is a lifecycle state in
AWS, and messages come back until they are forgotten.
A controller that starts anew finds the drains there and goes on; all it loses is one settle time.

What is ugly: an agent that never had a node, or whose node stays offline, can never be *seen* idle.
We wait `Policy.boot_seconds`, and no less than the five minutes in which Jenkins lets a pipeline
resume, and then let it go as lost; a build there would be lost already.
An agent whose node we saw and that Jenkins no longer lists is another matter: it may run on, so it
counts as busy for as long as the hook can be held.
"""

from dataclasses import dataclass

from workhorse.core.machine import Row, Table
from workhorse.core.model import Hook
from workhorse.core.word import Word

PIPELINE_RESUME_SECONDS = 300.0
"""How long Jenkins keeps the body of a pipeline for a node that went away.

ExecutorStepExecution.TIMEOUT_WAITING_FOR_NODE_MILLIS of workflow-durable-task-step.
"""

REPEAT_SECONDS = 60.0
"""When to repeat a request whose effect does not show; AWS and Jenkins show it in seconds."""

JOB_PATIENCE_SECONDS = 600.0
"""How long the release job may take before the controller ends the hook itself."""


class Cause(Word):
    """Why an agent leaves."""

    SCALE_IN = "scale-in"
    HOOK = "hook"
    SPOT = "spot"
    REBALANCE = "rebalance"
    ROLLOUT = "rollout"


class DrainState(Word):
    """Where a drain stands."""

    WORKING = "WORKING"
    ASKED = "ASKED"
    CORDONED = "CORDONED"
    QUIET = "QUIET"
    LEAVING = "LEAVING"
    HANDED = "HANDED"
    RELEASED = "RELEASED"
    GONE = "GONE"
    RECALLED = "RECALLED"
    ENDED = "ENDED"


REVOCABLE = frozenset({DrainState.ASKED, DrainState.CORDONED, DrainState.QUIET})
"""Where nothing was asked of AWS yet, and the agent may be called back."""


class DrainEvent(Word):
    """What was heard of an agent, or seen by a look at it."""

    CHOSEN = "Chosen"
    """The planner chose it to leave."""
    HOOK_ARRIVED = "HookArrived"
    """Auto Scaling told that it wants to end it, by message or by its lifecycle state."""
    SPOT_WARNED = "SpotWarned"
    """EC2 will take it back within two minutes."""
    REBALANCE_ADVISED = "RebalanceAdvised"
    """EC2 says that it is likely to be taken back."""
    CORDON_FOUND = "CordonFound"
    """Its node carries our cordon, and we know nothing of it: an earlier run began this."""
    RECALL_ASKED = "RecallAsked"
    """Demand returned."""
    HOOK_ABSENT = "HookAbsent"
    """A message said that a hook waits, and the instance stays in service all the same."""
    SEEN_UNCORDONED = "SeenUncordoned"
    SEEN_BUSY = "SeenBusy"
    SEEN_IDLE = "SeenIdle"
    """Idle, and the settle time is not over or Auto Scaling not ready."""
    SEEN_SETTLED = "SeenSettled"
    """Idle, settled, and in service."""
    SEEN_SETTLED_AT_HOOK = "SeenSettledAtHook"
    """Idle, settled, and waiting at the hook that we complete."""
    SEEN_SETTLED_FOR_JOB = "SeenSettledForJob"
    """Idle, settled, and waiting at the hook that the release job completes."""
    SEEN_UNKNOWN = "SeenUnknown"
    """Jenkins or AWS could not be read, or is not to be trusted yet."""
    SEEN_LOST = "SeenLost"
    """No node, or an offline idle one, for longer than anything could resume; in service."""
    SEEN_LOST_AT_HOOK = "SeenLostAtHook"
    """The same, and waiting at the hook."""
    SEEN_PROCEEDING = "SeenProceeding"
    """Auto Scaling ends it: the hook was completed or ran out."""
    SEEN_DETACHED = "SeenDetached"
    """It left its group and runs on: an operator took it out."""
    REPEAT_DUE = "RepeatDue"
    """What we asked for last does not show although it should."""
    JOB_OVERDUE = "JobOverdue"
    """The release job did not end the hook in time."""
    VANISHED = "Vanished"
    """EC2 says that the instance is no more."""
    NODE_ABSENT = "NodeAbsent"
    """The instance is no more, and Jenkins has no node of its name."""


class DrainAction(Word):
    """What a step does; `effects_of` in `core/drains.py` fills in the names."""

    CORDON = "Cordon"
    TERMINATE = "TerminateInstance"
    COMPLETE = "CompleteHook"
    QUEUE_JOB = "QueueReleaseJob"
    RECALL = "Recall"
    DELETE_NODE = "DeleteNode"
    FORGET = "ForgetMessage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """One leaving agent."""

    instance: str
    pool: str
    group: str
    cause: Cause
    state: DrainState = DrainState.WORKING
    opened_at: float
    confirmed_at: float | None = None
    """When the reading that showed the cordon was taken."""
    asked_at: float = 0
    """When AWS or Jenkins was last asked to end it."""
    handed_at: float = 0
    """When the release job was first queued."""
    missing_since: float | None = None
    """Since when its node is absent or offline."""
    hook: Hook | None = None
    """The hook that it was last seen waiting at."""
    beat_at: float = 0
    """When the hook got its last heartbeat."""
    held_at: float = 0
    """When its messages were last held."""
    messages: tuple[tuple[str, str, str], ...] = ()
    """(queue, message id, receipt) of the messages that asked for it."""


S, E, A = DrainState, DrainEvent, DrainAction
_OPENING = (E.CHOSEN, E.HOOK_ARRIVED, E.SPOT_WARNED, E.REBALANCE_ADVISED, E.CORDON_FOUND)
_SETTLED = (E.SEEN_SETTLED, E.SEEN_SETTLED_AT_HOOK, E.SEEN_SETTLED_FOR_JOB)
_LOOKS = (
    E.SEEN_UNCORDONED,
    E.SEEN_BUSY,
    E.SEEN_IDLE,
    *_SETTLED,
    E.SEEN_UNKNOWN,
    E.SEEN_LOST,
    E.SEEN_LOST_AT_HOOK,
    E.SEEN_PROCEEDING,
    E.SEEN_DETACHED,
    E.REPEAT_DUE,
    E.JOB_OVERDUE,
)


def _rows(
    state: DrainState, events: tuple[DrainEvent, ...], row: Row[DrainState, DrainAction]
) -> dict[tuple[DrainState, DrainEvent], Row[DrainState, DrainAction]]:
    return {(state, event): row for event in events}


def _before_release(
    state: DrainState,
) -> dict[tuple[DrainState, DrainEvent], Row[DrainState, DrainAction]]:
    """What ASKED, CORDONED and QUIET have in common."""
    return {
        **_rows(state, _OPENING, Row(state, (), "asked already")),
        (state, E.SEEN_UNCORDONED): Row(S.ASKED, (A.CORDON,), "no cordon yet, or it was undone"),
        (state, E.SEEN_BUSY): Row(S.CORDONED, (), "a build still runs"),
        (state, E.SEEN_IDLE): Row(S.QUIET, (), "seen idle"),
        **_rows(state, _SETTLED, Row(S.QUIET, (), "seen idle once; one more look")),
        (state, E.SEEN_UNKNOWN): Row(
            S.CORDONED if state is S.QUIET else state, (), "unknown means busy"
        ),
        (state, E.SEEN_LOST): Row(S.LEAVING, (A.TERMINATE,), "nothing can resume on it"),
        (state, E.SEEN_LOST_AT_HOOK): Row(S.RELEASED, (A.COMPLETE,), "nothing can resume on it"),
        (state, E.SEEN_PROCEEDING): Row(S.RELEASED, (), "AWS goes on without us"),
        (state, E.SEEN_DETACHED): Row(S.RECALLED, (A.RECALL,), "taken out of the group"),
        (state, E.RECALL_ASKED): Row(S.RECALLED, (A.RECALL,), "demand returned"),
        (state, E.HOOK_ABSENT): Row(S.RECALLED, (A.RECALL,), "no hook waits for it"),
        (state, E.VANISHED): Row(S.GONE, (A.DELETE_NODE,), "the instance is no more"),
        (state, E.REPEAT_DUE): Row(state, (), "nothing was asked of AWS yet"),
    }


def _after_release(
    state: DrainState,
) -> dict[tuple[DrainState, DrainEvent], Row[DrainState, DrainAction]]:
    """What LEAVING, HANDED and RELEASED have in common."""
    return {
        **_rows(state, _OPENING, Row(state, (), "asked already")),
        **_rows(state, _LOOKS, Row(state, (), "waiting for AWS")),
        (state, E.RECALL_ASKED): Row(state, (), "too late"),
        (state, E.SEEN_PROCEEDING): Row(S.RELEASED, (), "AWS ends it"),
        (state, E.SEEN_DETACHED): Row(S.RECALLED, (A.RECALL,), "taken out of the group"),
        (state, E.VANISHED): Row(S.GONE, (A.DELETE_NODE,), "the instance is no more"),
    }


DRAIN: Table[DrainState, DrainEvent, DrainAction] = {
    # WORKING: not leaving yet; the first thing heard opens the drain.
    **_rows(S.WORKING, _OPENING, Row(S.ASKED, (A.CORDON,), "it is to leave")),
    (S.WORKING, E.CORDON_FOUND): Row(S.CORDONED, (), "an earlier run cordoned it"),
    (S.WORKING, E.VANISHED): Row(S.GONE, (A.DELETE_NODE,), "the instance is no more"),
    (S.WORKING, E.SEEN_UNKNOWN): Row(S.WORKING, (), "not a member; wait for EC2's word"),
    (S.WORKING, E.SEEN_DETACHED): Row(S.ENDED, (A.FORGET,), "not a member: nothing to do"),
    **_before_release(S.ASKED),
    **_before_release(S.CORDONED),
    # QUIET: idle once; only here a look may let it go.
    **_before_release(S.QUIET),
    (S.QUIET, E.SEEN_IDLE): Row(S.QUIET, (), "idle; not settled yet"),
    (S.QUIET, E.SEEN_SETTLED): Row(S.LEAVING, (A.TERMINATE,), "idle twice and settled"),
    (S.QUIET, E.SEEN_SETTLED_AT_HOOK): Row(S.RELEASED, (A.COMPLETE,), "idle twice and settled"),
    (S.QUIET, E.SEEN_SETTLED_FOR_JOB): Row(S.HANDED, (A.QUEUE_JOB,), "idle twice and settled"),
    # LEAVING: Auto Scaling was asked to end it; its hook will wait for us.
    **_after_release(S.LEAVING),
    (S.LEAVING, E.SEEN_UNCORDONED): Row(S.ASKED, (A.CORDON,), "the cordon was undone"),
    (S.LEAVING, E.SEEN_BUSY): Row(S.CORDONED, (), "a build runs after all"),
    (S.LEAVING, E.SEEN_SETTLED_AT_HOOK): Row(S.RELEASED, (A.COMPLETE,), "still idle at the hook"),
    (S.LEAVING, E.SEEN_SETTLED_FOR_JOB): Row(S.HANDED, (A.QUEUE_JOB,), "still idle at the hook"),
    (S.LEAVING, E.SEEN_LOST_AT_HOOK): Row(S.RELEASED, (A.COMPLETE,), "nothing can resume on it"),
    (S.LEAVING, E.REPEAT_DUE): Row(S.LEAVING, (A.TERMINATE,), "still in service: ask again"),
    # HANDED: the release job ends the hook from the agent.
    **_after_release(S.HANDED),
    (S.HANDED, E.SEEN_UNCORDONED): Row(S.ASKED, (A.CORDON,), "the cordon was undone"),
    (S.HANDED, E.SEEN_LOST_AT_HOOK): Row(S.RELEASED, (A.COMPLETE,), "no job can run on it"),
    (S.HANDED, E.REPEAT_DUE): Row(S.HANDED, (A.QUEUE_JOB,), "Jenkins may have lost its queue"),
    (S.HANDED, E.JOB_OVERDUE): Row(S.RELEASED, (A.COMPLETE,), "the job did not come; idle still"),
    # RELEASED: the hook is completed, or AWS went on without us.
    **_after_release(S.RELEASED),
    (S.RELEASED, E.REPEAT_DUE): Row(S.RELEASED, (A.COMPLETE,), "still at the hook: ask again"),
    (S.RELEASED, E.SEEN_LOST_AT_HOOK): Row(S.RELEASED, (A.COMPLETE,), "still at the hook"),
    # RECALLED: in service, and its labels are written back.
    **_rows(S.RECALLED, _LOOKS, Row(S.RECALLED, (A.RECALL,), "the cordon is still there")),
    (S.RECALLED, E.SEEN_UNCORDONED): Row(S.ENDED, (A.FORGET,), "back at work"),
    (S.RECALLED, E.SEEN_UNKNOWN): Row(S.RECALLED, (), "wait for a reading"),
    (S.RECALLED, E.SEEN_PROCEEDING): Row(S.RELEASED, (), "AWS ends it after all"),
    (S.RECALLED, E.SEEN_SETTLED_AT_HOOK): Row(S.ASKED, (A.CORDON,), "AWS ends it after all"),
    (S.RECALLED, E.SEEN_SETTLED_FOR_JOB): Row(S.ASKED, (A.CORDON,), "AWS ends it after all"),
    (S.RECALLED, E.SEEN_LOST): Row(S.ENDED, (A.FORGET,), "no node to call back"),
    (S.RECALLED, E.SEEN_LOST_AT_HOOK): Row(S.RELEASED, (A.COMPLETE,), "nothing can resume on it"),
    (S.RECALLED, E.REPEAT_DUE): Row(S.RECALLED, (), "not of a recall"),
    (S.RECALLED, E.RECALL_ASKED): Row(S.RECALLED, (), "asked already"),
    (S.RECALLED, E.CORDON_FOUND): Row(S.RECALLED, (), "ours"),
    **_rows(
        S.RECALLED,
        (E.CHOSEN, E.HOOK_ARRIVED, E.SPOT_WARNED, E.REBALANCE_ADVISED),
        Row(S.ASKED, (A.CORDON,), "it is to leave after all"),
    ),
    (S.RECALLED, E.VANISHED): Row(S.GONE, (A.DELETE_NODE,), "the instance is no more"),
    # GONE: the instance is no more; its node and its messages go last.
    **_rows(S.GONE, (*_OPENING, E.RECALL_ASKED), Row(S.GONE, (), "the instance is no more")),
    (S.GONE, E.SEEN_UNKNOWN): Row(S.GONE, (), "wait for a reading"),
    (S.GONE, E.VANISHED): Row(S.GONE, (A.DELETE_NODE,), "its node is still there"),
    (S.GONE, E.NODE_ABSENT): Row(S.ENDED, (A.FORGET,), "nothing is left of it"),
}
"""Every pair that can happen; the looks name one event each, most telling first."""
