"""Queue items that builds themselves make: a pipeline's bodies, a matrix's children."""

from itertools import product

from workhorse.core.labels import And, Atom, Expression, parse
from workhorse.local.jenkins.items import Item, State, Task
from workhorse.local.jenkins.jobs import Axis, Job, Parameter
from workhorse.local.jenkins.nodes import Node
from workhorse.local.jenkins.runs import Cause, Run
from workhorse.local.jenkins.world import World

LEFT_LIFE = 300.0
"""Seconds that an item is remembered after it left (hudson.model.Queue leftItems)."""


def put(
    world: World,
    task: Task,
    causes: tuple[Cause, ...] = (),
    parameters: tuple[Parameter, ...] = (),
) -> Item:
    """Queue a task without a quiet period."""
    item = Item(
        id=world.next_item,
        task=task,
        queued=world.now,
        due=world.now,
        parameters=parameters,
        has_parameters=bool(parameters),
        causes=causes,
    )
    world.next_item += 1
    world.items[item.id] = item
    if task.resumed:
        world.resumed.append(item)
    world.queue_changed()
    return item


def leave(world: World, item: Item) -> None:
    """An item is done with waiting; it is remembered for a while."""
    world.items.pop(item.id, None)
    item.state, item.left = State.LEFT, world.now
    item.executor = item.computer = None
    world.left[item.id] = item
    world.queue_changed()


def forget_left(world: World) -> None:
    """Drop what left long ago; they left in the order of the dictionary."""
    for number, item in list(world.left.items()):
        if item.left + LEFT_LIFE > world.now:
            break
        del world.left[number]


def queue_body(world: World, run: Run) -> Item:
    """Queue the present block of a pipeline."""
    block = run.job.blocks[run.block]
    text = run.values().get(block.parameter, "") if block.parameter else block.label
    label = parse(text) if text else None
    return put(world, Task(job=run.job, label=label, parent=run, body=True))


def queue_resumed(world: World, run: Run) -> Item | None:
    """Queue a body that wants back to the very node it ran on before the restart."""
    if run.body is None or not run.building:
        return None
    label = Atom(run.body.node)
    return put(world, Task(job=run.job, label=label, parent=run, body=True, resumed=True))


def queue_children(world: World, run: Run) -> bool:
    """Queue the matrix children that may run now; tells whether some are left to wait for."""
    waiting = [item for item in world.items.values() if item.task.parent is run]
    known = {child.configuration for child in run.children}
    known |= {item.task.configuration for item in waiting}
    missing = [each for each in combinations(world, run.job) if each[0] not in known]
    running = [child for child in run.children if child.building]
    if run.job.sequential:
        missing = [] if running or waiting else missing[:1]
    cause = Cause(upstream=run.job.name, upstream_number=run.number)
    for name, label in missing:
        task = Task(job=run.job, configuration=name, label=label, parent=run)
        put(world, task, (cause,), run.parameters)
    return bool(missing or running or waiting)


def combinations(world: World, job: Job) -> list[tuple[str, Expression | None]]:
    """Name and label of each child of a matrix."""
    columns = []
    for axis in job.axes:
        values = _expanded(world, axis) if axis.expands else axis.values
        columns.append([(axis, value) for value in values])
    found: list[tuple[str, Expression | None]] = []
    for row in product(*columns) if columns else ():
        label: Expression | None = None
        for value in (parse(text) for axis, text in row if axis.labelled):
            label = value if label is None else And(label, value)
        found.append((",".join(f"{axis.name}={text}" for axis, text in row), label))
    return found


def _expanded(world: World, axis: Axis) -> tuple[str, ...]:
    """The nodes of an elastic axis, label by label."""
    return tuple(
        node.name
        for label in axis.expands
        for node in world.nodes_of(parse(label))
        if not axis.online_only or _online(world, node)
    )


def _online(world: World, node: Node) -> bool:
    computer = world.computer_of(node)
    return computer is None or computer.online
