"""What is wrong with settings, one line a fault: `key: value: rule`."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from workhorse.core.errors import Refusal

_SHOWN = 60
"""How much of a wrong value a fault shows."""

_HIDDEN = "(not shown)"

_TAGS = frozenset({"inline", "parameter"})
"""Which sort of pool it was tried as: pydantic's matter, no part of the key."""


class SecretError(ValueError):
    """A value that holds a secret: the fault tells the key and the rule alone."""


def refusal(source: str, faults: Iterable[str]) -> Refusal:
    """All faults of one source as one error."""
    return Refusal("\n".join((f"{source}: these settings are refused:", *faults)))


def told(wrong: ValidationError, prefix: str = "") -> Iterator[str]:
    """Each fault as a line; `prefix` is the key of what was validated."""
    for error in wrong.errors(include_url=False):
        key = (prefix + _key(error["loc"])).rstrip(".")
        match error["type"]:
            case "missing":
                yield f"{key}: (missing): is required"
            case "extra_forbidden":
                # Whoever misspells the key of a secret may have written the secret itself there.
                plain = isinstance(error["input"], (bool, int, float))
                yield f"{key}: {_shown(error['input']) if plain else _HIDDEN}: is no setting here"
            case "value_error" if isinstance(error["ctx"]["error"], SecretError):
                yield f"{key}: {_HIDDEN}: {error['ctx']['error']}"
            case _:
                rule = error["msg"].removeprefix("Value error, ")
                yield f"{key}: {_shown(error['input'])}: {_worded(rule)}"


def _key(loc: Iterable[int | str]) -> str:
    key = ""
    for part in loc:
        if isinstance(part, int):
            key += f"[{part}]"
        elif part not in _TAGS:
            key += f".{part}" if key else part
    return key


def _worded(rule: str) -> str:
    for theirs, ours in (
        ("Input should be a valid", "must be a valid"),
        ("Input should be", "must be"),
        ("String should", "must"),
        ("Frozenset should", "must"),
        ("List should", "must"),
        ("Tuple should", "must"),
    ):
        rule = rule.replace(theirs, ours)
    return rule


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
