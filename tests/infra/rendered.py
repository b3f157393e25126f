"""What `terraform test` says of a module under a provider out of thin air, and how to read it."""

import json
import re
from collections.abc import Iterator
from typing import Any

Event = dict[str, Any]
Statement = dict[str, Any]

GRANTS = ("aws_iam_role_policy", "aws_iam_policy")
"""Types of resources whose `policy` grants somebody something."""

READING = re.compile(r"^\w+:(Describe|Get|List)[A-Za-z]*$")


def resources(events: list[Event]) -> Iterator[dict[str, Any]]:
    """Every managed resource of every applied run."""
    for event in events:
        if event["type"] == "test_state":
            yield from event["test_state"]["root_module"]["resources"]


def statements(events: list[Event], attribute: str, *types: str) -> Iterator[Statement]:
    """Every statement of the policies in one attribute of some types of resource."""
    for resource in resources(events):
        if resource["type"] in types and resource["values"].get(attribute):
            yield from json.loads(resource["values"][attribute])["Statement"]


def grants(events: list[Event]) -> dict[str, list[Statement]]:
    """The statements of the policies that grant something, by their Sid; one for each run."""
    found: dict[str, list[Statement]] = {}
    for statement in statements(events, "policy", *GRANTS):
        found.setdefault(statement.get("Sid", ""), []).append(statement)
    return found


def granting(events: list[Event], action: str) -> list[Statement]:
    """The statements that name that action."""
    found = statements(events, "policy", *GRANTS)
    return [statement for statement in found if action in listed(statement["Action"])]


def listed(value: str | list[str]) -> list[str]:
    """What may stand alone or in a list, in a list."""
    return [value] if isinstance(value, str) else value
