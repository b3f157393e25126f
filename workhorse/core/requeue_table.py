"""The requeue machine's table; its theory stands in `core/requeue.py`."""

from workhorse.core.machine import Row, Table
from workhorse.core.requeue import RequeueAction, RequeueEvent, RequeueState

S, E, A = RequeueState, RequeueEvent, RequeueAction

REQUEUE: Table[RequeueState, RequeueEvent, RequeueAction] = {
    # NOTED: its agent was warned, and lives.
    (S.NOTED, E.SEEN_SAFE): Row(S.LEFT, (), "it ended by itself"),
    (S.NOTED, E.SEEN_REFUSED): Row(S.NOTED, (), "it will not be queued again"),
    (S.NOTED, E.SEEN_RUNNING): Row(S.NOTED, (), "it runs on"),
    (S.NOTED, E.SEEN_GOOD): Row(S.LEFT, (), "it ended by itself"),
    (S.NOTED, E.SEEN_BAD): Row(S.NOTED, (), "whether by itself is seen when the agent is"),
    (S.NOTED, E.SEEN_MARKED): Row(S.NOTED, (), "whether by itself is seen when the agent is"),
    (S.NOTED, E.INSTANCE_LOST): Row(S.LOST, (), "its instance is no more"),
    # LOST: what becomes of it is up to Jenkins.
    (S.LOST, E.SEEN_RUNNING): Row(S.LOST, (), "it may go on elsewhere"),
    (S.LOST, E.SEEN_GOOD): Row(S.LEFT, (), "it went on elsewhere"),
    (S.LOST, E.SEEN_REFUSED): Row(S.LEFT, (), "it must not be queued again"),
    (S.LOST, E.SEEN_BAD): Row(S.MARKED, (A.MARK,), "lost, and its job wants it again"),
    (S.LOST, E.SEEN_MARKED): Row(S.ASKED, (), "marked already: it may be queued"),
    (S.LOST, E.INSTANCE_LOST): Row(S.LOST, (), "lost already"),
    # MARKED: nothing was asked of Jenkins yet.
    (S.MARKED, E.SEEN_FREE): Row(S.ASKED, (A.QUEUE,), "nothing like it waits"),
    (S.MARKED, E.SEEN_ALIKE): Row(S.MARKED, (), "Jenkins would make one of both"),
    (S.MARKED, E.SEEN_REFUSED): Row(S.LEFT, (), "it must not be queued again"),
    # ASKED: it may be queued; only a look can tell.
    (S.ASKED, E.TAKEN): Row(S.QUEUED, (), "Jenkins took it"),
    (S.ASKED, E.SEEN_AGAIN): Row(S.QUEUED, (), "a run of ours with its parameters is there"),
    (S.ASKED, E.SEEN_NONE): Row(S.ASKED, (), "one more look, later"),
    (S.ASKED, E.SEEN_NONE_TWICE): Row(S.ASKED, (A.QUEUE,), "there was none"),
    (S.ASKED, E.SEEN_ALIKE): Row(S.ASKED, (), "Jenkins would make one of both"),
    (S.ASKED, E.SEEN_GAP): Row(S.LEFT, (), "a run was deleted: it may have been ours"),
    (S.ASKED, E.SEEN_REFUSED): Row(S.LEFT, (), "it must not be queued again"),
}
"""Every pair that can happen; QUEUED and LEFT hear of nothing any more."""
