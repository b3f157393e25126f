"""Instances that boot their image: what they are told, how they end, what they leave."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.machine.stage import NEEDED, Machines, alive, family, machines
from tests.patience import eventually

pytestmark = pytest.mark.skipif(bool(NEEDED), reason=NEEDED or "machines can boot")


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with machines(tmp_path / "machines") as found:
        yield found


def mounts(folder: Path) -> list[str]:
    """What is mounted below a folder, as everybody sees it."""
    return [
        line for line in Path("/proc/self/mounts").read_text().splitlines() if str(folder) in line
    ]


def test_a_machine_boots_its_image_and_is_told_where_it_is(cloud: Machines) -> None:
    instance = cloud.launch()
    layer = cloud.up(instance)
    told = dict(line.partition("=")[::2] for line in (layer / "told").read_text().splitlines())
    assert told["AWS_ENDPOINT_URL"] == cloud.aws.endpoint
    assert told["AWS_EC2_METADATA_SERVICE_ENDPOINT"] == f"{cloud.aws.endpoint}/imds/{instance}"
    assert told["WORKHORSE_CONNECT"] == "/opt/workhorse-local/connect"
    assert told["WORKHORSE_CLOCK"] == str(cloud.aws.engine.clock)


def test_an_agent_has_a_network_of_its_own(cloud: Machines) -> None:
    layer = cloud.up(cloud.launch())
    interfaces = [
        line.split(":")[0].strip() for line in (layer / "network").read_text().splitlines()[2:]
    ]
    assert interfaces == ["lo"]


def test_a_terminated_machine_halts_and_leaves_nothing(cloud: Machines) -> None:
    instance = cloud.launch()
    cloud.up(instance)
    body = cloud.body(instance)
    cloud.ec2.terminate_instances(InstanceIds=[instance])
    cloud.until("its body ended", lambda: not alive(body))
    assert not cloud.library.machine(instance).path.exists()
    assert mounts(cloud.folder) == []


def test_a_machine_whose_power_is_cut_leaves_no_process_and_no_mount(cloud: Machines) -> None:
    instance = cloud.launch()
    cloud.up(instance)
    all_of_it = family(cloud.body(instance))
    assert len(all_of_it) >= 3
    os.killpg(cloud.body(instance), signal.SIGKILL)
    cloud.until("nothing of it runs", lambda: not any(map(alive, all_of_it)))
    assert mounts(cloud.folder) == []


def test_a_machine_that_powers_itself_off_is_no_more(cloud: Machines) -> None:
    layer = cloud.library.add("ami-00000000000000off", "base")
    (layer / "off").touch()
    image = cloud.ec2.register_image(Name="powers off", RootDeviceName="/dev/sda1")["ImageId"]
    layer.parent.rename(cloud.library.layer(image).parent)
    instance = cloud.launch(image, InstanceInitiatedShutdownBehavior="terminate")
    cloud.until("EC2 ends it", lambda: cloud.state(instance) in {"shutting-down", "terminated"})


def loops(path: Path) -> str:
    """The loop devices of a file."""
    told = subprocess.run(
        ["losetup", "--associated", str(path)], capture_output=True, text=True, check=True
    )
    return told.stdout


def test_an_attached_volume_is_a_disk_inside_and_a_detached_one_is_none(cloud: Machines) -> None:
    """What is on it stays with it; a machine that ends lets go of it."""
    layer = cloud.up(instance := cloud.launch())
    zone = cloud.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0][
        "Placement"
    ]["AvailabilityZone"]
    volume = cloud.ec2.create_volume(AvailabilityZone=zone, Size=1)["VolumeId"]
    content = cloud.folder / "volumes" / f"{volume}.img"
    content.parent.mkdir()
    content.write_text("kept from before\n")

    cloud.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    cloud.until("it is read inside", (layer / "disk").exists)
    cloud.until("all of it", lambda: (layer / "disk").read_text() == "kept from before\n")
    assert content.stat().st_size == 1 << 30
    cloud.ec2.detach_volume(VolumeId=volume, InstanceId=instance)
    cloud.until("it is gone inside", (layer / "gone").exists)
    cloud.until("its loop device is free", lambda: loops(content) == "")

    cloud.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    cloud.until("it is there again", lambda: loops(content) != "")
    os.killpg(cloud.body(instance), signal.SIGKILL)
    cloud.until("a loop device ends with its machine", lambda: loops(content) == "")


def baking(cloud: Machines) -> str:
    """An instance with a key pair, up."""
    cloud.ec2.create_key_pair(KeyName="packer_1")
    instance = cloud.launch(KeyName="packer_1")
    cloud.up(instance)
    return instance


def test_the_key_of_a_machine_that_is_baked_is_let_in(cloud: Machines) -> None:
    home = cloud.library.machine(baking(cloud)).layer / "home/admin/.ssh"
    kind, _, name = (home / "authorized_keys").read_text().split()
    assert (kind, name) == ("ssh-rsa", "packer_1")
    assert (home / "authorized_keys").stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700


def test_what_a_bake_changed_is_the_image_made_of_it(cloud: Machines) -> None:
    instance = baking(cloud)
    body = cloud.body(instance)
    cloud.ec2.stop_instances(InstanceIds=[instance])
    cloud.until("its body ended", lambda: not alive(body))
    layer = cloud.library.machine(instance).layer
    assert (layer / "halted").read_text() == "halted\n"
    (layer / "baked").write_text("here")
    image = cloud.ec2.create_image(InstanceId=instance, Name="made of it")["ImageId"]
    booted = cloud.launch(image)
    cloud.up(booted)
    stack = (cloud.library.machine(booted).path / "stack").read_text().splitlines()
    assert stack == [str(layer), str(cloud.library.layer("base"))]
    assert not (layer / "etc/ssh/sshd_config.d/00-local.conf").exists()


def test_machines_do_not_outlive_their_cloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with machines(tmp_path / "machines") as cloud:
        instance = cloud.launch()
        cloud.up(instance)
        all_of_it = family(cloud.body(instance))
    eventually(lambda: not any(map(alive, all_of_it)))
    assert mounts(tmp_path) == []
