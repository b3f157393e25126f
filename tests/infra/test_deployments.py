"""The root module that users copy, delivered as they would: planned, approved, applied."""

import base64
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pygohcl
import pytest

from scripts.agent.userdata import assignments, configuration
from tests.infra.conftest import Client
from workhorse.__main__ import main
from workhorse.adapters.terraform import Terraform, TerraformError
from workhorse.adapters.terraform_override import write_local_override
from workhorse.adapters.toolchain import Toolchain
from workhorse.settings import parse

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "terraform/deployments/example"
LOCAL_BACKEND = '{"terraform": {"backend": {"local": {}}}}'
"""Merged over the root's backend: no bucket is there to keep a state in."""

SETTINGS = """
[jenkins]
url = "https://jenkins.example.com/"
user = "workhorse"
token_file = "token"
[aws]
region = "us-east-1"
endpoint = "{endpoint}"
[journal]
path = "journal.jsonl"
[store]
prefix = "/workhorse"
[delivery]
directory = "{root}"
plans = "{folder}/plans"
variables_file = "{folder}/live.tfvars.json"
tools = "{tools}"
mirror = true
[[pool]]
policy_parameter = "/workhorse/pools/linux/policy"
group = "workhorse-linux"
"""


@pytest.mark.usefixtures("toolchain")
def test_the_example_is_delivered_with_images_of_the_store(  # noqa: PLR0913, PLR0917 - fixtures
    tree: Path,
    tools: Path,
    endpoint: str,
    client: Client,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What bakes need, then a pool, then a candidate that only makes a template version."""
    root = tree / "deployments/example"
    write_local_override(root, endpoint)
    (root / "backend_override.tf.json").write_text(LOCAL_BACKEND)
    ec2, ssm = client("ec2"), client("ssm")
    variables = json.loads((root / "example.tfvars.json").read_text())
    variables["subnet_ids"] = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    variables["region"] = "us-east-1"
    variables["bake"]["subnet_id"] = variables["subnet_ids"][0]
    pools = {"linux": variables.pop("pools")["linux"]}
    # What a shell, and so an agent, reads otherwise when it is not quoted.
    pools["linux"]["user_data_lines"] = {"TEAM": "ann o'hara #2 $HOME"}
    live = tmp_path / "live.tfvars.json"
    live.write_text(json.dumps(variables))
    config, digest = tmp_path / "workhorse.toml", tmp_path / "digest"
    config.write_text(SETTINGS.format(endpoint=endpoint, root=root, folder=tmp_path, tools=tools))
    first, second = [one["ImageId"] for one in ec2.describe_images()["Images"][:2]]

    def run(*words: str) -> str:
        assert main([*words, f"--config={config}"]) == 0, "".join(capfd.readouterr())
        return capfd.readouterr().out

    def delivered(image: str) -> str:
        candidate = "/workhorse/pools/linux/images/candidate"
        if image:
            ssm.put_parameter(Name=candidate, Value=image, Type="String", Overwrite=True)
        told = run("plan", f"--digest-file={digest}")
        run("approve", digest.read_text().strip(), "--by=bob")
        run("apply", digest.read_text().strip())
        return told

    told = delivered("")
    assert "  module.image_builder[0].aws_security_group.bake\n" in told
    assert "module.pool" not in told
    assert "module.control_plane" not in told
    live.write_text(json.dumps(variables | {"pools": pools}))
    assert '  module.pool["linux"].aws_autoscaling_group.agents\n' in delivered(first)
    told = delivered(second)
    assert 'update (1)\n  module.pool["linux"].aws_launch_template.agent\n' in told
    assert f"    image_id: {first} -> {second}\n" in told
    assert "DESTROY" not in told
    assert "No changes" in run("plan")
    template = ec2.describe_launch_template_versions(
        LaunchTemplateId=ec2.describe_launch_templates()["LaunchTemplates"][0]["LaunchTemplateId"]
    )["LaunchTemplateVersions"]
    assert {one["LaunchTemplateData"]["ImageId"] for one in template} == {first, second}
    told = base64.b64decode(template[0]["LaunchTemplateData"]["UserData"]).decode()
    boots, gateway = configuration(told), variables["gateway"]
    assert (boots.way, boots.region) == ("gateway", "us-east-1")
    assert f"{boots.gateway_url}/" == gateway["url"]
    assert boots.gateway_audience == gateway["audience"]
    assert assignments(told)["TEAM"] == "ann o'hara #2 $HOME"


@pytest.fixture(scope="module")
def initialised(
    tmp_path_factory: pytest.TempPathFactory, toolchain: Toolchain, environ: dict[str, str]
) -> Path:
    """A copy of the example, initialised once for all plans that are refused."""
    tree = tmp_path_factory.mktemp("deployments") / "terraform"
    shutil.copytree(ROOT / "terraform", tree, ignore=shutil.ignore_patterns(".terraform*"))
    root = tree / "deployments/example"
    (root / "backend_override.tf.json").write_text(LOCAL_BACKEND)
    Terraform(directory=root, toolchain=toolchain, environ=environ).init()
    return root


Refused = Callable[..., str]


@pytest.fixture
def refused(
    initialised: Path, toolchain: Toolchain, environ: dict[str, str], tmp_path: Path
) -> Refused:
    """What the plan of the example says when it is refused: `refused(gateway=...)`."""

    def plan(**changes: Any) -> str:
        variables = json.loads((initialised / "example.tfvars.json").read_text())
        images = dict.fromkeys(variables["pools"], "ami-0a")
        terraform = Terraform(
            directory=initialised,
            toolchain=toolchain,
            environ=environ,
            variables=variables | {"images": images} | changes,
        )
        with pytest.raises(TerraformError, match="legal: ") as wrong:
            terraform.plan(tmp_path / "one.tfplan")
        return " ".join(str(wrong.value).split())

    return plan


@pytest.mark.parametrize(
    "gateway",
    [
        {"url": "https://workhorse.example.com/\nAGENT_WAY=swarm/", "audience": "workhorse"},
        {"url": "https://workhorse.example.com$(id)/", "audience": "workhorse"},
        {"url": "https://workhorse.example.com/", "audience": "work\nGATEWAY_URL=http://else/"},
    ],
)
def test_nothing_that_is_told_of_the_gateway_is_a_line_of_its_own(
    refused: Refused, gateway: dict[str, str]
) -> None:
    """User data is read line by line, and the last one of a name wins."""
    assert re.search(r"gateway\.\w+ is ", refused(gateway=gateway))


def test_a_pool_without_an_image_is_refused_with_what_to_do(refused: Refused) -> None:
    said = refused(images={"linux": "ami-0a"})
    assert "legal: an AMI for every pool" in said
    assert "tests = none" in said


def test_the_settings_of_the_backend_are_what_its_example_shows() -> None:
    """Nothing of it is written into the root, which is the same everywhere."""
    backend = pygohcl.loads((EXAMPLE / "versions.tf").read_text())["terraform"]["backend"]
    example = pygohcl.loads((EXAMPLE / "backend.example.hcl").read_text())

    assert backend == {"s3": {}}
    assert example["encrypt"] is True
    assert {"bucket", "key", "region", "kms_key_id", "use_lockfile"} <= set(example)


def test_the_example_of_variables_is_of_variables_that_exist() -> None:
    declared = pygohcl.loads((EXAMPLE / "variables.tf").read_text())["variable"]
    example = json.loads((EXAMPLE / "example.tfvars.json").read_text())
    required = {name for name, held in declared.items() if "default" not in held}

    assert set(example) <= set(declared)
    assert required <= set(example)
    assert "images" not in example, "what the image store tells is told by nobody"


def test_a_pool_may_be_told_all_that_its_module_takes() -> None:
    """What a pool has no word for here could not be delivered; the rest is told for all of them."""
    taken = pygohcl.loads((ROOT / "terraform/modules/agent-pool/variables.tf").read_text())
    call = (EXAMPLE / "main.tf").read_text().split('module "pool" {')[1].split("\n}")[0]
    given = set(re.findall(r"^  (\w+) +=", call, re.MULTILINE)) - {"source", "for_each"}
    assert set(taken["variable"]) - given == {"alarm_after"}, "left at what suits everybody"


def test_people_find_their_policies_among_the_outputs() -> None:
    """Each is an output of the module that it belongs to."""
    told = pygohcl.loads((EXAMPLE / "outputs.tf").read_text())["output"]["policies"]["value"]
    assert set(told) == {"bake", "rollouts", "images", "late"}
    for reference in told.values():
        module, output = re.findall(r"module\.(\w+)\[\*\]\.(\w+)", reference)[0]
        folder = ROOT / "terraform/modules" / module.replace("_", "-")
        assert output in pygohcl.loads((folder / "outputs.tf").read_text())["output"]


def test_the_controller_reads_nothing_that_agents_read(refused: Refused) -> None:
    """A build can read what its agent reads; the controller's token may change every node."""
    variables = json.loads((EXAMPLE / "example.tfvars.json").read_text())
    page = (ROOT / "docs/delivery.md").read_text().split("```toml\n")[1].split("```")[0]
    ours = parse(page).jenkins.token_parameter
    assert ours in variables["controller_parameters"]
    main = (EXAMPLE / "main.tf").read_text()
    assert re.findall(r"secret_parameters\s*= (.*)", main) == ["var.controller_parameters"]
    pools = variables["pools"]
    assert not any("agent_parameters" in pool for pool in pools.values())

    pools["linux"] |= {"agent_parameters": [ours], "user_data": "AGENT_WAY=swarm\n"}
    assert "legal: none that agents read" in refused(pools=pools)


def test_the_settings_of_the_documents_deliver_this_folder() -> None:
    page = (ROOT / "docs/delivery.md").read_text()
    example = page.split("```toml\n")[1].split("```")[0]
    told = parse(example)

    assert told.delivery.directory == str(EXAMPLE.relative_to(ROOT))
    assert told.delivery.plans
    variables = json.loads((EXAMPLE / "example.tfvars.json").read_text())
    assert told.gateway.audience == variables["gateway"]["audience"]
    assert variables["gateway"]["url"].endswith(":" + told.gateway.listen.partition(":")[2] + "/")
    (pool,) = told.pool
    role = (ROOT / "terraform/modules/agent-pool/roles.tf").read_text().split('"agent" {')[1]
    assert '= "${local.name}-agent"' in role
    assert pool.agent.role == f"{pool.group}-agent"
