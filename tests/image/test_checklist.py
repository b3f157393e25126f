"""One check for each entry of the checklist, on the root of a baked image (see conftest)."""

import json
import re
from pathlib import Path

import pytest
from testinfra.host import Host

from scripts import sources

UNITS = (
    "workhorse-register.service",
    "workhorse-agent.service",
    "workhorse-boot.timer",
    "workhorse-late.service",
    "workhorse-cache.service",
    "workhorse-watch.service",
)
STARTED = ("workhorse-boot.service", "workhorse-failed.service")
"""Units that others start."""
PROGRAMS = ("register", "late", "watch", "speak", "stop", "failed")
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
    assert {"connect", "fetch-jar", "fail", "leave", "register.py", "watch.py"} <= set(wanted)
    there = set(image.file("/usr/local/lib/workhorse").listdir()) - {"agent.jar"}
    assert there == set(wanted)
    for name, path in wanted.items():
        found = image.file(f"/usr/local/lib/workhorse/{name}")
        assert found.content == path.read_bytes(), name
        assert (found.user, found.mode) == ("root", 0o755), name
    link = image.file("/usr/local/bin/workhorse-leave")
    assert link.linked_to == "/usr/local/lib/workhorse/leave"


def test_aws_can_be_asked(image: Host) -> None:
    image.check_output("/usr/bin/python3 -c 'import boto3, botocore.exceptions, botocore.auth'")
    image.check_output("curl --version")
    compiles = "PYTHONPATH=/usr/local/lib PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3"
    for program in PROGRAMS:
        said = image.check_output(f"{compiles} -m workhorse.{program} --help")
        assert said.startswith("usage: "), program
    signs = "from workhorse.metadata import Keys; from workhorse.proof import proof; "
    signs += 'k = Keys(access_key="A", secret_key="S", token="T"); '
    signs += 'print(sorted(proof(k, "eu-west-1", "https://sts.test/", "a", "n")["headers"]))'
    told = image.check_output(f"{compiles} -c '{signs}'")
    assert "'Authorization'" in told
    assert "'X-Amz-Security-Token'" in told


@pytest.mark.parametrize("name", UNITS)
def test_registration_starts_at_boot(image: Host, name: str) -> None:
    assert enabled(image, name)


def test_the_boot_has_an_order(image: Host) -> None:
    def said(name: str, key: str) -> set[str]:
        lines = re.findall(rf"^{key}=(.*)$", unit(image, name), re.MULTILINE)
        return set(" ".join(lines).split())

    assert "network-online.target" in said(UNITS[0], "After")
    assert UNITS[0] in said("workhorse-late.service", "Requires")
    assert "workhorse-late.service" in said("workhorse-cache.service", "After")
    assert {UNITS[1], "docker.service"} <= said("workhorse-cache.service", "Before")
    assert "workhorse-cache.service" in said("docker.service.d/workhorse.conf", "After")
    assert {UNITS[0], "workhorse-late.service"} <= said(UNITS[1], "Requires")
    assert {*said(UNITS[1], "Requires"), "docker.service"} <= said(UNITS[1], "After")


def test_a_failed_boot_powers_off(image: Host) -> None:
    for name in (UNITS[0], UNITS[1], "workhorse-late.service", "workhorse-boot.service"):
        assert "OnFailure=workhorse-failed.service" in unit(image, name), name
    last = unit(image, "workhorse-failed.service")
    assert "SuccessAction=poweroff" in last
    assert "FailureAction=poweroff" in last
    assert "StartLimitBurst=10" in unit(image, UNITS[1])
    # From then on systemd takes each restart for a failure, unless it is told otherwise.
    version = re.findall(r"^systemd (\d+)", image.check_output("systemctl --version"))[0]
    assert int(version) < 254 or "RestartMode=direct" in unit(image, UNITS[1])
    seconds = int(re.findall(r"OnBootSec=(\d+)s", unit(image, UNITS[2]))[0])
    for name in (*UNITS, *STARTED):
        if name.endswith(".service"):
            limit = int(re.findall(r"TimeoutStartSec=(\d+)", unit(image, name))[0])
            assert 0 < limit < seconds, name


def test_caches_are_on_the_volume(image: Host) -> None:
    told = {
        "/etc/bazel.bazelrc": "--repository_cache=/mnt/cache/bazel/",
        "/home/jenkins/.m2/settings.xml": "<localRepository>/mnt/cache/maven/",
        "/home/jenkins/.npmrc": "cache=/mnt/cache/npm",
    }
    for path, wanted in told.items():
        assert wanted in image.file(path).content_string, path
    made = image.file("/etc/tmpfiles.d/workhorse-cache.conf").content_string
    for tool in ("bazel", "maven", "npm", "git"):
        place = image.file(f"/mnt/cache/{tool}")
        assert (place.is_directory, place.user) == (True, "jenkins"), tool
        assert f"d /mnt/cache/{tool} 0755 jenkins jenkins" in made


def test_units_are_sound(image: Host) -> None:
    names = " ".join((*UNITS, *STARTED, "workhorse-hostkeys.service"))
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
    keys += r" -o -name user-data -o -name lease -o -name resume.json -o -name secret \)"
    assert image.check_output(keys) == ""
    assert set(image.file("/etc/workhorse").listdir()) <= {"late.signers"}
    assert image.run("ls -A /var/lib/workhorse").stdout == ""
    assert image.run("ls /run/workhorse").rc != 0


def test_no_trace_is_left(image: Host) -> None:
    assert image.file("/tmp").listdir() == []  # noqa: S108 - that of the image
    assert image.file("/var/tmp").listdir() == []  # noqa: S108 - that of the image
    # A machine that shuts down notes that much in wtmp, after everything else.
    assert image.check_output("find /var/log -type f -size +0 ! -name wtmp") == ""
    assert image.run("ls /root/.bash_history /home/*/.bash_history").stdout == ""
    assert not image.file("/usr/sbin/policy-rc.d").exists
