"""A cloud whose instances boot a root that holds a shell, and says what it was given."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import AMIS, Ami

from tests.patience import PATIENCE_SECONDS, eventually
from workhorse.local.aws.engine import ACCOUNT
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock
from workhorse.local.machine.layers import BASE, Library
from workhorse.local.machine.needs import missing

NEEDED = missing(("systemd-nspawn", "unshare", "mount"))
"""Why no machine can boot here; empty when one can."""

AMI = "ami-12c6146b"
POWEROFF = 37
"""SIGRTMIN+3, which systemd-nspawn sends to have a system halt."""

INIT = f"""#!/bin/sh
# What a machine of these tests does in place of systemd.
cat /etc/workhorse/local.env >/told 2>/dev/null
cat /proc/net/dev >/network
[ -e /off ] && exit 0
trap 'echo halted >/halted; exit 0' {POWEROFF}
echo up >/up
while :; do
    sleep 0.05
    if [ -b /dev/sdf ]; then
        read -r line </dev/sdf && echo "$line" >/disk
    elif [ -e /disk ]; then
        echo gone >/gone
    fi
done
"""


def tiny_root(layer: Path) -> None:
    """A root with this machine's own shell, and nothing that is not needed."""
    for name in ("dev", "etc", "home/admin", "mnt", "opt", "proc", "run", "sys", "tmp", "var"):
        (layer / name).mkdir(parents=True)
    (layer / "usr/bin").mkdir(parents=True)
    (layer / "etc/os-release").write_text("ID=tiny\n")
    for name, target in (("bin", "usr/bin"), ("sbin", "usr/bin"), ("lib", "usr/lib")):
        (layer / name).symlink_to(target)
    (layer / "lib64").symlink_to("usr/lib64")
    (layer / "usr/lib").mkdir()
    (layer / "usr/lib64").mkdir()
    for program in ("sh", "cat", "sleep"):
        _copy(Path(str(shutil.which(program))).resolve(), layer / "usr/bin" / program)
    init = layer / "usr/bin/init"
    init.write_text(INIT)
    init.chmod(0o755)


def _copy(program: Path, target: Path) -> None:
    """A program and the libraries that it is linked with."""
    shutil.copy2(program, target)
    root = target.parents[2]
    told = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
    for word in told.split():
        if word.startswith("/"):
            library = root / word.removeprefix("/")
            library.parent.mkdir(parents=True, exist_ok=True)
            if not library.exists():
                shutil.copy2(word, library)


@dataclass
class Machines:
    """The cloud, and the folder of its machines."""

    aws: EmbeddedAws
    folder: Path
    library: Library
    ec2: Any

    def launch(self, image: str = AMI, **more: Any) -> str:
        """Run an instance; its id."""
        told = self.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, **more)
        return str(told["Instances"][0]["InstanceId"])

    def state(self, instance: str) -> str:
        """EC2's state of it."""
        told = self.ec2.describe_instances(InstanceIds=[instance])
        return str(told["Reservations"][0]["Instances"][0]["State"]["Name"])

    def until(self, sentence: str, condition: Callable[[], bool]) -> None:
        """Look until it is true."""
        eventually(condition, lambda: f"{sentence}; {self.told()}")

    def up(self, instance: str) -> Path:
        """Wait until it has booted; its layer."""
        layer = self.library.machine(instance).layer
        self.until(f"{instance} is up", (layer / "up").exists)
        return layer

    def body(self, instance: str) -> int:
        """Process id of its body."""
        events = [event.as_dict() for event in self.aws.engine.events.since(0)]
        (pid,) = [
            event["pid"]
            for event in events
            if event["kind"] == "body.started" and event["instance"] == instance
        ]
        return int(pid)

    def told(self) -> str:
        """What happened, and what the machines' consoles say."""
        logs = {path.name: path.read_text(errors="replace")[-500:] for path in self._logs()}
        return json.dumps([e.as_dict() for e in self.aws.engine.events.since(0)][-6:]) + str(logs)

    def _logs(self) -> list[Path]:
        return sorted((self.folder / "machines").glob("*.log"))


@contextmanager
def machines(folder: Path) -> Iterator[Machines]:
    """A cloud in this process; its time is real."""
    library = Library(folder, lambda _image: "")
    tiny_root(library.layer(BASE))
    body = [sys.executable, "-m", "workhorse.local.machine", "--folder", str(folder)]
    timings = Timings(boot=0.1, shutdown=PATIENCE_SECONDS, stopping=PATIENCE_SECONDS)
    body += ["--ssh-port", "1", "{instance}"]
    clock = ScaledClock(speed=1.0)
    with EmbeddedAws(clock, timings=timings, body=body, managed_policies=False) as aws:
        backend = ec2_backends[ACCOUNT]["us-east-1"]
        (facts,) = [one for one in AMIS if one["ami_id"] == AMI]
        with aws.engine.lock:
            backend.amis[AMI] = Ami(backend, **facts)
        ec2 = boto3.client(
            "ec2",
            endpoint_url=aws.endpoint,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        yield Machines(aws=aws, folder=folder, library=library, ec2=ec2)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def family(pid: int) -> set[int]:
    """A process and all that descend from it."""
    found = {pid}
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(told[1])
    grown = True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found
