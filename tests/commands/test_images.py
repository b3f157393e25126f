"""The commands of images, against the embedded AWS and a program that says what Packer says."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.packer_stand import PUPPET_FAILS, SUCCESS, PackerStand
from tests.contracts.real_images import ImagesOnEmbeddedAws, images_world
from workhorse.__main__ import main
from workhorse.core.checklist import CHECKLIST

POOL = "linux"
FAILED_NAME = "workhorse-linux-20261121-104303-7d092ba"
FAILED_KEY = "packer_6b0175b7-c126-910c-f8cb-456fbb708078"
FAILED_GROUP = "packer_6b0175b8-1d11-26bc-4349-ccd2db13c958"
"""What the recorded bake that failed had made."""

SETTINGS = """
[jenkins]
url = "http://127.0.0.1:1/"
user = "workhorse"
token_file = "token"
[aws]
region = "us-east-1"
endpoint = "{endpoint}"
[loop]
clock = "{clock}"
[journal]
path = "journal.jsonl"
[store]
prefix = "{prefix}"
[bake]
template = "{folder}/packer"
puppet = "{folder}/puppet"
agent = "{folder}/agent"
packer = "{packer}"
[[pool]]
name = "linux"
labels = ["linux"]
ceiling = 5
group = "linux-agents"
"""


@dataclass
class Bench:
    """A checkout, a store, a Packer, and settings that name all three."""

    folder: Path
    world: ImagesOnEmbeddedAws
    packer: PackerStand
    config: Path

    def run(self, *words: str) -> int:
        """A command with these settings; its exit status."""
        return main([words[0], "--config", str(self.config), *words[1:]])

    def settle(self, **changes: str) -> None:
        """Write the settings, at the time that it is in AWS."""
        told = {
            "endpoint": self.world.aws.embedded.endpoint,
            "clock": f"{self.world.aws.now()}:{time.time()}:1",
            "prefix": "/workhorse",
            "folder": str(self.folder),
            "packer": str(self.packer.path),
            **changes,
        }
        self.config.write_text(SETTINGS.format(**told))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    folder = tmp_path / "checkout"
    for name in ("packer", "puppet", "agent"):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_text(name)
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    for words in (("init", "-q"), ("add", "."), (*identity, "commit", "-q", "-m", "all")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    with images_world() as world:
        bench = Bench(folder, world, PackerStand(tmp_path / "bin"), tmp_path / "workhorse.toml")
        bench.settle()
        yield bench


Said = Callable[[], str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """What was printed since the last time, on both ways out."""

    def both() -> str:
        out = capsys.readouterr()
        return out.out + out.err

    return both


def test_a_bake_makes_the_candidate(bench: Bench, said: Said) -> None:
    image = bench.world.add_image()
    bench.packer.says(SUCCESS, 0, image=image)
    assert bench.run("bake", "--spot", "--var", "root_gigabytes=30", "--by", "ci") == 0
    assert bench.world.channels() == {"candidate": image}
    assert bench.world.port.image(image).tag("baked-at")
    told = said()
    assert f"baked {image}, the candidate of linux now" in told
    assert re.search(r"^ +\d+ s  Provisioning with apply\.sh$", told, re.MULTILINE)
    given = bench.packer.variables()
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=bench.folder, capture_output=True, text=True, check=True
    ).stdout.strip()
    wanted = {
        "pool": POOL,
        "spot": True,
        "root_gigabytes": 30,
        "builder": "ci",
        "commit": commit,
        "ec2_endpoint": bench.world.aws.embedded.endpoint,
        "puppet_dir": str(bench.folder / "puppet"),
    }
    assert {name: given[name] for name in wanted} == wanted
    assert re.fullmatch("[0-9a-f]{64}", str(given["puppet_digest"]))


def test_no_real_credentials_reach_a_packer_that_bakes_on_loopback(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-real-one")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-real-one")
    bench.packer.says(SUCCESS, 0, image=bench.world.add_image())
    assert bench.run("bake") == 0
    assert "a-real-one" not in bench.packer.environment().values()


def test_a_failed_bake_says_why_and_looks_that_nothing_is_left(bench: Bench, said: Said) -> None:
    bench.packer.says(PUPPET_FAILS, 1)
    assert bench.run("bake") == 1
    told = said()
    assert "nothing of this bake is left in AWS" in told
    assert 'the bake failed at "Provisioning with apply.sh": Script exited' in told
    assert "Profile::Docker/Package[docker.io]: no such package" in told
    assert bench.world.channels() == {}


def leave_everything(bench: Bench) -> None:
    """What the recorded bake made, as if its Packer had been killed."""
    ec2 = bench.world.aws.clients.ec2
    tag: Any = [{"Key": "workhorse:bake", "Value": FAILED_NAME}]
    ec2.create_key_pair(KeyName=FAILED_KEY)
    ec2.create_security_group(GroupName=FAILED_GROUP, Description="of a bake")
    ran = ec2.run_instances(
        ImageId="ami-12c6146b",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tag}],
    )["Instances"][0]["InstanceId"]
    ec2.create_image(InstanceId=ran, Name=FAILED_NAME)
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
    ec2.create_tags(Resources=[volume], Tags=tag)


def test_what_a_killed_packer_left_is_taken_away(bench: Bench, said: Said) -> None:
    leave_everything(bench)
    bench.packer.says(PUPPET_FAILS, 1)
    ended = threading.Event()

    def pass_time() -> None:
        while not ended.wait(0.2):
            bench.world.aws.pass_time(30)

    mover = threading.Thread(target=pass_time)
    mover.start()
    try:
        assert bench.run("bake") == 1
    finally:
        ended.set()
        mover.join()
    told = said()
    assert re.search(r"left in AWS: instance i-\w+, image ami-\w+, volume vol-\w+, key pair ", told)
    assert "took all of it away" in told
    ec2 = bench.world.aws.clients.ec2
    assert ec2.describe_key_pairs()["KeyPairs"] == []
    assert [each["GroupName"] for each in ec2.describe_security_groups()["SecurityGroups"]] == [
        "default"
    ]
    assert ec2.describe_images(Owners=["self"])["Images"] == []


def test_an_interrupted_bake_waits_for_packer_to_clean_up(bench: Bench) -> None:
    bench.packer.waits(PUPPET_FAILS)
    command = [sys.executable, "-m", "workhorse", "bake", "--config", str(bench.config)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        told: list[str] = []
        for line in process.stdout:
            told.append(line)
            if "apply.sh" in line and "interrupted" not in line:
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 130
    assert told[-2:] == [
        'interrupted at "Provisioning with apply.sh"; Packer has cleaned up\n',
        "nothing of this bake is left in AWS\n",
    ]


def test_every_fault_of_a_bake_is_told_at_once(bench: Bench, said: Said) -> None:
    (bench.folder / "puppet" / "file").write_text("changed")
    bench.settle(prefix="", packer="no-such-packer")
    assert bench.run("bake", "--pool", "mac", "--var", "commit=abc") == 2
    told = said().splitlines()
    assert [line.split(":")[0] for line in told[:4]] == [
        "store.prefix",
        "--pool",
        "bake.packer",
        "--var",
    ]
    assert "puppet/file differ from commit" in told[4]
    assert len(told) == 5


def test_a_folder_that_is_not_there_is_refused(bench: Bench, said: Said) -> None:
    bench.packer.says(SUCCESS, 0)
    bench.settle(folder=str(bench.folder / "nowhere"))
    assert bench.run("bake") == 2
    assert [line.split(":")[0] for line in said().splitlines()] == [
        "bake.template",
        "bake.puppet",
        "bake.agent",
    ]


def test_a_dirty_bake_says_so_in_its_commit(bench: Bench) -> None:
    (bench.folder / "agent" / "new").write_text("untracked")
    bench.packer.says(SUCCESS, 0, image=bench.world.add_image())
    assert bench.run("bake", "--dirty") == 0
    assert str(bench.packer.variables()["commit"]).endswith("-dirty")


def test_images_are_listed_for_people_and_as_json(bench: Bench, said: Said) -> None:
    image = bench.world.add_image(commit="0123456789abcdef")
    bench.world.set_candidate(image)
    assert bench.run("images") == 0
    heading, row = said().splitlines()
    assert heading.split() == ["POOL", "IMAGE", "AGE", "COMMIT", "CHANNEL", "STATE", "IN", "USE"]
    assert row.split()[:2] == [POOL, image]
    assert row.split()[4:] == ["0123456789ab", "candidate", "available", "-"]
    assert bench.run("images", "--json") == 0
    (record,) = json.loads(said())
    assert (record["id"], record["channels"]) == (image, ["candidate"])


def test_the_checklist_is_shown_without_any_settings(said: Said) -> None:
    assert main(["images", "--check"]) == 0
    told = said()
    assert [each.sentence for each in CHECKLIST if each.sentence not in told] == []


def test_to_list_images_takes_settings(said: Said) -> None:
    assert main(["images"]) == 2
    assert "--config" in said()


def test_the_candidate_is_promoted(bench: Bench, said: Said) -> None:
    first, second = bench.world.add_image(), bench.world.add_image()
    bench.world.port.promote(POOL, first)
    bench.world.set_candidate(second)
    assert bench.run("promote") == 0
    assert bench.world.channels() == {"stable": second, "previous": first}
    assert said() == f"pool linux: candidate -, stable {second}, previous {first}\n"


def test_an_older_image_is_made_the_candidate_again(bench: Bench) -> None:
    first, second = bench.world.add_image(), bench.world.add_image()
    bench.world.port.promote(POOL, second)
    assert bench.run("promote", "--candidate", first) == 0
    assert bench.world.channels() == {"stable": second, "candidate": first}


def test_a_condemned_image_is_promoted_by_force_only(bench: Bench, said: Said) -> None:
    image = bench.world.add_image()
    bench.world.port.condemn(POOL, image, "no canary came up")
    assert bench.run("promote", image) == 2
    assert "was condemned: no canary came up" in said()
    assert bench.run("promote", image, "--force") == 0
    assert bench.world.channels() == {"stable": image}


def test_what_cannot_be_promoted_is_refused(bench: Bench, said: Said) -> None:
    other = bench.world.add_image(pool="macos")
    assert bench.run("promote") == 2
    assert "has no candidate" in said()
    assert bench.run("promote", other) == 2
    assert "is of pool macos" in said()
    assert bench.run("promote", "ami-0123456789abcdef0") == 1
    assert "no AMI of this account" in said()


def test_a_prune_is_dry_until_it_is_told_yes(bench: Bench, said: Said) -> None:
    old, stable, newest = (bench.world.add_image() for _ in range(3))
    bench.world.port.promote(POOL, stable)
    bench.settle(clock=f"{bench.world.aws.now() + 30 * 86_400}:{time.time()}:1")
    assert bench.run("prune", "--keep", "1") == 0
    told = said().splitlines()
    assert [line.split("  ")[-1] for line in told] == [
        "delete",
        "keep, is stable",
        "keep, one of the newest 1",
        "this was a dry run: --yes deletes them",
    ]
    assert {image.id for image in bench.world.port.images(POOL)} == {old, stable, newest}
    assert bench.run("prune", "--keep", "1", "--yes") == 0
    assert f"deleted {old}, snap-" in said()
    stock = bench.world.port.stock()
    assert {image.id for image in stock.images} == {stable, newest}
    assert len(stock.snapshots) == 2
    assert bench.run("prune", "--keep", "1") == 0
    assert said().splitlines()[-1] == "nothing to delete"


def test_a_prune_that_was_cut_short_is_finished_by_the_next(bench: Bench, said: Said) -> None:
    bench.world.add_image()
    (image,) = bench.world.port.images(POOL)
    bench.world.aws.clients.ec2.deregister_image(ImageId=image.id)
    bench.settle(clock=f"{bench.world.aws.now() + 30 * 86_400}:{time.time()}:1")
    assert bench.run("prune", "--yes") == 0
    assert f"deleted {image.snapshots[0]}" in said()
    assert bench.world.port.stock().snapshots == ()


def test_without_a_store_there_are_no_images(bench: Bench, said: Said) -> None:
    bench.settle(prefix="")
    assert bench.run("images") == 2
    assert "store.prefix" in said()
