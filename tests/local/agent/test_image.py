"""What a bad image does, told by a tag of the AMI, against the embedded AWS itself."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import few_images
from workhorse.local.agent.cloud import Cloud
from workhorse.local.agent.image import SLOW_SECONDS, TAG, Image, image
from workhorse.local.agent.programs import Programs
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.clock import ScaledClock

START = 1_800_000_000.0
AMI = few_images.IMAGE


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    made = EmbeddedAws(ScaledClock(START, 0.0), managed_policies=False)
    with few_images.running(made) as running:
        yield Cloud(running.endpoint, "us-east-1")


def tag(cloud: Cloud, value: str) -> None:
    form = {"ResourceId.1": AMI, "Tag.1.Key": TAG, "Tag.1.Value": value}
    cloud.query("ec2", "CreateTags", form)


def test_an_image_without_the_tag_is_good(cloud: Cloud) -> None:
    assert image(cloud, few_images.OTHER_IMAGE) == Image()


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("never-registers", Image(registers=False)),
        ("fails-smoke", Image(healthy=False)),
        ("slow", Image(delay_seconds=SLOW_SECONDS)),
        ("slow=90", Image(delay_seconds=90.0)),
    ],
)
def test_a_tag_of_the_ami_makes_it_a_bad_one(cloud: Cloud, told: str, found: Image) -> None:
    tag(cloud, told)
    assert image(cloud, AMI) == found


@pytest.mark.parametrize("told", ["broken", "slow=soon"])
def test_a_tag_that_means_nothing_is_no_good_image(cloud: Cloud, told: str) -> None:
    tag(cloud, told)
    with pytest.raises(ValueError, match=r"soon|nothing that an image can be"):
        image(cloud, AMI)


def test_a_slow_image_takes_its_virtual_seconds_longer() -> None:
    clock = ScaledClock(START, speed=1000.0)
    before = clock.now()
    assert Image(delay_seconds=500.0).wait(clock)
    assert clock.now() - before >= 500


def java(folder: Path, *, healthy: bool) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": Programs(folder, healthy=healthy).path()}
    command = ["/bin/sh", "-c", "java -version"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_builds_find_the_programs_of_the_image_and_a_broken_one_has_no_java(
    tmp_path: Path,
) -> None:
    assert java(tmp_path / "good", healthy=True).returncode == 0
    assert "openjdk version" in java(tmp_path / "good", healthy=True).stderr
    assert java(tmp_path / "bad", healthy=False).returncode == 127
