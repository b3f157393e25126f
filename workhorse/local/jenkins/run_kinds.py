"""How builds and pipeline bodies look in the remote API."""

from collections.abc import Callable
from dataclasses import dataclass

from workhorse.local.jenkins import action_kinds, timings
from workhorse.local.jenkins.exporting import ALWAYS, HIDDEN, Bean, Property
from workhorse.local.jenkins.jobs import MATRIX, PIPELINE
from workhorse.local.jenkins.runs import MATRIX_RUN, PLACEHOLDER, Body, Executable, Run
from workhorse.local.jenkins.view import View, millis

DISPLAY = "org.jenkinsci.plugins.displayurlapi.actions."


@dataclass(frozen=True, slots=True)
class _SeenRun:
    """A build under a view."""

    view: View
    run: Run


def run_bean(view: View, run: Run, *, declared: bool = False) -> Bean:
    """A build."""
    kinds = {PIPELINE: _PIPELINE_RUN, MATRIX: _MATRIX_RUN}
    properties = _FREESTYLE_RUN
    if run.java_class != MATRIX_RUN:
        properties = kinds.get(run.job.java_class, _FREESTYLE_RUN)
    return Bean(run.java_class, properties, _SeenRun(view, run), declared)


def executable_bean(view: View, executable: Executable) -> Bean:
    """What an executor runs."""
    if isinstance(executable, Body):
        return Bean(f"{PLACEHOLDER}$PlaceholderExecutable", _BODY, (view, executable))
    return run_bean(view, executable)


def progress(view: View, executable: Executable | None) -> int:
    """Percent done by the estimate; -1 when there is none."""
    if not isinstance(executable, Run):
        return -1
    estimate = _estimate(_SeenRun(view, executable))
    done = millis(view.world.now - executable.started)
    return -1 if estimate <= 0 else min(99, round(100 * done / estimate))


def _estimate(seen: _SeenRun) -> int:
    runs = seen.run.job.runs.values()
    good = [each for each in runs if each.result == "SUCCESS" and each.ended is not None][-3:]
    spans = [(each.ended or 0) - each.started for each in good]
    return millis(sum(spans) / len(spans)) if spans else -1


def _neighbour(step: int) -> Callable[[_SeenRun], Bean | None]:
    def get(seen: _SeenRun) -> Bean | None:
        found = seen.run.job.runs.get(seen.run.number + step)
        return None if found is None else run_bean(seen.view, found)

    return get


def _executor(seen: _SeenRun) -> Bean | None:
    if not seen.run.building:
        return None
    if seen.run.job.flyweight and not seen.run.configuration:
        return Bean("hudson.model.OneOffExecutor")
    return Bean("hudson.model.Executor", declared=True)


def _run_actions(extra: int) -> Callable[[_SeenRun], list[object]]:
    """Actions of a build; a pipeline has `extra` nameless ones and one for each body that began."""

    def get(seen: _SeenRun) -> list[object]:
        run = seen.run
        found: list[object] = action_kinds.actions(
            run.parameters, run.causes, given=bool(run.parameters)
        )
        found.append(timings.bean(run))
        if any(each.kind in {"Node", "Label"} for each in run.parameters):
            found.append({})
        found.append(Bean(f"{DISPLAY}RunDisplayAction"))
        graph = Bean("org.jenkinsci.plugins.workflow.job.views.FlowGraphAction")
        if extra:
            bodies = run.block + (run.body is not None)
            found += [{}, {}, {}, graph, *([{}] * (extra + bodies))]
        return found

    return get


def _duration(seen: _SeenRun) -> int:
    run = seen.run
    return 0 if run.ended is None else millis(run.ended - run.started)


_NO_CHANGES = (
    Property("items", lambda _: [], ALWAYS),
    Property("kind", lambda _: None, ALWAYS),
)


def _run_properties(extra_actions: int) -> tuple[Property, ...]:
    return (
        Property("actions", _run_actions(extra_actions)),
        Property("artifacts", lambda _: []),
        Property("building", lambda seen: seen.run.building),
        Property("description", lambda seen: seen.run.description or None),
        Property("displayName", lambda seen: f"#{seen.run.number}"),
        Property("duration", _duration),
        Property("estimatedDuration", _estimate),
        Property("executor", _executor),
        Property("fingerprint", lambda _: [], HIDDEN),
        Property("fullDisplayName", lambda seen: seen.run.full_name),
        Property("id", lambda seen: str(seen.run.number)),
        Property("keepLog", lambda _: False),
        Property("number", lambda seen: seen.run.number, 2),
        Property("queueId", lambda seen: seen.run.queue_id),
        Property("result", lambda seen: seen.run.result),
        Property("timestamp", lambda seen: millis(seen.run.started)),
        Property("url", lambda seen: f"{seen.view.root}{seen.run.path}", 2),
        Property("inProgress", lambda seen: seen.run.building),
        Property("culprits", lambda _: []),
    )


_FREESTYLE_RUN = (
    *_run_properties(0),
    Property("builtOn", lambda seen: seen.run.built_on),
    Property("changeSet", lambda _: Bean("hudson.scm.EmptyChangeLogSet", _NO_CHANGES)),
)
_PIPELINE_RUN = (
    *_run_properties(2),
    Property("changeSets", lambda _: []),
    Property("nextBuild", _neighbour(1)),
    Property("previousBuild", _neighbour(-1)),
)
_MATRIX_RUN = (
    *_FREESTYLE_RUN,
    Property(
        "runs",
        lambda seen: [run_bean(seen.view, each, declared=True) for each in seen.run.children],
    ),
)


def _body_name(subject: tuple[View, Body]) -> str:
    return subject[1].title


_BODY = (
    Property("displayName", _body_name),
    Property("estimatedDuration", lambda _: -1),
    Property("fullDisplayName", _body_name),
    Property("number", lambda subject: subject[1].run.number, 2),
    Property("timestamp", lambda subject: millis(subject[1].started)),
    Property("url", lambda subject: f"{subject[0].root}{subject[1].run.path}", 2),
)
