"""What the roles may do, read off the rendered policies and held against what our code calls.

No emulator here enforces IAM: a statement that is missing would be found on AWS only, by a rollout
that stands still, and one too many by nobody.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pygohcl
import pytest

from tests.infra.rendered import (
    GRANTS,
    READING,
    Event,
    Statement,
    granting,
    grants,
    listed,
    statements,
)

# One worker for all of it where the runner deals by group: the runs are made once.
pytestmark = pytest.mark.xdist_group("mocked-modules")

ROOT = Path(__file__).parents[2]
of_the_controller = pytest.mark.parametrize("events", ["control-plane"], indirect=True)
of_the_builder = pytest.mark.parametrize("events", ["image-builder"], indirect=True)

# What the loops may change: what is tagged as their deployment's, and the pools that are named.

OF_OURS = ("aws:ResourceTag/workhorse:deployment", ["workhorse"])
"""The condition that tells what is the deployment's from what is anybody else's."""


@of_the_controller
def test_it_changes_only_the_groups_of_its_deployment(events: list[Event]) -> None:
    scaling = [
        s
        for s in statements(events, "policy", *GRANTS)
        for action in listed(s["Action"])
        if action.startswith("autoscaling:") and not READING.match(action)
    ]
    assert scaling
    for statement in scaling:
        assert OF_OURS in statement["Condition"]["StringEquals"].items()
        (groups,) = statement["Resource"]
        assert groups.endswith(":autoScalingGroup:*:autoScalingGroupName/workhorse-*")


def test_only_who_makes_a_pool_or_its_volumes_says_whose_it_is(events: list[Event]) -> None:
    """The controller goes by this tag: no policy of ours lets it be written on what is there."""
    for statement in statements(events, "policy", *GRANTS):
        for action in listed(statement["Action"]):
            assert not re.search("CreateOrUpdateTags|TagResource|TagQueue", action)
            if action == "ec2:CreateTags":
                conditions = statement["Condition"]
                keys = conditions.get("ForAllValues:StringEquals", {}).get("aws:TagKeys")
                made_now = "ec2:CreateAction" in conditions.get("StringEquals", {})
                images = all(re.search(":(image|snapshot)/", arn) for arn in statement["Resource"])
                assert made_now or images or (keys and "workhorse:deployment" not in keys)
    for module in ("agent-pool", "cache-volumes"):
        text = (ROOT / f"terraform/modules/{module}/main.tf").read_text()
        assert re.search(r'"workhorse:deployment" += var\.prefix', text), module


def called(*patterns: str) -> set[str]:
    """The AWS actions that adapters call, in the words of IAM."""
    text = "\n".join(
        path.read_text()
        for pattern in patterns
        for path in sorted((ROOT / "workhorse/adapters").glob(pattern))
    )
    calls = re.findall(r"clients\.(\w+)\.(?:get_paginator\(\s*\"(\w+)\"|(\w+)\()", text)
    return {
        f"{service}:{''.join(word.title() for word in (page or method).split('_'))}"
        for service, page, method in calls
        if method != "get_paginator"
    }


CALLED_BY_THE_LOOPS = ("aws*.py", "rollout_store.py")
"""Adapters of which the loops use all; of the image store they use two calls, named below."""

IN_OUR_NAME = {
    "kms:Decrypt",  # SQS, for encrypted messages
    "ssm:GetParameter",  # `adapters/secrets.py`
    "secretsmanager:GetSecretValue",  # the same
    "ssm:DeleteParameters",  # `SsmImages.promote` and `condemn`
    "ec2:CreateTags",  # `SsmImages.condemn`, and RunInstances for the tags of a canary
    "ec2:CreateFleet",  # LaunchInstances
    "iam:PassRole",  # RunInstances, for the agents' profile
    "s3:GetObject",  # `adapters/late_places.py`
    "s3:ListBucket",  # the same: without it S3 does not say that nothing is there
    "logs:CreateLogStream",
    "logs:PutLogEvents",  # whatever ships the log of the process
}

WITH_A_KEY_OF_ONES_OWN = {
    "kms:CreateGrant",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}


@of_the_controller
def test_it_may_call_what_the_loops_call_and_nothing_else(events: list[Event]) -> None:
    granted = {
        action for s in statements(events, "policy", *GRANTS) for action in listed(s["Action"])
    }
    assert len(called(*CALLED_BY_THE_LOOPS)) > 18
    assert granted == called(*CALLED_BY_THE_LOOPS) | IN_OUR_NAME | WITH_A_KEY_OF_ONES_OWN


@of_the_controller
def test_it_launches_from_the_templates_of_its_deployment_only(events: list[Event]) -> None:
    """All that a launch makes needs a template, and a template the tag."""
    templates = ["arn:aws:ec2:eu-west-1:123456789012:launch-template/*"]
    found = granting(events, "ec2:RunInstances")
    assert found
    for statement in found:
        assert listed(statement["Action"]) == ["ec2:RunInstances"]
        if statement["Resource"] == templates:
            assert statement["Condition"] == {"StringEquals": dict([OF_OURS])}
        else:
            assert not [arn for arn in statement["Resource"] if ":launch-template/" in arn]
            assert statement["Condition"]["ArnLike"]["ec2:LaunchTemplate"] == templates


@of_the_controller
def test_a_launch_in_a_zone_may_use_all_that_a_fleet_is_made_of(events: list[Event]) -> None:
    """CreateFleet needs fleet and instance; what else it touches is asked for as well."""
    (found,) = {tuple(statement["Resource"]) for statement in grants(events)["AsFleets"]}
    parts = [arn.split(":")[5].partition("/") for arn in found]
    assert {kind for kind, _, _ in parts} == {"fleet", "image", "instance", "subnet", "volume"}
    narrow = [name for kind, _, name in parts if kind == "subnet"]
    assert narrow
    assert "*" not in narrow
    for statement in grants(events)["FleetsFromTemplates"]:
        assert statement["Condition"] == {"StringEquals": dict([OF_OURS])}


@of_the_controller
def test_in_china_ec2_is_called_by_its_name_there(events: list[Event]) -> None:
    for statement in grants(events)["PassAgentRoles"]:
        services = statement["Condition"]["StringEquals"]["iam:PassedToService"]
        assert services == ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]
    for statement in grants(events)["EncryptCanaries"]:
        services = statement["Condition"]["StringEquals"]["kms:ViaService"]
        assert services == ["ec2.eu-west-1.amazonaws.com", "ec2.eu-west-1.amazonaws.com.cn"]


@of_the_controller
def test_an_image_that_the_template_does_not_name_cannot_be_launched(events: list[Event]) -> None:
    for statement in statements(events, "policy", *GRANTS):
        names_images = any("image/" in arn for arn in listed(statement["Resource"]))
        if names_images and "ec2:RunInstances" in listed(statement["Action"]):
            assert statement["Condition"]["Bool"] == {"ec2:IsLaunchTemplateResource": "true"}


@of_the_controller
def test_canaries_go_where_agents_go(events: list[Event]) -> None:
    for statement in grants(events)["LaunchFromTemplates"]:
        networks = [arn for arn in statement["Resource"] if re.search("subnet|security-group", arn)]
        assert len(networks) == 4
        assert not [arn for arn in networks if "*" in arn]


@of_the_controller
def test_only_canaries_of_its_pools_can_be_terminated_past_auto_scaling(
    events: list[Event],
) -> None:
    """The tags are the adapter's own, and agents never carry them."""
    adapter = (ROOT / "workhorse/adapters/aws_canary.py").read_text()
    for statement in grants(events)["EndCanaries"]:
        condition = statement["Condition"]
        assert condition["Null"] == {"aws:ResourceTag/workhorse:canary": "false"}
        (groups,) = condition["StringEquals"].values()
        assert groups == ["workhorse-gpu", "workhorse-linux"]
        keys = {key.partition("/")[2] for one in condition.values() for key in one}
        assert all(f'"{key}"' in adapter for key in keys)
    pool = pygohcl.loads((ROOT / "terraform/modules/agent-pool/variables.tf").read_text())
    (rule,) = (pool["variable"]["tags"]["validation"],)
    assert '"workhorse:"' in (rule if isinstance(rule, dict) else rule[0])["condition"]


@of_the_controller
def test_tags_are_given_at_launch_to_images_of_its_pools_or_to_its_volumes(
    events: list[Event],
) -> None:
    found = granting(events, "ec2:CreateTags")
    assert found
    for statement in found:
        (equal,) = statement["Condition"]["StringEquals"].items()
        assert equal in (
            ("ec2:CreateAction", "RunInstances"),
            ("aws:ResourceTag/workhorse:pool", ["gpu", "linux"]),
            OF_OURS,
        )


@of_the_controller
def test_parameters_of_other_pools_are_out_of_reach(events: list[Event]) -> None:
    for statement in statements(events, "policy", *GRANTS):
        if any(action.startswith("ssm:Put") for action in listed(statement["Action"])):
            for arn in statement["Resource"]:
                assert re.search(r"/workhorse/pools/(gpu|linux)/(rollout|images)/\*$", arn)


# What whoever runs Packer may do.

BY_TAG_OR_NAME = re.compile(r"(packer_\*|sg-1|subnet-\w+|workhorse-bake|key/1)$")
"""Resources that need no condition: each names one thing, or what Packer alone names so."""


def open_to_all(events: list[Event]) -> Iterator[tuple[Statement, str]]:
    """Every statement that changes something, with each resource that names no single thing."""
    for statement in statements(events, "policy", *GRANTS):
        if all(READING.match(action) for action in listed(statement["Action"])):
            continue
        for arn in listed(statement["Resource"]):
            if not BY_TAG_OR_NAME.search(arn):
                yield statement, arn


MADE_BY_THE_CALL = {
    "LaunchHere": ("network-interface",),
    "MakeImages": ("image", "snapshot"),
    "FleetOfOne": ("fleet", "image", "instance", "launch-template", "subnet", "volume"),
    "KeepCandidates": ("parameter",),
}
"""Statement -> kinds of resource that need no condition: the call makes them, or they are ours."""


@of_the_builder
def test_whoever_bakes_touches_only_what_a_bake_made(events: list[Event]) -> None:
    found = list(open_to_all(events))
    assert len(found) > 10
    for statement, arn in found:
        kind = arn.split(":")[5].partition("/")[0]
        if kind not in MADE_BY_THE_CALL.get(statement["Sid"], ()):
            assert statement["Condition"], (statement["Sid"], arn)


@of_the_builder
def test_no_disk_of_somebody_else_can_be_read_through_a_machine_that_is_baked(
    events: list[Event],
) -> None:
    """A launch may name any snapshot as a disk: only those of the sources' owners are granted."""
    found = [
        statement
        for statement in granting(events, "ec2:RunInstances")
        if any("snapshot/" in arn for arn in listed(statement["Resource"]))
    ]
    assert found
    for statement in found:
        owners = statement["Condition"]["StringEquals"]["ec2:Owner"]
        assert owners == ["136693071363", "099720109477"]


@of_the_builder
def test_all_that_packer_tags_at_launch_may_be_tagged(events: list[Event]) -> None:
    """Plugin 1.8.2 tags the network interface too, which the one that can be run here does not.

    https://github.com/hashicorp/packer-plugin-amazon/blob/v1.8.2/builder/common/step_run_source_instance.go
    """
    for statement in grants(events)["TagAtLaunch"]:
        kinds = {arn.split(":")[5].partition("/")[0] for arn in statement["Resource"]}
        assert kinds == {"instance", "volume", "network-interface", "key-pair"}
    # What a fleet launched carries the tags of its template, and is tagged again by itself.
    for statement in grants(events)["TagTheMachineAgain"]:
        assert statement["Condition"]["Null"] == {"aws:ResourceTag/workhorse:bake": "false"}


@of_the_builder
def test_no_tag_makes_what_is_anothers_our_own(events: list[Event]) -> None:
    """Tags are what the other statements go by: one pool's image cannot be claimed for another."""
    for statement in grants(events)["TagImages"]:
        assert statement["Condition"]["Null"] == {"aws:ResourceTag/workhorse:pool": "true"}
    for statement in grants(events)["TagImagesAgain"]:
        renamed = statement["Condition"]["StringEqualsIfExists"]["aws:RequestTag/workhorse:pool"]
        assert renamed == ["linux", "gpu"]
    for statement in grants(events)["TagAtLaunch"]:
        keys = statement["Condition"]["ForAllValues:StringEquals"]["aws:TagKeys"]
        assert set(keys) == {"Name", "workhorse:bake", "workhorse:pool", "workhorse:commit"}


@of_the_builder
def test_a_bake_on_the_spot_market_cannot_take_the_agents_templates_away(
    events: list[Event],
) -> None:
    """The tag is the one that `modules/agent-pool` gives to all that is a pool's."""
    of_templates = [
        (action, statement.get("Condition"))
        for statement in statements(events, "policy", *GRANTS)
        for action in listed(statement["Action"])
        if any("launch-template/" in arn for arn in listed(statement["Resource"]))
    ]
    assert sorted(of_templates, key=str) == [
        ("ec2:CreateFleet", None),
        ("ec2:CreateLaunchTemplate", None),
        ("ec2:DeleteLaunchTemplate", {"Null": {"aws:ResourceTag/workhorse:pool": "true"}}),
        ("ec2:RunInstances", {"Null": {"aws:ResourceTag/workhorse:pool": "true"}}),
    ]
    assert '"workhorse:pool"  ' in (ROOT / "terraform/modules/agent-pool/main.tf").read_text()


@of_the_builder
def test_a_bake_on_the_spot_market_may_use_all_that_its_fleet_is_made_of(
    events: list[Event],
) -> None:
    granted = {
        arn.split(":")[5].partition("/")[0]
        for statement in statements(events, "policy", *GRANTS)
        if "ec2:CreateFleet" in listed(statement["Action"])
        for arn in listed(statement["Resource"])
    }
    assert granted == {"fleet", "image", "instance", "launch-template", "subnet", "volume"}


@of_the_builder
def test_the_tags_in_the_conditions_are_those_that_packer_gives(events: list[Event]) -> None:
    template = (ROOT / "packer/agent.pkr.hcl").read_text()
    keys = set(re.findall(r"aws:(?:Resource|Request)Tag/([\w:-]+)", json.dumps(events)))
    assert keys == {"workhorse:bake", "workhorse:pool"}
    assert all(f'"{key}"' in template for key in keys)


@of_the_builder
def test_the_machine_that_is_baked_has_no_policy_of_ours(events: list[Event]) -> None:
    assert not list(statements(events, "policy", "aws_iam_role_policy"))


@of_the_builder
def test_whoever_bakes_may_share_nothing_and_change_no_network(events: list[Event]) -> None:
    granted = {a for s in statements(events, "policy", *GRANTS) for a in listed(s["Action"])}
    assert len(granted) > 25
    assert not {a for a in granted if re.search("Snapshot(Attribute)|SecurityGroupI", a)}
    modifying = [
        statement
        for statement in statements(events, "policy", *GRANTS)
        if "ec2:ModifyImageAttribute" in listed(statement["Action"])
    ]
    assert modifying
    for statement in modifying:
        # One call changes one attribute: who may launch the image is another.
        (key,) = statement["Condition"]["Null"]
        assert statement["Condition"]["Null"][key] == "false"
        assert key in {"ec2:Attribute/Description", "ec2:Attribute/ImdsSupport"}
        if key.endswith("Description"):  # of an image that has no tag yet, and of no other pool's
            assert list(statement["Condition"]) == ["Null", "StringEqualsIfExists"]


def test_what_a_bake_needs_is_told_by_the_names_of_the_templates_variables() -> None:
    """The output is a variables file for packer/ as it stands."""
    text = (ROOT / "terraform/modules/image-builder/outputs.tf").read_text()
    told = pygohcl.loads(text)["output"]["bake"]["value"]
    assert set(told) == {"subnet_id", "security_group_id", "iam_instance_profile", "kms_key_id"}
    variables = (ROOT / "packer/variables.pkr.hcl").read_text()
    assert all(f'variable "{name}"' in variables for name in told)
