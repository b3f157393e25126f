"""Jenkins label expressions: read, evaluated and printed as Jenkins does.

A job says where it may run with an expression over labels; a node has a set of labels.
The grammar, loosest first: `<->`, `->` (at most one in a row), `||`, `&&`, `!` (at most
one in a row), parentheses, and atoms, bare or in double quotes.
Text that does not parse is one atom of that very name, as Jenkins takes a job's field.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

_TOKEN = re.compile(
    r"""[ \t]*(?:
        (?P<operator><->|->|\|\||&&|!|\(|\))
      | "(?P<quoted>(?:\\[btnfr"'\\]|[^\\"\r\n])*)"
      | (?P<atom>(?:[^&|!<>() \t"'-]|-(?!>))+)
    )""",
    re.VERBOSE,
)
_NEEDS_QUOTES = re.compile(r"""[&|!<>() \t\r\n"'\\]|->|^$""")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}
_UNESCAPES = {plain: letter for letter, plain in _ESCAPES.items()}
_NODE_TOKEN = re.compile(r'"((?:\\.|[^\\"])*)"|\'((?:\\.|[^\\\'])*)\'|(\S+)')


class Expression(ABC):
    """A label expression; frozen, comparable and printable.

    `str` gives the name that Jenkins shows in a queue item's `why` and in `/label/NAME`.
    """

    precedence: ClassVar[int] = 0

    @property
    @abstractmethod
    def expression(self) -> str:
        """Text that parses back to this very expression, with quotes where needed."""

    @abstractmethod
    def matches(self, labels: frozenset[str]) -> bool:
        """Tell whether a node with these labels (its own name is one) satisfies this."""

    @abstractmethod
    def atoms(self) -> frozenset[str]:
        """Every label this mentions."""

    def __str__(self) -> str:
        return self.expression


@dataclass(frozen=True, slots=True)
class Atom(Expression):
    """One label; its name is printed bare even where its expression needs quotes."""

    name: str

    @property
    def expression(self) -> str:
        """The name, in double quotes where the grammar would split it."""
        if not _NEEDS_QUOTES.search(self.name):
            return self.name
        escaped = re.sub(r'[\\"]', r"\\\g<0>", self.name)
        for plain, letter in _UNESCAPES.items():
            escaped = escaped.replace(plain, f"\\{letter}")
        return f'"{escaped}"'

    def matches(self, labels: frozenset[str]) -> bool:
        """Tell whether the label is there."""
        return self.name in labels

    def atoms(self) -> frozenset[str]:
        """Give the one label."""
        return frozenset({self.name})

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Paren(Expression):
    """Parentheses as they were written; Jenkins keeps them in the name."""

    base: Expression

    @property
    def expression(self) -> str:
        """The inner expression in parentheses."""
        return f"({self.base.expression})"

    def matches(self, labels: frozenset[str]) -> bool:
        """Evaluate what is inside."""
        return self.base.matches(labels)

    def atoms(self) -> frozenset[str]:
        """Give the labels inside."""
        return self.base.atoms()


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """The labels do not satisfy the base."""

    base: Expression
    precedence: ClassVar[int] = 1

    @property
    def expression(self) -> str:
        """The base behind an exclamation mark; in parentheses unless it is a single term."""
        text = self.base.expression
        return f"!({text})" if self.base.precedence >= self.precedence else f"!{text}"

    def matches(self, labels: frozenset[str]) -> bool:
        """Evaluate the base and turn it around."""
        return not self.base.matches(labels)

    def atoms(self) -> frozenset[str]:
        """Give the labels of the base."""
        return self.base.atoms()


@dataclass(frozen=True, slots=True)
class _Binary(Expression):
    """Two expressions with an operator between them."""

    left: Expression
    right: Expression
    operator: ClassVar[str]
    chains: ClassVar[bool] = True

    @property
    def expression(self) -> str:
        """Both sides with parentheses only where the grammar needs them."""
        own = self.precedence
        left, right = self.left.expression, self.right.expression
        if self.left.precedence > own or (self.left.precedence == own and not self.chains):
            left = f"({left})"
        if self.right.precedence >= own:
            right = f"({right})"
        return f"{left}{self.operator}{right}"

    def atoms(self) -> frozenset[str]:
        """Give the labels of both sides."""
        return self.left.atoms() | self.right.atoms()


class And(_Binary):
    """Both sides hold."""

    __slots__ = ()
    precedence, operator = 2, "&&"

    def matches(self, labels: frozenset[str]) -> bool:
        """Tell whether both sides hold."""
        return self.left.matches(labels) and self.right.matches(labels)


class Or(_Binary):
    """One side holds, or both."""

    __slots__ = ()
    precedence, operator = 3, "||"

    def matches(self, labels: frozenset[str]) -> bool:
        """Tell whether a side holds."""
        return self.left.matches(labels) or self.right.matches(labels)


class Implies(_Binary):
    """Where the left side holds the right one does too."""

    __slots__ = ()
    precedence, operator, chains = 4, "->", False

    def matches(self, labels: frozenset[str]) -> bool:
        """Tell whether the left side fails or the right one holds."""
        return not self.left.matches(labels) or self.right.matches(labels)


class Iff(_Binary):
    """Both sides hold or neither does."""

    __slots__ = ()
    precedence, operator = 5, "<->"

    def matches(self, labels: frozenset[str]) -> bool:
        """Tell whether the sides agree."""
        return self.left.matches(labels) == self.right.matches(labels)


_LEVELS: tuple[type[_Binary], ...] = (Iff, Implies, Or, And)


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Read a label expression; text that does not parse is one atom of that name."""
    try:
        tokens = _tokens(text)
        found, end = _binary(tokens, 0, 0)
    except (_NoExpressionError, RecursionError):
        return Atom(text.strip())
    return found if end == len(tokens) else Atom(text.strip())


def label_tokens(text: str) -> frozenset[str]:
    """Split a node's label string: blanks separate, quotes keep blanks inside a label."""
    return frozenset(
        re.sub(r"\\(.)", r"\1", double or single) or bare
        for double, single, bare in _NODE_TOKEN.findall(text)
        if double or single or bare
    )


class _NoExpressionError(Exception):
    """The text is outside the grammar."""


def _tokens(text: str) -> tuple[str | Atom, ...]:
    """Cut the text into operators and atoms."""
    tokens: list[str | Atom] = []
    place, text = 0, text.rstrip(" \t")
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _NoExpressionError
        place = found.end()
        if (operator := found["operator"]) is not None:
            tokens.append(operator)
        elif (quoted := found["quoted"]) is not None:
            tokens.append(Atom(re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), quoted)))
        else:
            tokens.append(Atom(found["atom"]))
    return tuple(tokens)


def _binary(tokens: tuple[str | Atom, ...], place: int, level: int) -> tuple[Expression, int]:
    """Read what binds as tightly as `level` or tighter; gives it and the place behind it."""
    if level == len(_LEVELS):
        return _term(tokens, place)
    kind = _LEVELS[level]
    left, place = _binary(tokens, place, level + 1)
    while place < len(tokens) and tokens[place] == kind.operator:
        right, place = _binary(tokens, place + 1, level + 1)
        left = kind(left, right)
        if not kind.chains:
            break
    return left, place


def _term(tokens: tuple[str | Atom, ...], place: int) -> tuple[Expression, int]:
    """Read one atom, one expression in parentheses, or the negation of such a one."""
    if place >= len(tokens):
        raise _NoExpressionError
    first = tokens[place]
    if isinstance(first, Atom):
        return first, place + 1
    if first == "!" and tokens[place + 1 : place + 2] != ("!",):
        base, place = _term(tokens, place + 1)
        return Not(base), place
    if first == "(":
        inner, place = _binary(tokens, place + 1, 0)
        if place < len(tokens) and tokens[place] == ")":
            return Paren(inner), place + 1
    raise _NoExpressionError
