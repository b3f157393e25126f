"""What a failed Terraform command means, read from its errors.

Terraform has no codes for its errors: these are the titles that 1.9 to 1.15 print.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workhorse.adapters.terraform import TerraformError
from workhorse.core.word import Word

TOLD = 30
"""Lines of an error that are told; whole ones are on the screen already."""


class Kind(Word):
    """What people can do about it."""

    LOCKED = "locked"
    """Somebody else holds the state's lock; nothing was changed."""
    STALE = "stale"
    """The state is a later one than the plan's; nothing was changed."""
    UNFIT = "unfit"
    """This Terraform, its providers or its backend are not those of the plan; nothing was done."""
    OTHER = "other"
    """Something else; part of the plan may be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A failure that was understood."""

    kind: Kind
    words: str
    """What is wrong and what to do; quotes no value of the configuration."""


def understood(wrong: TerraformError, directory: str) -> Fault:
    """What the failure means; `directory` is the root module's, for commands that help."""
    text = "\n".join(wrong.faults)
    for pattern, told in _TOLD:
        if re.search(pattern, text):
            return told(text, directory)
    return Fault(kind=Kind.OTHER, words=f"terraform {wrong.command.split()[0]} failed")


def errors(wrong: TerraformError) -> tuple[str, ...]:
    """Terraform's own words from its first error on, at most `TOLD` lines.

    For the screen of whoever ran it and nobody else: they may quote values.
    """
    lines: Sequence[str] = wrong.faults or wrong.tail
    first = next((n for n, line in enumerate(lines) if "Error:" in line), 0)
    return tuple(line for line in lines[first:] if line.strip())[:TOLD]


def _locked(text: str, directory: str) -> Fault:
    found = {
        key: match[1].strip()
        for key in ("ID", "Operation", "Who", "Created")
        if (match := re.search(rf"^\W*{key}:(.*)$", text, re.MULTILINE))
    }
    who = found.get("Who") or "somebody"
    since = found.get("Created", "").partition(".")[0] or "a time that it does not tell"
    what = found.get("Operation", "").removeprefix("OperationType").lower() or "work"
    words = f"the state is locked by {who}, for {what}, since {since}"
    if found.get("ID"):
        unlock = f"terraform -chdir={directory} force-unlock {found['ID']}"
        words += f"; wait for it, or when it has died: {unlock}"
    return Fault(kind=Kind.LOCKED, words=words)


def _stale(_text: str, _directory: str) -> Fault:
    words = "the plan is stale: the state was changed after it was made; make a new plan"
    return Fault(kind=Kind.STALE, words=words)


def _unfit(_text: str, directory: str) -> Fault:
    words = (
        "this Terraform, its providers or its backend are not those that the plan was made with; "
        f"use the same, and commit {directory}/.terraform.lock.hcl, or make a new plan"
    )
    return Fault(kind=Kind.UNFIT, words=words)


def _unsaved(_text: str, directory: str) -> Fault:
    words = (
        f"the state could not be saved and is in {directory}/errored.tfstate; before anything "
        f"else: terraform -chdir={directory} state push errored.tfstate"
    )
    return Fault(kind=Kind.OTHER, words=words)


_OTHER_TOOLS = (
    "Failed to read plan from plan file|Inconsistent dependency lock file"
    "|Backend initialization required"
)

_TOLD: tuple[tuple[str, Callable[[str, str], Fault]], ...] = (
    ("Error acquiring the state lock", _locked),
    ("Saved plan is stale|Saved plan does not match the given state", _stale),
    (_OTHER_TOOLS, _unfit),
    (r"Failed to (save|persist) state|errored\.tfstate", _unsaved),
)
