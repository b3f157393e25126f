"""The policies of many pools: that they fit into IAM, and that they reach nobody else's."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.infra.iam import Context, allowed
from tests.infra.rendered import Event, Statement
from workhorse.adapters.terraform import Terraform
from workhorse.adapters.toolchain import Toolchain

# One worker for all of it where the runner deals by group: the runs are made once.
pytestmark = pytest.mark.xdist_group("policy-sizes")

MODULES = Path(__file__).parents[2] / "terraform/modules"
INLINE, MANAGED = 10_240, 6_144
"""Characters of all inline policies of a role, and of a managed one; IAM counts no spaces.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

ATTACHED = 9
"""Of the ten policies that a role may have, one is its owner's."""

UUID = "00000000-0000-0000-0000-{:012d}"
LONGEST_STORE = "/" + "s" * 47
LONGEST_PREFIX = "p" * 16
LONGEST_LATE = "s3://" + "b" * 63 + "/" + "l" * 27
KEY = f"arn:aws:kms:eu-west-1:123456789012:key/{UUID.format(9)}"


def longest(number: int) -> str:
    """The name of a pool as long as it may be."""
    return f"pool-{number:027d}"


def of_pool(prefix: str, name: str, number: int, partition: str, region: str) -> dict[str, Any]:
    """What modules/agent-pool tells of a pool: its grants and its policy."""

    def arn(service: str, what: str, *, where: str = region) -> str:
        return f"arn:{partition}:{service}:{where}:123456789012:{what}"

    group = f"{prefix}-{name}"
    networks = [f"subnet/subnet-{zone:017x}" for zone in range(3)] + [f"security-group/sg-{1:017x}"]
    uuid = UUID.format(number)
    return {
        "policy_json": json.dumps({"name": name}),
        "deployment": prefix,
        "group_arn": arn("autoscaling", f"autoScalingGroup:{uuid}:autoScalingGroupName/{group}"),
        "queue_arn": arn("sqs", f"{group}-events"),
        "key_arn": arn("kms", f"key/{uuid}"),
        "template_arn": arn("ec2", f"launch-template/lt-{number:017x}"),
        "role_arn": arn("iam", f"role/{group}-agent", where=""),
        "network_arns": [arn("ec2", network) for network in networks],
    }


def fleet(
    count: int,
    prefix: str = "ci",
    named: Callable[[int], str] = "pool-{}".format,
    where: tuple[str, str] = ("aws", "eu-west-1"),
) -> dict[str, Any]:
    """The pools of a deployment by name."""
    return {named(one): of_pool(prefix, named(one), one, *where) for one in range(count)}


EVERYTHING: dict[str, Any] = {
    "store_prefix": "/ci",
    "secret_parameters": ["/ci/jenkins-token"],
    "secrets": ["ci/token"],
    "prefer_warm_zone": True,
    "volume_key_arns": [KEY],
    "late_location": "s3://late-configuration/ci",
}
GOV = ("aws-us-gov", "us-gov-west-1")
LONG = {"store_prefix": LONGEST_STORE, "late_location": LONGEST_LATE}

CONTROLLERS = {
    "one": EVERYTHING | {"name": "ci", "pools": fleet(1)},
    "thirty": EVERYTHING | {"name": "ci", "pools": fleet(30)},
    "most": EVERYTHING
    | LONG
    | {"name": LONGEST_PREFIX, "pools": fleet(63, LONGEST_PREFIX, longest, GOV)},
}
A_BAKE = {"subnet_id": "subnet-0123456789abcdef0", "spot": True, "kms_key_arn": KEY}
BUILDERS = {
    "thirty": A_BAKE | {"store_prefix": "/ci", "pools": [f"pool-{one}" for one in range(30)]},
    "most": A_BAKE
    | {"prefix": LONGEST_PREFIX, "store_prefix": LONGEST_STORE}
    | {"pools": [longest(one) for one in range(80)]},
}

Rendered = dict[str, dict[str, Any]]
"""Run -> policies: `inline`, `managed` and `outputs`, each name -> JSON."""


def in_gov(text: str) -> str:
    """The mocked provider, as it answers in the partition with the longest name."""
    return text.replace('partition = "aws"', 'partition = "aws-us-gov"').replace(
        "eu-west-1", GOV[1]
    )


def with_runs(folder: Path, runs: dict[str, dict[str, Any]]) -> None:
    """Put runs of ours in the place of the module's own, under the same mocked provider."""
    (own,) = (folder / "tests").glob("*.tftest.hcl")
    provider = own.read_text().split("\nvariables {")[0]
    own.unlink()
    for name, variables in runs.items():
        told = "\n".join(f"{key} = {json.dumps(value)}" for key, value in variables.items())
        answers = in_gov(provider) if "s" * 47 in told else provider
        run = f'run "{name}" {{\nvariables {{\n{told}\n}}\n}}\n'
        (folder / f"tests/{name}.tftest.hcl").write_text(f"{answers}\n{run}")


def policies(state: dict[str, Any]) -> dict[str, Any]:
    """The policies in the state of one run."""
    kinds = {"aws_iam_role_policy": "inline", "aws_iam_policy": "managed"}
    found: dict[str, Any] = {"inline": {}, "managed": {}}
    for resource in state["root_module"]["resources"]:
        if resource["type"] in kinds:
            held = found[kinds[resource["type"]]]
            held[resource["address"]] = resource["values"]["policy"]
    told = {name: output["value"] for name, output in state["outputs"].items()}
    return found | {"outputs": {name: told[name] for name in told if name.endswith("policy_json")}}


@pytest.fixture(scope="module")
def rendered(
    tmp_path_factory: pytest.TempPathFactory,
    toolchain: Toolchain,
    environ: dict[str, str],
    mocked_runs: Callable[[Path], list[Event]],
) -> Callable[[str, dict[str, dict[str, Any]]], Rendered]:
    """Render a module for some runs: `rendered("control-plane", CONTROLLERS)`."""

    def render(module: str, runs: dict[str, dict[str, Any]]) -> Rendered:
        folder = tmp_path_factory.mktemp("many") / module
        shutil.copytree(MODULES / module, folder)
        with_runs(folder, runs)
        Terraform(directory=folder, toolchain=toolchain, environ=environ).init()
        events = mocked_runs(folder)
        faults = [event["diagnostic"] for event in events if event["type"] == "diagnostic"]
        assert events[-1]["test_summary"]["status"] == "pass", faults
        return {
            event["@testrun"]: policies(event["test_state"])
            for event in events
            if event["type"] == "test_state"
        }

    return render


@pytest.fixture(scope="module")
def controllers(rendered: Callable[[str, dict[str, Any]], Rendered]) -> Rendered:
    """The controller's policies, and those of people."""
    return rendered("control-plane", CONTROLLERS)


def test_the_inline_policies_of_thirty_pools_are_those_of_one(controllers: Rendered) -> None:
    assert set(controllers) == set(CONTROLLERS)
    assert controllers["one"]["inline"] == controllers["thirty"]["inline"]
    assert len(controllers["one"]["inline"]) == 3


@pytest.mark.parametrize("run", CONTROLLERS)
def test_the_controllers_policies_fit_into_its_role(controllers: Rendered, run: str) -> None:
    """However long its names are, and with everything on; a quarter is left for secrets."""
    inline = sum(map(len, controllers[run]["inline"].values()))
    assert inline < 0.75 * INLINE
    managed = controllers[run]["managed"]
    assert 0 < len(managed) <= ATTACHED
    assert max(map(len, managed.values())) <= MANAGED


@pytest.mark.parametrize("run", ["one", "thirty"])
def test_peoples_policies_for_thirty_pools_fit_into_a_managed_one(
    controllers: Rendered, run: str
) -> None:
    outputs = controllers[run]["outputs"]
    assert set(outputs) == {"rollouts_policy_json", "images_policy_json", "late_policy_json"}
    assert max(map(len, outputs.values())) <= MANAGED


def test_the_policies_of_a_bake_fit_into_managed_ones(
    rendered: Callable[[str, dict[str, Any]], Rendered],
) -> None:
    for found in rendered("image-builder", BUILDERS).values():
        assert len(found["managed"]) <= ATTACHED
        assert max(map(len, found["managed"].values())) <= MANAGED


# Whose things the controller of `ci` reaches. Pools of others have the same names as its own, and
# one deployment begins as it does.

REGION = "arn:aws:{}:eu-west-1:123456789012:"


def tags(**told: str) -> dict[str, str | tuple[str, ...]]:
    """Tags of ours on the thing that a call is about: `tags(pool="linux")`."""
    return {f"aws:ResourceTag/workhorse:{key.replace('_', '-')}": told[key] for key in told}


def calls(prefix: str, pool: str, store: str = "/ci") -> list[tuple[str, str, Context]]:
    """What the loops call for one pool: action, resource, what the call brings for conditions."""
    told = of_pool(prefix, pool, 7, "aws", "eu-west-1")
    group = f"{prefix}-{pool}"
    ours = tags(deployment=prefix, pool=pool)
    ec2, parameters = REGION.format("ec2"), REGION.format("ssm") + f"parameter{store}/pools/{pool}"
    template = {"ec2:LaunchTemplate": told["template_arn"]}
    passed = {"iam:PassedToService": "ec2.amazonaws.com"}
    cache = tags(deployment=prefix, cache=pool)
    scaling = (
        "SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup", "CompleteLifecycleAction",
        "RecordLifecycleActionHeartbeat", "UpdateAutoScalingGroup", "StartInstanceRefresh",
        "CancelInstanceRefresh", "LaunchInstances",
    )  # fmt: skip
    return [
        *((f"autoscaling:{name}", told["group_arn"], ours) for name in scaling),
        ("sqs:ReceiveMessage", told["queue_arn"], ours),
        ("sqs:DeleteMessage", told["queue_arn"], ours),
        ("ec2:RunInstances", told["template_arn"], ours | template),
        ("ec2:CreateFleet", told["template_arn"], ours),
        ("iam:PassRole", told["role_arn"], passed),
        (
            "ec2:TerminateInstances",
            ec2 + "instance/i-1",
            tags(canary="r-1", pool_group=group) | ours,
        ),
        ("ec2:AttachVolume", ec2 + "instance/i-1", ours),
        ("ec2:AttachVolume", ec2 + "volume/vol-1", cache),
        ("ec2:DetachVolume", ec2 + "volume/vol-1", cache),
        ("ec2:CreateTags", ec2 + "volume/vol-1", cache | {"aws:TagKeys": ("workhorse:fill",)}),
        ("ssm:PutParameter", parameters + "/rollout/standing", {}),
        ("ssm:GetParameters", parameters + "/images/stable", {}),
    ]


@pytest.fixture(scope="module")
def granted(controllers: Rendered) -> list[Statement]:
    """All statements of the controller of thirty pools."""
    kinds = (controllers["thirty"][kind].values() for kind in ("inline", "managed"))
    return [one for held in kinds for text in held for one in json.loads(text)["Statement"]]


@pytest.mark.parametrize("pool", ["pool-0", "pool-6", "pool-7", "pool-29"])
def test_the_controller_may_do_its_work_for_every_pool(granted: list[Statement], pool: str) -> None:
    refused = [call for call in calls("ci", pool) if not allowed(granted, *call)]
    assert not refused


@pytest.mark.parametrize("prefix", ["ci-test", "c", "other"])
def test_nothing_of_another_deployment_is_within_its_reach(
    granted: list[Statement], prefix: str
) -> None:
    """Not even where the other one has pools of the same names; a store is told apart by pools."""
    reached = [call for call in calls(prefix, "pool-7", store="/other") if allowed(granted, *call)]
    assert not reached
    of_shared_store = [call for call in calls(prefix, "theirs") if allowed(granted, *call)]
    assert not of_shared_store


def test_names_that_only_look_alike_are_not_enough(granted: list[Statement]) -> None:
    """A group by the name of ours without the tag, a tag of ours on a group by another name."""
    action = "autoscaling:SetDesiredCapacity"
    ours = of_pool("ci", "pool-7", 7, "aws", "eu-west-1")["group_arn"]
    theirs = of_pool("other", "pool-7", 7, "aws", "eu-west-1")["group_arn"]
    assert allowed(granted, action, ours, tags(deployment="ci"))
    assert not allowed(granted, action, ours, tags(pool="pool-7"))
    assert not allowed(granted, action, theirs, tags(deployment="ci"))


def test_a_launch_takes_a_template_of_ours_and_networks_of_ours(granted: list[Statement]) -> None:
    ec2 = REGION.format("ec2")
    template = {"ec2:LaunchTemplate": ec2 + "launch-template/lt-1"}
    own, foreign = ec2 + f"subnet/subnet-{1:017x}", ec2 + "subnet/subnet-0123456789abcdef0"
    assert allowed(granted, "ec2:RunInstances", own, template)
    assert not allowed(granted, "ec2:RunInstances", foreign, template)
    for kind in ("instance/*", "volume/*", "network-interface/*"):
        assert not allowed(granted, "ec2:RunInstances", ec2 + kind, {})
    image = "arn:aws:ec2:eu-west-1::image/ami-1"
    of_template = template | {"ec2:IsLaunchTemplateResource": "true"}
    assert allowed(granted, "ec2:RunInstances", image, of_template)
    assert not allowed(granted, "ec2:RunInstances", image, template)


def test_a_canary_is_launched_as_nobody_elses(granted: list[Statement]) -> None:
    instance = REGION.format("ec2") + "instance/*"
    launched: Context = {"ec2:CreateAction": "RunInstances"}
    theirs = {**launched, "aws:RequestTag/workhorse:deployment": "ci-test"}
    ours = {**launched, "aws:RequestTag/workhorse:deployment": "ci"}
    assert allowed(granted, "ec2:CreateTags", instance, ours)
    assert not allowed(granted, "ec2:CreateTags", instance, theirs)
    assert not allowed(granted, "ec2:CreateTags", instance, {})


def test_agents_and_root_volumes_are_no_canaries_and_no_caches(granted: list[Statement]) -> None:
    ec2, ours = REGION.format("ec2"), tags(deployment="ci", pool="pool-7")
    assert not allowed(granted, "ec2:TerminateInstances", ec2 + "instance/i-1", ours)
    assert not allowed(granted, "ec2:DetachVolume", ec2 + "volume/vol-1", ours)


def test_trust_of_a_volume_can_only_be_taken_and_whose_it_is_not_be_written(
    granted: list[Statement],
) -> None:
    volume = REGION.format("ec2") + "volume/vol-1"
    cache = tags(deployment="ci", cache="pool-7")
    lowered = cache | {"aws:TagKeys": ("workhorse:tier",)}
    asked = "aws:RequestTag/workhorse:tier"
    assert allowed(granted, "ec2:CreateTags", volume, lowered | {asked: "pull-request"})
    assert not allowed(granted, "ec2:CreateTags", volume, lowered | {asked: "trunk"})
    for key in ("workhorse:deployment", "workhorse:cache", "Name"):
        told = cache | {"aws:TagKeys": ("workhorse:fill", key)}
        assert not allowed(granted, "ec2:CreateTags", volume, told)


def test_images_of_other_pools_are_not_condemned(granted: list[Statement]) -> None:
    image, failed = "arn:aws:ec2:eu-west-1::image/ami-1", {"aws:TagKeys": ("workhorse:failed",)}
    assert allowed(granted, "ec2:CreateTags", image, tags(pool="pool-7") | failed)
    assert not allowed(granted, "ec2:CreateTags", image, tags(pool="theirs") | failed)
