"""Each check fails on an image that is wrong in just the way that it looks for.

The image is not touched: a layer above it, thrown away each time, is what is spoilt.
"""

import inspect
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import testinfra
from testinfra.host import Host

from tests.image import test_checklist
from workhorse.core.checklist import CHECKLIST

REGISTER, AGENT, TIMER, LATE, CACHE, WATCH = test_checklist.UNITS
FAILED = "workhorse-failed.service"

SPOILT = {
    "java-is-there": ["rm /opt/java/17", "ln -sfn /usr/bin /opt/java/17"],
    "docker-is-ready": [
        "systemctl --root=/ disable docker.service",
        "sed -i s,/mnt/cache,/var/lib, /etc/docker/daemon.json",
        "rmdir /mnt/cache/docker",
        "rm /etc/systemd/system/docker.service.d/workhorse.conf",
    ],
    "git-is-there": ["rm /usr/bin/git"],
    "the-agent-has-a-user": [
        "usermod -G sudo,docker jenkins",
        "usermod -G users jenkins",
        "usermod -p '*' jenkins",
        "usermod -u 2001 jenkins",
        "echo 'jenkins ALL=NOPASSWD: ALL' >/etc/sudoers.d/builds",
    ],
    "builds-have-a-place": ["chown root /home/jenkins/agent", "chmod 0777 /home/jenkins/agent"],
    "scripts-are-whole": [
        "echo >>/usr/local/lib/workhorse/connect",
        "chown jenkins /usr/local/lib/workhorse/connect",
        "chmod 0777 /usr/local/lib/workhorse/connect",
        "touch /usr/local/lib/workhorse/old-verb",
        "ln -sf /bin/true /usr/local/bin/workhorse-leave",
    ],
    "aws-can-be-asked": ["rm -r /usr/lib/python3/dist-packages/boto3", "rm /usr/bin/curl"],
    "registration-starts-at-boot": [
        f"systemctl --root=/ disable {REGISTER} {AGENT} {TIMER}",
        f"systemctl --root=/ disable {LATE} {CACHE} {WATCH}",
    ],
    "the-boot-has-an-order": [
        f"sed -i s/workhorse-late.service// /etc/systemd/system/{AGENT}",
        f"sed -i /^Before=/d /etc/systemd/system/{CACHE}",
        "sed -i /^After=/d /etc/systemd/system/docker.service.d/workhorse.conf",
    ],
    "a-failed-boot-powers-off": [
        f"sed -i /OnFailure/d /etc/systemd/system/{REGISTER}",
        f"sed -i /OnFailure/d /etc/systemd/system/{AGENT}",
        f"sed -i /FailureAction/d /etc/systemd/system/{FAILED}",
        f"sed -i s/OnBootSec=.*/OnBootSec=30s/ /etc/systemd/system/{TIMER}",
    ],
    "caches-are-on-the-volume": [
        "rm /etc/bazel.bazelrc",
        "chown root /mnt/cache/maven",
        "sed -i s,/mnt/cache,/home/jenkins, /home/jenkins/.npmrc",
        "rm /etc/tmpfiles.d/workhorse-cache.conf",
    ],
    "units-are-sound": [
        f"sed -i s/Restart=always/Restrat=always/ /etc/systemd/system/{AGENT}",
        "rm /usr/local/lib/workhorse/give-up",
    ],
    "the-clock-is-right": [
        "systemctl --root=/ disable chrony.service",
        "rm /etc/chrony/sources.d/workhorse.sources",
    ],
    "nothing-updates-itself": [
        "rm /etc/systemd/system/apt-daily-upgrade.timer",
        "systemctl --root=/ enable puppet.service",
    ],
    "it-can-be-baked-upon": [
        "rmdir /var/lib/puppet",
        "touch /var/cache/puppet/catalog.json",
        "rm /usr/bin/puppet",
    ],
    "no-identity-is-shared": [
        "ssh-keygen -A",
        "echo 0123 >/etc/machine-id",
        "touch /var/lib/systemd/random-seed",
    ],
    "no-secret-is-baked-in": [
        "mkdir -p /root/.ssh; echo key >/root/.ssh/authorized_keys",
        "mkdir -p /root/.aws; echo key >/root/.aws/credentials",
        "echo AWS_ENDPOINT_URL=http://x >/etc/workhorse/local.env",
        "echo GATEWAY_URL=http://x >/etc/workhorse/user-data",
        "mkdir -p /var/lib/workhorse; echo {} >/var/lib/workhorse/resume.json",
        "echo key >/home/jenkins/id_ed25519",
    ],
    "no-trace-is-left": [
        "mkdir /tmp/workhorse-bake",
        "echo line >/var/log/syslog",
        "echo ls >/root/.bash_history",
        "touch /usr/sbin/policy-rc.d",
    ],
}

WAYS = [(check, way) for check, ways in SPOILT.items() for way in ways]


@pytest.fixture
def layer(root: Path, tmp_path: Path) -> Iterator[Path]:
    """The image under a layer of memory, with /proc and what systemd's tools open."""
    top, memory = tmp_path / "top", tmp_path / "memory"
    top.mkdir()
    memory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", memory], check=True)
    try:
        (memory / "upper").mkdir()
        (memory / "work").mkdir()
        (memory / "upper").chmod(0o755)
        layers = f"lowerdir={root},upperdir={memory}/upper,workdir={memory}/work"
        overlay = ["mount", "-t", "overlay", "overlay", "-o", layers, top]
        if subprocess.run(overlay, check=False).returncode != 0:
            pytest.skip(f"no layer can be laid over {root}: unpack the image on a plain disk")
        subprocess.run(["mount", "-t", "proc", "proc", top / "proc"], check=True)
        yield top
    finally:
        subprocess.run(["umount", "--recursive", "--lazy", top], check=False)
        subprocess.run(["umount", "--lazy", memory], check=False)


def failures(check: str, top: Path) -> int:
    """How many of a check's cases fail on the image at `top`."""
    look: Callable[..., None] = getattr(test_checklist, f"test_{check.replace('-', '_')}")
    image: Host = testinfra.get_host(str(top), connection="chroot")
    given = {"image": image, "root": top}
    wanted = inspect.signature(look).parameters
    names = test_checklist.UNITS if "name" in wanted else (None,)
    failed = 0
    for name in names:
        held = {key: value for key, value in {**given, "name": name}.items() if key in wanted}
        try:
            look(**held)
        except (AssertionError, OSError, RuntimeError):
            failed += 1
    return failed


@pytest.mark.parametrize(("check", "way"), WAYS, ids=[f"{c}: {w[:40]}" for c, w in WAYS])
def test_a_spoilt_image_fails_its_check(layer: Path, check: str, way: str) -> None:
    subprocess.run(["chroot", layer, "/bin/sh", "-ec", way], check=True, capture_output=True)

    assert failures(check, layer) > 0


@pytest.mark.parametrize("check", SPOILT)
def test_the_layer_alone_spoils_nothing(layer: Path, check: str) -> None:
    """Else the failures above would prove nothing."""
    assert failures(check, layer) == 0


def test_every_check_is_shown_to_bite() -> None:
    assert list(SPOILT) == [check.id for check in CHECKLIST]
