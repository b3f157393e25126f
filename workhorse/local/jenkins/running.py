"""Builds begin and end: freestyle on an agent, pipelines and matrices by what they give away.

What a pipeline or a matrix queues is made by `spawning`; this module says when.
"""

from workhorse.local.jenkins import spawning
from workhorse.local.jenkins.computers import Computer, Executor
from workhorse.local.jenkins.items import Item, State
from workhorse.local.jenkins.jobs import MATRIX, PIPELINE, Work
from workhorse.local.jenkins.runs import MATRIX_RUN, Body, Executable, Lost, Run, run_class
from workhorse.local.jenkins.world import World


def begin(world: World, item: Item) -> None:
    """A pending item's executor wakes up and runs it, unless it was taken away meanwhile."""
    executor, computer = item.executor, item.computer
    if item.state is not State.PENDING or executor is None or computer is None:
        return
    if executor.item is not item:
        return
    executor.item = None
    if item.task.body:
        _begin_body(world, item, computer, executor)
        return
    run = _new_run(world, item, computer)
    executor.executable = item.run = run
    spawning.leave(world, item)
    if run.java_class == MATRIX_RUN or not item.task.flyweight:
        _order(computer, executor, run, item.task.job.work)
    elif item.task.job.java_class == PIPELINE:
        _next_block(world, run)
    elif item.task.job.java_class == MATRIX:
        _next_children(world, run)


def finished(world: World, name: str, execution: str, result: str) -> None:
    """An agent says that an execution of its is done."""
    computer = world.computers.get(name)
    if computer is not None:
        computer.reported.discard(execution)
    found = world.running_on(execution)
    if found is not None and found[0] is computer:
        complete(world, *found, result)
        return
    for item in world.resumed:
        body = item.task.parent.body if item.task.parent is not None else None
        if body is not None and body.execution == execution and body.node == name:
            body.early_result = result


def complete(
    world: World, computer: Computer, executor: Executor, result: str, lost: Lost | None = None
) -> None:
    """What an executor runs has ended; the executor has served."""
    ended = executor.executable
    executor.executable = None
    computer.retire(executor)
    world.drop_dead(computer)
    world.touch()
    if isinstance(ended, Body):
        end_body(world, ended, result, lost)
    elif ended is not None:
        end_run(world, ended, result, lost)


def end_body(world: World, body: Body, result: str, lost: Lost | None = None) -> None:
    """A pipeline's block is over: the next one, or the end of the build."""
    run = body.run
    run.body = None
    run.subtasks.append((body.waited, world.now - body.started))
    run.block += 1
    if not run.building:
        return
    if result == "SUCCESS" and run.block < len(run.job.blocks):
        _next_block(world, run)
    else:
        end_run(world, run, result, lost)


def end_run(world: World, run: Run, result: str, lost: Lost | None = None) -> None:
    """A build is over; a flyweight one gives back its one-off executor."""
    run.result, run.ended, run.lost = result, world.now, lost
    _release(world, run)
    world.touch()
    parent = run.parent
    if parent is not None and parent.building:
        _next_children(world, parent)


def child_cancelled(world: World, item: Item) -> None:
    """A matrix child was cancelled in the queue: it counts as aborted."""
    parent = item.task.parent
    if parent is None:
        return
    if item.task.body:
        end_run(world, parent, "ABORTED")
        return
    run = _new_run(world, item, world.computers[""])
    end_run(world, run, "ABORTED")


def abort(world: World, run: Run) -> None:
    """Somebody stops a build."""
    for computer, executor in list(world.executing()):
        running = executor.executable
        if running is run or (isinstance(running, Body) and running.run is run):
            if computer.channel is not None and running is not None:
                computer.channel.send({"stop": {"id": running.execution}})
            complete(world, computer, executor, "ABORTED")
    for item in list(world.items.values()):
        if item.task.parent is run:
            item.cancelled = True
            spawning.leave(world, item)
    if run.building:
        end_run(world, run, "ABORTED")


def resume(world: World, run: Run) -> None:
    """A pipeline that a restart interrupted goes on, unless it does so already."""
    if any(item.task.body and item.task.parent is run for item in world.items.values()):
        return
    found = (executor.executable for _, executor in world.executing())
    if any(isinstance(each, Body) and each.run is run for each in found):
        return
    if run.body is not None:
        spawning.queue_resumed(world, run)
    elif run.block < len(run.job.blocks):
        spawning.queue_body(world, run)
    else:
        end_run(world, run, "SUCCESS")


def _begin_body(world: World, item: Item, computer: Computer, executor: Executor) -> None:
    run = item.task.parent
    if run is None or not run.building:
        computer.retire(executor)
        spawning.leave(world, item)
        return
    waited = world.now - (item.buildable or world.now)
    body = run.body or Body(run=run, node=computer.name, started=world.now, waited=waited)
    run.body, run.place, body.give_up = body, computer.name, None
    executor.executable = body
    spawning.leave(world, item)
    if item in world.resumed:
        world.resumed.remove(item)
    if not item.task.resumed:
        _order(computer, executor, body, run.job.blocks[run.block].work)
    elif body.early_result is not None:
        complete(world, computer, executor, body.early_result)
    elif body.execution not in computer.reported:
        complete(world, computer, executor, "FAILURE", Lost.AGENT_GONE)


def _new_run(world: World, item: Item, computer: Computer) -> Run:
    task = item.task
    parent = task.parent
    run = Run(
        job=task.job,
        number=task.job.next_number if parent is None else parent.number,
        java_class=MATRIX_RUN if task.configuration else run_class(task.job),
        queue_id=item.id,
        parameters=item.parameters,
        causes=item.causes,
        queued=item.queued,
        buildable=item.buildable or world.now,
        started=world.now,
        built_on=computer.name,
        place=computer.name,
        configuration=task.configuration,
        parent=parent,
    )
    if parent is None:
        task.job.runs[run.number] = run
        task.job.next_number += 1
    else:
        parent.children.append(run)
    world.history.append(run)
    return run


def _order(computer: Computer, executor: Executor, what: Executable, work: Work) -> None:
    """Tell the agent to work; one without an agent behind it ends by time-out elsewhere."""
    run = what.run if isinstance(what, Body) else what
    axes = dict(pair.split("=", 1) for pair in run.configuration.split(",") if pair)
    environment = {
        **run.values(),
        **axes,
        "JOB_NAME": run.full_job,
        "BUILD_NUMBER": str(run.number),
        "BUILD_TAG": f"jenkins-{run.full_job.replace('/', '-')}-{run.number}",
        "NODE_NAME": computer.name,
        "EXECUTOR_NUMBER": str(executor.number),
        "NODE_LABELS": " ".join(sorted(computer.node.labels)) if computer.node else "",
    }
    if computer.channel is None:
        return
    computer.reported.add(what.execution)
    start: dict[str, object] = {
        "id": what.execution,
        "job": run.full_job,
        "number": run.number,
        "seconds": work.seconds(environment),
        "command": work.command,
        "environment": environment,
    }
    computer.channel.send({"start": start})


def _next_block(world: World, run: Run) -> None:
    if run.block < len(run.job.blocks):
        spawning.queue_body(world, run)
    else:
        end_run(world, run, "SUCCESS")


def _next_children(world: World, run: Run) -> None:
    if spawning.queue_children(world, run):
        return
    results = {child.result for child in run.children}
    order = ("ABORTED", "FAILURE", "UNSTABLE")
    end_run(world, run, next((each for each in order if each in results), "SUCCESS"))


def _release(world: World, run: Run) -> None:
    for computer in list(world.computers.values()):
        for executor in [each for each in computer.all_executors() if each.executable is run]:
            executor.executable = None
            computer.retire(executor)
            world.drop_dead(computer)
