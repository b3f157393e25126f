"""What people and pipelines may do: what their commands call, and nothing else.

The policies are read off the source, for they are outputs and no resources: what they come to is
the matter of the module's own test.
"""

import re
from pathlib import Path
from typing import Any

import pygohcl
import pytest

ROOT = Path(__file__).parents[2]
ADAPTERS = ROOT / "workhorse/adapters"
PEOPLE = pygohcl.loads((ROOT / "terraform/modules/control-plane/people.tf").read_text())["locals"]
POLICIES = PEOPLE["people"]

READ_ONLY = re.compile(r"^\w+:(Describe|Get|List)[A-Za-z]*$")
OF_EVERYBODY = {"ssm:GetParameter"}  # `adapters/secrets.py`, for the policies of pools
AT_THE_DESK = {
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeLifecycleHooks",  # `AwsCloud.groups`
    "ec2:DescribeInstances",  # the same
    "ec2:DescribeLaunchTemplateVersions",  # `AwsLauncher.template_versions`
    "ec2:DescribeImages",  # `SsmImages.images`, for what a rollout condemned
}
OF_BAKES_AND_CONTROLLERS = {"ec2:CreateTags"}  # `SsmImages.tag` and `condemn`


def called(*modules: str) -> set[str]:
    """The AWS actions that adapters call, in the words of IAM."""
    text = "\n".join((ADAPTERS / f"{module}.py").read_text() for module in modules)
    found = re.findall(r"clients\.(\w+)\.(?:get_paginator\(\s*\"(\w+)\"|(\w+)\()", text)
    return {
        f"{service}:{''.join(word.title() for word in (page or method).split('_'))}"
        for service, page, method in found
    }


def granted(whose: str) -> set[str]:
    statements = [*POLICIES[whose].values(), *PEOPLE["of_everybody"].values()]
    return {action for statement in statements for action in statement["Action"]}


def test_who_orders_rollouts_may_call_what_the_desk_calls_and_nothing_else() -> None:
    assert len(called("rollout_store")) == 3
    assert granted("rollouts") == called("rollout_store") | AT_THE_DESK | OF_EVERYBODY


def test_who_keeps_images_may_call_what_the_store_calls_and_nothing_else() -> None:
    calls = called("image_store", "image_uses", "aws_instances")
    assert len(calls) > 10
    assert granted("images") == calls - OF_BAKES_AND_CONTROLLERS | OF_EVERYBODY


@pytest.mark.parametrize("whose", sorted(POLICIES))
def test_people_change_what_is_named_or_tagged_as_a_pools(whose: str) -> None:
    changing: list[dict[str, Any]] = [
        statement
        for statement in POLICIES[whose].values()
        if not all(READ_ONLY.match(action) for action in statement["Action"])
    ]
    assert changing
    for statement in changing:
        assert statement["Resource"] != "*"
        assert "Condition" in statement or "${local.store}/${name}/" in str(statement["Resource"])
