"""A cloud whose instances are machines that boot their images, and everything around one pool.

As `workhorse/local/demo/one_pool.py`, but the body of an instance is `workhorse.local.machine`, and
there is a step before Terraform: the image is baked, by the real Packer and the real Puppet.
"""

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workhorse.adapters.image_store import SsmImages
from workhorse.adapters.session import AwsClients
from workhorse.adapters.toolchain import prepare
from workhorse.local.agent.cloud import Cloud
from workhorse.local.clock import ScaledClock
from workhorse.local.demo import one_pool, scenery
from workhorse.local.demo.controller import Controller
from workhorse.local.demo.deployment import Deployment
from workhorse.local.demo.embedded import REGION, EmbeddedCloud
from workhorse.local.demo.jenkins_api import JenkinsApi
from workhorse.local.demo.jobs import sleeping_job
from workhorse.local.demo.one_pool import Play, Stage
from workhorse.local.demo.options import CHECKOUT
from workhorse.local.demo.processes import Process, Processes
from workhorse.local.demo.rolling import PREFIX
from workhorse.local.demo.scenery import Scenery
from workhorse.local.demo.setting import Door, Tempo
from workhorse.local.machine.base import base_tar, unpack
from workhorse.local.machine.identity import made_from
from workhorse.local.machine.layers import BASE, Library

SPEED = 30.0
"""Virtual seconds per real one: a boot of some 8 real seconds is 4 minutes."""

BOOT, SHUTDOWN, STOPPING = 30.0, 6 * SPEED, 8 * SPEED
"""Virtual seconds. A machine that is told to end has so long before its power goes off."""

AGENT_DIRECTORY = "/home/jenkins/agent"
"""Where builds work on the image; Puppet makes it."""

BASE_TAR = CHECKOUT / ".tools" / "images" / "base-bookworm.tar"
"""Made once; half a minute of mmdebstrap."""

SOURCE_IMAGE = {
    "ami_id": "ami-0deb12000000000a1",
    "name": "debian-12-amd64-20261101-1000",
    "owner_id": "136693071363",
    "creation_date": "2026-11-01T00:00:00.000Z",
    "architecture": "x86_64",
    "description": "Debian 12 (20261101-1000)",
    "hypervisor": "xen",
    "image_type": "machine",
    "platform": None,
    "public": True,
    "root_device_name": "/dev/xvda",
    "root_device_type": "ebs",
    "sriov": "simple",
    "state": "available",
    "virtualization_type": "hvm",
}
"""Debian's own image, as its filter finds it."""

BAKE_SETTINGS = """
[jenkins]
url = "{url}"
user = "{user}"
token_file = "{token_file}"
[aws]
region = "{region}"
endpoint = "{endpoint}"
[loop]
clock = "{clock}"
[journal]
path = "{folder}/no-journal.jsonl"
[store]
prefix = "{prefix}"
[bake]
variables_file = "{variables}"
[[pool]]
name = "{pool}"
labels = ["{label}"]
ceiling = 1
group = "not-yet"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The cloud and the Jenkins, before there is a pool."""

    folder: Path
    processes: Processes
    where: Scenery
    library: Library
    play: Play
    clients: AwsClients
    settings: Path
    gateway_ports: tuple[int, int]
    """Ports of this machine that are seen inside the instances, for the gateways of two pools."""

    @property
    def store(self) -> SsmImages:
        """The image store."""
        return SsmImages(self.clients, PREFIX)

    def command(self, name: str, *words: str, settings: Path | None = None) -> Process:
        """Start `python -m workhorse WORDS` with settings; left out, those for images."""
        config = str(settings or self.settings)
        command = [sys.executable, "-m", "workhorse", *words, "--config", config]
        return self.processes.start(name, command, environ=scenery.environment(), cwd=CHECKOUT)

    def image(self, name: str, below: str, files: Mapping[str, str]) -> str:
        """Another image of the pool, cheaply: the one below with these files laid over it."""
        ec2 = self.clients.ec2
        made = ec2.copy_image(SourceImageId=below, SourceRegion=REGION, Name=name)["ImageId"]
        tags = {"pool": self.play.pool.name, "commit": name}
        told = [{"Key": f"workhorse:{key}", "Value": value} for key, value in tags.items()]
        ec2.create_tags(Resources=[made], Tags=told)
        layer = self.library.add(made, below)
        for path, text in files.items():
            target = layer / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return made

    @contextmanager
    def root_of(self, image: str) -> Iterator[Path]:
        """The root of an image, mounted; what is written there is gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            root, upper, work = (Path(folder) / name for name in ("root", "upper", "work"))
            for each in (root, upper, work):
                each.mkdir()
            below = ":".join(map(str, self.library.stack(image)))
            options = f"lowerdir={below},upperdir={upper},workdir={work}"
            mount = ["mount", "-t", "overlay", "overlay", "-o", options, str(root)]
            subprocess.run(mount, check=True)
            try:
                yield root
            finally:
                subprocess.run(["umount", str(root)], check=True)

    @contextmanager
    def pool(self, image: str, progress: Callable[[str], None]) -> Iterator[Stage]:
        """The pool as Terraform makes it, with this image, and its controller at work."""
        folder = self.folder
        self.where.jenkins.create_job(self.play.pool.job, sleeping_job(self.play.pool.label))
        deployment = Deployment(
            folder,
            endpoint=self.where.cloud.endpoint,
            toolchain=prepare(CHECKOUT / ".tools", progress=progress),
            progress=progress,
            log=folder / "logs" / "terraform.log",
        )
        variables = self._variables(image)
        outputs = deployment.apply(variables)["pools"]
        journal, config = folder / "journal.jsonl", folder / "workhorse.toml"
        config.write_text(one_pool._settings(self.where, outputs, journal, self.play))
        installed = self.command("jobs", "jobs", "--install", settings=config)
        assert installed.wait(scenery.READY_SECONDS) == 0, installed.tail()
        controller = Controller(self.processes, config)
        controller.start()
        yield Stage(
            play=self.play,
            where=self.where,
            group=outputs[self.play.pool.name]["group"],
            controller=controller,
            processes=self.processes,
            config=config,
            log=journal,
            apply=lambda newer: one_pool._applied(deployment, {**variables, "image_id": newer}),
        )
        controller.stop()

    def _variables(self, image: str) -> dict[str, Any]:
        """Those of a pool of processes, but for the image."""
        found: dict[str, Any] = one_pool._variables(self.where, self.play)
        return {**found, "image_id": image}


@contextmanager
def workshop(folder: Path, play: Play, progress: Callable[[str], None]) -> Iterator[Workshop]:
    """Start a Jenkins and a cloud of machines in `folder`; at the end every process is stopped."""
    images = folder / "machines"
    tar = base_tar(BASE_TAR, progress)
    progress("unpacking the base image")
    with Processes(folder / "logs") as processes:
        ports = (scenery.free_port(), scenery.free_port())
        where, ssh_port = _started(folder, images, processes, ports)
        cloud = Cloud(where.cloud.endpoint, REGION)
        library = Library(images, lambda image: made_from(cloud, image))
        unpack(tar, library.layer(BASE))
        clients = AwsClients(REGION, where.cloud.endpoint)
        try:
            yield Workshop(
                folder=folder,
                processes=processes,
                where=where,
                library=library,
                play=play,
                clients=clients,
                settings=_settings(folder, where, play, ssh_port),
                gateway_ports=ports,
            )
        finally:
            clients.close()


def _started(
    folder: Path, images: Path, processes: Processes, ports: Sequence[int]
) -> tuple[Scenery, int]:
    """The servers; Jenkins first, for its port is seen inside the machines, as `ports` are."""
    clock = ScaledClock(speed=SPEED)
    token_file = folder / "jenkins-token"
    scenery._write_secret(token_file)
    jenkins = processes.start(
        "jenkins",
        scenery._jenkins_command(clock, scenery.USER, token_file),
        environ=scenery.environment(),
        cwd=CHECKOUT,
    )
    url = jenkins.ready(scenery.READY_SECONDS)["url"]
    ssh_port = scenery.free_port()
    body = [sys.executable, "-m", "workhorse.local.machine", "--folder", str(images)]
    body += ["--ssh-port", str(ssh_port)]
    for port in (url.rstrip("/").rpartition(":")[2], *map(str, ports)):
        body += ["--port", port]
    command = [sys.executable, "-m", "workhorse.local.aws", "--clock", str(clock)]
    for name, seconds in (("boot", BOOT), ("shutdown", SHUTDOWN), ("stopping", STOPPING)):
        command += [f"--{name}-seconds", f"{seconds:g}"]
    amis = folder / "amis.json"
    amis.write_text(json.dumps([SOURCE_IMAGE]))
    cloud = processes.start(
        "aws",
        [*command, "--body", shlex.join([*body, "{instance}"])],
        environ={**scenery.environment(), "MOTO_AMIS_PATH": str(amis)},
        cwd=CHECKOUT,
    )
    token = token_file.read_text().strip()
    where = Scenery(
        clock=clock,
        tempo=Tempo(speed=SPEED),
        cloud=EmbeddedCloud(cloud.ready(scenery.READY_SECONDS)["endpoint"]),
        jenkins=JenkinsApi(url, scenery.USER, token),
        user=scenery.USER,
        token=token,
        token_file=token_file.resolve(),
        real_jenkins=False,
        door=Door(port=ports[0]),
    )
    return where, ssh_port


def _settings(folder: Path, where: Scenery, play: Play, ssh_port: int) -> Path:
    """Settings for the commands of images; the pool's own come from Terraform."""
    variables = folder / "bake.json"
    seams = {"ssh_host": "127.0.0.1", "ssh_port": ssh_port, "poll_seconds": 1}
    variables.write_text(json.dumps(seams))
    path = folder / "images.toml"
    path.write_text(
        BAKE_SETTINGS.format(
            url=where.jenkins.url,
            user=where.user,
            token_file=where.token_file,
            region=REGION,
            endpoint=where.cloud.endpoint,
            clock=where.clock,
            folder=folder,
            prefix=PREFIX,
            variables=variables,
            pool=play.pool.name,
            label=play.pool.label,
        )
    )
    return path
