"""The words of the facts: enums whose members are strings."""

from enum import StrEnum


class Word(StrEnum):
    """A string enum that is hashed as the string it is, in C; an enum's own hash is Python.

    States and events are looked up in tables and sets some hundred times in a tick.
    """

    __hash__ = str.__hash__
