"""A node's config.xml as text: read and replace the text of one element under the root.

The edit is a splice, so that all that is not meant stays byte for byte: the XML 1.1 declaration
(which XML 1.0 parsers and writers do not keep), attributes such as `plugin="swarm@3.51"`, elements
of plugins we have never heard of, and references to control characters.
No entities are expanded but the five of XML, and a document type is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workhorse.core.errors import Unreadable

_NAME = r"[^\s<>/!?=\"']+"
_MARKUP = re.compile(
    rf"""(?P<skip> <!--.*?--> | <!\[CDATA\[.*?\]\]> | <\?.*?\?> )
    | </ (?P<close>{_NAME}) \s* >
    | < (?P<open>{_NAME}) (?:[^<>"'/] | "[^"<]*" | '[^'<]*' | /(?!>) )* (?P<empty>/?) >
    | (?P<bad> < )""",
    re.VERBOSE | re.DOTALL,
)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>|<!--.*?-->", re.DOTALL)
_REFERENCE = re.compile(r"&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|(lt|gt|amp|quot|apos));")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_LAST_CHARACTER = 0x10FFFF

# What XML 1.1 wants as a reference, and what a reader would take for the end of a line.
_TO_ESCAPE = re.compile(
    "[&<>\"'\r\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028]",
)
_NAMED = {char: f"&{name};" for name, char in _ENTITIES.items()}


@dataclass(frozen=True, slots=True)
class _Element:
    """Where an element under the root stands: it begins, its content begins and ends, it ends."""

    name: str
    start: int
    inner: int
    inner_end: int
    end: int


def read_text(config: str, name: str) -> str:
    """The text of the element `name` under the root; empty when there is none.

    Raises:
        Unreadable: the document is not well formed, or has the element twice.
    """
    _, found = _find(config, name)
    return _unescape(config[found.inner : found.inner_end]) if found else ""


def write_text(config: str, name: str, text: str) -> str:
    """The document with `text` as that of the element `name` under the root, added when absent.

    Raises:
        Unreadable: the document is not well formed, or has the element twice.
    """
    root_inner, found = _find(config, name)
    element = f"<{name}>{_escape(text)}</{name}>"
    if found:
        return config[: found.start] + element + config[found.end :]
    return f"{config[:root_inner]}\n  {element}{config[root_inner:]}"


def _find(config: str, name: str) -> tuple[int, _Element | None]:
    """Where the root's content begins, and the element of that name."""
    root, *children = _elements(config)
    found = [child for child in children if child.name == name]
    if len(found) > 1:
        raise Unreadable(f"config.xml has {len(found)} elements {name}; one is understood")
    return root.inner, found[0] if found else None


def _elements(config: str) -> list[_Element]:
    """The root, then the elements directly under it."""
    closed: list[tuple[int, _Element]] = []
    open_tags: list[tuple[str, int, int]] = []
    for found in _tags(config):
        if found["open"] and not found["empty"]:
            open_tags.append((found["open"], found.start(), found.end()))
            continue
        name, start, inner = found["open"], found.start(), found.end()
        if found["close"]:
            if not open_tags or open_tags[-1][0] != found["close"]:
                raise Unreadable(f"config.xml closes {found['close']}, which is not open")
            name, start, inner = open_tags.pop()
        inner_end = found.start() if found["close"] else found.end()
        element = _Element(name, start, inner, inner_end, found.end())
        closed.append((len(open_tags), element))
    roots = [element for depth, element in closed if depth == 0]
    if open_tags or len(roots) != 1 or roots[0].inner == roots[0].end:
        raise Unreadable(f"config.xml is no node's: {config[:80]!r}")
    return roots + [element for depth, element in closed if depth == 1]


def _tags(config: str) -> Iterator[re.Match[str]]:
    for found in _MARKUP.finditer(config):
        if found["bad"]:
            raise Unreadable(f"config.xml is not well formed at character {found.start()}")
        if not found["skip"]:
            yield found


def _unescape(text: str) -> str:
    pieces: list[str] = []
    at = 0
    for found in _CDATA.finditer(text):
        pieces += (_resolve(text[at : found.start()]), found[1] or "")
        at = found.end()
    return "".join((*pieces, _resolve(text[at:])))


def _resolve(text: str) -> str:
    return _REFERENCE.sub(_referred, re.sub("\r\n?", "\n", text))


def _referred(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return _ENTITIES[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(code) if code <= _LAST_CHARACTER else found[0]


def _escape(text: str) -> str:
    return _TO_ESCAPE.sub(lambda found: _NAMED.get(found[0], f"&#x{ord(found[0]):x};"), text)
