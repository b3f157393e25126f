"""Which object a path of the remote API means."""

from collections.abc import Callable

from workhorse.core.labels import parse
from workhorse.local.jenkins import (
    computer_kinds,
    job_kinds,
    label_kinds,
    plugins,
    queue_kinds,
    root_kinds,
    run_kinds,
)
from workhorse.local.jenkins import permissions as rights
from workhorse.local.jenkins.call import Call
from workhorse.local.jenkins.computers import Computer
from workhorse.local.jenkins.exporting import Bean, Property
from workhorse.local.jenkins.items import Item
from workhorse.local.jenkins.jobs import Job
from workhorse.local.jenkins.runs import Run

BUILT_IN_NAMES = ("(built-in)", "(master)")
_ALIASES: dict[str, Callable[[Run], bool]] = {
    "lastBuild": lambda _: True,
    "lastCompletedBuild": lambda run: run.result is not None,
    "lastSuccessfulBuild": lambda run: run.result in {"SUCCESS", "UNSTABLE"},
    "lastFailedBuild": lambda run: run.result == "FAILURE",
}
_CRUMB = (
    Property("crumb", lambda crumb: crumb),
    Property("crumbRequestField", lambda _: "Jenkins-Crumb"),
)


def find(call: Call, path: tuple[str, ...]) -> Bean | None:  # noqa: PLR0911 - one line for each path
    """The object at a path; None where there is none that the caller may know of."""
    view = call.view
    match path:
        case ():
            return root_kinds.root_bean(view)
        case ("computer",):
            return computer_kinds.computer_set(view)
        case ("computer", name):
            computer = computer_named(call, name)
            return None if computer is None else computer_kinds.computer_bean(view, computer)
        case ("queue",):
            return queue_kinds.queue_bean(view)
        case ("queue", "item", number):
            item = item_numbered(call, number)
            return None if item is None else queue_kinds.item_bean(view, item)
        case ("job", name, *rest):
            return _in_job(call, name, tuple(rest))
        case ("label", text, *rest):
            return _label(call, text, tuple(rest))
        case _:
            return _single(call, path)


def computer_named(call: Call, name: str) -> Computer | None:
    """A computer by its name in a path."""
    return call.world.computers.get("" if name in BUILT_IN_NAMES else name or "?")


def item_numbered(call: Call, number: str) -> Item | None:
    """A queue item, queued or left a short while ago."""
    if not number.isdigit() or not call.view.sees_jobs:
        return None
    return call.world.items.get(int(number)) or call.world.left.get(int(number))


def job_named(call: Call, name: str) -> Job | None:
    """A job that the caller may read."""
    return call.world.jobs.get(name) if call.view.sees_jobs else None


def run_numbered(job: Job, number: str, configuration: str = "") -> Run | None:
    """A build by number or by an alias such as lastBuild."""
    runs = [job.runs[each] for each in sorted(job.runs, reverse=True)]
    if configuration:
        runs = [c for run in runs for c in run.children if c.configuration == configuration]
    if number in _ALIASES:
        return next((run for run in runs if _ALIASES[number](run)), None)
    return next((run for run in runs if str(run.number) == number), None)


def _in_job(call: Call, name: str, rest: tuple[str, ...]) -> Bean | None:
    if name in call.world.folders:
        return None if rest else job_kinds.folder_bean(call.view, name)
    job = job_named(call, name)
    if job is None:
        return None
    configuration = rest[0] if rest and "=" in rest[0] else ""
    rest = rest[1:] if configuration else rest
    if not rest:
        if configuration:
            return job_kinds.child_bean(call.view, job, configuration)
        return job_kinds.job_bean(call.view, job)
    run = run_numbered(job, rest[0], configuration) if len(rest) == 1 else None
    return None if run is None else run_kinds.run_bean(call.view, run)


def _label(call: Call, text: str, rest: tuple[str, ...]) -> Bean | None:
    label = parse(text)
    if not rest:
        return label_kinds.label_bean(call.view, label)
    return label_kinds.load_bean(call.view, label) if rest == ("loadStatistics",) else None


def _single(call: Call, path: tuple[str, ...]) -> Bean | None:
    match path:
        case ("overallLoad",):
            return label_kinds.overall_bean(call.view)
        case ("unlabeledLoad",):
            return label_kinds.unlabeled_bean(call.view)
        case ("pluginManager",):
            call.need(rights.ADMINISTER)
            return plugins.manager_bean(call.world.plugins)
        case ("whoAmI",):
            return root_kinds.who_am_i(call.user)
        case ("crumbIssuer",):
            crumb = call.security.crumb(call.user, call.session)
            return Bean("hudson.security.csrf.DefaultCrumbIssuer", _CRUMB, crumb)
        case _:
            return None
