"""A command as a Jinja2 template: what it may name, and that no value can break out of its word.

Every value is quoted for the shell where it is put in, with or without the filter `quote`, so a
value must not stand within quotes, where quoting would not hold; what puts it there is refused.
Unknown names are refused when the template is made, in branches not taken too.
"""

import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta

from workhorse.core.errors import Refusal, Surprise
from workhorse.core.model import Pool

_MARK = "\0"
"""Stands for a text that was put in, where only the template's own quotes matter."""

_WRONG = (TemplateError, ArithmeticError, TypeError, ValueError, LookupError, AttributeError)
"""What comes of a template that calculates with its values."""


class Quoted(str):
    """Text that is quoted already."""

    __slots__ = ()


class CommandTemplate:
    """The command of one pool.

    Args:
        text: the template.
        pool: whose facts it may name, as `pool.name`, `pool.group`, `pool.labels` and so on.
        names: the numbers that it may name, as `size`.

    Raises:
        Refusal: it is no template, names what is not known, or puts a value within quotes.
    """

    def __init__(self, text: str, pool: Pool, names: tuple[str, ...]) -> None:
        self._pool = pool
        try:
            self._template = _environment(quoted).from_string(text)
            marking = _environment(_marked)
            marked = marking.from_string(text)
            found = meta.find_undeclared_variables(marking.parse(text))
        except TemplateSyntaxError as wrong:
            raise _refused(pool, f"line {wrong.lineno}: {wrong.message}") from wrong
        for name in sorted(found - {"pool", *names}):
            known = ", ".join(("pool", *names))
            raise _refused(pool, f"{name!r} is unknown here: must be one of {known}")
        for example in _examples(pool, names):
            self._try(marked, example)

    def text(self, **numbers: int) -> str:
        """The command for these numbers.

        Raises:
            Surprise: the template cannot calculate with them.
        """
        try:
            return self._template.render(pool=facts(self._pool), **numbers)
        except _WRONG as wrong:
            raise Surprise(f"the command of pool {self._pool.name}: {wrong}") from wrong

    def _try(self, marked: Template, numbers: Mapping[str, int]) -> None:
        shown = facts(self._pool)
        try:
            text = self._template.render(pool=shown, **numbers)
            with_marks = marked.render(pool=shown, **numbers)
        except _WRONG as wrong:
            told = ", ".join(f"{name} {number}" for name, number in numbers.items())
            raise _refused(self._pool, f"with {told}: {wrong}") from wrong
        if not text.strip():
            raise _refused(self._pool, "is an empty command")
        if _within_quotes(with_marks):
            rule = "a value must not stand within quotes: it is quoted already"
            raise _refused(self._pool, f"{rule}; assign it to a shell variable and quote that")


def facts(pool: Pool) -> dict[str, Any]:
    """What a template may say of a pool."""
    policy = pool.policy
    return {
        "name": pool.name,
        "group": pool.group,
        "labels": sorted(policy.labels),
        "executors": policy.executors,
        "floor": policy.floor,
        "ceiling": policy.ceiling,
        "buffer": policy.buffer,
    }


def quoted(value: object) -> Quoted:
    """A value as one word of the shell; a list as its members' words."""
    if isinstance(value, Quoted):
        return value
    if isinstance(value, list | tuple):
        return Quoted(" ".join(map(quoted, value)))
    return Quoted(shlex.quote(str(value)))


def _marked(value: object) -> str:
    return str(value) if isinstance(value, int) else Quoted(_MARK)


def _environment(put: Callable[[object], str]) -> Environment:
    environment = Environment(
        autoescape=False,  # noqa: S701 - it writes shell, and `finalize` quotes for that
        undefined=StrictUndefined,
        finalize=put,
    )
    environment.filters["quote"] = put
    return environment


def _examples(pool: Pool, names: tuple[str, ...]) -> Iterator[Mapping[str, int]]:
    """Growing, shrinking, from nothing and to nothing."""
    ceiling, floor = max(1, pool.policy.ceiling), pool.policy.floor
    told = {"size": (1, floor, ceiling), "queued_size": (1, 0, ceiling), "delta": (1, -1, ceiling)}
    for number in range(3):
        yield {name: told[name][number] for name in names}


def _within_quotes(text: str) -> bool:
    """Whether a mark stands within quotes that the template itself opened."""
    opened, at = "", 0
    while at < len(text):
        letter = text[at]
        if letter == _MARK and opened:
            return True
        if letter == "#" and not opened and (at == 0 or text[at - 1].isspace()):
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
        elif letter == "\\" and opened != "'":
            at += 1
        elif letter in {"'", '"'} and opened in {"", letter}:
            opened = "" if opened else letter
        at += 1
    return False


def _refused(pool: Pool, rule: str) -> Refusal:
    return Refusal(f"pool {pool.name}: executor_options.command: {rule}")
