"""The drain machine's table; its theory stands in `core/drain.py`."""

from workhorse.core.drain import DrainAction, DrainEvent, DrainState
from workhorse.core.machine import Row, Table

S, E, A = DrainState, DrainEvent, DrainAction
_TOLD = (E.CHOSEN, E.HOOK_ARRIVED, E.SPOT_WARNED, E.REBALANCE_ADVISED, E.LEAVE_ASKED)
_OPENING = (*_TOLD, E.CORDON_FOUND)
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
        (state, E.PRESSED): Row(state, (A.CORDON,), "its label tells the new cause"),
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
        (state, E.FLOOR_KEPT): Row(S.RECALLED, (A.RECALL,), "the pool may not become smaller"),
        (state, E.HOOK_ABSENT): Row(S.RECALLED, (A.RECALL,), "no hook waits for it"),
        (state, E.VANISHED): Row(S.GONE, (A.DELETE_NODE,), "the instance is no more"),
        (state, E.REPEAT_DUE): Row(state, (), "nothing was asked of AWS yet"),
    }


def _after_release(
    state: DrainState,
) -> dict[tuple[DrainState, DrainEvent], Row[DrainState, DrainAction]]:
    """What LEAVING, HANDED and RELEASED have in common."""
    return {
        **_rows(state, (*_OPENING, E.PRESSED), Row(state, (), "asked already")),
        **_rows(state, _LOOKS, Row(state, (), "waiting for AWS")),
        **_rows(state, (E.RECALL_ASKED, E.FLOOR_KEPT), Row(state, (), "too late")),
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
    **_rows(S.RECALLED, (E.RECALL_ASKED, E.FLOOR_KEPT), Row(S.RECALLED, (), "asked already")),
    (S.RECALLED, E.CORDON_FOUND): Row(S.RECALLED, (), "ours"),
    **_rows(
        S.RECALLED,
        (*_TOLD, E.PRESSED),
        Row(S.ASKED, (A.CORDON,), "it is to leave after all"),
    ),
    (S.RECALLED, E.VANISHED): Row(S.GONE, (A.DELETE_NODE,), "the instance is no more"),
    # GONE: the instance is no more; its node and its messages go last.
    **_rows(
        S.GONE,
        (*_OPENING, E.PRESSED, E.RECALL_ASKED),
        Row(S.GONE, (), "the instance is no more"),
    ),
    (S.GONE, E.SEEN_UNKNOWN): Row(S.GONE, (), "wait for a reading"),
    (S.GONE, E.VANISHED): Row(S.GONE, (A.DELETE_NODE,), "its node is still there"),
    (S.GONE, E.NODE_ABSENT): Row(S.ENDED, (A.FORGET,), "nothing is left of it"),
}
"""Every pair that can happen; the looks name one event each, most telling first."""
