"""Reads the AlarmRule of a composite alarm and says what its state is: pure.

Syntax: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workhorse.local.aws.alarms_state import State


class RuleError(ValueError):
    """The rule cannot be read, or names an alarm that is not there."""


States = Mapping[str, State]
"""The state of every alarm, by name."""

Test = Callable[[States], bool]
"""A rule, ready to be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeRule:
    """A rule that was read: `test` tells whether it holds, `children` whom it asks."""

    test: Test
    children: frozenset[str]

    def state(self, states: States) -> State:
        """ALARM when the rule holds, else OK; raises RuleError when a child is not there."""
        return State.ALARM if self.test(states) else State.OK


_TOKEN = re.compile(
    r"\s*(?:(?P<word>[A-Z_]+)(?=[\s()]|$)|(?P<name>\"[^\"]+\"|'[^']+'|[^\s()\"']+)|(?P<sign>[()]))"
)


class _Reader:
    """Recursive descent; NOT binds before AND, AND before OR."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._split(text)
        self.children: set[str] = set()

    @staticmethod
    def _split(text: str) -> list[str]:
        found: list[str] = []
        place = 0
        end = len(text.rstrip())
        while place < end:
            token = _TOKEN.match(text, place)
            if token is None:
                raise RuleError(f"AlarmRule cannot be read at {text[place:]!r}")
            found.append(token.group().strip())
            place = token.end()
        return found

    def take(self, expected: str | None = None) -> str:
        found = self.tokens.pop(0) if self.tokens else ""
        if not found or (expected is not None and found != expected):
            raise RuleError(f"AlarmRule {self.text!r} needs {expected or 'more'}, not {found!r}")
        return found

    def either(self) -> Test:
        tests = [self.both()]
        while self.tokens[:1] == ["OR"]:
            self.take()
            tests.append(self.both())
        return lambda states: any(test(states) for test in tests)

    def both(self) -> Test:
        tests = [self.single()]
        while self.tokens[:1] == ["AND"]:
            self.take()
            tests.append(self.single())
        return lambda states: all(test(states) for test in tests)

    def single(self) -> Test:
        word = self.take()
        if word == "NOT":
            inner = self.single()
            return lambda states: not inner(states)
        if word == "(":
            inner = self.either()
            self.take(")")
            return inner
        if word in ("TRUE", "FALSE"):
            return lambda _states: word == "TRUE"
        if word in State.__members__:
            return self.child(State(word))
        raise RuleError(f"AlarmRule {self.text!r} has {word!r} where a condition belongs")

    def child(self, wanted: State) -> Test:
        self.take("(")
        name = self.take().strip("\"'").partition(":alarm:")
        self.take(")")
        child = name[2] or name[0]
        self.children.add(child)

        def test(states: States) -> bool:
            if child not in states:
                raise RuleError(f"AlarmRule names the alarm {child!r}, which is not there")
            return states[child] is wanted

        return test


def read(text: str) -> CompositeRule:
    """The rule in a text such as `ALARM("a") AND NOT OK(b)`; raises RuleError."""
    reader = _Reader(text)
    test = reader.either()
    if reader.tokens:
        raise RuleError(f"AlarmRule {text!r} goes on with {reader.tokens[0]!r} after its end")
    return CompositeRule(test=test, children=frozenset(reader.children))
