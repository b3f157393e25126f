"""Reads CloudWatch metric math: text to a tree, no values yet.

Syntax from https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
AWS documents no precedence; we use the usual one: OR, AND, comparisons, + -, * /, minus, ^.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass


class MathError(ValueError):
    """The expression cannot be read or has no meaning; the message says where."""


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted word, as in METRICS("queue")."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """The id of another query, or a word such as REPEAT."""

    value: str


@dataclass(frozen=True, slots=True)
class Array:
    """Several time series in brackets."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """Two trees joined by an operator."""

    operator: str
    left: "Node"
    right: "Node"


Node = Number | Text | Name | Array | Call | Operation

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]]))"
)

_LEVELS: tuple[tuple[str, ...], ...] = (
    ("OR",),
    ("AND",),
    ("==", "!=", "<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/"),
)
_SPELLINGS = {"&&": "AND", "||": "OR"}


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    end = len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise MathError(f"cannot read {text[place:].strip()!r} in expression {text!r}")
        word = found[found.lastgroup]
        yield found.lastgroup, _SPELLINGS.get(word, word)
        place = found.end()


class _Reader:
    """Recursive descent over the tokens; one method per level of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.place = 0

    def peek(self) -> str:
        """The next token, or an empty word at the end."""
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def take(self) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise MathError(f"expression {self.text!r} ends too early")
        self.place += 1
        return self.tokens[self.place - 1]

    def expect(self, word: str) -> None:
        found = self.peek()
        if found != word:
            raise MathError(f"expression {self.text!r} needs {word!r}, not {found!r}")
        self.take()

    def level(self, depth: int = 0) -> Node:
        if depth == len(_LEVELS):
            return self.signed()
        left = self.level(depth + 1)
        while self.peek() in _LEVELS[depth]:
            operator = self.take()[1]
            left = Operation(operator, left, self.level(depth + 1))
        return left

    def signed(self) -> Node:
        if self.peek() == "-":
            self.take()
            return Operation("-", Number(0.0), self.signed())
        left = self.atom()
        if self.peek() == "^":
            self.take()
            return Operation("^", left, self.signed())
        return left

    def atom(self) -> Node:
        kind, word = self.take()
        if kind == "number":
            return Number(float(word))
        if kind == "text":
            return Text(word[1:-1])
        if kind == "name":
            if self.peek() != "(":
                return Name(word)
            self.take()
            return Call(word.upper(), self.listed(")"))
        if word == "(":
            inside = self.level()
            self.expect(")")
            return inside
        if word == "[":
            return Array(self.listed("]"))
        raise MathError(f"expression {self.text!r} has {word!r} where a value belongs")

    def listed(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while self.peek() != end:
            if items:
                self.expect(",")
            items.append(self.level())
        self.expect(end)
        return tuple(items)


def parse(text: str) -> Node:
    """The tree of an expression; raises MathError with the place that is wrong."""
    reader = _Reader(text)
    tree = reader.level()
    if reader.peek():
        raise MathError(f"expression {text!r} goes on with {reader.peek()!r} after its end")
    return tree
