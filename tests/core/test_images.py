"""Channels, and what a prune keeps, with its reasons."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.core.images import (
    DAY_SECONDS,
    Channels,
    Image,
    Keeping,
    Snapshot,
    Stock,
    age,
    orphans,
    records,
    table,
    verdicts,
)

NOW = 1_767_225_600.0
POOLS = ("linux", "macos")


def image(name: str, days: float = 30, *, pool: str = "linux", **changes: object) -> Image:
    told = Image(id=f"ami-{name}", pool=pool, created_at=NOW - days * DAY_SECONDS)
    return replace(told, snapshots=(f"snap-{name}",), **changes)


def kept(stock: Stock, keeping: Keeping) -> dict[str, tuple[str, ...]]:
    return {each.image.id: each.kept for each in verdicts(stock, keeping, NOW, POOLS)}


def test_a_prune_says_why_it_keeps_each() -> None:
    stock = Stock(
        images=(
            image("used", 90),
            image("stable", 80),
            image("plain", 70),
            image("elsewhere", 60),
            image("pending", 50, state="pending"),
            image("newest", 40),
            image("other-pool", 20, pool="macos"),
        ),
        channels={
            "linux": Channels(stable="ami-stable"),
            "macos": Channels(previous="ami-elsewhere"),
        },
        used={"ami-used": ("instance i-1",)},
    )
    assert kept(stock, Keeping(newest=1, days=7)) == {
        "ami-used": ("used by instance i-1",),
        "ami-stable": ("is stable",),
        "ami-plain": (),
        "ami-elsewhere": ("is previous of macos",),
        "ami-pending": ("is being made",),
        "ami-newest": ("one of the newest 1",),
        "ami-other-pool": ("one of the newest 1",),
    }


def test_a_young_image_is_kept_and_one_of_age_is_not() -> None:
    stock = Stock(images=(image("old", 7), image("young", 6.99)))
    assert kept(stock, Keeping(newest=0, days=7)) == {
        "ami-old": (),
        "ami-young": ("younger than 7 days",),
    }


def test_a_snapshot_without_its_image_is_an_orphan_when_it_is_old() -> None:
    def snapshot(name: str, days: float = 30, pool: str = "linux") -> Snapshot:
        return Snapshot(id=f"snap-{name}", pool=pool, started_at=NOW - days * DAY_SECONDS)

    stock = Stock(
        images=(image("alive"),),
        snapshots=(
            snapshot("alive"),
            snapshot("left"),
            snapshot("young", 1),
            snapshot("x", 9, "b"),
        ),
    )
    found = orphans(stock, Keeping(days=7), NOW, POOLS)
    assert [each.id for each in found] == ["snap-left"]


AMIS = st.sampled_from([f"ami-{n}" for n in range(6)])
CHANNELS = st.builds(
    Channels, candidate=AMIS | st.just(""), stable=AMIS | st.just(""), previous=AMIS | st.just("")
)
IMAGES = st.lists(
    st.builds(
        Image,
        id=AMIS,
        pool=st.sampled_from(POOLS),
        created_at=st.floats(NOW - 90 * DAY_SECONDS, NOW),
        state=st.sampled_from(["available", "pending", "failed"]),
    ),
    unique_by=lambda one: one.id,
)
STOCKS = st.builds(
    Stock,
    images=IMAGES.map(tuple),
    channels=st.dictionaries(st.sampled_from(POOLS), CHANNELS),
    used=st.dictionaries(AMIS, st.just(("instance i-1",))),
)
KEEPINGS = st.builds(Keeping, newest=st.integers(0, 4), days=st.floats(0, 60))


@given(STOCKS, KEEPINGS)
def test_nothing_in_use_in_a_channel_young_or_new_is_ever_pruned(
    stock: Stock, keeping: Keeping
) -> None:
    found = verdicts(stock, keeping, NOW, POOLS)
    assert {each.image.id for each in found} == {each.id for each in stock.images}
    pruned = {each.image for each in found if not each.kept}
    held = {
        value
        for each in stock.channels.values()
        for value in (each.stable, each.previous, each.candidate)
    }
    for each in pruned:
        assert each.id not in held
        assert each.id not in stock.used
        assert each.state != "pending"
        assert NOW - each.created_at >= keeping.days * DAY_SECONDS
        newer = [
            one
            for one in stock.images
            if one.pool == each.pool and one.created_at >= each.created_at
        ]
        assert len(newer) > keeping.newest


@given(STOCKS, KEEPINGS)
def test_to_keep_less_never_keeps_more(stock: Stock, keeping: Keeping) -> None:
    fewer = replace(keeping, newest=0, days=0)
    strict = {each.image.id for each in verdicts(stock, keeping, NOW, POOLS) if each.kept}
    loose = {each.image.id for each in verdicts(stock, fewer, NOW, POOLS) if each.kept}
    assert loose <= strict


@given(CHANNELS, AMIS)
def test_a_promotion_twice_is_a_promotion_once(channels: Channels, ami: str) -> None:
    once = channels.promoted(ami)
    assert once.stable == ami
    assert once.candidate != ami
    assert once.promoted(ami) == once


@given(CHANNELS, AMIS)
def test_a_promotion_keeps_the_way_back(channels: Channels, ami: str) -> None:
    after = channels.promoted(ami)
    if channels.stable and channels.stable != ami:
        assert after.previous == channels.stable
        assert after.promoted(channels.stable).stable == channels.stable
        assert after.promoted(channels.stable).previous == ami


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (7300, "2 h"), (DAY_SECONDS * 3.9, "3 d")],
)
def test_an_age_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    assert age(seconds) == said


def test_the_table_tells_each_image_on_a_line_the_newest_first() -> None:
    stock = Stock(
        images=(
            image("1", 30, tags=(("workhorse:commit", "0123456789abcdef"),)),
            image("2", 2, tags=(("workhorse:failed", "no canary"),)),
        ),
        channels={"linux": Channels(stable="ami-1")},
        used={"ami-1": ("instance i-1", "instance i-2")},
    )
    assert list(table(stock, NOW, POOLS)) == [
        "POOL   IMAGE  AGE   COMMIT        CHANNEL  STATE      IN USE",
        "linux  ami-2  2 d   -             -        condemned  -",
        "linux  ami-1  30 d  0123456789ab  stable   available  instance i-1 and 1 more",
    ]


def test_records_tell_the_same_as_json() -> None:
    stock = Stock(images=(image("1", 1),), channels={"linux": Channels(candidate="ami-1")})
    assert records(stock, NOW, ["linux"]) == [
        {
            "id": "ami-1",
            "pool": "linux",
            "name": "",
            "age_seconds": 86_400,
            "state": "available",
            "channels": ["candidate"],
            "used_by": [],
            "snapshots": ["snap-1"],
            "tags": {},
        }
    ]
    assert records(stock, NOW, ["macos"]) == []
