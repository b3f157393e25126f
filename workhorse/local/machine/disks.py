"""EBS volumes of a machine that boots: files on loop devices, handed into its `/dev`.

    FOLDER/volumes/vol-0123.img    what is on a volume; it outlives the machines that hold it

A volume that EC2 shows as attached to the instance appears inside under the device name that
AttachVolume was given, and is gone again when EC2 shows it detached. A loop device is no NVMe, so
it has no serial: the agent's programs find it by that name.
"""

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from workhorse.local.agent.cloud import CallError, Cloud

LOOK_SECONDS = 0.3
"""Real seconds between two looks at what is attached."""

ROOT_DEVICES = frozenset({"/dev/sda1", "/dev/xvda"})
"""The root volume is the machine's own layer."""

TRIES = 5
"""Others take loop devices too, between our finding a free one and taking it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A volume as EC2 shows it at this instance."""

    volume: str
    device: str
    gib: int


def attached(cloud: Cloud, instance: str) -> tuple[Attached, ...]:
    """The volumes of an instance, but for its root volume; raises like `Cloud.query`."""
    form = {"Filter.1.Name": "attachment.instance-id", "Filter.1.Value.1": instance}
    told = ET.fromstring(cloud.query("ec2", "DescribeVolumes", form))  # noqa: S314 - our own cloud
    found = (
        Attached(
            volume=item.findtext("{*}volumeId") or "",
            device=item.findtext("{*}attachmentSet/{*}item/{*}device") or "",
            gib=int(item.findtext("{*}size") or 1),
        )
        for item in told.iterfind(".//{*}volumeSet/{*}item")
    )
    return tuple(one for one in found if one.device and one.device not in ROOT_DEVICES)


class Disks:
    """What one machine holds. Loop devices end by themselves when this process does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, tuple[Attached, int]] = {}

    def change(self, found: Mapping[str, Attached], init: int) -> None:
        """Hand in what is new, and take away what is no more.

        Args:
            found: by volume, what EC2 shows.
            init: process id of the machine's first process.

        Raises:
            OSError, CalledProcessError: the kernel does not take it.
        """
        for volume in self._held.keys() - found.keys():
            one, descriptor = self._held.pop(volume)
            inside(init, one.device).unlink(missing_ok=True)
            os.close(descriptor)
        for volume in found.keys() - self._held.keys():
            one = found[volume]
            descriptor = _loop(image(self._folder, volume, one.gib))
            self._held[volume] = (one, descriptor)
            node = inside(init, one.device)
            node.unlink(missing_ok=True)
            os.mknod(node, stat.S_IFBLK | 0o660, os.fstat(descriptor).st_rdev)

    def close(self) -> None:
        """Let go of all; what is mounted still is freed when it is unmounted."""
        for _one, descriptor in self._held.values():
            os.close(descriptor)
        self._held.clear()


@asynccontextmanager
async def handed_in(folder: Path, cloud: Cloud, instance: str) -> AsyncIterator[None]:
    """Hand in and take away what EC2 says, until the end of the block.

    Args:
        folder: of all volumes.
        cloud: whom to ask.
        instance: whose volumes.
    """
    disks = Disks(folder)
    following = asyncio.create_task(_follow(disks, cloud, instance))
    try:
        yield
    finally:
        following.cancel()
        disks.close()


async def _follow(disks: Disks, cloud: Cloud, instance: str) -> None:
    while True:
        try:
            shown = await asyncio.to_thread(attached, cloud, instance)
            init = first_process()
            if init is not None:
                disks.change({one.volume: one for one in shown}, init)
        except (CallError, OSError, subprocess.CalledProcessError) as error:
            sys.stderr.write(f"{instance}: volumes: {error}\n")
        await asyncio.sleep(LOOK_SECONDS)


def image(folder: Path, volume: str, gib: int) -> Path:
    """The file of a volume, made or grown to its size; it takes no room that is not used."""
    path = folder / f"{volume}.img"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        size = gib << 30
        if file.tell() < size:
            file.truncate(size)
    return path


def first_process() -> int | None:
    """The first process of the machine below us: the one that a namespace below ours calls 1."""
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        numbers = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
        if len(numbers) == 2 and numbers[1] == "1":  # noqa: PLR2004 - ours and the machine's
            return int(numbers[0])
    return None


def inside(init: int, path: str) -> Path:
    """A path of the machine, as we reach it."""
    return Path(f"/proc/{init}/root{path}")


def _loop(path: Path) -> int:
    """A loop device of the file: a descriptor, with which the device ends."""
    for left in reversed(range(TRIES)):
        made = subprocess.run(
            ["losetup", "--find", "--show", str(path)], capture_output=True, text=True, check=False
        )
        if made.returncode == 0:
            device = made.stdout.strip()
            descriptor = os.open(device, os.O_RDWR | os.O_CLOEXEC)
            assert stat.S_ISBLK(os.fstat(descriptor).st_mode)  # noqa: S101 - losetup says so
            # While it is open this only marks it: it goes when the last one closes it.
            subprocess.run(["losetup", "--detach", device], check=True)
            return descriptor
        if not left:
            raise OSError(f"losetup: {made.stderr.strip()}")
    raise AssertionError("the last try returns or raises")
