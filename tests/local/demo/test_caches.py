"""Volumes that were handed on, from small pieces of evidence."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workhorse.local.demo.caches import Reuse, caches
from workhorse.local.demo.evidence import uses
from workhorse.local.demo.facts import Evidence, Happening, Use


def happening(at: float, kind: str, **detail: Any) -> Happening:
    return Happening(at=at, kind=kind, detail=detail)


def life(name: str, launched: float, terminated: float) -> tuple[Happening, ...]:
    return (
        happening(launched, "member.launched", instance=name),
        happening(terminated, "instance.terminated", instance=name),
    )


def use(name: str, at: float, volume: str = "vol-1") -> Use:
    return Use(volume=volume, instance=name, at=at)


def attached(name: str, at: float, volume: str = "vol-1") -> Happening:
    return happening(at, "volume.attached", instance=name, volume=volume)


WHOLE = Evidence(
    began=0,
    ended=7200,
    asked=0,
    builds=(),
    happenings=(
        *life("i-1", 10, 100),
        *life("i-2", 200, 900),
        attached("i-1", 50),
        attached("i-2", 250),
    ),
    journal=(
        {"kind": "registered", "instance": "i-1"},
        {"kind": "registered", "instance": "i-2"},
        {"kind": "registered", "instance": "i-3"},
    ),
    uses=(use("i-1", 51), use("i-2", 251)),
    places={"i-1": ("linux", "a"), "i-2": ("linux", "a"), "i-3": ("linux", "b")},
)


def test_a_volume_that_one_left_and_a_later_one_found_is_reused() -> None:
    found = caches(WHOLE)
    assert found.reused == (Reuse(volume="vol-1", first="i-1", second="i-2"),)
    assert (found.claims, found.hits, found.misses) == (3, 1, 2)
    assert not found.missed


def test_only_what_ec2_attached_counts() -> None:
    """A line that an instance wrote without having the volume shows nothing."""
    found = caches(replace(WHOLE, happenings=WHOLE.happenings[:-1]))
    assert (found.reused, found.hits) == ((), 0)


def test_one_that_was_there_before_the_other_had_gone_is_a_hit_and_no_scale_out() -> None:
    early = (*life("i-1", 10, 240), *life("i-2", 200, 900))
    found = caches(replace(WHOLE, happenings=(*early, *WHOLE.happenings[-2:])))
    assert (found.hits, found.reused, found.chances) == (1, (), 0)


@pytest.mark.parametrize(("zone", "missed"), [("a", True), ("b", False)])
def test_a_warm_volume_that_lay_there_for_nobody_is_missed(zone: str, *, missed: bool) -> None:
    """In the zone of a later launch; in another one nobody could have had it."""
    places = {**WHOLE.places, "i-2": ("linux", zone)}
    found = caches(replace(WHOLE, uses=WHOLE.uses[:1], places=places))
    assert found.missed is missed


def test_what_is_on_the_volumes_is_read_in_order_of_time(tmp_path: Path) -> None:
    for volume, lines in {"vol-2": [("i-3", 3)], "vol-1": [("i-1", 1), ("i-4", 4)]}.items():
        (tmp_path / volume).mkdir()
        text = [json.dumps({"instance": name, "at": at, "told": "new"}) for name, at in lines]
        (tmp_path / volume / "uses").write_text("\n".join(text) + "\n")
    assert uses(tmp_path) == (use("i-1", 1), use("i-3", 3, "vol-2"), use("i-4", 4))
