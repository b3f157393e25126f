"""The swarm plugin's registration API; its answers are text and a little XML."""

from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from workhorse.local.jenkins import agents, answers, nodes
from workhorse.local.jenkins import permissions as rights
from workhorse.local.jenkins.answers import Answer
from workhorse.local.jenkins.call import Call
from workhorse.local.jenkins.nodes import Node

PLAIN = "text/plain; UTF-8;charset=iso-8859-1"

KEEPING = "hudson.plugins.swarm.KeepSwarmClientNodeProperty"
"""The property of a node that stays when its agent is gone."""


def create(call: Call) -> Answer:
    """`createSlave`: a node that lives as long as its connection, or longer where it is asked."""
    call.need(rights.AGENT_CREATE)
    call.need(rights.AGENT_CONNECT)
    if call.value("mode") not in {"NORMAL", "EXCLUSIVE"}:
        return answers.oops()
    name = call.value("name")
    if wanted := call.value("hash"):
        name = f"{name}-{wanted}"
    world = call.world
    if name in world.nodes and call.value("deleteExistingClients") != "true":
        computer = world.computers.get(name)
        online = computer is not None and computer.channel is not None
        if not wanted or online:
            words = "is already created and on-line." if wanted else "already exists."
            return Answer(status=409, body=f'Agent "{name}" {words}\n', content_type=PLAIN)
    words = call.value("description")
    node = nodes.agent_node(
        name=name,
        description=f"Swarm agent from {call.remote}" + (f": {words}" if words else ""),
        remote_directory=call.value("remoteFsRoot"),
        executors=call.value("executors", "0"),
        label=f"swarm {call.value('labels')}".strip(),
        mode=call.value("mode"),
        swarm_plugin=world.profile.swarm_plugin,
    )
    properties = node.root.find("nodeProperties")
    if properties is not None and call.value("keepDisconnectedClients") == "true":
        ET.SubElement(properties, KEEPING)
    if name in world.nodes and name in world.computers:
        agents.change_node(world, name, node)
    else:
        agents.add_node(world, node)
    secret = call.security.agent_secret(name)
    body = f"#\n#Thu Jan 01 00:00:00 UTC 1970\nname={name}\nsecret={secret}\n"
    return Answer(body=body, content_type="text/plain;charset=iso-8859-1")


def labels(call: Call) -> Answer:
    """`getSlaveLabels`: the label string."""
    node = call.world.nodes.get(call.value("name"))
    return _missing(call) if node is None else _labels(node)


def add_labels(call: Call) -> Answer:
    """`addSlaveLabels`; the queue notices when the label cache is trimmed."""
    return _relabel(call, removing=False)


def remove_labels(call: Call) -> Answer:
    """`removeSlaveLabels`; the queue notices when the label cache is trimmed."""
    return _relabel(call, removing=True)


ACTIONS = {
    ("POST", "createSlave"): create,
    ("GET", "getSlaveLabels"): labels,
    ("POST", "getSlaveLabels"): labels,
    ("POST", "addSlaveLabels"): add_labels,
    ("POST", "removeSlaveLabels"): remove_labels,
}


def on_swarm(call: Call, action: str) -> Answer:
    """An action of the plugin; the wrong method is not found."""
    handler = ACTIONS.get((call.method, action))
    return answers.not_found() if handler is None else handler(call)


def _relabel(call: Call, *, removing: bool) -> Answer:
    call.need(rights.AGENT_CONFIGURE)
    node = call.world.nodes.get(call.value("name"))
    if node is None:
        return _missing(call)
    named = call.value("labels").split()
    have = node.label.split()
    kept = [each for each in have if not (removing and each in named)]
    more = [] if removing else [each for each in named if each not in have]
    agents.relabel(call.world, node.name, " ".join(kept + more))
    return _labels(call.world.nodes[node.name])


def _labels(node: Node) -> Answer:
    body = f"<labelResponse><labels>{escape(node.label)}</labels></labelResponse>"
    return Answer(body=body, content_type="text/xml;charset=utf-8")


def _missing(call: Call) -> Answer:
    name = call.value("name")
    return Answer(status=404, body=f'Agent "{name}" does not exist.\n', content_type=PLAIN)
