"""What is done to jobs, builds and the queue over HTTP."""

from workhorse.local.jenkins import answers, jobs, nodes, plugins, queueing, running
from workhorse.local.jenkins import permissions as rights
from workhorse.local.jenkins.answers import Answer
from workhorse.local.jenkins.blockage import quoted
from workhorse.local.jenkins.call import Call
from workhorse.local.jenkins.items import Item, Task
from workhorse.local.jenkins.jobs import Definition, Job, Parameter
from workhorse.local.jenkins.objects import item_numbered, job_named, run_numbered
from workhorse.local.jenkins.queueing import Request
from workhorse.local.jenkins.runs import Cause


def create(call: Call, folder: str = "") -> Answer:
    """`createItem`: a job or a folder from its config.xml, at the root or in a folder."""
    call.need(rights.JOB_CREATE)
    name = call.value("name")
    if not name:
        return answers.failure("Query parameter 'name' is required")
    full = f"{folder}/{name}" if folder else name
    if full in call.world.jobs or full in call.world.folders:
        return answers.failure(f"A job already exists with the name {quoted(name)}")
    if not call.content_type.startswith(("application/xml", "text/xml")):
        return answers.failure("No mode given")
    try:
        root = plugins.loaded(nodes.parsed(call.body), call.world.plugins)
        if root.tag == plugins.FOLDER:
            call.world.folders.add(full)
        else:
            call.world.jobs[full] = jobs.new_job(full, call.body.decode(), root)
    except (nodes.BadXmlError, KeyError, UnicodeDecodeError):
        return answers.oops()
    return Answer()


def configuration(call: Call, job: Job) -> Answer:
    """`config.xml` by GET: the text as it was posted."""
    call.need(rights.JOB_CONFIGURE)
    _, _, rest = job.document.partition("?>") if job.document.startswith("<?") else ("", "", "")
    body = nodes.DECLARATION.rstrip() + (rest or job.document).lstrip()
    return Answer(body=body, content_type="application/xml")


def configure(call: Call, job: Job) -> Answer:
    """`config.xml` by POST."""
    call.need(rights.JOB_CONFIGURE)
    try:
        root = plugins.loaded(nodes.parsed(call.body), call.world.plugins)
        job.configure(call.body.decode(), root)
    except (nodes.BadXmlError, KeyError, UnicodeDecodeError):
        return answers.oops()
    call.world.touch()
    return Answer()


def build(call: Call, job: Job) -> Answer:
    """`build`: an equal waiting item is answered again; with a form the Location is the job."""
    call.need(rights.JOB_BUILD)
    if job.disabled:
        return _not_buildable(call, job)
    if not job.definitions:
        item, _ = _schedule(call, job, ())
        return _created(call, item)
    form = call.form()
    if form is None:
        return answers.jetty(400, "Nothing is submitted", call.path)
    given = form.get("parameter", [])
    given = given if isinstance(given, list) else [given]
    values = {str(each.get("name")): str(each.get("value", "")) for each in given}
    parameters = [
        Parameter(
            kind=each.kind,
            name=each.name,
            value=values.get(each.name, each.default or ""),
            following=() if each.kind == "Node" else None,
        )
        for each in job.definitions
    ]
    _schedule(call, job, tuple(parameters))
    return Answer(status=201, headers={"Location": call.url(*job.segments)})


def build_with_parameters(call: Call, job: Job) -> Answer:
    """`buildWithParameters`: 201, or 303 with the item that waits with equal parameters."""
    call.need(rights.JOB_BUILD)
    if job.disabled:
        return _not_buildable(call, job)
    if not job.definitions:
        if call.world.profile.unparameterized_status == 400:  # noqa: PLR2004 - a status
            return answers.jetty(400, f"{job.name} is not parameterized", call.path)
        return answers.oops()
    values = [value for each in job.definitions if (value := _parameter(call, each)) is not None]
    item, new = _schedule(call, job, tuple(values))
    return _created(call, item, 201 if new else 303)


def enable(call: Call, job: Job) -> Answer:
    """`enable`: builds may be asked for again."""
    return _able(call, job, disabled=False)


def disable(call: Call, job: Job) -> Answer:
    """`disable`: no more builds; what waits is taken out of the queue."""
    return _able(call, job, disabled=True)


def delete(call: Call, job: Job) -> Answer:
    """`doDelete`: the job with its builds; what runs is stopped."""
    call.need(rights.JOB_DELETE)
    for run in [each for each in job.runs.values() if each.building]:
        running.abort(call.world, run)
    for item in [each for each in call.world.items.values() if each.task.job is job]:
        queueing.cancel(call.world, item)
    del call.world.jobs[job.name]
    return answers.redirect(call.host)


def stop(call: Call, job: Job, number: str) -> Answer:
    """`N/stop`, `N/term`, `N/kill`: the build ends as aborted."""
    run = run_numbered(job, number)
    if run is None:
        return answers.not_found()
    call.need(rights.JOB_CANCEL)
    if run.building:
        running.abort(call.world, run)
    return answers.redirect(call.url(*job.segments, number))


def describe(call: Call, job: Job, number: str) -> Answer:
    """`N/submitDescription`: other words about the build."""
    run = run_numbered(job, number)
    if run is None:
        return answers.not_found()
    call.need(rights.RUN_UPDATE)
    run.description = call.value("description")
    return answers.redirect(call.url(*job.segments, number))


ON_BUILD = {
    "stop": stop,
    "term": stop,
    "kill": stop,
    "submitDescription": describe,
}
ON_JOB = {
    ("GET", "config.xml"): configuration,
    ("POST", "config.xml"): configure,
    ("POST", "build"): build,
    ("POST", "buildWithParameters"): build_with_parameters,
    ("POST", "enable"): enable,
    ("POST", "disable"): disable,
    ("POST", "doDelete"): delete,
}


def on_job(call: Call, name: str, rest: tuple[str, ...]) -> Answer:  # noqa: PLR0911 - a dispatcher
    """An action on a job or a build, or in a folder."""
    if name in call.world.folders:
        return _in_folder(call, name, rest)
    job = job_named(call, name)
    if job is None:
        return answers.not_found()
    if rest in {(), ("",)}:
        return answers.page(200, name)
    if len(rest) == 2 and (act := ON_BUILD.get(rest[1])):  # noqa: PLR2004 - number and verb
        return act(call, job, rest[0]) if call.method == "POST" else answers.post_required()
    if len(rest) > 1 and rest[1] in {"", "consoleText"}:
        known = run_numbered(job, rest[0])
        return answers.not_found() if known is None else answers.text(f"{known.full_name}\n")
    handler = ON_JOB.get((call.method, rest[0]))
    if handler is not None:
        return handler(call, job)
    if call.method == "GET" and ("POST", rest[0]) in ON_JOB:
        return answers.post_required()
    return answers.not_found()


def _in_folder(call: Call, name: str, rest: tuple[str, ...]) -> Answer:
    if rest == ("createItem",):
        return create(call, name) if call.method == "POST" else answers.post_required()
    return answers.page(200, name) if rest in {(), ("",)} else answers.not_found()


def cancel_item(call: Call) -> Answer:
    """`/queue/cancelItem?id=N`."""
    if call.method != "POST":
        return answers.post_required()
    item = item_numbered(call, call.value("id"))
    if item is None:
        return answers.not_found()
    if not call.user.may(rights.JOB_CANCEL):
        return answers.jetty(422, "Item could not be cancelled", call.path)
    if item.id not in call.world.items:
        return answers.oops()
    _cancel(call, item)
    return Answer(status=204)


def on_item(call: Call, number: str, action: str) -> Answer:
    """`/queue/item/N/` and the older `/queue/item/N/cancelQueue`."""
    item = item_numbered(call, number)
    if item is None:
        return answers.not_found()
    if action == "cancelQueue" and call.method == "POST":
        if item.id in call.world.items and call.user.may(rights.JOB_CANCEL):
            _cancel(call, item)
        return Answer(status=204)
    if action or not call.world.profile.item_has_page:
        return answers.not_found()
    example = f"/queue/item/{number}/api/json?tree=cancelled,executable[url]"
    return answers.text(f"Queue item exists. For details check, for example, {example}")


def _cancel(call: Call, item: Item) -> None:
    queueing.cancel(call.world, item)
    running.child_cancelled(call.world, item)


def _not_buildable(call: Call, job: Job) -> Answer:
    words = f"{job.name} is not buildable"
    if call.world.profile.disabled_page:
        return answers.page(409, words)
    return answers.jetty(409, words, call.path)


def _able(call: Call, job: Job, *, disabled: bool) -> Answer:
    call.need(rights.JOB_CONFIGURE)
    job.disabled = disabled
    if disabled:
        for item in [each for each in call.world.items.values() if each.task.job is job]:
            queueing.cancel(call.world, item)
    return answers.redirect(call.url(*job.segments))


def _parameter(call: Call, definition: Definition) -> Parameter | None:
    given = [value for value in call.values.get(definition.name, []) if value]
    if definition.kind == "Node" and call.world.profile.node_parameter_needs_agents:
        given = given if call.world.nodes else []
    if not given and definition.name in call.values and definition.default is not None:
        given = [""]
    values = given or ([] if definition.default is None else [definition.default])
    if not values:
        return None
    following = tuple(values[1:]) or None if definition.kind == "Node" else None
    return Parameter(
        kind=definition.kind, name=definition.name, value=values[0], following=following
    )


def _schedule(call: Call, job: Job, parameters: tuple[Parameter, ...]) -> tuple[Item, bool]:
    request = Request(
        task=Task(job=job, label=job.label),
        parameters=parameters,
        has_parameters=bool(job.definitions),
        causes=(Cause(user=call.user.name),),
        delay=call.delay(),
    )
    return queueing.schedule(call.world, request)


def _created(call: Call, item: Item, status: int = 201) -> Answer:
    return Answer(status=status, headers={"Location": call.url("queue", "item", str(item.id))})
