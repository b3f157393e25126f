"""Computers that Jenkins shows and no node stands behind.

A node that is deleted under a pipeline leaves its computer for five minutes, without labels; no
node of its name can be made meanwhile, and to delete it once more ends that.
"""

from collections.abc import Callable, Iterable

from workhorse.sim.builds import Computer
from workhorse.sim.kernel import Kernel
from workhorse.sim.truth import Hand

RESUME_LIMIT_SECONDS = 300.0
"""ExecutorStepExecution.TIMEOUT_WAITING_FOR_NODE_MILLIS: then a pipeline's body is aborted."""


def haunt(
    computers: dict[str, Computer],
    deleted: Computer,
    kernel: Kernel,
    delete: Callable[[str, Hand], None],
) -> None:
    """Let what is left of a deleted node stay for its pipelines, and go in the end."""
    held = [build for build in deleted.builds if build.pipeline]
    if deleted.ghost or not held:
        return
    ghost = Computer(name=deleted.name, labels=frozenset(), online=False, ghost=True)
    ghost.builds = held
    computers[ghost.name] = ghost

    def lay() -> None:
        if computers.get(ghost.name) is ghost:
            delete(ghost.name, Hand.AWS)

    kernel.after(RESUME_LIMIT_SECONDS, lay)


def ghosts(computers: Iterable[Computer]) -> list[str]:
    """The names of those that a restart of Jenkins forgets."""
    return [computer.name for computer in computers if computer.ghost]
