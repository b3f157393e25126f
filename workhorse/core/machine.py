"""State machines as tables: (state, event) to (state, actions).

A table is data: it is stepped by the one interpreter here, drawn by `diagram`, and every pair that
at-least-once delivery can repeat is a row that ignores it by name.
A pair that is absent is our bug and raises `Misuse`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from workhorse.core.errors import Misuse

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)
Action = TypeVar("Action", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Row(Generic[State, Action]):
    """Where an event leads, what is done on the way, and why in a few words."""

    state: State
    actions: tuple[Action, ...]
    because: str


Table = Mapping[tuple[State, Event], Row[State, Action]]


def step(table: Table[State, Event, Action], state: State, event: Event) -> Row[State, Action]:
    """The row for `event` in `state`.

    Raises:
        Misuse: the table has no such row.
    """
    try:
        return table[state, event]
    except KeyError:
        raise Misuse(f"no row for event {event!r} in state {state!r}") from None


def diagram(table: Table[State, Event, Action]) -> str:
    """The table as a Mermaid state diagram; rows that change nothing are left out."""
    lines = ["stateDiagram-v2"]
    for (state, event), row in table.items():
        if row.state is state and not row.actions:
            continue
        done = f" / {', '.join(row.actions)}" if row.actions else ""
        lines.append(f"    {state} --> {row.state}: {event}{done}")
    return "\n".join(lines) + "\n"


def listing(table: Table[State, Event, Action]) -> str:
    """The whole table as Markdown, a row each, the ignored ones too."""
    lines = ["| state | event | next | actions | because |", "| --- | --- | --- | --- | --- |"]
    for (state, event), row in table.items():
        actions = ", ".join(row.actions) or "-"
        lines.append(f"| {state} | {event} | {row.state} | {actions} | {row.because} |")
    return "\n".join(lines) + "\n"
