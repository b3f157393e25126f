"""What is done to nodes over HTTP: create, configure, take offline, disconnect, delete."""

import re
from collections.abc import Mapping

from workhorse.local.jenkins import agents, answers, nodes, scripts
from workhorse.local.jenkins import permissions as rights
from workhorse.local.jenkins.answers import Answer
from workhorse.local.jenkins.blockage import quoted
from workhorse.local.jenkins.call import Call, RefusedError
from workhorse.local.jenkins.computers import Computer
from workhorse.local.jenkins.nodes import BadXmlError, Node, TemporaryCause
from workhorse.local.jenkins.objects import computer_named

_UNSAFE = re.compile(r"[?*/\\%!@#$^&|<>\[\]:;\x00-\x1f\x7f]")
_TYPES = ("hudson.slaves.DumbSlave", "hudson.slaves.DumbSlave$DescriptorImpl")
_ROOTS = (nodes.DUMB_TAG, nodes.SWARM_TAG)


def create(call: Call) -> Answer:
    """`/computer/doCreateItem`: a node out of the form that the web page posts."""
    call.need(rights.AGENT_CREATE)
    name = call.value("name")
    check_name(call, name)
    if call.value("type") not in _TYPES:
        return answers.oops()
    form = call.form()
    if form is None:
        return answers.jetty(400, "This page expects a form submission", call.path)
    executors = str(form.get("numExecutors", "1"))
    if executors == "0":
        words = "Invalid number of executors."
        return answers.failure(f"Invalid agent configuration for {quoted(name)}. {words}")
    agents.add_node(call.world, _from_form(name, executors, form))
    return answers.redirect(call.url("computer"))


def create_from_xml(call: Call) -> Answer:
    """`/computer/createItem`: from XML where the core can, or a copy of another node."""
    call.need(rights.AGENT_CREATE)
    name = call.value("name")
    check_name(call, name)
    if call.value("mode") == "copy":
        source = call.world.nodes.get(call.value("from"))
        if source is None:
            return answers.failure(f"No such agent: {call.value('from')}")
        agents.add_node(call.world, source.changed(name=name))
        return answers.redirect(call.url("computer", name))
    if not call.world.profile.creates_from_xml or "xml" not in call.content_type:
        return answers.failure("No mode given")
    try:
        node = Node(nodes.parsed(call.body)).changed(name=name)
    except BadXmlError:
        return answers.oops()
    agents.add_node(call.world, node)
    return Answer()


def configuration(call: Call, computer: Computer) -> Answer:
    """`config.xml` by GET: the node with its present offline cause."""
    node = _node(computer)
    call.need(rights.AGENT_CONFIGURE)
    return Answer(body=node.document(computer.temporary), content_type="application/xml")


def configure(call: Call, computer: Computer) -> Answer:
    """`config.xml` by POST: replace the node; builds and connection stay."""
    node = _node(computer)
    call.need(rights.AGENT_CONFIGURE)
    try:
        root = nodes.parsed(call.body)
    except BadXmlError:
        return answers.oops()
    if root.tag != node.root.tag:
        status = 400 if root.tag in _ROOTS else 500
        return answers.jetty(status, "Node types do not match", call.path)
    agents.change_node(call.world, computer.name, Node(root))
    return Answer()


def toggle_offline(call: Call, computer: Computer) -> Answer:
    """`toggleOffline`: temporarily offline, or back; the second caller undoes the first."""
    if computer.node is None and call.world.profile.refuses_ghosts:
        return answers.not_found()
    if computer.temporary is not None:
        call.need(rights.AGENT_CONNECT)
        agents.set_temporary(call.world, computer, None)
    else:
        call.need(rights.AGENT_DISCONNECT)
        agents.set_temporary(call.world, computer, _cause(call))
    return _back_to(call, computer)


def change_offline_cause(call: Call, computer: Computer) -> Answer:
    """`changeOfflineCause`: temporarily offline, however it was before."""
    call.need(rights.AGENT_DISCONNECT)
    if computer.node is None and call.world.profile.refuses_ghosts:
        return answers.oops()
    agents.set_temporary(call.world, computer, _cause(call))
    return _back_to(call, computer)


def disconnect(call: Call, computer: Computer) -> Answer:
    """`doDisconnect`: hang up; an inbound agent dials again by itself."""
    call.need(rights.AGENT_DISCONNECT)
    if computer.channel is not None:
        agents.lose(call.world, computer)
    return _back_to(call, computer)


def launch(call: Call, computer: Computer) -> Answer:
    """`launchSlaveAgent`: without effect for agents that dial in."""
    call.need(rights.AGENT_CONNECT)
    if computer.channel is not None:
        return answers.page(200, "Launch agent")
    return answers.redirect(call.url("computer", computer.name) + "log")


def delete(call: Call, computer: Computer) -> Answer:
    """`doDelete`: remove the node, whatever runs on it."""
    call.need(rights.AGENT_DELETE)
    agents.delete_node(call.world, computer)
    return answers.redirect(call.url("computer"))


def jnlp(call: Call, computer: Computer) -> Answer:
    """`jenkins-agent.jnlp`: the secret and arguments of an inbound agent."""
    call.need(rights.AGENT_CONNECT)
    directory = computer.node.remote_directory if computer.node is not None else ""
    arguments = [call.security.agent_secret(computer.name), computer.name]
    if computer.node is not None and computer.node.web_socket:
        arguments.append("-webSocket")
    arguments += ["-workDir", directory, "-internalDir", "remoting", "-url", call.view.root]
    inner = "".join(f"<argument>{each}</argument>" for each in arguments)
    body = f"<jnlp><application-desc>{inner}</application-desc></jnlp>"
    return Answer(body=body, content_type="application/x-java-jnlp-file")


def run_script(call: Call, computer: Computer) -> Answer:
    """`scriptText` of a node."""
    call.need(rights.ADMINISTER)
    if not computer.built_in and computer.channel is None:
        return answers.jetty(404, "Node is offline", call.path)
    return answers.text(scripts.output(call.view.controller, call.value("script")))


def check_name(call: Call, name: str) -> None:
    """Refuse what is no name for a node, or is taken."""
    if not name.strip():
        raise RefusedError(answers.failure("Query parameter 'name' is required"))
    if (found := _UNSAFE.search(name)) is not None:
        raise RefusedError(answers.failure(f"{quoted(found[0])} is an unsafe character".strip()))
    if name in {".", ".."} or name.endswith("."):
        raise RefusedError(answers.failure(f"{quoted(name)} is not an allowed name"))
    if name in call.world.nodes:
        raise RefusedError(answers.failure(f"Agent called {quoted(name)} already exists"))


def _from_form(name: str, executors: str, form: Mapping[str, object]) -> Node:
    launcher = form.get("launcher")
    return nodes.agent_node(
        name=name,
        description=str(form.get("nodeDescription", "")),
        remote_directory=str(form.get("remoteFS", "")),
        executors=executors,
        label=str(form.get("labelString", "")),
        mode=str(form.get("mode", "NORMAL")),
        web_socket=isinstance(launcher, Mapping) and launcher.get("webSocket") is True,
    )


def _node(computer: Computer) -> Node:
    if computer.node is None or computer.built_in:
        raise RefusedError(answers.not_found())
    return computer.node


def _cause(call: Call) -> TemporaryCause:
    message = call.value("offlineMessage")
    return TemporaryCause(at=call.world.now, user=call.user.name, message=message)


def _back_to(call: Call, computer: Computer) -> Answer:
    return answers.redirect(call.url("computer", computer.name or "(built-in)"))


ON_COMPUTER = {
    ("GET", "config.xml"): configuration,
    ("POST", "config.xml"): configure,
    ("POST", "toggleOffline"): toggle_offline,
    ("POST", "changeOfflineCause"): change_offline_cause,
    ("POST", "doDisconnect"): disconnect,
    ("POST", "launchSlaveAgent"): launch,
    ("POST", "doDelete"): delete,
    ("POST", "scriptText"): run_script,
    ("GET", "jenkins-agent.jnlp"): jnlp,
    ("GET", "slave-agent.jnlp"): jnlp,
}


def on_computer(call: Call, name: str, action: str) -> Answer:
    """An action on a computer; an action asked for by GET is refused with 405."""
    computer = computer_named(call, name)
    if computer is None:
        return answers.not_found()
    handler = ON_COMPUTER.get((call.method, action))
    if handler is not None:
        return handler(call, computer)
    if call.method == "GET" and ("POST", action) in ON_COMPUTER:
        return answers.post_required()
    return answers.not_found()
