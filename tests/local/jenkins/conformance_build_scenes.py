"""The states in which pipelines, matrices and computers at work were recorded."""

from tests.local.jenkins.conformance_furniture import (
    AGENT_1,
    AGENT_1_NODE,
    AGENT_2,
    AGENTS,
    CHECKED,
    FS,
    HOLD,
    Q_JOBS,
)
from tests.local.jenkins.conformance_stage import Scene

PIPELINE_OLD: Scene = (
    *AGENTS,
    *FS,
    ("pipeline", "pl", {"label": "docker", "seconds": 600}),
    ("first_item", 73),
    ("build", "fs"),
    ("advance", 0.1),
    ("build", "pl", {"delay": "9sec"}),
    ("advance", 15),
)
PIPELINE_NEW: Scene = (
    *AGENTS,
    *FS,
    ("pipeline", "q-pipe-noname", {"label": "agent-1", "seconds": 600}),
    ("pipeline", "pl", {"label": "docker", "seconds": 600}),
    ("first_build", "q-pipe-noname", 2),
    ("first_build", "fs", 2),
    ("build", "q-pipe-noname"),
    ("advance", 0.1),
    ("outlive", "q-pipe-noname"),
    ("first_item", 50),
    ("build", "fs"),
    ("advance", 0.1),
    ("build", "pl", {"delay": "7sec"}),
    ("advance", 15),
)
GHOST: Scene = (
    *AGENT_1,
    *CHECKED,
    ("pipeline", "pl", {"label": "docker", "seconds": 600}),
    ("build", "pl"),
    ("advance", 1),
    ("do", "computer/agent-1/doDelete"),
)


def shrunk(*numbers: int) -> Scene:
    """Three builds run on an agent that may only have one executor now."""
    return (*AGENT_2, *HOLD, ("hold", "agent-2", *numbers), ("change", "agent-2", _ONE_EXECUTOR))


_ONE_EXECUTOR = {"numExecutors": "1"}

Q_NODE_WAITS: Scene = (*AGENT_1_NODE, *Q_JOBS, ("advance", 1))
"""The agent that q-node asks for is not there, so its item stays."""


def _matrix(nodes: Scene, *ended: str) -> Scene:
    """The matrix over four nodes runs; children on the nodes of `ended` are done."""
    return (
        *AGENTS,
        *nodes,
        ("suicide",),
        ("build", "suicide"),
        ("advance", 0.2),
        ("end_child", "suicide", *(f"label={name}" for name in ended)),
    )


POOL: Scene = (
    ("agent", "r1", {"executors": 2, "label": "r1lab"}),
    ("agent", "r2", {"label": "pool"}),
    ("agent", "r3", {"label": "pool"}),
)
MATRIX_OLD = _matrix(POOL, "r2", "r3")
MATRIX_NEW = _matrix(POOL, "agent-2", "r2")
MATRIX_CHILD: Scene = (
    *AGENTS,
    ("node", "gone"),
    ("matrix", "m-gone", "gone"),
    ("first_item", 119),
    ("build", "m-gone"),
    ("advance", 0.2),
)
ELASTIC: Scene = (*POOL, ("elastic", "m-elastic", "pool"))

SWARM: Scene = (("replay", "swarm-create"),)
