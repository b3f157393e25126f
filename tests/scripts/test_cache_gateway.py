"""What the agent's program says of volumes, the gateway's desk understands, and the other way."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, cast

import pytest

from scripts.agent.cache_volume import Machine, mount, release
from tests.core.test_volumes import volume
from tests.loops.cache import HERE, House
from workhorse.core.admission import Member, Way
from workhorse.core.agents import Tier
from workhorse.core.volume import Volume
from workhorse.loops.sight import Sight
from workhorse.loops.volume_desk import VolumeDesk

AGENT = "i-0123456789abcdef0"


class Zone:
    """As much of a `Sight` as a desk needs."""

    def zone(self, _name: str) -> str:
        """Where the agent runs."""
        return HERE

    def now(self) -> float:
        """Time stands still: the agent asks for all in one moment."""
        return 0.0


@dataclass(frozen=True)
class Joined(Machine):
    """A machine that speaks to the desk without a network between."""

    desk: VolumeDesk
    member: Member

    def ask(self, what: str, body: Mapping[str, object], seconds: int) -> dict[str, Any]:
        """The desk's own answer."""
        assert seconds > 0
        return dict(getattr(self.desk, what)(self.member, body).body)


def machine(folder: Path, house: House, prepared: str) -> Joined:
    """One whose disks are prepared by a program that says or does this."""
    for name in ("run", "programs", "cache"):
        (folder / name).mkdir()
    (folder / "run/agent.env").write_text("GATEWAY_URL=http://gateway.test/\nCACHE=yes\n")
    for name, text in (("cache-find", "echo /dev/null"), ("cache-disk", prepared)):
        program = folder / "programs" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    house.launch(AGENT)
    return Joined(
        place=folder / "cache",
        run=folder / "run",
        speak=(),
        programs=folder / "programs",
        appear_seconds=1,
        unmount_seconds=1,
        until=monotonic() + 100,
        desk=VolumeDesk(house.keeper, cast("Sight", Zone())),
        member=Member(name=AGENT, pool="linux", way=Way.GATEWAY),
    )


def test_a_volume_that_was_kept_is_a_hit_and_free_after_its_release(tmp_path: Path) -> None:
    house = House(volume("vol-1", used_at=1.0))
    there = machine(tmp_path, house, "echo kept")

    mount(there)
    assert house.volume("vol-1").attached_to == AGENT
    assert house.meters()["CacheHits"] == 1
    assert release(there)

    assert house.volume("vol-1").attached_to == ""


@pytest.mark.parametrize(
    ("status", "words", "left"),
    [
        (3, "it holds swap", {"foreign": True, "corrupt": False}),
        (4, "it is damaged", {"foreign": False, "corrupt": True}),
        (1, "who knows", {"foreign": False, "corrupt": False}),
    ],
)
def test_what_cannot_be_mounted_is_remembered_for_what_it_is_and_given_back(
    tmp_path: Path, status: int, words: str, left: dict[str, bool]
) -> None:
    house = House(volume("vol-1"))

    mount(machine(tmp_path, house, f"echo {words} >&2; exit {status}"))

    found: Volume = house.volume("vol-1")
    assert (found.attached_to, found.state) == ("", "available")
    assert {key: getattr(found, key) for key in left} == left
    assert house.meters()["CacheFailures"] == 1


def test_a_corrupt_volume_that_was_wiped_is_sound_again(tmp_path: Path) -> None:
    house = House(volume("vol-1", corrupt=True))
    there = machine(tmp_path, house, '[ "$1" != prepare ] || [ "$3" = corrupt ] && echo wiped')

    mount(there)

    assert not house.volume("vol-1").corrupt
    assert house.meters()["CacheMisses"] == 1


def test_an_agent_for_which_there_is_none_works_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(volume("vol-1", tier=Tier.PULL_REQUEST))

    mount(machine(tmp_path, house, "exit 1"))

    assert list((tmp_path / "cache").iterdir()) == []
    assert "pool linux has no volume of tier trunk" in capsys.readouterr().err
