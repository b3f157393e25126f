"""The end of a canary: it has done its work, or failed, and nothing of it may be left.

No build is to be there but the smoke job's; yet Jenkins gives a build that asks for what an agent
is *not* any agent at all.
So a canary is ended as any agent is: after it was seen idle, and again a settle time later.
"""

from collections.abc import Iterator
from dataclasses import replace

from workhorse.core.canary import SMOKED_AT
from workhorse.core.demand import bound_nodes
from workhorse.core.drain import PIPELINE_RESUME_SECONDS
from workhorse.core.effects import DeleteNode, Effect, EndCanary
from workhorse.core.model import Node
from workhorse.core.orders import Awaited, Standing
from workhorse.core.rollout_facts import Facts

IDLE_AT = "canary_idle_at"
"""Key of the memory: since when nothing was seen on any canary."""


def looked_at(standing: Standing, facts: Facts) -> Standing:
    """With the time since when nothing runs on the canaries; the facts are not blind."""
    memory = dict(standing.memory)
    had = memory.pop(IDLE_AT, facts.now)
    if facts.canaries and not any(busy_canaries(standing, facts)):
        memory[IDLE_AT] = had
    return standing if memory == standing.memory else replace(standing, memory=memory)


def busy_canaries(standing: Standing, facts: Facts) -> Iterator[Awaited]:
    """The canaries on which something runs or is to run that is not our smoke build."""
    bound = _bound(facts)
    for each in facts.canaries or ():
        node = facts.nodes.get(each.instance)
        if node is None or not (node.name in bound or _busy(node, standing.smoke)):
            continue
        first = next((build for build in node.running if build.path != standing.smoke), None)
        yield Awaited(
            instance=node.name,
            build=first.path if first else "",
            since=first.started_at if first else None,
            usual_seconds=first.estimated_seconds if first else None,
            because="" if first else "a build is to run there",
        )


def remains(standing: Standing, facts: Facts) -> tuple[Effect, ...]:
    """What may be ended now of canaries, of this order and of any before it.

    Instances first; a node goes when its instance is no more.
    """
    if facts.canaries is None or facts.snapshot.jenkins is None:
        return ()
    alive = {each.instance for each in facts.canaries}
    node = standing.canary
    gone: tuple[Effect, ...] = ()
    if node in facts.nodes and node not in alive:
        gone = (DeleteNode(node=node),)
    if not _settled(standing, facts):
        return gone
    return (*(EndCanary(instance=name) for name in sorted(alive)), *gone)


def is_left(standing: Standing, facts: Facts) -> bool:
    """Something of a canary is left, or nobody can tell."""
    unread = facts.canaries is None or (standing.canary and facts.snapshot.jenkins is None)
    return bool(unread or facts.canaries or standing.canary in facts.nodes)


def _settled(standing: Standing, facts: Facts) -> bool:
    """Idle for long enough; where a pipeline may come back to an offline agent, for that long."""
    since = standing.memory.get(IDLE_AT)
    if since is None or facts.blind:
        return False
    nodes = [facts.nodes.get(each.instance) for each in facts.canaries or ()]
    offline = SMOKED_AT in standing.memory and any(node and node.offline for node in nodes)
    settle = PIPELINE_RESUME_SECONDS if offline else facts.pool.policy.settle_seconds
    return bool(facts.now - since >= settle)


def _busy(node: Node, smoke: str) -> bool:
    """Something runs there that is not our smoke build, whose time is over."""
    paths = {build.path for build in node.running}
    if smoke and paths == {smoke} and node.busy <= 1:
        return False
    return node.busy > 0 or not node.idle


def _bound(facts: Facts) -> frozenset[str]:
    """Nodes that queued items name, those of the smoke job apart."""
    jenkins = facts.snapshot.jenkins
    if jenkins is None or not jenkins.queue:
        return frozenset()
    job = facts.policy.smoke_job
    return bound_nodes(jenkins, except_jobs=frozenset({job, job.rpartition("/")[2]}))
