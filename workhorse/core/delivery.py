"""Which plan may be applied: digests, approvals, and that a plan is used once.

A delivery is one saved plan with what became of it, told by records that are only ever added.
Its digest is the sha256 of the plan's file, so an approval is of that file and of no other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workhorse.core.errors import Refusal
from workhorse.core.word import Word

DIGEST_LENGTH = 64
"""Hexadecimal digits of a sha256."""

SHORT = 12
"""Digits of a digest as it is shown."""

LEAST = 6
"""The fewest digits by which a plan may be named."""

NAME_LENGTH = 100

HOUR = 3600.0

AGAIN = "make a new plan, which shows what is left to do"


class Told(Word):
    """What a record tells of a delivery."""

    PLANNED = "planned"
    APPROVED = "approved"
    BEGUN = "begun"
    """Its apply is about to start: from here on it is used."""
    POSTPONED = "postponed"
    """Its apply ended before it changed anything: it is as good as before."""
    APPLIED = "applied"
    FAILED = "failed"
    STALE = "stale"
    """Terraform refused it since the state is a later one; nothing was changed."""
    DISCARDED = "discarded"
    """Its file was thrown away unused."""


class Standing(Word):
    """Where a delivery stands."""

    WAITING = "waits for approval"
    APPROVED = "approved"
    RUNNING = "is being applied"
    CUT_SHORT = "cut short"
    APPLIED = "applied"
    FAILED = "failed"
    STALE = "stale"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an approval is worth; the settings' section `delivery`."""

    approvals: int = 1
    four_eyes: bool = False
    approval_seconds: float = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Who did something, when (seconds since the epoch), from where."""

    by: str
    at: float
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One saved plan and what became of it."""

    digest: str
    directory: str
    """The root module's folder, as the settings named it."""
    planned: Happening
    approvals: tuple[Happening, ...] = ()
    begun: Happening | None = None
    """The apply that used it, or tried to."""
    ended: Told | None = None
    """APPLIED, FAILED, STALE or DISCARDED; None while it is not used, or was cut short."""
    done: tuple[str, ...] = ()
    """The steps that its apply had made when it ended, as `created ADDRESS`."""


def delivery(digest: str, records: Iterable[Mapping[str, Any]]) -> Delivery | None:
    """What the records of one plan tell, oldest first; None without the one of its planning.

    Records of another digest, which somebody laid there, do not count.
    """
    made: Delivery | None = None
    for record in records:
        if record.get("digest") != digest:
            continue
        happening = Happening(by=record["by"], at=record["at"], where=record["where"])
        if made is None and record["kind"] == Told.PLANNED:
            made = Delivery(digest=digest, directory=record["directory"], planned=happening)
        elif made is not None:
            made = _after(made, Told(record["kind"]), happening, record)
    return made


def _after(made: Delivery, kind: Told, by: Happening, record: Mapping[str, Any]) -> Delivery:
    match kind:
        case Told.APPROVED:
            return replace(made, approvals=(*made.approvals, by))
        case Told.BEGUN:
            return replace(made, begun=by)
        case Told.POSTPONED:
            return replace(made, begun=None)
        case Told.APPLIED | Told.FAILED | Told.STALE | Told.DISCARDED:
            return replace(made, ended=kind, done=tuple(record.get("done", ())))
        case Told.PLANNED:
            return made


def resolved(given: str, digests: Iterable[str]) -> str:
    """The one digest that begins with what was given.

    Raises:
        Refusal: what was given is no beginning of a digest, of none, or of several.
    """
    text = given.strip().lower().removeprefix("sha256:")
    if not LEAST <= len(text) <= DIGEST_LENGTH or set(text) - set("0123456789abcdef"):
        rule = f"must be {LEAST} to {DIGEST_LENGTH} hexadecimal digits"
        raise Refusal(f"digest {given!r}: {rule}, as `plan` printed them")
    found = sorted(digest for digest in digests if digest.startswith(text))
    if not found:
        raise Refusal(f"digest {text}: no plan has it here; plans stay on the machine they were")
    if len(found) > 1:
        several = ", ".join(each[: len(text) + LEAST] for each in found)
        raise Refusal(f"digest {text}: begins {len(found)} plans: {several}")
    return found[0]


def person(name: str, *, option: str) -> str:
    """A name as it is recorded.

    Raises:
        Refusal: it is empty, long, or more than a line.
    """
    text = " ".join(name.split())
    if not text or len(text) > NAME_LENGTH or not text.isprintable():
        raise Refusal(f"{option}: {name[:NAME_LENGTH]!r}: must be 1 to {NAME_LENGTH} characters")
    return text


def used(delivery: Delivery, *, running: bool) -> str | None:
    """Why the plan can be neither approved nor applied any more; None while it can.

    Args:
        delivery: of the plan.
        running: whether an apply runs here right now.
    """
    begun = delivery.begun
    how = f"by {begun.by}, from {begun.where}" if begun else ""
    return {
        Standing.APPLIED: f"was applied already {how}; a plan is used once",
        Standing.FAILED: f"was tried already {how}, and failed half way; {AGAIN}",
        Standing.STALE: f"was found stale {how}: the state is a later one; {AGAIN}",
        Standing.DISCARDED: f"was thrown away unused; {AGAIN}",
        Standing.RUNNING: f"is being applied {how}",
        Standing.CUT_SHORT: f"was begun {how}, and cut short: part of it may be done; {AGAIN}",
    }.get(standing(delivery, Rules(), delivery.planned.at, running=running))


def standing(delivery: Delivery, rules: Rules, now: float, *, running: bool) -> Standing:
    """Where a delivery stands at `now`; `running` is whether an apply runs here right now."""
    if delivery.ended is not None:
        return Standing(delivery.ended.value)
    if delivery.begun:
        return Standing.RUNNING if running else Standing.CUT_SHORT
    return Standing.WAITING if lacking(delivery, rules, now) else Standing.APPROVED


def lacking(delivery: Delivery, rules: Rules, now: float) -> str | None:
    """What the plan's approvals lack, in words; None when they are enough."""
    ever = _people(delivery.approvals)
    valid = _people([a for a in delivery.approvals if now - a.at <= rules.approval_seconds])
    hours = f"{rules.approval_seconds / HOUR:g} h"
    if len(valid) < rules.approvals:
        if len(ever) >= rules.approvals:
            return f"its approval has expired: an approval holds {hours}"
        if not ever:
            return f"nobody has approved it, and {_several(rules.approvals)} must"
        names = ", ".join(sorted(valid)) or "nobody"
        return f"approved by {names}, and {_several(rules.approvals)} must within {hours}"
    if rules.four_eyes and valid == {_same(delivery.planned.by)}:
        return f"approved by {delivery.planned.by}, its author, alone: somebody else must, too"
    return None


def _several(count: int) -> str:
    return "one person" if count == 1 else f"{count} people"


def _people(approvals: Sequence[Happening]) -> set[str]:
    return {_same(approval.by) for approval in approvals}


def _same(name: str) -> str:
    """The same for names that differ in case only, as on most systems that tell us one."""
    return name.casefold()
