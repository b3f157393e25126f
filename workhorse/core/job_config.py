"""A job's config.xml: what of it counts when two are compared, and the nodes of its axis.

Jenkins gives a job's text back as it was posted, until somebody saves the job: then it writes its
own. So before two are compared, this is taken out of both: the XML declaration, the attribute
`plugin` with the version of whoever wrote it, white space around texts and between elements, empty
elements, elements that are `false` (an absent boolean is false to Jenkins), and the order of
elements that are no list.
The nodes of a replace job's axis are taken out too: each run writes them.
"""

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from workhorse.core.errors import Unreadable

LABEL_AXIS = "hudson.matrix.LabelAxis"
ELASTIC_AXIS = "org.jenkinsci.plugins.elasticaxisplugin.ElasticAxis"

_WRITTEN_BY_RUNS = {LABEL_AXIS: {"values"}, ELASTIC_AXIS: {"label", "values"}}
"""An elastic axis saves with its label the nodes that it had at that moment."""
_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]*\?>")
_NODES = {
    LABEL_AXIS: re.compile(rf"(<{LABEL_AXIS}\b[^>]*>(?:(?!</{LABEL_AXIS}>).)*?)"
                           r"<values\b[^>]*?(?:/>|>.*?</values>)", re.DOTALL),
    ELASTIC_AXIS: re.compile(rf"(<{ELASTIC_AXIS}\b[^>]*>(?:(?!</{ELASTIC_AXIS}>).)*?)"
                             r"<label\b[^>]*?(?:/>|>.*?</label>)", re.DOTALL),
}  # fmt: skip


def normalised(config: str) -> str:
    """The document with all that does not count taken out, one element a line.

    Raises:
        Unreadable: it is not well formed, or has a document type.
    """
    root = _parsed(config)
    _clean(root)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def with_nodes(config: str, nodes: Sequence[str]) -> str:
    """The replace job's document with these nodes on its axis; all else stays byte for byte.

    Raises:
        Unreadable: it has not exactly one axis of the two sorts that are understood.
    """
    _parsed(config)
    strings = "".join(f"<string>{escape(node)}</string>" for node in nodes)
    axes = {
        LABEL_AXIS: f"<values>{strings}</values>",
        ELASTIC_AXIS: f"<label>{escape(','.join(nodes))}</label>",
    }
    found = [(each, match) for each in axes for match in _NODES[each].finditer(config)]
    if len(found) != 1:
        raise Unreadable(f"the job's config.xml has {len(found)} label axes; one is understood")
    axis, match = found[0]
    return config[: match.end(1)] + axes[axis] + config[match.end() :]


def _parsed(config: str) -> ET.Element:
    """The declaration is XML 1.1, which a parser of 1.0 refuses."""
    text = _DECLARATION.sub("", config)
    if "<!DOCTYPE" in text:
        raise Unreadable("a job's config.xml with a document type is none of Jenkins'")
    try:
        return ET.fromstring(text)  # noqa: S314 - without a document type nothing expands
    except ET.ParseError as wrong:
        raise Unreadable(f"a job's config.xml is not well formed: {wrong}") from wrong


def _clean(element: ET.Element) -> None:
    element.attrib.pop("plugin", None)
    element.tail = None
    element.text = (element.text or "").strip()
    for child in list(element):
        written = child.tag in _WRITTEN_BY_RUNS.get(element.tag, ())
        _clean(child)
        if written or _says_nothing(child):
            element.remove(child)
    tags = [child.tag for child in element]
    if len(set(tags)) == len(tags):
        element[:] = sorted(element, key=lambda child: child.tag)


def _says_nothing(element: ET.Element) -> bool:
    return not len(element) and not element.attrib and element.text in {"", "false"}
