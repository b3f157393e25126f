"""Late configuration on the agent: verified by ssh-keygen, fetched, applied, once."""

import base64
import json
import os
import pwd
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from scripts.agent import late
from scripts.agent.late import Applier, RefusedError

CONTENT = b"proxy = http://proxy.example\n"
DIGEST = sha256(CONTENT).hexdigest()
FILE = {"path": "/etc/proxy.conf", "mode": "0640", "owner": "root", "sha256": DIGEST}


def manifest(*files: dict[str, str], script: bytes | None = None, pool: str = "linux") -> bytes:
    run = {"sha256": sha256(script).hexdigest()} if script is not None else None
    told = {"version": "v1", "pool": pool, "files": list(files), "script": run}
    return json.dumps(told).encode()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A key that is trusted, and one that is not."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name]
        subprocess.run(command, check=True)
    return {name: folder / name for name in ("ours", "theirs")}


@pytest.fixture
def applier(tmp_path: Path, keys: dict[str, Path]) -> Applier:
    """An agent in a folder of its own, which trusts one key."""
    (tmp_path / "run").mkdir()
    (tmp_path / "root/etc").mkdir(parents=True)
    signers = tmp_path / "late.signers"
    public = keys["ours"].with_suffix(".pub").read_text()
    signers.write_text(f'workhorse namespaces="{late.NAMESPACE}" {public}')
    return Applier(
        fetch={DIGEST: CONTENT}.__getitem__,
        root=tmp_path / "root",
        run=tmp_path / "run",
        state=tmp_path / "state",
        signers=signers,
    )


Comes = Callable[..., None]


@pytest.fixture
def comes(applier: Applier, keys: dict[str, Path]) -> Comes:
    """A list that registration left, signed."""

    def leave(said: bytes, *, by: str = "ours", purpose: str = late.NAMESPACE) -> None:
        given = applier.run / "late.manifest"
        given.write_bytes(said)
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", purpose, "-f", keys[by], given]
        subprocess.run(command, check=True, capture_output=True)
        (applier.run / "late.manifest.sig").rename(applier.run / "late.signature")

    return leave


def test_nothing_that_came_is_nothing_to_do(applier: Applier) -> None:
    assert applier.apply("linux") == "there is none"


def test_a_file_is_written_with_its_mode_and_the_digest_is_kept(
    applier: Applier, comes: Comes
) -> None:
    comes(manifest(FILE))
    assert "1 files" in applier.apply("linux")
    written = applier.root / "etc/proxy.conf"
    assert written.read_bytes() == CONTENT
    assert stat.S_IMODE(written.stat().st_mode) == 0o640
    assert [each.name for each in (applier.state / "late").iterdir()] == [
        sha256(manifest(FILE)).hexdigest()
    ]


def test_a_list_is_applied_once(applier: Applier, comes: Comes) -> None:
    script = f"#!/bin/sh\necho ran >>{applier.root}/ran\n".encode()
    told = {DIGEST: CONTENT, sha256(script).hexdigest(): script}
    once = replace(applier, fetch=told.__getitem__)
    comes(manifest(FILE, script=script))
    once.apply("linux")
    (applier.root / "etc/proxy.conf").unlink()
    assert "applied before" in once.apply("linux")
    assert (applier.root / "ran").read_text() == "ran\n"
    assert not (applier.root / "etc/proxy.conf").exists()


def test_without_a_key_on_the_image_nothing_is_taken(applier: Applier, comes: Comes) -> None:
    comes(manifest(FILE))
    applier.signers.unlink()
    with pytest.raises(RefusedError, match="names nobody"):
        applier.apply("linux")


@pytest.mark.parametrize(
    "signed", [{"by": "theirs"}, {"purpose": "file"}, {"purpose": "workhorse"}]
)
def test_a_signature_of_another_or_for_another_purpose_is_none(
    applier: Applier, comes: Comes, signed: dict[str, str]
) -> None:
    comes(manifest(FILE), **signed)
    with pytest.raises(RefusedError, match="signature is not good"):
        applier.apply("linux")
    assert not (applier.root / "etc/proxy.conf").exists()


def test_a_list_that_was_altered_is_refused(applier: Applier, comes: Comes) -> None:
    comes(manifest(FILE))
    (applier.run / "late.manifest").write_bytes(manifest({**FILE, "path": "/etc/cron.conf"}))
    with pytest.raises(RefusedError, match="signature is not good"):
        applier.apply("linux")


@pytest.mark.parametrize(
    "said",
    [
        manifest(FILE, pool="macs"),
        manifest({**FILE, "path": "/etc/workhorse/late.signers"}),
        manifest({**FILE, "path": "/etc/../root/x"}),
        manifest(FILE, FILE),
        b"no json",
    ],
)
def test_what_breaks_the_rules_is_refused_though_it_is_signed(
    applier: Applier, comes: Comes, said: bytes
) -> None:
    comes(said)
    with pytest.raises(RefusedError):
        applier.apply("linux")
    assert list((applier.root / "etc").iterdir()) == []


def test_what_comes_under_a_digest_must_be_it(applier: Applier, comes: Comes) -> None:
    comes(manifest(FILE))
    with pytest.raises(RefusedError, match="something else"):
        replace(applier, fetch=lambda _: b"other").apply("linux")
    assert not (applier.state / "late").exists()


def test_a_link_leads_no_file_elsewhere(applier: Applier, comes: Comes) -> None:
    (applier.root / "elsewhere").mkdir()
    (applier.root / "etc/app").symlink_to(applier.root / "elsewhere")
    comes(manifest({**FILE, "path": "/etc/app/app.conf"}))
    with pytest.raises(RefusedError, match="through a link"):
        applier.apply("linux")
    assert list((applier.root / "elsewhere").iterdir()) == []


ROOTS_ALONE = pytest.mark.skipif(os.geteuid() != 0, reason="whose a file is, only root says")


@ROOTS_ALONE
def test_a_link_that_appears_at_the_last_moment_gets_neither_owner_nor_mode(
    applier: Applier, comes: Comes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build's left-over may put one in its own directory just as the file has come there."""
    private = applier.root / "private"
    private.write_text("of root")
    private.chmod(0o600)
    into = applier.root / "home/jenkins"
    into.mkdir(parents=True)
    rename = os.rename

    def quick(half: str, name: str, **at: int) -> None:
        rename(half, name, **at)
        if str(name).endswith("app.conf"):
            (into / "app.conf").unlink()
            (into / "app.conf").symlink_to(private)

    monkeypatch.setattr(os, "rename", quick)
    monkeypatch.setattr(pwd, "getpwnam", lambda _: pwd.getpwuid(65534))
    comes(manifest({**FILE, "path": "/home/jenkins/app.conf", "owner": "jenkins"}))
    applier.apply("linux")
    assert private.stat().st_uid == 0
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


@ROOTS_ALONE
def test_a_folder_that_is_made_belongs_to_whom_the_one_above_belongs(
    applier: Applier, comes: Comes
) -> None:
    """Else no build could write beside its own settings."""
    home = applier.root / "home/jenkins"
    home.mkdir(parents=True)
    os.chown(home, 2000, 2000)
    below_home = {**FILE, "path": "/home/jenkins/.gradle/init.d/proxy.gradle"}
    comes(manifest(below_home, {**FILE, "path": "/etc/app/app.conf"}))
    applier.apply("linux")
    assert (home / ".gradle/init.d").stat().st_uid == 2000
    assert (home / ".gradle").stat().st_gid == 2000
    assert (applier.root / "etc/app").stat().st_uid == 0
    assert (home / ".gradle/init.d/proxy.gradle").stat().st_uid == 0


@pytest.mark.parametrize(
    "script", [b"#!/bin/sh\nexit 3\n", b"#!/bin/sh\nexec tail -f /dev/null\n", b"#!/nowhere\n"]
)
def test_a_script_that_fails_or_does_not_end_fails_the_boot_and_is_tried_again(
    applier: Applier, comes: Comes, script: bytes
) -> None:
    digest = sha256(script).hexdigest()
    quick = replace(applier, fetch={digest: script}.__getitem__, script_seconds=0.2)
    for _ in range(2):
        comes(manifest(script=script))
        with pytest.raises((RefusedError, OSError)):
            quick.apply("linux")
    assert not (applier.state / "late" / "script").exists()


def test_the_program_ends_with_one_when_something_is_not_as_it_should_be(
    applier: Applier,
    comes: Comes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (applier.run / "answer.json").write_text('{"pool": "linux"}')
    assert late.main(["--run", str(applier.run)]) == 0
    comes(manifest(FILE))
    monkeypatch.setattr(late, "SIGNERS", applier.signers.with_name("nobody"))
    assert late.main(["--run", str(applier.run)]) == 1
    assert "late configuration" in capsys.readouterr().err


def test_what_was_left_of_the_registration_is_what_is_verified(
    applier: Applier, comes: Comes
) -> None:
    """Registration leaves the bytes as they were signed, through base64 and back."""
    comes(manifest(FILE))
    sent: Any = {
        key: base64.b64encode((applier.run / f"late.{key}").read_bytes()).decode()
        for key in ("manifest", "signature")
    }
    for file in applier.run.glob("late.*"):
        file.unlink()
    from scripts.agent.register import keep_late  # noqa: PLC0415 - only this one joins the two

    keep_late(applier.run, sent)
    assert "1 files" in applier.apply("linux")
