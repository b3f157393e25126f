"""Finding and fetching Terraform and the provider."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from workhorse.adapters import toolchain
from workhorse.adapters.terraform_override import SERVICES, local_override, write_local_override
from workhorse.adapters.toolchain import find_terraform, prepare, provider_mirror, version_of
from workhorse.core.errors import Refusal, Surprise

TOOLS = Path(__file__).parents[2] / ".tools"


def program(folder: Path, name: str, says: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_the_version_is_read_from_terraform_and_from_opentofu(tmp_path: Path) -> None:
    assert version_of(program(tmp_path, "terraform", "Terraform v1.11.4")) == (1, 11, 4)
    assert version_of(program(tmp_path, "tofu", "OpenTofu v1.10.0-beta1")) == (1, 10, 0)
    assert version_of(program(tmp_path, "cat", "meow")) == ()
    assert version_of(tmp_path / "nothing") == ()


def test_another_binary_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tofu = program(tmp_path, "tofu", "OpenTofu v1.10.6")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_terraform(tmp_path, binary="tofu") == tofu


def test_a_named_binary_that_is_missing_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"'tofuu' is not on PATH; install version 1\.9"):
        find_terraform(tmp_path, binary="tofuu")


def test_a_named_binary_that_is_too_old_is_refused_with_its_version(tmp_path: Path) -> None:
    old = program(tmp_path, "tofu", "OpenTofu v1.6.2")
    with pytest.raises(Refusal, match=r"is 1\.6\.2; install version 1\.9"):
        find_terraform(tmp_path, binary=str(old))


def test_the_mirror_holds_the_checked_provider() -> None:
    home = provider_mirror(TOOLS) / "registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64"
    binary = home / toolchain.PROVIDER_BINARY
    with binary.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    assert found == toolchain.PROVIDER_BINARY_SHA256
    assert os.access(binary, os.X_OK)


def test_the_settings_offer_the_mirror_for_aws_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "terraform-mirror").mkdir()
    binary = program(tmp_path, "terraform-new", "Terraform v1.11.4")
    settings = prepare(tmp_path, binary=str(binary)).cli_config.read_text()
    assert f'path    = "{tmp_path}/terraform-mirror"' in settings
    assert 'exclude = ["hashicorp/aws"]' in settings


def test_with_the_registry_the_settings_name_no_mirror(tmp_path: Path) -> None:
    binary = program(tmp_path, "terraform-new", "Terraform v1.11.4")
    made = prepare(tmp_path, binary=str(binary), registry=True)
    assert made.version == "1.11.4"
    assert "provider_installation" not in made.cli_config.read_text()


def test_what_is_not_what_was_pinned_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "package.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(Surprise, match=r"package\.whl has sha256 .* pinned is 00: refusing"):
        toolchain._check(wheel, "00")


def test_two_at_once_build_once_and_both_get_the_whole(tmp_path: Path) -> None:
    target = tmp_path / "tool"
    both_want_it = threading.Barrier(2)
    built: list[Path] = []

    def build(made: Path, _work: Path) -> None:
        built.append(made)
        (made / "part").write_text("whole")

    def want() -> None:
        both_want_it.wait(10)
        assert (toolchain._once(target, build) / "part").read_text() == "whole"

    wanting = [threading.Thread(target=want) for _ in range(2)]
    for thread in wanting:
        thread.start()
    for thread in wanting:
        thread.join(10)
    assert len(built) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [".tool.lock", "tool"]


def test_a_build_that_fails_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    def build(made: Path, _work: Path) -> None:
        (made / "part").write_text("half")
        raise Surprise("the line went dead")

    with pytest.raises(Surprise, match="the line went dead"):
        toolchain._once(tmp_path / "tool", build)
    assert [path.name for path in tmp_path.iterdir()] == [".tool.lock"]


def test_the_override_sends_every_service_to_one_endpoint(tmp_path: Path) -> None:
    path = write_local_override(tmp_path, "http://127.0.0.1:1")
    assert path.name.endswith("_override.tf.json")
    assert path.read_text() == local_override("http://127.0.0.1:1")
    assert path.read_text().count("http://127.0.0.1:1") == len(SERVICES)
