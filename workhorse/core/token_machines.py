"""Machines that came by a token: in no group, so that nobody ends them and nobody says they went.

Their nodes were made by the gateway, and are ours to delete when the machine is gone.
One that is missed may be back at any moment, and take a build between our look and our deed.
So its node is cordoned first: what is deleted later is a node to which no build could be given.
A machine that is back before that is called back; one that is back later has its node made anew.
"""

from workhorse.core.admission import Way, is_given
from workhorse.core.cordon import cordon_label, cordons_among
from workhorse.core.effects import Cordon, DeleteNode, Effect, Recall
from workhorse.core.ledger import Disagreement
from workhorse.core.model import Node, Pool

CAUSE = "machine-gone"
"""What the cordon label says; no cause of a drain, for there is no instance to end."""


def came_by_token(node: Node) -> bool:
    """We made it for a machine that showed a token: by what it says, and by its name."""
    owner = node.owner
    return owner is not None and owner.way == Way.TOKEN and is_given(node.name, owner.pool)


def astray(node: Node) -> Disagreement | None:
    """What does not agree about such a node; None where all is well, or it is not ours to judge.

    One that people took out of work is theirs; one with builds on it may be back for them.
    """
    if not came_by_token(node) or node.ghost:
        return None
    ours = (CAUSE, node.name) in cordons_among(node.labels)
    if not node.offline:
        return Disagreement.MACHINE_BACK if ours else None
    if node.busy or not node.idle:
        return None
    if ours:
        return Disagreement.MACHINE_CORDONED
    return None if node.temporarily_offline else Disagreement.MACHINE_GONE


def mended(node: Node, kind: Disagreement, pool: Pool) -> Effect:
    """What is done about it when its time is over."""
    if kind is Disagreement.MACHINE_BACK:
        labels, exclusive = pool.policy.labels, pool.exclusive
        return Recall(node=node.name, labels=labels, exclusive=exclusive)
    if kind is Disagreement.MACHINE_CORDONED:
        return DeleteNode(node=node.name)
    return Cordon(node=node.name, label=cordon_label(CAUSE, node.name))
