"""The rules of composite alarms.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

import pytest

from workhorse.local.aws.alarms_rule import RuleError, read
from workhorse.local.aws.alarms_state import State

STATES = {"up": State.ALARM, "down": State.OK, "new one": State.INSUFFICIENT_DATA}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("ALARM(up)", True),
        ('ALARM("up")', True),
        ("OK(up)", False),
        ("INSUFFICIENT_DATA('new one')", True),
        ("NOT OK(down)", False),
        ("ALARM(up) AND OK(down)", True),
        ("ALARM(down) OR OK(down) AND ALARM(up)", True),
        ("(ALARM(down) OR OK(down)) AND NOT ALARM(up)", False),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:up)", True),
        ("TRUE", True),
        ("FALSE OR NOT (FALSE)", True),
    ],
)
def test_a_rule_holds_as_its_words_say(text: str, holds: bool) -> None:  # noqa: FBT001 (a column of the table)
    """NOT binds before AND, AND before OR; names may be quoted or an ARN."""
    assert read(text).state(STATES) is (State.ALARM if holds else State.OK)


def test_a_rule_tells_its_children() -> None:
    """All alarms that a rule asks, by name."""
    assert read('ALARM("new one") OR NOT OK(down)').children == {"new one", "down"}


@pytest.mark.parametrize("text", ["", "ALARM(up) AND", "ALARM up", "(ALARM(up)", "up", "TRUE TRUE"])
def test_a_broken_rule_is_refused(text: str) -> None:
    """What cannot be read is an error and not false."""
    with pytest.raises(RuleError):
        read(text)


def test_a_child_that_is_gone_is_an_error() -> None:
    """A rule cannot be answered without its child."""
    with pytest.raises(RuleError, match="other"):
        read("ALARM(other)").state(STATES)
