"""Which recording was taken in which state.

The scenes are derived from the recorded answers and from what their makers wrote about them.
A recording that is not named here was taken of a server on which nothing mattered.
"""

from collections.abc import Mapping

from tests.local.jenkins.conformance_api_scenes import (
    API_NEW,
    API_OLD,
)
from tests.local.jenkins.conformance_build_scenes import (
    ELASTIC,
    GHOST,
    MATRIX_CHILD,
    MATRIX_NEW,
    MATRIX_OLD,
    PIPELINE_NEW,
    PIPELINE_OLD,
    Q_NODE_WAITS,
    SWARM,
    shrunk,
)
from tests.local.jenkins.conformance_furniture import (
    AGENT_1,
    AGENT_1_NODE,
    AGENT_2,
    AGENTS,
    CHECKED,
    HOLD,
    Q_CONC,
    Q_JOBS,
)
from tests.local.jenkins.conformance_queue_scenes import (
    BACK,
    ITEM_43,
    ITEM_72,
    LABELS_NEW,
    LABELS_OLD,
    LABELS_WITH_ZZ,
    LOADED,
    NO_AGENTS,
    NOAGENTS_TREE,
    PIPELINE_WAITS,
    QUEUE_BUSY,
    QUEUE_BUSY_2,
    all_busy,
    exclusive,
    noagents_quiet,
    pinned,
)
from tests.local.jenkins.conformance_recordings import NEW, OLD
from tests.local.jenkins.conformance_stage import Scene

_API = (
    *("api-depth1", "api-depth2", "api-gzip", "api-head", "api-post", "api-put", "api-root"),
    *("api-root-tree", "api-tree-nested-star", "api-tree-range", "api-tree-range1"),
    "api-tree-unknown",
)

_BOTH: Mapping[str, Scene] = {
    "api-quiet": (("do", "quietDown?message=asg-maint"),),
    "build-disabled": (*Q_JOBS, ("do", "job/q-none/disable")),
    "build-disabled-prep": Q_JOBS,
    "build-f-expr-noagents": (*NO_AGENTS, ("first_item", 2)),
    "build-f-linux-noagents": NO_AGENTS,
    "build-f-roam-noagents": (*NO_AGENTS, ("first_item", 3)),
    "build-p-linux-noagents": (*NO_AGENTS, ("first_item", 4)),
    "build-param-missing": NO_AGENTS,
    "build-pin-noagents": (*NO_AGENTS, ("first_item", 5)),
    "buildwithparams-on-nonparam": Q_JOBS,
    "cancelquietdown": (("do", "quietDown"),),
    "changeofflinecause": AGENT_1,
    "changeofflinecause-again": (*AGENT_1, ("replay", "changeofflinecause")),
    "computer-ghost-after-delete": GHOST,
    "computer-noagents": (*CHECKED, *PIPELINE_WAITS),
    "dodisconnect": (("agent", "r3"),),
    "dodisconnect-offline": (("node", "r1"),),
    "job-create-duplicate": NO_AGENTS,
    "matrix-child-deleted": (*MATRIX_CHILD, ("do", "computer/gone/doDelete")),
    "matrix-child-offline": MATRIX_CHILD,
    "matrix-configxml": (("suicide",),),
    "matrix-elastic-configs": ELASTIC,
    "matrix-elastic-done": (*ELASTIC, ("ran", "m-elastic", "SUCCESS")),
    "node-configxml": AGENT_1,
    "node-configxml-badxml": AGENT_2,
    "node-configxml-wrongtype": AGENT_2,
    "node-create-duplicate": AGENT_1,
    "node-create-zeroexec": (("replay", "node-create-negexec"),),
    "node-delete-running": GHOST[:-1],
    "node-get": AGENT_1_NODE,
    "node-jnlp-plain": AGENT_1_NODE,
    "node-jnlp-slave-alias": AGENT_1_NODE,
    "node-rename-viaxml": (("agent", "r1", {"executors": 2, "label": "r1lab"}),),
    "perm-denied-build": (*Q_JOBS, ("reader",)),
    "perm-denied-create": (("reader",),),
    "perm-denied-nodeconfig": (*AGENT_2, ("reader",)),
    "starting-503": (("restart",),),
    "starting-503-post": (*AGENT_1, ("restart",), ("advance", 6)),
    "swarm-addlabels": (*SWARM, ("replay", "swarm-removelabels")),
    "swarm-create-again": SWARM,
    "swarm-create-online": (*SWARM, ("come", "sw1")),
    "swarm-getlabels": SWARM,
    "swarm-node-configxml": SWARM,
    "swarm-node-get": SWARM,
    "swarm-removelabels": SWARM,
    "toggleoffline-back": (*AGENT_1, ("replay", "changeofflinecause")),
    "toggleoffline-get": AGENT_1,
    "token-post-nocrumb": (("do", "quietDown"),),
}
_OLD: Mapping[str, Scene] = {
    **dict.fromkeys(_API, API_OLD),
    "build-delay": (*Q_NODE_WAITS, ("first_item", 70)),
    "build-redirect": (*Q_NODE_WAITS, ("first_item", 70), ("build", "q-node")),
    "build-running-pipeline": PIPELINE_OLD,
    "computer-1-offline": (*AGENT_1_NODE, *CHECKED),
    "computer-2-online": (*CHECKED, *AGENTS),
    "computer-pipeline-running": PIPELINE_OLD,
    "executors-reduced-4to1-3running": shrunk(17, 18, 19),
    "label-expr-busy": LABELS_WITH_ZZ,
    "label-linux-busy": LABELS_OLD,
    "label-loadstats": LOADED,
    "label-loadstats-tree": LOADED,
    "label-none": Q_JOBS,
    "matrix-computers": MATRIX_OLD,
    "matrix-project": MATRIX_OLD,
    "matrix-queue-children": MATRIX_OLD,
    "node-configxml-tempoffline": (
        *AGENT_1,
        ("replay", "changeofflinecause"),
        ("replay", "changeofflinecause-again"),
    ),
    "node-disconnected": (("agent", "r3"), ("replay", "dodisconnect")),
    "node-killed": (*PIPELINE_OLD, ("kill", "agent-1")),
    "overallload-tree": LOADED,
    "unlabeledload": (*LOADED, ("build", "q-roam"), ("advance", 30)),
    "queue-agent1-tempoffline": (
        *all_busy(34, 2, "q-pipe", "q-pipe-noname"),
        ("replay", "changeofflinecause"),
    ),
    "queue-all-busy": all_busy(34, 2, "q-pipe", "q-pipe-noname"),
    "queue-blocked": (
        *AGENTS,
        *Q_CONC,
        ("build", "q-conc"),
        ("advance", 0.1),
        ("first_item", 5859),
        ("build", "q-conc"),
        ("advance", 0.1),
    ),
    "queue-busy": QUEUE_BUSY,
    "queue-busy-2": QUEUE_BUSY_2,
    "queue-cancel": ITEM_72,
    "queue-cancel-again": (*ITEM_72, ("cancel", 72)),
    "queue-exclusive-composite": exclusive(started=True),
    "queue-item-cancelled": (*ITEM_72, ("cancel", 72)),
    "queue-item-index": (*ITEM_72, ("cancel", 72)),
    "queue-item-left": (*pinned(60, 3, blue=True), *BACK),
    "queue-item-pinned-tempoffline": pinned(60, 3, blue=True),
    "queue-noagents-quiet": noagents_quiet(maintained=False),
    "queue-noagents-tree": NOAGENTS_TREE,
    "queue-pipeline-busy": (
        *AGENT_1,
        *Q_CONC,
        ("ran", "q-conc", "SUCCESS"),
        *HOLD,
        ("hold", "agent-1", 1, 2),
        ("quiet", "quiet30", 30),
        ("first_item", 5859),
        ("build", "q-conc"),
        ("do", "job/quiet30/build"),
        ("advance", 23.2),
    ),
    "queue-quietdown-new": (*all_busy(34, 2, "q-pipe", "q-pipe-noname"), ("do", "quietDown")),
    "queue-waiting": (
        *AGENTS,
        ("quiet", "quiet30", 30),
        ("first_item", 5860),
        ("do", "job/quiet30/build"),
        ("advance", 0.1),
    ),
}
_NEW: Mapping[str, Scene] = {
    **dict.fromkeys(_API, API_NEW),
    "build-delay": (*Q_NODE_WAITS, ("first_item", 39)),
    "build-redirect": (*Q_NODE_WAITS, ("first_item", 39), ("build", "q-node")),
    "build-running-pipeline": PIPELINE_NEW,
    "computer-1-offline": (*AGENT_1_NODE, *CHECKED, *PIPELINE_WAITS),
    "computer-pipeline-running": PIPELINE_NEW,
    "executors-reduced-4to1-3running": shrunk(11, 12, 13),
    "label-linux-busy": LABELS_NEW,
    "matrix-computers": MATRIX_NEW,
    "matrix-project": MATRIX_NEW,
    "matrix-queue-children": MATRIX_NEW,
    "node-disconnected": (("agent", "r3"), ("replay", "dodisconnect"), ("advance", 30)),
    "queue-agent1-tempoffline": (
        *all_busy(13, 1, "q-pipe-noname", "q-pipe"),
        ("do", "computer/agent-1/changeOfflineCause"),
    ),
    "queue-all-busy": all_busy(13, 1, "q-pipe-noname", "q-pipe"),
    "queue-cancel": ITEM_43,
    "queue-cancel-again": (*ITEM_43, ("cancel", 43)),
    "queue-exclusive-composite": exclusive(started=False),
    "queue-item-cancelled": (*ITEM_43, ("cancel", 43)),
    "queue-item-index": (*ITEM_43, ("cancel", 43)),
    "queue-item-left": (*pinned(35, 1, blue=False), *BACK),
    "queue-item-pinned-tempoffline": pinned(35, 1, blue=False),
    "queue-noagents-quiet": noagents_quiet(maintained=True),
    "queue-noagents-tree": NOAGENTS_TREE,
    "queue-quietdown-new": (*all_busy(13, 1, "q-pipe-noname", "q-pipe"), ("do", "quietDown")),
}
_OF = {OLD: _OLD, NEW: _NEW}


def named(version: str) -> set[str]:
    """The recordings of a version that have a scene of their own."""
    return set(_OF[version])


def scene(version: str, name: str) -> Scene:
    """What a recording assumes; nothing where any server would answer the same."""
    return _OF[version].get(name, _BOTH.get(name, ()))
