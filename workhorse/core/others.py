"""Idle executors of nodes that are no agents of ours: static ones, and machines with a token.

Jenkins gives a build to whoever of them fits as soon as its quiet period is over, long before an
agent could boot for it.  So a pool does not grow for a build that one of them can take.
A build that waits on although one is idle does not count on it: a restriction that we are not told
of, of a plugin or of the node, may keep it from there for ever.
"""

from collections.abc import Mapping

from workhorse.core.labels import parse
from workhorse.core.model import INSTANCE_ID, ItemState, Node, QueueItem


class Others:
    """Counts them down, item by item; who asks in vain pays next to nothing.

    Args:
        nodes: all that Jenkins has.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._idle: dict[str, int] | None = None

    def take(self, item: QueueItem) -> bool:
        """Whether one of them will take the item, which is in its quiet period.

        Only one that names a label: whether a node takes those that name none, nobody tells us.
        """
        if item.state is not ItemState.WAITING or not item.expression:
            return False
        if self._idle is None:
            self._idle = {node.name: _idle(node) for node in self._nodes.values() if _idle(node)}
        asked = parse(item.expression)
        for name, left in self._idle.items():
            if left > 0 and asked.matches(self._nodes[name].labels | {name}):
                self._idle[name] = left - 1
                return True
        return False


def _idle(node: Node) -> int:
    """Its idle executors; of what may be an instance of a pool none, for pools count these."""
    free = 0 if node.offline else max(0, node.executors - node.busy)
    return free if free and not INSTANCE_ID.fullmatch(node.name) else 0
