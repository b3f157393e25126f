"""What is asked of the controller itself, and the way to every other action."""

import json

from workhorse.local.jenkins import answers, job_actions, node_actions, remote_api, scripts
from workhorse.local.jenkins import permissions as rights
from workhorse.local.jenkins.answers import Answer
from workhorse.local.jenkins.call import Call, RefusedError
from workhorse.local.jenkins.items import State
from workhorse.local.jenkins.jar import agent_jar
from workhorse.local.jenkins.permissions import ANONYMOUS
from workhorse.local.jenkins.swarm_actions import on_swarm

_OPEN = ("login", "whoAmI", "tcpSlaveAgentListener", "jnlpJars", "wsagents")


def answer(call: Call) -> Answer:
    """Answer any request that passed authentication and the crumb check."""
    try:
        if not call.user.may(rights.READ) and call.segments[:1] not in [(each,) for each in _OPEN]:
            if call.user is ANONYMOUS:
                return answers.login_required(call.path)
            call.need(rights.READ)
        found = remote_api.answer(call)
        return found if found is not None else _act(call)
    except RefusedError as refused:
        return refused.answer


def _act(call: Call) -> Answer:  # noqa: C901, PLR0911 - one line for each path
    match call.segments:
        case ("computer",) | ("queue",):
            return answers.redirect(call.url(*call.segments))
        case ("computer", "doCreateItem"):  # for Stapler no other verb reaches an action of @POST
            posted = call.method == "POST"
            return node_actions.create(call) if posted else answers.not_found()
        case ("computer", "createItem"):
            return _posted(call) or node_actions.create_from_xml(call)
        case ("computer", name, action) if action != "api":
            return node_actions.on_computer(call, name, action)
        case ("job", name, *rest) if "api" not in rest:
            return job_actions.on_job(call, name, tuple(rest))
        case ("createItem",):
            return _posted(call) or job_actions.create(call)
        case ("queue", "cancelItem"):
            return job_actions.cancel_item(call)
        case ("queue", "item", number, action):
            return job_actions.on_item(call, number, action)
        case ("plugin", "swarm", action):
            return on_swarm(call, action)
        case ("metrics", "currentUser", "metrics"):
            return _metrics(call)
        case ("user", _, "descriptorByName", _, "generateNewToken"):
            return _posted(call) or _token(call)
        case _:
            return _simple(call)


def _simple(call: Call) -> Answer:
    match call.segments:
        case ("" | "login" | "wsagents", *_) | ("jnlpJars", "agent.jar"):
            return _page(call)
        case ("quietDown" | "cancelQuietDown" as verb,):
            return _posted(call) or _quiet(call, down=verb == "quietDown")
        case ("reload",):
            call.need(rights.ADMINISTER)
            return _posted(call) or answers.redirect(call.host)
        case ("computer", "checkName"):
            call.need(rights.AGENT_CREATE)
            return Answer(body="<div/>", content_type=answers.HTML)
        case ("scriptText",):
            return _posted(call) or _script(call)
        case _:
            return answers.not_found()


def _page(call: Call) -> Answer:
    """What is there without any right."""
    if call.segments[0] == "jnlpJars":
        jar = agent_jar(call.world.profile.version)
        return Answer(body=jar, content_type="application/java-archive")
    if call.segments[0] == "wsagents":
        words = "This endpoint is only for use from agent.jar in WebSocket mode"
        return answers.jetty(400, words, call.path)
    if call.segments[0] == "login":
        title = call.world.profile.login_title
        body = f"<!DOCTYPE html><html><head><title>{title}</title></head></html>".ljust(1737)
        return Answer(body=body, content_type=answers.HTML, themed=True)
    return answers.page(200, "Dashboard [Jenkins]")


def _posted(call: Call) -> Answer | None:
    """The refusal of a request that is not a POST."""
    return None if call.method == "POST" else answers.post_required()


def _quiet(call: Call, *, down: bool) -> Answer:
    call.need(rights.MANAGE)
    call.world.quieting = down
    call.world.quiet_reason = (call.value("message") or None) if down else None
    if not down:
        call.world.touch()
    return answers.redirect(call.host)


def _script(call: Call) -> Answer:
    call.need(rights.ADMINISTER)
    return answers.text(scripts.output(call.view.controller, call.value("script")))


def _token(call: Call) -> Answer:
    value = call.security.generate_token(call.user)
    data = {"tokenName": call.value("newTokenName"), "tokenUuid": value[:8], "tokenValue": value}
    body = json.dumps({"status": "ok", "data": data})
    return Answer(body=body, content_type=answers.JSON)


def _metrics(call: Call) -> Answer:
    call.need(rights.METRICS_VIEW)
    computers = list(call.world.computers.values())
    online = [each for each in computers if each.online]
    total = sum(len(each.executors) for each in online)
    free = sum(executor.idle for each in online for executor in each.executors)
    states = [item.state for item in call.world.items.values()]
    figures = {
        "jenkins.executor.count": total,
        "jenkins.executor.free": free,
        "jenkins.executor.in-use": total - free,
        "jenkins.node.count": len(computers),
        "jenkins.node.offline": len(computers) - len(online),
        "jenkins.node.online": len(online),
        "jenkins.queue.blocked": states.count(State.BLOCKED),
        "jenkins.queue.buildable": states.count(State.BUILDABLE),
        "jenkins.queue.pending": states.count(State.PENDING),
        "jenkins.queue.size": len(states),
    }
    gauges = {f"{name}.value": {"value": value} for name, value in figures.items()}
    empty: dict[str, object] = {}
    kinds = {"counters": empty, "histograms": empty, "meters": empty, "timers": empty}
    body = json.dumps({"version": "4.0.0", "gauges": gauges, **kinds})
    return Answer(body=body, content_type="application/json")
