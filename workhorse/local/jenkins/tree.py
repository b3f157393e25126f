"""What part of an object a request wants to see: `depth=N`, or a `tree` of names.

A pruner answers for each property whether it is shown and with which pruner its value is.
"""

import re
from dataclasses import dataclass, field
from typing import Protocol

_NAME = re.compile(r"[^\[\]{},]+")
_RANGE = re.compile(r"\{\s*(\d*)\s*(,?)\s*(\d*)\s*\}")


class BadTreeError(Exception):
    """The tree parameter is outside the grammar."""


class Pruner(Protocol):
    """Chooses properties."""

    def child(self, name: str, visibility: int, *, inline: bool) -> "Pruner | None":
        """The pruner for a property's value; None leaves the property out."""

    @property
    def window(self) -> slice | None:
        """Which elements of a list are shown."""


@dataclass(frozen=True, slots=True)
class Depth:
    """Shows what is visible enough at this nesting; 1 - depth at the root."""

    nesting: int

    def child(self, name: str, visibility: int, *, inline: bool) -> "Depth | None":  # noqa: ARG002 - the Protocol's
        """Deeper objects need more visibility; inlined ones count as part of their owner."""
        if visibility < self.nesting:
            return None
        return self if inline else Depth(self.nesting + 1)

    @property
    def window(self) -> slice | None:
        """Lists are shown whole."""
        return None


@dataclass(slots=True)
class Tree:
    """Shows what is named, however visible; `*` names everything."""

    children: dict[str, "Tree"] = field(default_factory=dict)
    window: slice | None = None

    def child(self, name: str, visibility: int, *, inline: bool) -> "Tree | None":  # noqa: ARG002 - the Protocol's
        """The tree below a name."""
        return self.children.get(name) or self.children.get("*")


def parse_tree(text: str) -> Tree:
    """Read a tree parameter; raises BadTreeError."""
    root = Tree()
    place = _names(text, 0, root)
    if place != len(text):
        raise BadTreeError(text)
    return root


def _names(text: str, place: int, into: Tree) -> int:
    while True:
        found = _NAME.match(text, place)
        if found is None:
            raise BadTreeError(text)
        place = found.end()
        below = into.children.setdefault(found[0].strip(), Tree())
        if text[place : place + 1] == "[":
            place = _names(text, place + 1, below)
            if text[place : place + 1] != "]":
                raise BadTreeError(text)
            place += 1
        if text[place : place + 1] == "{":
            place = _window(text, place, below)
        if text[place : place + 1] != ",":
            return place
        place += 1


def _window(text: str, place: int, tree: Tree) -> int:
    found = _RANGE.match(text, place)
    if found is None or not (found[1] or found[3]):
        raise BadTreeError(text)
    first, comma, last = found.groups()
    if comma:
        tree.window = slice(int(first or 0), int(last) if last else None)
    else:
        tree.window = slice(int(first), int(first) + 1)
    return found.end()
