"""How jobs look in the remote API."""

from collections.abc import Callable
from dataclasses import dataclass

from workhorse.local.jenkins import plugins, queue_kinds, spawning
from workhorse.local.jenkins.exporting import ALWAYS, HIDDEN, Bean, Property
from workhorse.local.jenkins.items import Item, Task
from workhorse.local.jenkins.jobs import MATRIX, PIPELINE, Definition, Job
from workhorse.local.jenkins.run_kinds import DISPLAY, run_bean
from workhorse.local.jenkins.runs import Run
from workhorse.local.jenkins.view import View

SHOWN_BUILDS = 100
"""How many builds `builds` lists; `allBuilds` lists all."""

_COLORS = {"SUCCESS": "blue", "FAILURE": "red", "UNSTABLE": "yellow", "ABORTED": "aborted"}


@dataclass(frozen=True, slots=True)
class _SeenJob:
    """A job, or a matrix child of it, under a view."""

    view: View
    job: Job
    configuration: str = ""

    @property
    def runs(self) -> list[Run]:
        """Builds, newest first."""
        if not self.configuration:
            return [self.job.runs[number] for number in sorted(self.job.runs, reverse=True)]
        children = (child for run in self.job.runs.values() for child in run.children)
        found = [each for each in children if each.configuration == self.configuration]
        return sorted(found, key=lambda run: -run.number)

    @property
    def url(self) -> str:
        """Full URL."""
        below = f"{self.configuration}/" if self.configuration else ""
        return f"{self.view.root}{self.job.path}{below}"

    @property
    def item(self) -> Item | None:
        """Its oldest item in the queue."""
        found = self.view.world.items.values()
        key = Task(job=self.job, configuration=self.configuration).key
        return next((each for each in found if each.task.key == key), None)


def job_bean(view: View, job: Job) -> Bean:
    """A job."""
    extra = {MATRIX: _MATRIX_JOB, PIPELINE: _PIPELINE_JOB}.get(job.java_class, _FREESTYLE_JOB)
    return Bean(job.java_class, extra, _SeenJob(view, job))


def job_beans(view: View, folder: str) -> list[Bean]:
    """The jobs and the folders that are in a folder, or at the root where it is empty."""
    world = view.world
    below = [name for name in (*world.jobs, *world.folders) if name.rpartition("/")[0] == folder]
    return [
        folder_bean(view, name) if name in world.folders else job_bean(view, world.jobs[name])
        for name in sorted(below)
    ]


def folder_bean(view: View, name: str) -> Bean:
    """A folder."""
    return Bean(plugins.FOLDER, _FOLDER, (view, name))


def child_bean(view: View, job: Job, configuration: str, *, declared: bool = False) -> Bean:
    """A matrix child."""
    seen = _SeenJob(view, job, configuration)
    return Bean("hudson.matrix.MatrixConfiguration", _FREESTYLE_JOB, seen, declared)


def color(runs: list[Run], *, disabled: bool) -> str:
    """The colour of a job's ball: that of its last ended build, moving while one runs."""
    ended = next((run for run in runs if run.result is not None), None)
    base = _COLORS.get(ended.result or "", "notbuilt") if ended is not None else "notbuilt"
    if disabled:
        base = "disabled"
    return f"{base}_anime" if any(run.building for run in runs) else base


def _color(seen: _SeenJob) -> str:
    return color(seen.runs, disabled=seen.job.disabled)


def _first(choose: Callable[[Run], bool]) -> Callable[[_SeenJob], Bean | None]:
    def get(seen: _SeenJob) -> Bean | None:
        return next((run_bean(seen.view, run) for run in seen.runs if choose(run)), None)

    return get


def _oldest(seen: _SeenJob) -> Bean | None:
    return run_bean(seen.view, seen.runs[-1]) if seen.runs else None


def _health(seen: _SeenJob) -> list[Bean]:
    ended = [run for run in seen.runs if run.result is not None][:5]
    if not ended:
        return []
    failed = sum(run.result == "FAILURE" for run in ended)
    return [Bean("hudson.model.HealthReport", _HEALTH, (failed, len(ended)), declared=True)]


def _health_words(counts: tuple[int, int]) -> str:
    failed, total = counts
    if failed == total:
        return "Build stability: All recent builds failed."
    if failed:
        return f"Build stability: {failed} out of the last {total} builds failed."
    return "Build stability: No recent builds failed."


def _property(seen: _SeenJob) -> list[Bean]:
    found = []
    if seen.job.discards:
        found.append(Bean("jenkins.model.BuildDiscarderProperty"))
    if definitions := seen.job.definitions:
        found.append(Bean("hudson.model.ParametersDefinitionProperty", _DEFINITIONS, definitions))
    return found


def _definition(definition: Definition) -> Bean:
    return Bean(definition.java_class, _DEFINITION, definition)


def _queue_item(seen: _SeenJob) -> Bean | None:
    return None if seen.item is None else queue_kinds.item_bean(seen.view, seen.item)


def _children(seen: _SeenJob) -> list[Bean]:
    found = spawning.combinations(seen.view.world, seen.job)
    return [child_bean(seen.view, seen.job, name, declared=True) for name, _ in found]


_HEALTH = (
    Property("description", _health_words, 2),
    Property("iconClassName", lambda c: f"icon-health-{'00to19' if c[0] else '80plus'}", 2),
    Property("iconUrl", lambda c: f"health-{'00to19' if c[0] else '80plus'}.png", 2),
    Property("score", lambda counts: 100 - 100 * counts[0] // counts[1], 2),
)
_DEFAULT = (Property("name", lambda d: d.name), Property("value", lambda d: d.default))
_DEFINITION = (
    Property(
        "defaultParameterValue",
        lambda d: (
            None if d.default is None else Bean(f"hudson.model.{d.kind}ParameterValue", _DEFAULT, d)
        ),
        3,
    ),
    Property("description", lambda _: "", 3),
    Property("name", lambda d: d.name, 3),
    Property("type", lambda d: d.java_class.rsplit(".", 1)[1], 3),
)
_DEFINITIONS = (
    Property("parameterDefinitions", lambda found: [_definition(each) for each in found], 2),
)

_FOLDER = (
    Property("fullName", lambda seen: seen[1]),
    Property("name", lambda seen: seen[1].rpartition("/")[2], ALWAYS),
    Property("url", lambda seen: f"{seen[0].root}job/{'/job/'.join(seen[1].split('/'))}/", ALWAYS),
    Property("jobs", lambda seen: job_beans(*seen)),
)
_JOB = (
    Property(
        "actions",
        lambda _: [
            {},
            {},
            Bean(f"{DISPLAY}JobDisplayAction"),
            Bean("com.cloudbees.plugins.credentials.ViewCredentialsAction"),
        ],
    ),
    Property("description", lambda seen: seen.job.description),
    Property("displayName", lambda seen: seen.configuration or seen.job.short_name),
    Property("displayNameOrNull", lambda _: None),
    Property(
        "fullDisplayName", lambda seen: seen.configuration or seen.job.name.replace("/", " \u00bb ")
    ),
    Property("fullName", lambda seen: seen.configuration or seen.job.name),
    Property("name", lambda seen: seen.configuration or seen.job.short_name, ALWAYS),
    Property("url", lambda seen: seen.url, ALWAYS),
    Property("allBuilds", lambda seen: [run_bean(seen.view, run) for run in seen.runs], HIDDEN),
    Property("buildable", lambda seen: not seen.job.disabled),
    Property("builds", lambda seen: [run_bean(seen.view, run) for run in seen.runs[:SHOWN_BUILDS]]),
    Property("color", _color, 2),
    Property("firstBuild", _oldest),
    Property("healthReport", _health),
    Property("inQueue", lambda seen: seen.item is not None),
    Property("keepDependencies", lambda _: False),
    Property("lastBuild", _first(lambda _: True)),
    Property("lastCompletedBuild", _first(lambda run: run.result is not None)),
    Property("lastFailedBuild", _first(lambda run: run.result == "FAILURE")),
    Property("lastStableBuild", _first(lambda run: run.result == "SUCCESS")),
    Property("lastSuccessfulBuild", _first(lambda run: run.result in {"SUCCESS", "UNSTABLE"})),
    Property("lastUnstableBuild", _first(lambda run: run.result == "UNSTABLE")),
    Property(
        "lastUnsuccessfulBuild",
        _first(lambda run: run.result is not None and run.result != "SUCCESS"),
    ),
    Property("nextBuildNumber", lambda seen: seen.job.next_number),
    Property("property", _property),
    Property("queueItem", _queue_item),
)
_PIPELINE_JOB = (
    *_JOB,
    Property("concurrentBuild", lambda seen: seen.job.concurrent),
    Property("resumeBlocked", lambda _: False),
)
_FREESTYLE_JOB = (
    *_JOB,
    Property("concurrentBuild", lambda seen: seen.job.concurrent),
    Property("disabled", lambda seen: seen.job.disabled),
    Property("downstreamProjects", lambda _: []),
    Property(
        "labelExpression",
        lambda seen: None if seen.job.label is None or seen.configuration else str(seen.job.label),
    ),
    Property("scm", lambda _: Bean("hudson.scm.NullSCM")),
    Property("upstreamProjects", lambda _: []),
)
_MATRIX_JOB = (*_FREESTYLE_JOB, Property("activeConfigurations", _children))
