"""How the queue and its items look in the remote API."""

from dataclasses import dataclass

from workhorse.local.jenkins import action_kinds, blockage, job_kinds, run_kinds
from workhorse.local.jenkins.exporting import ALWAYS, Bean, Property
from workhorse.local.jenkins.items import Item, State
from workhorse.local.jenkins.runs import PLACEHOLDER
from workhorse.local.jenkins.view import View, millis


@dataclass(frozen=True, slots=True)
class _Seen:
    """An item under a view."""

    view: View
    item: Item


def queue_bean(view: View) -> Bean:
    """The whole queue."""
    return Bean("hudson.model.Queue", _QUEUE, view)


def item_bean(view: View, item: Item) -> Bean:
    """One item, still queued or left."""
    state = State.BUILDABLE if item.state is State.PENDING else item.state
    return Bean(f"hudson.model.Queue${state}", _ITEM_KINDS[state], _Seen(view, item))


def _items(view: View) -> list[Bean]:
    """Waiting by due time, blocked, then buildable and pending, newest first."""
    if not view.sees_jobs:
        return []
    by_state: dict[State, list[Item]] = {state: [] for state in State}
    for item in view.world.items.values():
        by_state[item.state].append(item)
    found = sorted(by_state[State.WAITING], key=lambda item: (item.due, item.id))
    found += by_state[State.BLOCKED]
    for state in (State.BUILDABLE, State.PENDING):
        found += sorted(by_state[state], key=lambda item: -item.order)
    return [item_bean(view, item) for item in found]


def _actions(seen: _Seen) -> list[object]:
    item = seen.item
    return action_kinds.actions(item.parameters, item.causes, given=item.has_parameters)


def _task(seen: _Seen) -> Bean:
    task = seen.item.task
    if task.body and task.parent is not None:
        return Bean(PLACEHOLDER, _PLACEHOLDER, task)
    if task.configuration:
        return job_kinds.child_bean(seen.view, task.job, task.configuration)
    return job_kinds.job_bean(seen.view, task.job)


def _executable(seen: _Seen) -> Bean | None:
    run = seen.item.run
    return None if run is None else run_kinds.run_bean(seen.view, run)


_PLACEHOLDER = (
    Property("name", lambda task: task.name),
    Property("fullDisplayName", lambda task: task.name),
    Property("url", lambda task: task.parent.path),
)

_ITEM = (
    Property("actions", _actions, ALWAYS),
    Property("blocked", lambda seen: seen.item.state is State.BLOCKED, ALWAYS),
    Property("buildable", lambda seen: seen.item.state in {State.BUILDABLE, State.PENDING}, ALWAYS),
    Property("id", lambda seen: seen.item.id, ALWAYS),
    Property("inQueueSince", lambda seen: millis(seen.item.queued), ALWAYS),
    Property(
        "params", lambda seen: "".join(f"\n{p.description}" for p in seen.item.parameters), ALWAYS
    ),
    Property(
        "stuck",
        lambda seen: blockage.stuck(seen.view.world, seen.item, seen.view.standings),
        ALWAYS,
    ),
    Property("task", _task, ALWAYS),
    Property("url", lambda seen: f"queue/item/{seen.item.id}/", ALWAYS),
    Property(
        "why", lambda seen: blockage.why(seen.view.world, seen.item, seen.view.standings), ALWAYS
    ),
)
_NOT_WAITING = (
    *_ITEM,
    Property("buildableStartMilliseconds", lambda seen: millis(seen.item.buildable), ALWAYS),
)
_ITEM_KINDS = {
    State.WAITING: (
        *_ITEM,
        Property("timestamp", lambda seen: millis(seen.item.due), ALWAYS),
    ),
    State.BLOCKED: _NOT_WAITING,
    State.BUILDABLE: (
        *_NOT_WAITING,
        Property("pending", lambda seen: seen.item.state is State.PENDING, ALWAYS),
    ),
    State.LEFT: (
        *_ITEM,
        Property("cancelled", lambda seen: seen.item.cancelled, ALWAYS),
        Property("executable", _executable, ALWAYS),
    ),
}
_QUEUE = (
    Property("discoverableItems", lambda _: [], inline=True),
    Property("items", _items, inline=True),
)
