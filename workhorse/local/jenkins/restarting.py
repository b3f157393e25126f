"""A restart of the controller, clean or by SIGKILL, and what it does to everything.

What lies on disk stays: nodes, jobs, ended builds, the queue as it was last saved. Builds that
need the controller's memory die; pipeline bodies want back to their node within the grace time.
"""

import secrets

from workhorse.local.jenkins import agents, running
from workhorse.local.jenkins.computers import ONE_OFF, Computer, Executor
from workhorse.local.jenkins.items import Item, State
from workhorse.local.jenkins.jobs import PIPELINE
from workhorse.local.jenkins.runs import Lost
from workhorse.local.jenkins.world import World

BOOT_SECONDS = 8.0
"""How long nobody is answered; measured 6.5 to 9 s for an empty controller."""

RESUME_SECONDS = 8.0
"""How long after the boot pipeline bodies queue up again; measured 8 to 15 s."""


def new_session() -> str:
    """A value of the X-Jenkins-Session header."""
    return secrets.token_hex(4)


def restart(world: World, *, hard: bool) -> None:
    """Stop and start again; everything in memory is lost at once, the boot takes its time."""
    if not hard:
        world.save_queue()
    saved, world.saved_queue, world.saving = world.saved_queue, (), False
    channels = [each.channel for each in world.computers.values() if each.channel is not None]
    for computer in world.computers.values():
        computer.channel = None
    _end_builds(world)
    for node in [each for each in world.nodes.values() if each.swarm]:
        del world.nodes[node.name]
    _rebuild(world)
    world.items = {item.id: _restored(item) for item in saved if _worth(item)}
    world.left.clear()
    world.resumed.clear()
    world.orphans.clear()
    world.quieting, world.quiet_reason = False, None
    world.trim_labels()
    world.session = new_session()
    world.boot_until = world.now + BOOT_SECONDS
    world.at(world.boot_until, lambda: _booted(world))
    for channel in channels:
        channel.close()


def _worth(item: Item) -> bool:
    """Items of this life of the controller, that are not resumed bodies of an earlier one."""
    return item.state is not State.LEFT and not item.task.resumed


def _restored(item: Item) -> Item:
    item.executor = item.computer = None
    if item.state is State.PENDING:
        item.state = State.BUILDABLE
    return item


def _end_builds(world: World) -> None:
    for run in [each for each in world.history if each.building]:
        if run.job.java_class == PIPELINE:
            if run.body is not None:
                run.body.give_up = None
            continue
        run.result, run.ended, run.lost = "FAILURE", world.now, Lost.RESTART


def _rebuild(world: World) -> None:
    """Make every computer anew; only temporarily offline is remembered."""
    old = world.computers
    controller = Computer(name="", node=world.built_in, seen_online=world.now)
    world.computers = {"": controller}
    for node in world.nodes.values():
        if node.executors <= 0:
            continue
        computer = Computer(name=node.name, node=node)
        computer.resize(node.executors)
        before = old.get(node.name)
        computer.temporary = before.temporary if before is not None else None
        world.computers[node.name] = computer


def _booted(world: World) -> None:
    """Pipelines are there again; their bodies queue up a little later."""
    world.queue_changed()
    for run in [each for each in world.history if each.building]:
        executor = Executor(ONE_OFF)
        executor.executable = run
        world.computers[""].one_offs.append(executor)
        if run.body is not None:
            agents.give_up_later(world, run.body, Lost.RESTART)
    world.at(world.now + RESUME_SECONDS, lambda: _resume(world))


def _resume(world: World) -> None:
    for run in [each for each in world.history if each.building]:
        running.resume(world, run)
