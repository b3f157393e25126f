"""Nodes come, change and go; agents connect and are lost."""

from collections.abc import Iterable

from workhorse.local.jenkins import queueing, running
from workhorse.local.jenkins.computers import Channel, Computer
from workhorse.local.jenkins.nodes import Node, TemporaryCause
from workhorse.local.jenkins.runs import Body, Lost
from workhorse.local.jenkins.world import World

GRACE = 300.0
"""Seconds that a pipeline waits for a node that was deleted or did not come back after a restart
(ExecutorStepExecution.TIMEOUT_WAITING_FOR_NODE_MILLIS)."""


def add_node(world: World, node: Node) -> None:
    """Create a node; with executors it gets a computer, without it has none and never will."""
    world.nodes[node.name] = node
    _heal(world)
    if node.executors > 0 and node.name not in world.computers:
        _new_computer(world, node)
    _nodes_changed(world)


def change_node(world: World, old: str, node: Node) -> None:
    """Replace a node by a posted document; its computer, builds and connection stay."""
    computer = world.computers.get(old)
    if computer is None:
        return
    if node.name != old:
        world.nodes = {
            node.name if name == old else name: each for name, each in world.nodes.items()
        }
        del world.computers[old]
        computer.name = node.name
        world.computers[node.name] = computer
    world.nodes[node.name] = node
    computer.node = node
    if world.profile.xml_decides_offline:
        set_temporary(world, computer, node.temporary())
    computer.resize(node.executors)
    world.drop_dead(computer)
    _heal(world)
    _nodes_changed(world)


def relabel(world: World, name: str, label: str) -> None:
    """Change the label string as the swarm plugin does: the label cache does not notice."""
    node = world.nodes[name].changed(label=label)
    world.nodes[name] = node
    if (computer := world.computers.get(name)) is not None:
        computer.node = node
    world.touch()


def delete_node(world: World, computer: Computer) -> None:
    """Delete a node; a computer with pipeline bodies lingers as a ghost until they end."""
    if computer.node is None:
        del world.computers[computer.name]
        return
    world.nodes.pop(computer.name, None)
    computer.node = None
    lose(world, computer, Lost.NODE_DELETED)
    computer.resize(0)
    world.drop_dead(computer)
    _heal(world)
    _nodes_changed(world)


def set_temporary(world: World, computer: Computer, cause: TemporaryCause | None) -> None:
    """Take a computer temporarily offline, or back."""
    if cause is not None and computer.temporary is None:
        computer.temporary = cause
        queueing.revoke(world, computer)
    computer.temporary = cause
    world.touch()


def connect(world: World, computer: Computer, channel: Channel, have: Iterable[str]) -> None:
    """An agent is there, with the executions that it still has on its hands."""
    computer.channel, computer.broken, computer.launch_failed = channel, None, None
    computer.seen_online = computer.seen_online or world.now
    world.comings.setdefault(computer.name, world.now)
    computer.reported = set(have)
    world.touch()
    _resume_bodies(world, computer)
    wanted = set()
    for executor in list(computer.executors):
        body = executor.executable
        if body is None:
            continue
        wanted.add(body.execution)
        if body.execution not in computer.reported:
            running.complete(world, computer, executor, "FAILURE", Lost.AGENT_GONE)
    for item in world.resumed:
        if item.task.parent is not None and item.task.parent.body is not None:
            wanted.add(item.task.parent.body.execution)
    for execution in sorted(computer.reported - wanted):
        channel.send({"stop": {"id": execution}})


def _resume_bodies(world: World, computer: Computer) -> None:
    """An agent that is back sooner than its pipelines have them queue up before all others."""
    for run in [each for each in world.history if each.building]:
        if run.body is not None and run.body.node == computer.name:
            running.resume(world, run)


def lose(world: World, computer: Computer, why: Lost = Lost.AGENT_GONE) -> None:
    """The connection is gone: freestyle builds fail at once, pipeline bodies wait."""
    channel, computer.channel = computer.channel, None
    if channel is not None:
        computer.broken = world.now
        channel.close()
    queueing.revoke(world, computer)
    for executor in list(computer.all_executors()):
        if isinstance(executor.executable, Body):
            if why is Lost.NODE_DELETED:
                give_up_later(world, executor.executable, why)
        elif executor.executable is not None and not computer.built_in:
            running.complete(world, computer, executor, "FAILURE", why)
    node = computer.node
    kept = node is not None and node.root.find("nodeProperties/*") is not None
    if node is not None and node.swarm and not kept:
        delete_node(world, computer)


def give_up_later(world: World, body: Body, why: Lost) -> None:
    """Abort a body after the grace time, unless it is at work again by then."""
    deadline = world.now + GRACE
    body.give_up = deadline

    def give_up() -> None:
        if body.give_up != deadline or body.run.body is not body:
            return
        found = world.running_on(body.execution)
        if found is not None:
            running.complete(world, *found, "ABORTED", why)
            return
        for item in [each for each in world.resumed if each.task.parent is body.run]:
            world.resumed.remove(item)
            world.items.pop(item.id, None)
        running.end_body(world, body, "ABORTED", why)

    world.at(deadline, give_up)


def _new_computer(world: World, node: Node) -> None:
    computer = Computer(name=node.name, node=node)
    computer.launch_failed = world.now if node.swarm else None
    computer.resize(node.executors)
    world.computers[node.name] = computer


def _heal(world: World) -> None:
    """Older cores build every missing computer on any change; newer ones only the node's own."""
    if world.profile.xml_decides_offline:
        return
    for node in world.nodes.values():
        if node.executors > 0 and node.name not in world.computers:
            _new_computer(world, node)


def _nodes_changed(world: World) -> None:
    world.trim_labels()
    world.touch()
