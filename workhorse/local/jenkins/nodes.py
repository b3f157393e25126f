"""A node: what Jenkins keeps on disk about an agent, which is its config.xml.

The XML element is the one truth; the fields that scheduling needs are read from it once.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from workhorse.core.labels import label_tokens

DUMB_TAG = "slave"
SWARM_TAG = "hudson.plugins.swarm.SwarmSlave"
TEMPORARY = "temporaryOfflineCause"
DECLARATION = '<?xml version="1.1" encoding="UTF-8"?>\n'

_CLASSES = {DUMB_TAG: "hudson.slaves.DumbSlave", SWARM_TAG: SWARM_TAG}


class BadXmlError(Exception):
    """The posted text is no XML document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryCause:
    """Who took a node temporarily offline, when (epoch seconds) and with which words."""

    at: float
    user: str
    message: str

    @property
    def description(self) -> str:
        """The English text that Jenkins shows."""
        return f"Disconnected by {self.user}" + (f" : {self.message}" if self.message else "")


@dataclass(frozen=True)
class Node:
    """A node as its config.xml element says; replaced whole on every change."""

    root: ET.Element

    @cached_property
    def name(self) -> str:
        """Name; empty for the controller's built-in node."""
        return self._text("name")

    @cached_property
    def description(self) -> str:
        """Free text."""
        return self._text("description")

    @cached_property
    def executors(self) -> int:
        """Configured number of executors; 0 or less means that it has no computer."""
        text = self._text("numExecutors")
        return int(text) if re.fullmatch(r"-?\d+", text) else 0

    @cached_property
    def exclusive(self) -> bool:
        """Only builds that ask for its label may run here."""
        return self._text("mode") == "EXCLUSIVE"

    @cached_property
    def label(self) -> str:
        """The label string as typed."""
        return self._text("label")

    @cached_property
    def own_labels(self) -> frozenset[str]:
        """Its labels without its own name."""
        return label_tokens(self.label)

    @cached_property
    def labels(self) -> frozenset[str]:
        """Its labels and its own name, which is a label too."""
        return self.own_labels | {self.name or "built-in"}

    @cached_property
    def remote_directory(self) -> str:
        """The agent's directory."""
        return self._text("remoteFS")

    @cached_property
    def web_socket(self) -> bool:
        """Its agent is told to come by WebSocket."""
        return self._text("launcher/webSocket") == "true"

    @cached_property
    def swarm(self) -> bool:
        """It was made by the swarm plugin and lives as long as its connection."""
        return self.root.tag == SWARM_TAG

    @property
    def java_class(self) -> str:
        """The `_class` of the node in JSON."""
        return _CLASSES.get(self.root.tag, "hudson.model.Hudson")

    def temporary(self) -> TemporaryCause | None:
        """The offline cause that the document holds."""
        found = self.root.find(TEMPORARY)
        if found is None:
            return None
        words = [each.text or "" for each in found.findall("description/args/string")]
        return TemporaryCause(
            at=int(found.findtext("timestamp") or 0) / 1000,
            user=found.findtext("userId") or "",
            message=words[1].removeprefix(" : ") if len(words) > 1 else "",
        )

    def changed(self, **texts: str) -> "Node":
        """A copy with some elements' text replaced."""
        root = _copy(self.root)
        for tag, text in texts.items():
            element = root.find(tag)
            if element is None:
                element = ET.SubElement(root, tag)
            element.text = text
        return Node(root)

    def document(self, cause: TemporaryCause | None) -> str:
        """Its config.xml, with the present offline cause."""
        root = _copy(self.root)
        for old in root.findall(TEMPORARY):
            root.remove(old)
        if cause is not None:
            root.insert(0, _cause_element(cause))
        return DECLARATION + printed(root)

    def _text(self, tag: str) -> str:
        return (self.root.findtext(tag) or "").strip()


def built_in() -> Node:
    """The controller's own node, with no executors as on the recorded servers."""
    root = ET.Element("hudson")
    for tag, text in {
        "name": "",
        "description": "the Jenkins controller's built-in node",
        "numExecutors": "0",
        "mode": "NORMAL",
        "label": "",
    }.items():
        ET.SubElement(root, tag).text = text
    return Node(root)


def agent_node(  # noqa: PLR0913 - the fields of the form
    *,
    name: str,
    description: str = "",
    remote_directory: str = "",
    executors: str = "1",
    label: str = "",
    mode: str = "NORMAL",
    swarm_plugin: str = "",
    web_socket: bool = True,
) -> Node:
    """A node as the form creates it, or the swarm plugin when its version is given."""
    root = ET.Element(DUMB_TAG)
    strategy, launcher = "hudson.slaves.RetentionStrategy$Always", "hudson.slaves.JNLPLauncher"
    if swarm_plugin:
        root = ET.Element(SWARM_TAG, {"plugin": f"swarm@{swarm_plugin}"})
        strategy = "hudson.slaves.RetentionStrategy$NoOp"
        launcher = "hudson.plugins.swarm.SwarmLauncher"
    for tag, text in {
        "name": name,
        "description": description,
        "remoteFS": remote_directory,
        "numExecutors": executors,
        "mode": mode,
    }.items():
        ET.SubElement(root, tag).text = text
    ET.SubElement(root, "retentionStrategy", {"class": strategy})
    launching = ET.SubElement(root, "launcher", {"class": launcher})
    work = ET.SubElement(launching, "workDirSettings")
    ET.SubElement(work, "disabled").text = "true" if swarm_plugin else "false"
    ET.SubElement(work, "internalDir").text = "remoting"
    ET.SubElement(work, "failIfWorkDirIsMissing").text = "false"
    ET.SubElement(launching, "webSocket").text = str(web_socket and not swarm_plugin).lower()
    ET.SubElement(root, "label").text = label
    ET.SubElement(root, "nodeProperties")
    return Node(root)


def parsed(text: str | bytes) -> ET.Element:
    """Read a document, whatever XML version it declares; raises BadXmlError."""
    try:
        return ET.fromstring(text)  # noqa: S314 - local, and expat expands no outside entity
    except (ET.ParseError, ValueError) as error:
        raise BadXmlError(str(error)) from error


def printed(element: ET.Element, depth: int = 0) -> str:
    """The element as Jenkins prints XML: two blanks a level, empty elements closed at once."""
    pad = "  " * depth
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in element.attrib.items())
    start = f"{pad}<{element.tag}{attributes}"
    if len(element):
        inner = "".join(f"{printed(child, depth + 1)}\n" for child in element)
        return f"{start}>\n{inner}{pad}</{element.tag}>"
    text = element.text or ""
    return f"{start}>{escape(text)}</{element.tag}>" if text else f"{start}/>"


def _copy(root: ET.Element) -> ET.Element:
    return ET.fromstring(ET.tostring(root))  # noqa: S314 - our own element


def _cause_element(cause: TemporaryCause) -> ET.Element:
    element = ET.Element(TEMPORARY, {"class": "hudson.slaves.OfflineCause$UserCause"})
    ET.SubElement(element, "timestamp").text = str(round(cause.at * 1000))
    description = ET.SubElement(element, "description")
    ET.SubElement(ET.SubElement(description, "holder"), "owner").text = "hudson.slaves.Messages"
    ET.SubElement(description, "key").text = "SlaveComputer.DisconnectedBy"
    arguments = ET.SubElement(description, "args")
    ET.SubElement(arguments, "string").text = cause.user
    ET.SubElement(arguments, "string").text = f" : {cause.message}" if cause.message else ""
    ET.SubElement(element, "userId").text = cause.user
    return element
