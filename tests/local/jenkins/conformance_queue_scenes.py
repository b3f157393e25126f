"""The states in which queues, labels and load were recorded."""

from tests.local.jenkins.conformance_furniture import (
    AGENTS,
    FIRST_JOBS,
    HOLD,
    Q_BUILDS,
    Q_CONC,
    Q_JOBS,
    Q_PIPES,
)
from tests.local.jenkins.conformance_stage import Scene

NO_AGENTS: Scene = FIRST_JOBS
PIPELINE_WAITS: Scene = (*FIRST_JOBS, ("build", "p-linux"), ("advance", 0.1))
"""A pipeline's parent sits on the built-in node while its body waits for an agent."""


def noagents_quiet(*, maintained: bool) -> Scene:
    """Four items are due and the fifth has just come.

    When the queue was `maintained` three became buildable and the pipeline had left to start.
    """
    delay = {"delay": "0sec" if maintained else "0.05sec"}
    first = tuple(("build", name, delay) for name in ("f-linux", "f-expr", "f-roam"))
    pipeline = (("build", "p-linux", delay),)
    gone = (("first_item", 5),)
    pin = (("build", "pin", {"delay": "5sec", "NODE": "agent-1"}),)
    middle = gone if maintained else pipeline
    return (*FIRST_JOBS, *first, *middle, *pin, ("advance", 0.1))


NOAGENTS_TREE: Scene = (
    *FIRST_JOBS,
    ("build", "f-linux"),
    ("build", "f-expr"),
    ("build", "f-roam"),
    ("build", "p-linux"),
    ("build", "pin", {"delay": "1sec", "NODE": "agent-1"}),
    ("advance", 1.5),
)

BUSY: Scene = (*HOLD, ("hold", "agent-1", 1, 2), ("hold", "agent-2", 3, 4, 5, 6))
HELD: Scene = (*AGENTS, *BUSY)
"""Both agents are busy."""


def all_busy(first: int, number: int, *pipes: str) -> Scene:
    """Everything waits behind busy agents; the bodies of `pipes`, build `number`, in this order."""
    return (
        *HELD,
        *Q_JOBS,
        *Q_PIPES,
        ("replay", "job-create-nlp"),
        *(("first_build", name, number) for name in pipes),
        ("first_item", first),
        *Q_BUILDS,
        *(("build", name, {"delay": "1sec"}) for name in pipes),
        ("build", "pin", {"NODE": "agent-1"}),
        ("build", "pin", {"NODE": "ghost"}),
        ("advance", 6),
    )


QUEUE_BUSY: Scene = (
    ("node", "zz", {"executors": -1, "label": "linux docker"}),
    *HELD,
    *Q_JOBS,
    *Q_PIPES,
    ("replay", "job-create-nlp"),
    ("advance", 2),
    ("first_item", 14),
    *Q_BUILDS,
    ("build", "q-pipe", {"delay": "0.05sec"}),
    ("build", "q-pipe-noname", {"delay": "0.05sec"}),
    ("build", "pin", {"delay": "0.05sec", "NODE": "agent-1"}),
    ("build", "pin", {"delay": "0.05sec", "NODE": "ghost"}),
    ("advance", 0.1),
)
QUEUE_BUSY_2: Scene = (
    *AGENTS,
    *Q_JOBS,
    ("replay", "job-create-nlp"),
    ("build", "q-none"),
    ("build", "pin", {"NODE": "ghost"}),
    ("advance", 6),
)


def exclusive(*, started: bool) -> Scene:
    """agent-1 is free and exclusive, agent-2 busy; the pipeline has `started` or is only due."""
    delay = {} if started else {"delay": "0.05sec"}
    number = 3 if started else 2
    return (
        *AGENTS,
        *HOLD,
        ("hold", "agent-2", 3, 4, 5, 6),
        *Q_JOBS,
        *Q_PIPES,
        ("first_build", "q-pipe-noname", number),
        ("change", "agent-1", {"mode": "EXCLUSIVE"}),
        ("advance", 1),
        ("build", "q-roam"),
        ("build", "q-not"),
        ("build", "q-pipe-noname", delay),
        ("advance", 0.1),
    )


def _labels(more: Scene) -> Scene:
    """Both agents busy, with the jobs that are tied to their labels, and `more`."""
    return (*AGENTS, *FIRST_JOBS, *Q_JOBS, *more, *BUSY)


LABELS_OLD = _labels((*Q_CONC, ("ran", "q-linux", "SUCCESS")))
LABELS_NEW = _labels(())
LABELS_WITH_ZZ: Scene = (
    ("node", "zz", {"executors": -1, "label": "linux docker"}),
    *AGENTS,
    *FIRST_JOBS,
    *Q_JOBS,
    *HOLD,
    ("hold", "agent-1", 1, 2),
)
LOADED: Scene = (
    *AGENTS,
    *HOLD,
    *Q_JOBS,
    ("hold", "agent-1", 1, 2),
    ("advance", 60),
    ("hold", "agent-2", 3, 4, 5, 6),
    ("build", "q-linux"),
    ("advance", 130),
)
"""Long enough for every average of the load to have moved."""


def pinned(item: int, build: int, *, blue: bool) -> Scene:
    """A build is pinned to an agent temporarily offline; `blue` when earlier ones went well."""
    return (
        *AGENTS,
        ("replay", "job-create-nlp"),
        *((("ran", "pin", *["SUCCESS"] * (build - 1), {"node": "agent-1"}),) if blue else ()),
        ("first_build", "pin", build),
        ("do", "computer/agent-1/changeOfflineCause", {"data": {"offlineMessage": "x"}}),
        ("first_item", item),
        ("build", "pin", {"NODE": "agent-1"}),
        ("advance", 6),
    )


BACK: Scene = (("do", "computer/agent-1/toggleOffline"), ("advance", 0.1))


def _cancelled(item: int, *nodes: str) -> Scene:
    """An item of the job `pin` was cancelled while a build of it runs."""
    return (
        *AGENTS,
        ("replay", "job-create-nlp"),
        ("ran", "pin", "SUCCESS", {"node": "agent-1"}),
        ("build", "pin", {"NODE": "agent-2"}),
        ("advance", 0.1),
        ("first_item", item),
        ("pinned_twice", "pin", *nodes),
    )


ITEM_72 = _cancelled(72, "agent-1", "agent-2")
ITEM_43 = _cancelled(43, "agent-1")
