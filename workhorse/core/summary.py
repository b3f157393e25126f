"""A plan's changes as lines for a terminal and as one message for a chat."""

from collections.abc import Iterator
from dataclasses import dataclass

from workhorse.core.changes import Change, Changes, Verb

MESSAGE_LIMIT = 1500
"""Characters of a message: short of what chats take (Discord 2000), with room for their own."""

ADDRESSES_KEPT = 10
"""Drifted addresses told; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line for people."""

    text: str
    loud: bool = False
    """To be red where there is colour: something is destroyed."""


def lines(changes: Changes) -> tuple[Line, ...]:
    """All of it, what destroys first."""
    return (*_counted(changes), *_resources(changes), *_others(changes))


def message(changes: Changes, ask: tuple[str, ...], limit: int = MESSAGE_LIMIT) -> str:
    """What a chat is told: the counts, as many lines as fit, and what is asked, which always fits.

    What destroys comes first, and lines that do not fit are counted.
    """
    head = [line.text for line in _counted(changes)]
    body = [line.text for line in (*_resources(changes, brief=True), *_others(changes))]
    texts = (_joined(head, body, kept, ask) for kept in range(len(body), 0, -1))
    return next((text for text in texts if len(text) <= limit), _joined(head, body, 0, ask))


def _joined(head: list[str], body: list[str], kept: int, ask: tuple[str, ...]) -> str:
    cut = [f"... and {len(body) - kept} more lines"] if kept < len(body) else []
    return "\n".join([*head, *body[:kept], *cut, *ask])


def _counted(changes: Changes) -> Iterator[Line]:
    ends = changes.of(Verb.DESTROY, Verb.REPLACE)
    yield Line(text=changes.counted(), loud=bool(ends))
    lost = [each for each in ends if each.loses]
    if lost:
        yield Line(text=f"DANGER: {len(lost)} of these lose what no apply brings back", loud=True)


def _resources(changes: Changes, *, brief: bool = False) -> Iterator[Line]:
    for verb in Verb:
        found = changes.of(verb)
        loud = verb in {Verb.DESTROY, Verb.REPLACE}
        if found:
            yield Line(text=f"{verb.upper() if loud else verb} ({len(found)})", loud=loud)
        for each in found:
            yield from _resource(each, loud=loud, brief=brief)


def _resource(change: Change, *, loud: bool, brief: bool) -> Iterator[Line]:
    was = f" (was {change.was})" if change.was else ""
    why = f": {change.why}" if change.why else ""
    yield Line(text=f"  {change.address}{was}{why}", loud=loud)
    if change.loses:
        yield Line(text=f"    LOSES {change.loses}", loud=True)
    if brief and not loud:
        return
    forced = "forced by " if change.verb is Verb.REPLACE else ""
    for attribute in change.attributes:
        yield Line(text=f"    {forced}{attribute}", loud=loud)
    if change.more:
        yield Line(text=f"    and {change.more} more attributes", loud=loud)


def _others(changes: Changes) -> Iterator[Line]:
    if changes.outputs:
        yield Line(text=f"outputs that change: {', '.join(changes.outputs)}")
    if changes.drifted:
        yield Line(text=f"changed by others since the last apply ({len(changes.drifted)})")
        for address in changes.drifted[:ADDRESSES_KEPT]:
            yield Line(text=f"  {address}")
        if len(changes.drifted) > ADDRESSES_KEPT:
            yield Line(text=f"  and {len(changes.drifted) - ADDRESSES_KEPT} more")
