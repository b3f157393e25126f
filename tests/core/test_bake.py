"""What Packer says, read: steps, what was made, the step that failed."""

import json

import pytest

from tests.adapters.packer_stand import PUPPET_FAILS, SUCCESS
from workhorse.core.bake import Baking, Kind, Line, Made, baked, lines, plugged, version


def play(recording: str) -> tuple[Baking, list[str]]:
    """How far it is in the end, and the steps on the way."""
    baking, steps = Baking(), []
    for raw in recording.splitlines():
        for line in lines(raw):
            after = baking.heard(line)
            if after.step != baking.step:
                steps.append(after.step)
            baking = after
    return baking, steps


def test_a_bake_is_told_in_steps() -> None:
    baking, steps = play(SUCCESS.read_text())
    assert [step for step in steps if step.startswith(("Prov", "Launch", "Connected"))] == [
        "Launching a source AWS instance...",
        "Connected to SSH!",
        "Provisioning with packer-shell1900440543",
        "Provisioning with prepare.sh",
        "Provisioning with apply.sh",
        "Provisioning with seal.sh",
    ]
    assert not [step for step in steps if step.startswith("Setting a")]
    assert baking.cleaning


def test_what_a_bake_makes_is_noted() -> None:
    baking, _ = play(SUCCESS.read_text())
    assert baking.made == Made(
        name="workhorse-linux-20261121-103623-7d092ba",
        key_pair="packer_6b017428-8113-5786-ffcb-1769c462ca82",
        security_group="packer_6b017428-a104-06c3-5a13-4d0453061c64",
        instance="i-a91646c7898affdaa",
        image="ami-33727c59acbda6480",
    )


def test_a_failure_is_told_with_its_step_and_its_last_lines() -> None:
    baking, steps = play(PUPPET_FAILS.read_text())
    assert baking.step == "Provisioning with apply.sh" == steps[-1]
    assert baking.tail[-1] == (
        "Error: /Stage[main]/Profile::Docker/Package[docker.io]: no such package"
    )
    assert baking.why.startswith("Script exited with non-zero exit status: 4")


def test_a_line_may_hold_commas_and_several_lines() -> None:
    said = "==> workhorse.amazon-ebs.agent: {\\n==> workhorse.amazon-ebs.agent: a%!(PACKER_COMMA) b"
    raw = f"1,,ui,error,{said}\n"
    assert lines(raw) == (
        Line(kind=Kind.ERROR, text="{", of_build=True),
        Line(kind=Kind.ERROR, text="a, b", of_build=True),
    )


@pytest.mark.parametrize(
    "raw", ["", "\n", "noise", "1,target,artifact,0,id", "1,,ui,other,text", "1,,version,1.6.6"]
)
def test_what_is_not_for_people_says_nothing(raw: str) -> None:
    assert lines(raw) == ()


def test_what_packer_says_of_all_builds_is_no_step() -> None:
    (line,) = lines("1,,ui,say,\\n==> Wait completed after 24 seconds")
    assert not line.of_build
    assert Baking(step="before").heard(line).step == "before"


def test_the_manifest_names_the_image_of_its_region() -> None:
    two = {
        "builds": [{"artifact_id": "eu-west-1:ami-0"}, {"artifact_id": "a-b-1:ami-1,c-d-1:ami-2"}]
    }
    assert baked(json.dumps(two), "c-d-1") == "ami-2"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"builds": []}', '{"builds": [{"artifact_id": "x:"}]}']
)
def test_a_manifest_without_an_image_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        baked(text, "x")


@pytest.mark.parametrize(
    ("said", "is_plugged"),
    [
        ("Packer v1.6.6", False),
        ("Packer v1.11.0\n\nYour version is old", True),
        ("Packer v2.0.1", True),
    ],
)
def test_two_kinds_of_packer_are_served(said: str, is_plugged: bool) -> None:  # noqa: FBT001 - a row
    assert plugged(version(said)) is is_plugged


@pytest.mark.parametrize("said", ["Packer v1.6.5", "Packer v1.7.0", "Packer v1.10.3"])
def test_other_packers_are_refused(said: str) -> None:
    with pytest.raises(ValueError, match=r"1\.11 or newer"):
        plugged(version(said))


def test_cracklibs_packer_is_refused() -> None:
    with pytest.raises(ValueError, match="no version of HashiCorp's Packer"):
        version("0 0\n")
