"""Packer run once, by a program that says what the real one said."""

import signal
import threading
from pathlib import Path

import pytest

from tests.adapters.packer_stand import PUPPET_FAILS, SUCCESS, PackerStand
from workhorse.adapters.packer import BakeError, Packer
from workhorse.core.bake import Baking, Line
from workhorse.core.errors import Refusal

ENVIRON = {"PATH": "/usr/bin:/bin"}
VARIABLES = {"region": "us-east-1", "pool": "linux", "spot": False}


@pytest.fixture
def stand(tmp_path: Path) -> PackerStand:
    return PackerStand(tmp_path / "bin")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    folder = tmp_path / "template"
    folder.mkdir()
    (folder / "plugins.pkr.hcl").write_text("packer {}\n")
    (folder / "build.pkr.hcl").write_text("# >1.6 --\nnew\n# <1.6 --\nold\n")
    return folder


def build(
    binary: Path, folder: Path, template: Path, *, limit_seconds: float = 60
) -> tuple[str, list[Baking]]:
    folder.mkdir()
    told: list[Baking] = []
    image, _ = Packer(str(binary), ENVIRON).build(
        folder,
        template,
        VARIABLES,
        heard=lambda baking, _line: told.append(baking),
        limit_seconds=limit_seconds,
    )
    return image, told


def test_a_bake_gives_its_image_and_tells_its_steps(
    stand: PackerStand, template: Path, tmp_path: Path
) -> None:
    binary = stand.says(SUCCESS, 0, image="ami-12")
    image, told = build(binary, tmp_path / "bake", template)
    assert image == "ami-12"
    assert "Provisioning with apply.sh" in {baking.step for baking in told}
    given = stand.variables()
    assert {name: given[name] for name in VARIABLES} == VARIABLES
    assert given["manifest"] == str(tmp_path / "bake" / "manifest.json")


def test_an_old_packer_gets_what_it_can_read(
    stand: PackerStand, template: Path, tmp_path: Path
) -> None:
    build(stand.says(SUCCESS, 0, image="ami-12"), tmp_path / "bake", template)
    staged = tmp_path / "bake" / "template"
    assert not (staged / "plugins.pkr.hcl").exists()
    assert (staged / "build.pkr.hcl").read_text() == "old\n"


def test_a_new_packer_gets_the_whole_template(
    stand: PackerStand, template: Path, tmp_path: Path
) -> None:
    binary = stand.says(SUCCESS, 0, image="ami-12", version="Packer v1.11.2")
    build(binary, tmp_path / "bake", template)
    staged = tmp_path / "bake" / "template"
    assert (staged / "plugins.pkr.hcl").exists()
    assert (staged / "build.pkr.hcl").read_text() == (template / "build.pkr.hcl").read_text()


def test_variables_are_ours_alone_to_read(
    stand: PackerStand, template: Path, tmp_path: Path
) -> None:
    build(stand.says(SUCCESS, 0, image="ami-12"), tmp_path / "bake", template)
    file = tmp_path / "bake" / "template" / "bake.auto.pkrvars.json"
    assert file.stat().st_mode & 0o777 == 0o600


def test_packer_is_told_to_phone_nobody(stand: PackerStand, template: Path, tmp_path: Path) -> None:
    build(stand.says(SUCCESS, 0, image="ami-12"), tmp_path / "bake", template)
    seen = stand.environment()
    assert (seen["CHECKPOINT_DISABLE"], seen["PATH"]) == ("1", ENVIRON["PATH"])


def test_a_failure_says_its_step_its_reason_and_the_last_lines(
    stand: PackerStand, template: Path, tmp_path: Path
) -> None:
    with pytest.raises(BakeError) as failed:
        build(stand.says(PUPPET_FAILS, 1), tmp_path / "bake", template)
    first, *rest = str(failed.value).splitlines()
    assert first.startswith(
        'the bake failed at "Provisioning with apply.sh": Script exited with non-zero'
    )
    assert rest[-1] == "  Error: /Stage[main]/Profile::Docker/Package[docker.io]: no such package"
    assert failed.value.baking.made.key_pair == "packer_6b0175b7-c126-910c-f8cb-456fbb708078"


def test_a_packer_that_ends_well_without_an_image_has_failed(
    stand: PackerStand, template: Path, tmp_path: Path
) -> None:
    with pytest.raises(BakeError, match=r"manifest\.json"):
        build(stand.says(SUCCESS, 0), tmp_path / "bake", template)


def test_after_its_limit_a_bake_is_interrupted_and_cleans_up(
    stand: PackerStand, template: Path, tmp_path: Path
) -> None:
    with pytest.raises(BakeError) as failed:
        build(stand.waits(PUPPET_FAILS), tmp_path / "bake", template, limit_seconds=2)
    assert failed.value.baking.cleaning


def test_an_interrupt_reaches_packer_once_and_is_waited_for(
    stand: PackerStand, template: Path, tmp_path: Path
) -> None:
    binary = stand.waits(PUPPET_FAILS)
    (tmp_path / "bake").mkdir()
    told: list[Baking] = []

    def heard(baking: Baking, _line: Line) -> None:
        told.append(baking)
        if baking.tail[-1].endswith("no such package"):
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)

    packer = Packer(str(binary), ENVIRON)
    with pytest.raises(KeyboardInterrupt):
        packer.build(tmp_path / "bake", template, VARIABLES, heard=heard, limit_seconds=60)
    assert told[-1].step == "Provisioning with apply.sh"


def test_a_packer_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refusal, match=r"bake\.packer: no-such-packer: must be HashiCorp's Packer"):
        Packer("no-such-packer", ENVIRON)


@pytest.mark.parametrize("version", ["Packer v1.7.0", "1 2 3", ""])
def test_another_program_or_version_is_refused(stand: PackerStand, version: str) -> None:
    with pytest.raises(Refusal, match=r"bake\.packer: .*Packer"):
        Packer(str(stand.says(SUCCESS, 0, version=version)), ENVIRON)
