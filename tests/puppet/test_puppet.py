"""The Puppet code by its own tools, and the rules of the house that those do not know."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts import sources

PUPPET = sources.ROOT / "puppet"
MODULES = PUPPET / "site-modules"
MANIFESTS = sorted(MODULES.rglob("*.pp"))
TEMPLATES = sorted(MODULES.rglob("*.epp"))
DATA = sorted((PUPPET / "data").rglob("*.yaml"))
PACKAGES = {"puppet": "puppet-agent", "puppet-lint": "puppet-lint", "rspec": "ruby-rspec-puppet"}
MANIFEST_LINES = 60


def name(path: Path) -> str:
    return str(path.relative_to(PUPPET))


def run(*command: str | Path) -> None:
    """Run one of Puppet's tools on the tree; what it complains about fails the test."""
    tool = str(command[0])
    if shutil.which(tool) is None:
        pytest.skip(f"Puppet's code is not tested here: apt-get install {PACKAGES[tool]}")
    ended = subprocess.run(
        command, cwd=PUPPET, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_catalogue_is_what_its_examples_say() -> None:
    run("rspec", "spec", "--no-color", "--backtrace")


def test_every_manifest_parses() -> None:
    run("puppet", "parser", "validate", PUPPET / "manifests", *MANIFESTS)


def test_every_template_parses() -> None:
    run("puppet", "epp", "validate", *TEMPLATES)


def test_the_style_is_that_of_puppet() -> None:
    run("puppet-lint", "--fail-on-warnings", "--relative", "manifests", "site-modules")


# --- Rules of the house --------------------------------------------------------------------------

PARAMETER = re.compile(r"^  (?P<type>[A-Z].*?) \$(?P<name>\w+)(?P<default> = .+)?,$", re.MULTILINE)
HEAD = re.compile(r"^(class|define) ([a-z_:]+) \((.*?)^\) \{", re.MULTILINE | re.DOTALL)


def parameters(path: Path) -> dict[str, str | None]:
    """The parameters of a class or define, each with its default."""
    head = HEAD.search(path.read_text())
    return {m["name"]: m["default"] for m in PARAMETER.finditer(head[3])} if head else {}


def classes() -> dict[str, Path]:
    return {
        name: path
        for path in MANIFESTS
        for name in re.findall(r"^class ([a-z_:]+)", path.read_text(), re.MULTILINE)
    }


def keys(path: Path) -> set[str]:
    return set(re.findall(r"^([a-z_]+(?:::[a-z_]+)+):", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("path", MANIFESTS, ids=name)
def test_a_manifest_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MANIFEST_LINES


@pytest.mark.parametrize("path", MANIFESTS, ids=name)
def test_a_manifest_says_what_it_is_for_and_each_parameter_means(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("# ")
    assert set(re.findall(r"^# @param (\w+)$", text, re.MULTILINE)) == set(parameters(path))


def test_defaults_live_in_the_data_alone() -> None:
    """A class takes every value from there; a define may leave something out."""
    said = {name: parameters(path) for name, path in classes().items()}
    assert [(name, held) for name, held in said.items() if any(held.values())] == []


def test_every_key_is_a_parameter_and_every_parameter_has_a_key_on_every_system() -> None:
    wanted = {f"{each}::{one}" for each, path in classes().items() for one in parameters(path)}
    common, pools = keys(PUPPET / "data/common.yaml"), set()
    for path in sorted((PUPPET / "data/pool").glob("*.yaml")):
        pools |= keys(path)
    assert wanted
    assert pools <= wanted
    for path in sorted((PUPPET / "data/os").glob("*.yaml")):
        assert common | keys(path) == wanted, path.name


def test_a_role_only_contains_profiles_and_orders_them() -> None:
    for path in sorted((MODULES / "role").rglob("*.pp")):
        code = re.sub(r"^ *#.*$|^class .*\{$", "", path.read_text(), flags=re.MULTILINE)
        rest = re.sub(r"contain profile::\w+|Class\['profile::\w+'\]|->", "", code)
        assert re.sub(r"[\s\[\],}]", "", rest) == "", path.name


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_that_takes_values_says_their_types(path: Path) -> None:
    text = path.read_text()
    uses = set(re.findall(r"\$(\w+)", text))
    assert not uses or text.startswith("<%- | ")


@pytest.mark.parametrize("path", sorted(MODULES.rglob("*.service.epp")), ids=name)
def test_every_service_has_an_end_to_its_start(path: Path) -> None:
    assert re.search(r"^TimeoutStartSec=(?!0|infinity)", path.read_text(), re.MULTILINE)


LISTENING = "[Socket]\nListenStream=22\n[Install]\nWantedBy=sockets.target\n"
"""What of Ubuntu's ssh.socket matters for the order of a boot."""


def test_host_keys_are_made_before_ssh_without_a_circle(tmp_path: Path) -> None:
    """On Ubuntu a socket waits for ssh, and opens before ordinary services may start."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("the order of units is not tested here: apt-get install systemd")
    text = (MODULES / "profile/templates/hostkeys.service.epp").read_text()
    (tmp_path / "workhorse-hostkeys.service").write_text(text)
    (tmp_path / "ssh.socket").write_text(LISTENING)
    (tmp_path / "ssh.service").write_text("[Service]\nExecStart=/bin/true\n")
    for target, unit in (("multi-user", "workhorse-hostkeys.service"), ("sockets", "ssh.socket")):
        wants = tmp_path / f"{target}.target.wants"
        wants.mkdir()
        (wants / unit).symlink_to(tmp_path / unit)
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "multi-user.target"],
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{tmp_path}:/usr/lib/systemd/system"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "cycle" not in ended.stderr, ended.stderr
    assert "workhorse" not in ended.stderr, ended.stderr


VALUES = {
    "user": "root",
    "seconds": "60",
    "seconds + 60": "120",
    "java": "/bin/true",
    "options.join(' ')": "-Xmx64m",
    "cache": "/mnt/cache",
    "start_seconds": "60",
    "stop_seconds": "60",
}
"""What stands in for the data where a template is read without Puppet."""


def rendered(name: str) -> str:
    """A template with values of no meaning; what is there on a condition is there."""
    text = (MODULES / f"profile/templates/{name}.epp").read_text()
    text = re.sub(r"(?s)^<%- \|.*?\| -%>\n|<% [^=].*?-%>\n", "", text)
    text = re.sub(r"(?m)^RestartMode=.*\n", "", text)  # a word of systemd 254; Debian 12 has 252
    text = re.sub(r"<%= \$(.*?) %>", lambda found: VALUES[found[1]], text)
    # Programs of the image are not here, nor is its Python's package.
    return re.sub(r"(?m)^(Exec\w+=[-+]?)(/usr/local/lib|/usr/bin)/.*$", r"\1/bin/true", text)


def test_the_units_of_a_boot_have_an_order_without_a_circle_and_no_unknown_key(
    tmp_path: Path,
) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("the order of units is not tested here: apt-get install systemd")
    wants = tmp_path / "multi-user.target.wants"
    wants.mkdir()
    docker = "[Unit]\nAfter=network-online.target\n[Service]\nExecStart=/bin/true\n"
    (tmp_path / "docker.service").write_text(docker)
    (tmp_path / "docker.service.d").mkdir()
    (tmp_path / "docker.service.d/workhorse.conf").write_text(rendered("docker.conf"))
    names = ("register", "late", "cache", "agent", "watch", "boot", "failed")
    for each in names:
        unit = tmp_path / f"workhorse-{each}.service"
        unit.write_text(rendered(f"{each}.service"))
        if "[Install]" in unit.read_text():
            (wants / unit.name).symlink_to(unit)
    (wants / "docker.service").symlink_to(tmp_path / "docker.service")
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", "multi-user.target"]
        + [f"workhorse-{each}.service" for each in names],
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{tmp_path}:/usr/lib/systemd/system"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    told = [line for line in ended.stderr.splitlines() if "workhorse" in line or "cycle" in line]
    assert told == [], ended.stderr


def test_no_secret_stands_in_the_data() -> None:
    """Data is on every checkout: what is secret comes from SSM at boot."""
    for path in DATA:
        assert not re.search(r"(?i)(password|secret|token)\w*:", path.read_text()), path.name
