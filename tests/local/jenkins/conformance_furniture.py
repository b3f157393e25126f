"""Nodes, agents and jobs that several scenes share."""

from tests.local.jenkins.conformance_stage import Scene

AGENT_1_NODE: Scene = (("node", "agent-1", {"executors": 2, "label": "linux docker"}),)
AGENT_1: Scene = (("agent", "agent-1", {"executors": 2, "label": "linux docker"}),)
AGENT_2: Scene = (("agent", "agent-2", {"executors": 4, "label": "linux"}),)
AGENTS: Scene = (*AGENT_1, *AGENT_2)
CHECKED: Scene = (("advance", 60),)
"""Long enough after agents came for the node monitors to have looked at them."""

FIRST_JOBS: Scene = (
    ("replay", "job-create-freestyle"),
    ("replay", "job-create-expr"),
    ("replay", "job-create-roam"),
    ("replay", "job-create-pipe"),
    ("replay", "job-create-nlp"),
)
HOLD: Scene = (("job", "hold", {"seconds": 100_000, "pinned": True, "concurrent": True}),)
Q_CONC: Scene = (("job", "q-conc", {"label": "linux", "seconds": 600}),)
FS: Scene = (("job", "fs", {"label": "docker", "seconds": 600, "concurrent": True}),)
Q_JOBS: Scene = (
    ("job", "q-linux", {"label": "linux"}),
    ("job", "q-docker", {"label": "docker"}),
    ("job", "q-expr", {"label": "linux&&docker"}),
    ("job", "q-or", {"label": "docker||arm64"}),
    ("job", "q-none", {"label": "arm64"}),
    ("job", "q-node", {"label": "agent-1"}),
    ("job", "q-not", {"label": "!docker&&linux"}),
    ("job", "q-roam"),
)
Q_PIPES: Scene = (
    ("pipeline", "q-pipe", {"label": "docker"}),
    ("pipeline", "q-pipe-noname"),
)
Q_BUILDS: Scene = tuple(("build", job[1]) for job in Q_JOBS)
