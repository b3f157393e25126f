"""The provider-free module `policy`: its rules, and that Python reads what it writes."""

import dataclasses
import json
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from workhorse.core.model import Policy

POOL = {"name": "linux", "labels": ["linux", "docker"], "ceiling": 20}


@pytest.fixture
def emitted(tree: Path, rooted: Callable[..., Any]) -> dict[str, Any]:
    """What the module says about `POOL`."""
    terraform = rooted(tree / "modules/policy", variables={"pool": POOL})
    terraform.init()
    terraform.apply(terraform.plan(tree / "policy.tfplan"))
    answer: dict[str, Any] = json.loads(terraform.output()["json"])
    return answer


def test_every_rule_of_the_module_holds(
    tree: Path, rooted: Callable[..., Any], mocked_runs: Callable[[Path], list[dict[str, Any]]]
) -> None:
    rooted(tree / "modules/policy").init()
    summary = mocked_runs(tree / "modules/policy")[-1]["test_summary"]
    assert summary["status"] == "pass", summary
    assert summary["passed"] >= 19


def test_the_module_and_the_dataclass_have_the_same_keys(emitted: dict[str, Any]) -> None:
    assert set(emitted) == {field.name for field in dataclasses.fields(Policy)}


def test_the_module_and_the_dataclass_have_the_same_defaults(emitted: dict[str, Any]) -> None:
    defaults = {
        field.name: field.default.value if isinstance(field.default, Enum) else field.default
        for field in dataclasses.fields(Policy)
        if field.default is not dataclasses.MISSING
    }
    assert {key: value for key, value in emitted.items() if key not in POOL} == defaults


def test_the_output_is_the_same_as_object_and_as_json(
    tree: Path, rooted: Callable[..., Any], emitted: dict[str, Any]
) -> None:
    assert rooted(tree / "modules/policy").output()["policy"] == emitted
