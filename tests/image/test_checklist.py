"""One check for each entry of the checklist, on the root of a baked image (see conftest)."""

import json
import re
from pathlib import Path

import pytest
from testinfra.host import Host

from scripts import sources

UNITS = ("workhorse-register.service", "workhorse-agent.service", "workhorse-boot.timer")
SCRIPTS = sources.ROOT / "scripts/agent"


def unit(image: Host, name: str) -> str:
    return image.file(f"/etc/systemd/system/{name}").content_string


def enabled(image: Host, name: str) -> bool:
    return image.run("systemctl --root=/ is-enabled %s", name).stdout.strip() == "enabled"


def test_java_is_there(image: Host, root: Path) -> None:
    releases = sorted(path.name for path in (root / "opt/java").iterdir())
    assert "17" in releases
    for release in releases:
        said = image.check_output(f"/opt/java/{release}/bin/java -XX:-UsePerfData -version 2>&1")
        assert f'version "{release}.' in said, said
    assert re.search(r'version "\d+\.', image.check_output("java -XX:-UsePerfData -version 2>&1"))


def test_docker_is_ready(image: Host) -> None:
    assert image.package("docker.io").is_installed
    assert enabled(image, "docker.service")
    assert "TimeoutStartSec=120" in unit(image, "docker.service.d/workhorse.conf")
    place = json.loads(image.file("/etc/docker/daemon.json").content_string)["data-root"]
    assert place == "/mnt/cache/docker"
    assert image.file(place).is_directory


def test_git_is_there(image: Host) -> None:
    assert image.check_output("git --version").startswith("git version 2.")


def test_the_agent_has_a_user(image: Host) -> None:
    jenkins = image.user("jenkins")
    assert (jenkins.uid, jenkins.gid, jenkins.home) == (2000, 2000, "/home/jenkins")
    assert "docker" in jenkins.groups
    assert not {"sudo", "admin", "adm"} & set(jenkins.groups)
    assert jenkins.password.startswith("!")
    assert image.run("grep -rs jenkins /etc/sudoers /etc/sudoers.d").stdout == ""


def test_builds_have_a_place(image: Host) -> None:
    place = image.file("/home/jenkins/agent")
    assert (place.is_directory, place.user, place.group) == (True, "jenkins", "jenkins")
    assert place.mode & 0o022 == 0


def test_scripts_are_whole(image: Host) -> None:
    wanted = {path.name: path for path in SCRIPTS.iterdir() if path.is_file()}
    assert {"connect", "give-up", "leave", "register.py"} <= set(wanted)
    assert set(image.file("/usr/local/lib/workhorse").listdir()) == set(wanted)
    for name, path in wanted.items():
        found = image.file(f"/usr/local/lib/workhorse/{name}")
        assert found.content == path.read_bytes(), name
        assert (found.user, found.mode) == ("root", 0o755), name
    link = image.file("/usr/local/bin/workhorse-leave")
    assert link.linked_to == "/usr/local/lib/workhorse/leave"


def test_aws_can_be_asked(image: Host) -> None:
    image.check_output("/usr/bin/python3 -c 'import boto3, botocore.exceptions'")
    image.check_output("curl --version")
    compiles = "PYTHONPATH=/usr/local/lib PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m"
    assert "--seconds" in image.check_output(f"{compiles} workhorse.register --help")


@pytest.mark.parametrize("name", UNITS)
def test_registration_starts_at_boot(image: Host, name: str) -> None:
    assert enabled(image, name)


def test_a_failed_boot_powers_off(image: Host) -> None:
    register, agent = unit(image, UNITS[0]), unit(image, UNITS[1])
    assert "FailureAction=poweroff" in register
    assert "StartLimitAction=poweroff" in agent
    assert "StartLimitBurst=5" in agent
    assert "Requires=workhorse-register.service" in agent
    seconds = int(re.findall(r"OnBootSec=(\d+)s", unit(image, UNITS[2]))[0])
    limits = [unit(image, name) for name in (*UNITS[:2], "workhorse-boot.service")]
    for text in limits:
        assert 0 < int(re.findall(r"TimeoutStartSec=(\d+)", text)[0]) < seconds


def test_units_are_sound(image: Host) -> None:
    names = " ".join((*UNITS, "workhorse-boot.service", "workhorse-hostkeys.service"))
    said = image.run(f"systemd-analyze verify --man=no --recursive-errors=yes {names}")
    ours = [line for line in said.stderr.splitlines() if "workhorse" in line]
    assert (said.rc, ours) == (0, []), said.stderr


def test_the_clock_is_right(image: Host) -> None:
    assert enabled(image, "chrony.service")
    named = image.file("/etc/chrony/sources.d/workhorse.sources").content_string
    assert "server 169.254.169.123 " in named


def test_nothing_updates_itself(image: Host) -> None:
    assert not image.package("unattended-upgrades").is_installed
    for name in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        assert image.file(f"/etc/systemd/system/{name}").linked_to == "/dev/null"
    assert not enabled(image, "puppet.service")


def test_it_can_be_baked_upon(image: Host) -> None:
    image.check_output("puppet --version")
    for folder in ("/var/lib/puppet", "/var/cache/puppet"):
        assert image.file(folder).is_directory, folder
        assert image.file(folder).listdir() == [], folder


def test_no_identity_is_shared(image: Host) -> None:
    assert image.run("ls /etc/ssh/ssh_host_*").stdout == ""
    assert image.file("/etc/machine-id").size == 0
    assert not image.file("/var/lib/systemd/random-seed").exists
    assert enabled(image, "workhorse-hostkeys.service")


def test_no_secret_is_baked_in(image: Host) -> None:
    # Packer empties the file of the key that it came with, and leaves it.
    keys = r"find /root /home /etc/workhorse /usr/local /opt/java -xdev -type f -size +0"
    keys += r" \( -name 'id_*'"
    keys += r" -o -name authorized_keys -o -name credentials -o -name '*.pem' -o -name local.env"
    keys += r" -o -name agent.jar -o -name secret \)"
    assert image.check_output(keys) == ""
    assert image.file("/etc/workhorse").listdir() == []
    assert image.run("ls /run/workhorse").rc != 0


def test_no_trace_is_left(image: Host) -> None:
    assert image.file("/tmp").listdir() == []  # noqa: S108 - that of the image
    assert image.file("/var/tmp").listdir() == []  # noqa: S108 - that of the image
    # A machine that shuts down notes that much in wtmp, after everything else.
    assert image.check_output("find /var/log -type f -size +0 ! -name wtmp") == ""
    assert image.run("ls /root/.bash_history /home/*/.bash_history").stdout == ""
    assert not image.file("/usr/sbin/policy-rc.d").exists
