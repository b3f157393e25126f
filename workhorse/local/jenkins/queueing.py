"""The queue: schedule, fold, cancel, and the maintenance that assigns executors.

An item goes waiting -> (blocked) -> buildable -> pending -> left. An assignment is not revoked
by a change of labels or mode, only by its computer going offline before the start.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from workhorse.local.jenkins.blockage import blocking_build, refusal
from workhorse.local.jenkins.computers import ONE_OFF, Computer, Executor
from workhorse.local.jenkins.items import Item, State, Task
from workhorse.local.jenkins.jobs import Parameter
from workhorse.local.jenkins.running import begin
from workhorse.local.jenkins.runs import Cause
from workhorse.local.jenkins.spawning import leave
from workhorse.local.jenkins.world import QUIET_PERIOD, START_DELAY, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody wants queued; `delay` in seconds overrides the quiet period."""

    task: Task
    parameters: tuple[Parameter, ...] = ()
    has_parameters: bool = False
    causes: tuple[Cause, ...] = ()
    delay: float | None = None


def schedule(world: World, request: Request) -> tuple[Item, bool]:
    """Queue a task; gives its item and whether that is a new one rather than an equal one."""
    for item in world.items.values():
        if (
            item.state in {State.WAITING, State.BLOCKED, State.BUILDABLE}
            and item.task.key == request.task.key
            and item.parameters == request.parameters
        ):
            return item, False
    delay = request.delay
    if delay is None:
        quiet = request.task.job.quiet_period
        delay = QUIET_PERIOD if quiet is None else quiet
    item = Item(
        id=world.next_item,
        task=request.task,
        queued=world.now,
        due=world.now + delay,
        parameters=request.parameters,
        has_parameters=request.has_parameters,
        causes=request.causes,
    )
    world.next_item += 1
    if request.task.resumed:
        world.resumed.append(item)
    world.items[item.id] = item
    world.queue_changed()
    return item, True


def cancel(world: World, item: Item) -> None:
    """Take an item out of the queue; it is remembered as cancelled."""
    item.cancelled = True
    if item.executor is not None:
        item.executor.item = None
    leave(world, item)


def revoke(world: World, computer: Computer) -> None:
    """A computer went offline: what was assigned to it and has not begun goes back, or is lost."""
    for executor in list(computer.all_executors()):
        item = executor.item
        if item is None:
            continue
        executor.item = None
        if world.profile.loses_assigned_items:
            world.items.pop(item.id, None)
        else:
            item.state, item.executor, item.computer = State.BUILDABLE, None, None
        if executor.number == ONE_OFF:
            computer.one_offs.remove(executor)
    world.touch()


def maintain(world: World) -> None:
    """Move every item as far as it can go, and assign free executors, first come first."""
    world.maintain = False
    for item in list(world.items.values()):
        due = item.state is State.WAITING and item.due <= world.now
        if due or item.state is State.BLOCKED:
            _admit(world, item)
    if world.quieting:
        return
    free = _Free(world)
    for item in sorted(world.buildable(), key=lambda each: (not each.task.resumed, each.order)):
        if _barred(world, item):
            _block(world, item)
        elif item.task.flyweight:
            _assign_flyweight(world, item)
        elif (found := free.best(item)) is not None:
            _assign(world, item, *found)


def _barred(world: World, item: Item) -> bool:
    """A build of a job that allows only one runs already, or is about to start."""
    if item.task.job.concurrent:
        return False
    return blocking_build(item) is not None or any(
        other.state is State.PENDING and other.task.key == item.task.key
        for other in world.items.values()
    )


def _admit(world: World, item: Item) -> None:
    if _barred(world, item):
        _block(world, item)
        return
    item.state = State.BUILDABLE
    item.buildable = item.buildable or world.now
    item.order = world.next_order
    world.next_order += 1


def _block(world: World, item: Item) -> None:
    item.state = State.BLOCKED
    item.buildable = item.buildable or world.now


def _assign(world: World, item: Item, computer: Computer, executor: Executor) -> None:
    item.state, item.computer, item.executor = State.PENDING, computer, executor
    item.starts = world.now + START_DELAY
    executor.item = item
    world.at(item.starts, lambda: begin(world, item))


def _assign_flyweight(world: World, item: Item) -> None:
    """Flyweight tasks go to the built-in node, or where their label says."""
    choices: list[Computer] = [world.computers[""]]
    if item.label is not None:
        found = (world.computer_of(node) for node in world.nodes_of(item.label))
        choices = [each for each in found if each is not None]
    online = [each for each in choices if each.online]
    if online:
        executor = Executor(ONE_OFF)
        online[0].one_offs.append(executor)
        _assign(world, item, online[0], executor)


class _Free:
    """Idle executors during one maintenance, with what is known to be hopeless."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._idle: list[Computer] = [
            each
            for each in world.computers.values()
            if each.online and any(executor.idle for executor in each.executors)
        ]
        self._hopeless: set[str | None] = set()

    def best(self, item: Item) -> tuple[Computer, Executor] | None:
        """The executor for an item: a job prefers the same node, as by consistent hashing."""
        key = None if item.label is None else str(item.label)
        if not self._idle or key in self._hopeless:
            return None
        fits = [each for each in self._idle if refusal(self._world, each, item) is None]
        if not fits:
            self._hopeless.add(key)
            return None
        computer = max(fits, key=_affinity(item.task.job.name))
        executor = next(each for each in computer.executors if each.idle)
        if sum(each.idle for each in computer.executors) == 1:
            self._idle.remove(computer)
        return computer, executor


def _affinity(job: str) -> Callable[[Computer], bytes]:
    def weight(computer: Computer) -> bytes:
        return hashlib.blake2b(f"{job}\0{computer.name}".encode(), digest_size=8).digest()

    return weight
