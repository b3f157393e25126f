"""The drain machine: how an agent leaves without losing a build.

We run one small machine per leaving agent.
It is a table (`core/drain_table.py`), and it is *level* driven: at every tick we look at the agent
afresh, name what we see with one event, and step.
Messages only open a drain, or find one open and change nothing.

The order is always the same.
ASKED: we want the agent out; we write the cordon until a reading shows it.
CORDONED: a reading showed the cordon, so from then on no build can begin there; one that had been
assigned before may still run, and we wait for it, however long.
QUIET: it was seen idle, once.
The second look that counts is taken at least one settle time after the cordon was confirmed,
because Jenkins may start a build that it had assigned just before our write, and shows it within
moments; an agent that was missing and is back is confirmed anew.
LEAVING: we asked Auto Scaling to end an instance that was still in service; its hook then waits
for us like any other's.
HANDED: the pool lets a job end the hook, from the agent, and that job is queued.
RELEASED: the hook is completed; AWS ends the instance.
GONE: AWS says that it is no more, and its node is deleted.
ENDED: nothing is left to do, and only now its messages are forgotten.
RECALLED: demand came back while the agent was still in service; its labels are written back.

Who leaves because it was not needed may be called back, and stays when the pool may not become
smaller.
Who is taken, stopped or spent may not: such a cause presses, takes the place of one that does not
in a drain that is under way, and is written into the cordon label, so that the next run knows it.

Nothing of this needs a memory to be safe.
The cordon is a label in Jenkins and carries the cause, waiting at the hook is a lifecycle state in
AWS, and messages come back until they are forgotten.
A controller that starts anew finds the drains there and goes on; all it loses is one settle time.

What is ugly: an agent that never had a node, or whose node stays offline, can never be *seen* idle.
We wait `Policy.boot_seconds`, and no less than the five minutes in which Jenkins lets a pipeline
resume, and then let it go as lost; a build there would be lost already.
Whom the ledger gave up has been waited for: there the five minutes are enough, and they began when
it was missed first.
An agent whose node we saw and that Jenkins no longer lists is another matter: it may run on, so it
counts as busy until the ledger gives it up, or EC2 says that it is no more.
"""

from dataclasses import dataclass

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
    IDLE = "idle"
    """It is idle for longer than an agent of its pool may be."""
    SPENT = "spent"
    """It has run as many builds as an agent of its pool may."""
    STOP = "stop"
    """Somebody on it stops it."""
    LOST = "lost"
    """The ledger gave it up: it has no online node, and nothing can come back to it."""
    OLD_IMAGE = "old-image"
    """Its image is older than its pool allows."""


CHOSEN = frozenset(set(Cause) - {Cause.HOOK, Cause.SPOT, Cause.REBALANCE})
"""Why we ourselves have an agent leave: what made it leave before does not matter then."""

PRESSING = (Cause.SPENT, Cause.STOP, Cause.REBALANCE, Cause.SPOT)
"""Causes that no demand calls back, the most pressing last; the others press less than any."""


def presses_more(cause: Cause, than: Cause) -> bool:
    """A drain that is open for `than` goes on for `cause`, and nothing calls it back.

    A hook is apart: what waits at it is on its way out whatever else is heard.
    """
    if Cause.HOOK in {cause, than} or cause not in PRESSING:
        return False
    return than not in PRESSING or PRESSING.index(cause) > PRESSING.index(than)


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
    """The planner, a rollout or the rules of its pool chose it to leave."""
    HOOK_ARRIVED = "HookArrived"
    """Auto Scaling told that it wants to end it, by message or by its lifecycle state."""
    SPOT_WARNED = "SpotWarned"
    """EC2 will take it back within two minutes."""
    REBALANCE_ADVISED = "RebalanceAdvised"
    """EC2 says that it is likely to be taken back."""
    LEAVE_ASKED = "LeaveAsked"
    """It asked to leave itself: it is stopped."""
    PRESSED = "Pressed"
    """It leaves already, and now for a cause that presses more: nothing calls it back."""
    CORDON_FOUND = "CordonFound"
    """Its node carries our cordon, and we know nothing of it: an earlier run began this."""
    RECALL_ASKED = "RecallAsked"
    """Demand returned."""
    FLOOR_KEPT = "FloorKept"
    """It would leave for its idleness only, and the pool may not become smaller."""
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


def resume_patience(cause: Cause, boot_seconds: float) -> float:
    """How long an agent is missed, in seconds, before nothing can come back to it."""
    boot = 0.0 if cause is Cause.LOST else boot_seconds
    return max(boot, PIPELINE_RESUME_SECONDS)


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
