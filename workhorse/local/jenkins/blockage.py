"""Why an item waits, in Jenkins' English, and whether it is stuck.

The order of the questions is that of hudson.model.Queue.BuildableItem.getCauseOfBlockage:
one node of the label is named itself, and with no agents at all the label is not named.
"""

from workhorse.local.jenkins.computers import Computer
from workhorse.local.jenkins.items import Item, State
from workhorse.local.jenkins.labelling import Standings
from workhorse.local.jenkins.nodes import Node
from workhorse.local.jenkins.world import World

SHUTTING_DOWN = "Jenkins is about to shut down"
_PLAIN = "Waiting for next available executor"
APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_SHOWN_CAUSES = 5
_LEAST_ESTIMATE = 60.0
_STUCK_FACTOR = 10
_DAY = 86400.0
_MINUTE = 60


def why(world: World, item: Item, standings: Standings) -> str | None:
    """The sentence shown for an item; None once it has left."""
    match item.state:
        case State.WAITING:
            return _waiting(item.due - world.now)
        case State.BLOCKED:
            return blocking_build(item) or "A build is already in progress"
        case State.BUILDABLE | State.PENDING:
            return _buildable(world, item, standings)
        case _:
            return None


def blocking_build(item: Item) -> str | None:
    """Why an item may not even ask for an executor: a build of a job that allows only one."""
    job = item.task.job
    if job.concurrent or item.task.body or item.task.configuration:
        return None
    running = job.running()
    if running is not None:
        return f"Build #{running.number} is already in progress (ETA: N/A)"
    return None


def stuck(world: World, item: Item, standings: Standings) -> bool:
    """Tell whether Jenkins would mark a buildable item as stuck."""
    if item.state not in {State.BUILDABLE, State.PENDING}:
        return False
    if item.label is not None and standings.of(item.label).offline:
        return True
    waited = world.now - item.buildable
    estimate = estimated_seconds(item)
    if estimate is None:
        return waited > _DAY
    return waited > _STUCK_FACTOR * max(estimate, _LEAST_ESTIMATE)


def estimated_seconds(item: Item) -> float | None:
    """Mean duration of the job's last three good builds."""
    runs = sorted(item.task.job.runs.values(), key=lambda run: -run.number)
    good = [run.ended - run.started for run in runs if run.result == "SUCCESS" and run.ended][:3]
    return sum(good) / len(good) if good else None


def refusal(world: World, computer: Computer, item: Item) -> str | None:
    """Why this computer would not take this item, leaving aside free executors."""
    node, label = computer.node, item.label
    if node is None or not computer.online:
        return f"{quoted(computer.name)} is offline"
    shown = node.name or "Built-In Node"
    if label is not None and not _has(world, node, item):
        return f"{quoted(shown)} doesn{APOSTROPHE}t have label {quoted(label)}"
    if label is None and node.exclusive and not item.task.flyweight:
        return f"{quoted(shown)} is reserved for jobs with matching label expression"
    return _gives_way(world, node, item)


def _has(world: World, node: Node, item: Item) -> bool:
    return item.label is not None and node.name in world.names_of(item.label)


def _gives_way(world: World, node: Node, item: Item) -> str | None:
    """Bodies that resume after a restart come first on their node."""
    if item.task.resumed:
        return None
    for other in world.resumed:
        if other.state is State.BUILDABLE and _has(world, node, other):
            return f"{other.task.name} should be allowed to run first"
    return None


def _waiting(seconds: float) -> str:
    return (
        "Finished waiting" if seconds <= 0 else f"In the quiet period. Expires in {span(seconds)}"
    )


def quoted(name: object) -> str:
    """A name in the curly quotes of Jenkins' messages."""
    return f"\N{LEFT SINGLE QUOTATION MARK}{name}{APOSTROPHE}"


def span(seconds: float) -> str:
    """A time span as hudson.Util.getTimeSpanString prints short ones."""
    if seconds >= _MINUTE:
        minutes, rest = divmod(int(seconds), _MINUTE)
        return f"{minutes} min {rest} sec"
    if seconds >= 10:  # noqa: PLR2004 - one digit behind the point below ten seconds
        return f"{int(seconds)} sec"
    if seconds >= 1:
        return f"{int(seconds * 10) / 10:g} sec"
    return f"{int(seconds * 1000)} ms"


def _buildable(world: World, item: Item, standings: Standings) -> str:
    if world.quieting:
        return SHUTTING_DOWN
    label = item.label if world.nodes else None
    if label is None:
        causes = _causes(world, item) if standings.idle_anywhere() else ""
        return causes or _PLAIN
    standing = standings.of(label)
    only = standing.nodes[0].name or "Built-In Node" if len(standing.nodes) == 1 else ""
    if standing.offline:
        if only:
            return f"{quoted(only)} is offline"
        if not standing.nodes:
            return f"There are no nodes with the label {quoted(label)}"
        return f"All nodes of label {quoted(label)} are offline"
    causes = _causes(world, item) if standing.idle else ""
    return causes or f"{_PLAIN} on {quoted(only or label)}"


def _causes(world: World, item: Item) -> str:
    """What every node with an idle executor has against the item."""
    found = set()
    for computer in world.computers.values():
        if computer.online and any(each.idle for each in computer.executors):
            against = refusal(world, computer, item)
            if against is None:
                return ""
            found.add(against)
    shown = sorted(found)[:_SHOWN_CAUSES]
    if len(found) > len(shown):
        shown.append(f"... and {len(found) - len(shown)} more")
    return "; ".join(shown)
