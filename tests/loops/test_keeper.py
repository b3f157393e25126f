"""The keeper: claims, reports and releases, on the simulated EC2."""

import pytest

from tests.core.test_volumes import volume
from tests.facts import NOW
from tests.loops.cache import ELSEWHERE, HERE, House
from workhorse.core.agents import AgentPolicy, Tier
from workhorse.core.effects import AttachVolume, Effect, TagVolume
from workhorse.core.errors import Missing, Surprise
from workhorse.core.volumes import Contents
from workhorse.loops.keeper import WHILE_ASKING
from workhorse.loops.shelf import READ_SECONDS


def test_an_agent_gets_the_best_and_it_is_written_on_it_that_it_was_used() -> None:
    house = House(volume("new"), volume("warm", used_at=NOW - 100))

    claim = house.keeper.claim(house.launch(), "linux", HERE)

    assert (claim.volume, claim.contents, claim.device) == ("warm", Contents.WARM, "/dev/sdf")
    assert house.doing.kinds() == ["AttachVolume", "TagVolume"]
    assert house.volume("warm").used_at == NOW
    assert house.volume("warm").attached_to == "i-1"


def test_to_ask_again_gives_the_same_and_does_nothing() -> None:
    house = House(volume("one"), volume("two"))
    first = house.claim(house.launch())
    done = len(house.doing.done)

    assert house.claim("i-1") == first
    house.restart()
    assert house.claim("i-1") == first
    assert len(house.doing.done) == done


def test_who_loses_the_race_takes_the_next_by_another_name() -> None:
    house = House(volume("one", used_at=NOW - 1), volume("two"))
    house.launch("i-other")

    def outrun(effect: Effect) -> None:
        if isinstance(effect, AttachVolume) and effect.volume == "one":
            house.volumes.attach("one", "i-other", "/dev/sdf")

    house.doing.before = outrun
    claim = house.keeper.claim(house.launch(), "linux", HERE)

    assert (claim.volume, claim.device) == ("two", "/dev/sdg")


@pytest.mark.parametrize(
    ("pool", "zone", "words"),
    [
        ("plain", HERE, "have no cache"),
        ("nobody", HERE, "have no cache"),
        ("linux", "", "its zone is not known"),
        ("linux", ELSEWHERE, "no volume of tier trunk in"),
        ("branches", HERE, "no volume of tier pull-request"),
    ],
)
def test_why_there_is_none_is_said(pool: str, zone: str, words: str) -> None:
    house = House(volume("one"))

    claim = house.keeper.claim(house.launch(), pool, zone)

    assert claim.volume == ""
    assert words in claim.because
    assert house.doing.done == []


def test_all_lost_to_others_is_said() -> None:
    house = House(volume("one"))
    house.doing.before = lambda _: house.change("one", state="in-use", attached_to="i-other")

    claim = house.keeper.claim(house.launch(), "linux", HERE)

    assert claim.because == "all 1 free volumes of eu-west-1a went to others"


def test_when_ec2_neither_does_nor_refuses_no_other_volume_is_tried() -> None:
    house = House(volume("one"), volume("two"))

    def unclear(effect: Effect) -> None:
        if isinstance(effect, AttachVolume):
            house.volumes.attach(effect.volume, effect.instance, effect.device)
            raise Surprise("the line went dead")

    house.doing.before = unclear
    claim = house.keeper.claim(house.launch(), "linux", HERE)

    assert (claim.volume, claim.because) == ("", "the line went dead")
    assert house.doing.kinds() == ["AttachVolume"]
    house.doing.before = lambda _: None
    house.at += READ_SECONDS + 1
    assert house.claim("i-1") == "one", "it has it, and now it is seen"
    assert house.doing.kinds() == ["AttachVolume"]


def test_a_volume_that_cannot_be_tagged_is_given_all_the_same() -> None:
    house = House(volume("one"))

    def refuse(effect: Effect) -> None:
        if isinstance(effect, TagVolume):
            raise Surprise("no tags today")

    house.doing.before = refuse

    assert house.claim(house.launch()) == "one"


def test_while_a_claim_is_under_way_another_of_the_same_instance_gets_nothing() -> None:
    house = House(volume("one"), volume("two"))
    told = []

    def again(effect: Effect) -> None:
        if isinstance(effect, AttachVolume):
            told.append(house.keeper.claim("i-1", "linux", HERE))

    house.doing.before = again
    house.claim(house.launch())

    assert [one.because for one in told] == [WHILE_ASKING]
    assert house.doing.kinds() == ["AttachVolume", "TagVolume"]


def test_blindness_is_a_reason_and_no_crash() -> None:
    house = House(volume("one"))
    house.volumes.broken = True

    assert house.keeper.claim(house.launch(), "linux", HERE).because == "EC2 does not answer"
    assert house.meters() == {"CacheHits": 0, "CacheMisses": 0, "CacheFailures": 1}


def test_one_reading_serves_all_who_ask_in_the_same_moment() -> None:
    house = House(*[volume(f"vol-{n}") for n in range(40)])

    got = {house.claim(house.launch(f"i-{n}")) for n in range(40)}

    assert got == {f"vol-{n}" for n in range(40)}
    assert house.volumes.readings == 1


def test_what_is_released_is_written_on_it_before_it_is_let_go() -> None:
    house = House(volume("one"))
    house.claim(house.launch())
    house.at += 600

    house.keeper.release("i-1", "one", fill=0.5)

    assert house.doing.kinds()[-2:] == ["TagVolume", "DetachVolume"]
    assert (house.volume("one").used_at, house.volume("one").fill) == (NOW + 600, 0.5)
    assert house.claim(house.launch("i-2")) == "one"


def test_only_the_holder_may_report_and_release() -> None:
    house = House(volume("one"), volume("two"))
    house.claim(house.launch())
    house.claim(house.launch("i-2"))
    done = len(house.doing.done)

    for wrong in ("two", "vol-unknown"):
        with pytest.raises(Missing):
            house.keeper.release("i-1", wrong)
        with pytest.raises(Missing):
            house.keeper.report("i-1", wrong, mounted=False, because="corrupt: as if")
    assert len(house.doing.done) == done


def test_a_corrupt_volume_comes_last_until_it_was_wiped() -> None:
    house = House(volume("bad", used_at=NOW - 1), volume("new"))
    house.claim(house.launch())
    house.keeper.report("i-1", "bad", mounted=False, because="corrupt: it cannot be mounted")
    house.keeper.release("i-1", "bad")

    assert house.claim(house.launch("i-2")) == "new"
    claim = house.keeper.claim(house.launch("i-3"), "linux", HERE)
    assert (claim.volume, claim.contents) == ("bad", Contents.CORRUPT)
    house.keeper.report("i-3", "bad", mounted=True, wiped=True, fill=0.0)
    assert not house.volume("bad").corrupt


def test_a_foreign_volume_is_nobodys_until_a_person_looked_at_it() -> None:
    house = House(volume("odd"))
    house.claim(house.launch())
    house.keeper.report("i-1", "odd", mounted=False, because="foreign: it holds swap")
    house.keeper.release("i-1", "odd")

    assert house.claim(house.launch("i-2")) == ""
    house.change("odd", foreign=False)
    house.restart()
    assert house.claim("i-2") == "odd"


def test_claims_count_when_agents_tell_and_once() -> None:
    warm, new, bad = (
        volume("warm", used_at=NOW - 60),
        volume("new", created_at=1.0),
        volume("bad", created_at=2.0),
    )
    house = House(warm, new, bad)
    for name in ("i-1", "i-2", "i-3", "i-4"):
        house.claim(house.launch(name))
    house.keeper.report("i-1", "warm", mounted=True, fill=0.9)
    house.keeper.report("i-1", "warm", mounted=True, fill=0.9)
    house.keeper.report("i-2", "new", mounted=True, fill=0.0)
    house.keeper.report("i-3", "bad", mounted=False, because="failed: so be it")

    found = house.meters()

    assert (found["CacheHits"], found["CacheMisses"], found["CacheFailures"]) == (1, 2, 1)
    assert (found["CacheAgeSeconds"], found["CacheFill"], found["CacheFree"]) == (60.0, 90.0, 0)
    assert house.meters()["CacheHits"] == 0, "each is told once"


def test_a_warm_volume_that_had_to_be_wiped_is_no_hit() -> None:
    house = House(volume("one", used_at=NOW - 60))
    house.claim(house.launch())
    house.keeper.report("i-1", "one", mounted=True, wiped=True)

    assert house.meters()["CacheMisses"] == 1


def test_without_a_pool_that_has_a_cache_ec2_is_not_asked() -> None:
    house = House(pools={"plain": AgentPolicy()})

    assert house.keeper.meters() == ()
    assert house.volumes.readings == 0


def test_what_agents_hold_whose_pool_lost_trust_is_lowered_before_anything_else() -> None:
    house = House(volume("one", used_at=NOW - 1), volume("two"))
    house.claim(house.launch())
    house.restart({"linux": AgentPolicy(tier=Tier.PULL_REQUEST)})
    house.meters()
    house.keeper.release("i-1", "one")
    house.restart()

    assert house.volume("one").tier is Tier.PULL_REQUEST
    assert house.claim(house.launch("i-2")) == "two"
    assert house.claim(house.launch("i-3")) == ""


def test_a_tier_that_somebody_raises_is_not_believed_by_whoever_saw_it_lower() -> None:
    house = House(volume("one", tier=Tier.PULL_REQUEST))
    house.meters()
    house.change("one", tier=Tier.TRUNK)
    house.at += READ_SECONDS + 1

    assert house.claim(house.launch()) == ""


def test_who_comes_again_while_its_volume_is_being_detached_gets_another() -> None:
    """The disk is still there to see, and vanishes under whoever mounts it."""
    house = House(volume("one", used_at=NOW - 1), volume("two"))
    assert house.claim(house.launch()) == "one"
    house.change("one", attachment="detaching")
    house.restart()

    assert house.claim("i-1") == "two"


def test_what_was_just_released_is_not_given_back_though_ec2_shows_it_attached_yet() -> None:
    """Its readings lag behind what was done."""
    house = House(volume("one", used_at=NOW - 1), volume("two"))
    assert house.claim(house.launch()) == "one"
    before = house.volume("one")
    house.keeper.release("i-1", "one")
    house.volumes.add(before)

    assert house.claim("i-1") == "two"
