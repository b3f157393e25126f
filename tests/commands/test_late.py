"""The command `late`, against the embedded AWS and the real ssh-keygen."""

import argparse
import hashlib
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contracts.real_world import REGION, Aws, aws_started
from workhorse.adapters.late_store import stored_late
from workhorse.commands.late import COMMANDS
from workhorse.core.errors import Refusal, Surprise
from workhorse.core.late import parsed
from workhorse.loops.agent_ports import Late

BUCKET = "late"
SETTINGS = """
[jenkins]
url = "http://127.0.0.1:1/"
user = "workhorse"
token_file = "token"
[aws]
region = "{region}"
endpoint = "{endpoint}"
[loop]
clock = "1795269600:{now}:0.001"
[journal]
path = "journal.jsonl"
[gateway]
{gateway}
[[pool]]
name = "linux"
labels = ["linux"]
ceiling = 5
group = "linux-agents"
"""
ANOTHER = """
[[pool]]
name = "windows"
labels = ["windows"]
ceiling = 5
group = "windows-agents"
"""


@dataclass
class Desk:
    """A person with a key, a tree of files, and settings."""

    folder: Path
    aws: Aws

    @property
    def key(self) -> Path:
        """The private key; its public half is beside it."""
        return self.folder / "key"

    @property
    def tree(self) -> Path:
        """What shall lie below / on agents."""
        return self.folder / "tree"

    def settle(self, *, gateway: str = f'late = "s3://{BUCKET}/w"', more: str = "") -> None:
        """Write the settings."""
        text = SETTINGS.format(
            region=REGION,
            endpoint=self.aws.embedded.endpoint,
            now=time.time(),
            gateway=gateway,
        )
        (self.folder / "workhorse.toml").write_text(text + more)

    def put(self, path: str, text: str, mode: int = 0o644) -> str:
        """A file of the tree; its digest."""
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return hashlib.sha256(text.encode()).hexdigest()

    def late(self, pool: str = "linux") -> Late | None:
        """What agents are given."""
        return stored_late(f"s3://{BUCKET}/w", self.aws.clients).late(pool)

    def holds(self, late: Late, signers: str) -> bool:
        """Whether an agent with these allowed signers believes it."""
        allowed, signature = self.folder / "signers", self.folder / "signature"
        allowed.write_text(signers)
        signature.write_bytes(late.signature)
        command = ["ssh-keygen", "-Y", "verify", "-n", "workhorse-late", "-I", "workhorse"]
        command += ["-f", str(allowed), "-s", str(signature)]
        done = subprocess.run(command, input=late.manifest, capture_output=True, check=False)
        return done.returncode == 0


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with aws_started() as aws:
        aws.clients.s3.create_bucket(Bucket=BUCKET)
        yield aws


@pytest.fixture
def desk(tmp_path: Path, aws: Aws) -> Iterator[Desk]:
    desk = Desk(tmp_path, aws)
    desk.settle()
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(desk.key)]
    subprocess.run(made, check=True)
    yield desk
    stored_late(f"s3://{BUCKET}/w", aws.clients).withdraw("linux")


Run = Callable[[str], list[str]]


@pytest.fixture
def run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in the desk's folder; the lines that it shows."""
    monkeypatch.chdir(desk.folder)

    def run(words: str) -> list[str]:
        (command,) = COMMANDS
        parser = argparse.ArgumentParser()
        command.add_options(parser)
        shown: list[str] = []
        given = parser.parse_args(["--config", "workhorse.toml", *shlex.split(words)])
        assert command.run(given, shown.append) == 0
        return shown

    return run


PUBLISH = "publish --files tree --key key"


def test_what_is_published_is_signed_by_the_key_and_lists_the_tree(desk: Desk, run: Run) -> None:
    conf = desk.put("etc/pip.conf", "[global]\n")
    maven = desk.put("home/jenkins/.m2/settings.xml", "<settings/>", 0o600)
    shown = run(f"{PUBLISH} --pool linux")
    late = desk.late()
    assert late is not None
    manifest = parsed(late.manifest, "linux")
    assert [(f.path, f.mode, f.owner, f.sha256) for f in manifest.files] == [
        ("/etc/pip.conf", "0644", "root", conf),
        ("/home/jenkins/.m2/settings.xml", "0600", "jenkins", maven),
    ]
    assert manifest.version == "20261121T140000Z"
    public = desk.key.with_suffix(".pub").read_text()
    assert desk.holds(late, f'workhorse namespaces="workhorse-late" {public}')
    assert not desk.holds(late, f'workhorse namespaces="git" {public}')
    assert shown[0].startswith("pool linux: version 20261121T140000Z, signed with ED25519 key SHA")
    assert shown[1] == f"  0644 root    /etc/pip.conf  {conf}"


def test_files_and_script_are_there_by_their_digests(desk: Desk, run: Run) -> None:
    digest = desk.put("etc/a", "a")
    (desk.folder / "script").write_text("#!/bin/sh\ntrue\n")
    run(f"{PUBLISH} --script script --version rollout-7")
    late = desk.late()
    assert late is not None
    manifest = parsed(late.manifest, "linux")
    store = stored_late(f"s3://{BUCKET}/w", desk.aws.clients)
    assert manifest.version == "rollout-7"
    assert store.file(digest) == b"a"
    assert store.file(manifest.script) == b"#!/bin/sh\ntrue\n"


def test_a_script_alone_can_be_published(desk: Desk, run: Run) -> None:
    (desk.folder / "script").write_text("true\n")
    shown = run("publish --script script --key key")
    assert shown[-1].startswith("  then the script ")


def test_show_tells_every_pool_and_withdraw_takes_it_away(desk: Desk, run: Run) -> None:
    desk.settle(more=ANOTHER)
    desk.put("etc/a", "a")
    run(f"{PUBLISH} --pool linux")
    shown = run("show")
    assert shown[0].startswith("pool linux: version ")
    assert shown[-1] == "pool windows: nothing is late"
    run("withdraw --pool linux")
    assert run("show --pool linux") == ["pool linux: nothing is late"]


def test_the_private_key_leaves_the_machine_in_nothing(desk: Desk, run: Run) -> None:
    desk.put("etc/a", "a")
    run(PUBLISH)
    secret = desk.key.read_text().split("\n")[2]
    s3 = desk.aws.clients.s3
    for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        assert secret.encode() not in s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read()


def test_what_somebody_changed_in_the_store_is_told(desk: Desk, run: Run) -> None:
    """Agents refuse it; people hear of it where they look."""
    desk.put("etc/a", "a")
    run(PUBLISH)
    late = desk.late()
    assert late is not None
    forged = Late(manifest=late.manifest.replace(b"0644", b"0755"), signature=late.signature)
    stored_late(f"s3://{BUCKET}/w", desk.aws.clients).publish("linux", forged, {})
    with pytest.raises(Surprise, match="the signature does not hold"):
        run("show")


def test_what_agents_would_refuse_is_not_published(desk: Desk, run: Run) -> None:
    desk.put("etc/sudoers.d/builds", "jenkins ALL=(ALL) NOPASSWD: ALL\n")
    desk.put("root/.profile", "")
    with pytest.raises(Refusal) as refused:
        run(PUBLISH)
    assert "files[0].path: '/etc/sudoers.d/builds'" in str(refused.value)
    assert "files[1].path: '/root/.profile'" in str(refused.value)
    assert desk.late() is None


def test_a_link_in_the_tree_is_refused(desk: Desk, run: Run) -> None:
    desk.put("etc/a", "a")
    (desk.tree / "etc/b").symlink_to("/etc/shadow")
    with pytest.raises(Refusal, match="tree/etc/b: must be a file or a directory, and no link"):
        run(PUBLISH)


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("publish --files tree", "--key: is required to publish"),
        ("publish --key key", "is empty and there is no script"),
        ("publish --files nowhere --key key", "--files: nowhere: must be a directory"),
        ("publish --script nothing --key key", "--script: nothing: cannot be read"),
        (f"{PUBLISH} --pool mac", "--pool: mac: must be the name of a pool"),
        (f"{PUBLISH} --version a/b", "version: must be 1 to 64"),
        ("publish --files tree --key nokey", "--key: nokey: does not sign: "),
        ("show --files tree", "--files: goes with publish only"),
        ("withdraw --key key", "--key: goes with publish only"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_rule(
    desk: Desk, run: Run, words: str, rule: str
) -> None:
    desk.put("etc/a", "a")
    with pytest.raises(Refusal) as refused:
        run(words)
    assert rule in str(refused.value)
    assert desk.late() is None


def test_without_a_place_for_it_nothing_is_late(desk: Desk, run: Run) -> None:
    desk.settle(gateway="")
    with pytest.raises(Refusal, match=r"gateway\.late: \(missing\)"):
        run("show")


def test_a_file_that_is_too_large_is_refused(desk: Desk, run: Run) -> None:
    desk.put("opt/large", "a" * (8 * 1024 * 1024 + 1))
    with pytest.raises(Refusal, match="has 8388609 bytes, above 8388608"):
        run(PUBLISH)
