"""How a pool teaches us: what each look, compared with the last, adds to what is known."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.facts import NOW, group, instance, item, jenkins, node, pool, snapshot
from workhorse.core.demand import place
from workhorse.core.learn import Learned, Sight
from workhorse.core.learning import learn
from workhorse.core.model import Instance, ItemState, Lifecycle, Node, QueueItem, RunningBuild
from workhorse.core.survey import Times, survey

POOL = pool()


def building(name: str = "i-1", path: str = "job/a/1/", **facts: Any) -> Node:
    build = RunningBuild(path=path, **({"started_at": NOW - 600} | facts))
    return node(name, idle=False, busy=1, running=(build,))


def look(  # noqa: PLR0913 - what one look shows
    had: Learned,
    *nodes: Node,
    queue: tuple[QueueItem, ...] = (),
    at: float = NOW,
    instances: tuple[Instance, ...] | None = None,
    frozen: bool = False,
    blind: bool = False,
) -> Learned:
    """One look at the pool; its instances are those of the nodes unless told otherwise."""
    members = tuple(instance(n.name) for n in nodes) if instances is None else instances
    told = None if blind else jenkins(*nodes, queue=queue, read_at=at)
    shown = snapshot(told, group(*members), at=at, frozen=frozen)
    found = shown.groups["linux-agents"]
    assert found is not None
    seen = survey(POOL, found, shown, {}, Times())
    placed = None
    if told:
        placed = place(told, (POOL,), now=at, room={"linux": 9}).demands["linux"]
    return learn(had, shown, seen, placed, POOL.policy)


FIRST = look(Learned())


def test_the_first_look_teaches_nothing_but_what_is_there() -> None:
    after = look(Learned(), building(), queue=(item(),))

    assert after.lessons == 0
    assert after.arrivals == ()
    assert after.sight is not None
    assert after.sight.level == 2


def test_a_look_that_shows_nothing_new_is_the_same_knowledge() -> None:
    had = look(FIRST, building(), queue=(item(),), at=NOW)

    assert look(had, building(), queue=(item(),), at=NOW + 10) is had


def test_a_boot_is_from_the_launch_to_the_first_look_that_shows_the_node_online() -> None:
    young = instance("i-1", Lifecycle.PENDING, launched_at=NOW - 50)
    had = look(FIRST, instances=(young,))
    registered = look(had, node("i-1", offline=True), instances=(young,), at=NOW + 10)
    after = look(registered, node("i-1"), instances=(young,), at=NOW + 20)

    assert registered.boots.newest == ()
    assert after.boots.newest == (70,)


def test_a_boot_ends_with_the_first_build_when_that_began_before_the_look() -> None:
    young = instance("i-1", Lifecycle.PENDING, launched_at=NOW - 50)
    had = look(FIRST, instances=(young,))
    after = look(had, building(started_at=NOW + 3), instances=(young,), at=NOW + 10)

    assert after.boots.newest == (53,)


def test_an_agent_that_comes_back_teaches_no_boot() -> None:
    had = look(FIRST, node("i-1", offline=True))

    assert look(had, node("i-1"), at=NOW + 10).boots.newest == ()


def test_an_instance_that_vanishes_while_booting_teaches_no_boot() -> None:
    had = look(FIRST, instances=(instance("i-1", launched_at=NOW - 50),))

    assert look(had, at=NOW + 10).boots.newest == ()


def test_a_build_that_is_gone_from_a_living_agent_ended_now() -> None:
    had = look(FIRST, building(estimated_seconds=400))
    after = look(had, node("i-1"), at=NOW + 10)

    assert after.durations.newest == (610,)
    assert after.ratios.newest == (1.525,)


def test_a_build_that_went_with_its_agent_teaches_nothing() -> None:
    had = look(FIRST, building(), building("i-2", "job/a/2/"))
    lost = look(had, node("i-2", offline=True), at=NOW + 10)

    assert lost.durations.newest == ()


def test_a_build_without_a_start_or_an_estimate_teaches_what_it_can() -> None:
    unknown = look(look(FIRST, building(started_at=None)), node("i-1"), at=NOW + 10)
    no_estimate = look(look(FIRST, building()), node("i-1"), at=NOW + 10)

    assert unknown.durations.newest == ()
    assert (no_estimate.durations.newest, no_estimate.ratios.newest) == ((610,), ())


def test_a_wait_ends_with_the_start_that_jenkins_tells() -> None:
    had = look(FIRST, queue=(item(1, since=NOW - 30), item(2, since=NOW - 20)))
    begun = look(had, building(started_at=NOW + 5), queue=(item(2, since=NOW - 20),), at=NOW + 10)

    assert begun.waits.newest == (35,)


def test_an_item_that_left_without_a_build_to_be_seen_waited_until_now() -> None:
    had = look(FIRST, queue=(item(1, since=NOW - 30),))

    assert look(had, node("i-1"), at=NOW + 10).waits.newest == (40,)


def test_an_item_that_holds_an_executor_still_waits_for_its_start() -> None:
    had = look(FIRST, queue=(item(1, since=NOW - 30),))
    pending = item(1, since=NOW - 30, state=ItemState.PENDING)
    assigned = look(had, node("i-1", idle=False, busy=1), queue=(pending,), at=NOW + 10)
    begun = look(assigned, building(started_at=NOW + 11), at=NOW + 20)

    assert assigned.waits.newest == ()
    assert begun.waits.newest == (41,)


def test_an_item_that_another_pool_is_to_serve_has_not_begun() -> None:
    had = look(FIRST, queue=(item(1, since=NOW - 30),))

    assert look(had, queue=(item(1, "windows"),), at=NOW + 10).waits.newest == ()


def test_a_build_that_nobody_saw_waiting_did_not_wait() -> None:
    assert look(FIRST, building(started_at=NOW - 3)).waits.newest == (0,)


def test_an_arrival_is_an_item_not_seen_before_at_the_second_it_came() -> None:
    had = look(FIRST, queue=(item(1, since=NOW - 9.6),))
    after = look(had, queue=(item(1, since=NOW - 9.6), item(2, since=NOW + 3)), at=NOW + 10)

    assert after.arrivals == (NOW - 10, NOW + 3)


def test_a_gap_is_how_long_a_level_of_demand_was_left() -> None:
    two = look(FIRST, building(), building("i-2", "job/a/2/"))
    one = look(two, building(), node("i-2"), at=NOW + 10)
    none = look(one, node("i-1"), node("i-2"), at=NOW + 30)
    again = look(none, building(path="job/a/3/"), node("i-2"), at=NOW + 100)
    both = look(again, building(path="job/a/3/"), building("i-2", "job/a/4/"), at=NOW + 110)

    assert none.sight is not None
    assert none.sight.left == (NOW + 10, NOW + 30)
    assert again.gaps.newest == (70,), "the level left last is the first to be reached again"
    assert both.gaps.newest == (70, 100)


def test_what_cannot_be_trusted_teaches_nothing_and_nor_does_the_look_after_it() -> None:
    had = look(FIRST, building())
    for untrusted in ({"frozen": True}, {"blind": True}):
        dark = look(had, node("i-1"), at=NOW + 10, **untrusted)
        after = look(dark, node("i-1"), at=NOW + 20)

        assert dark == replace(had, sight=None)
        assert after.durations == had.durations
        assert after.sight is not None


def test_a_darkness_that_goes_on_is_the_same_knowledge() -> None:
    dark = FIRST.blinded()

    assert look(dark, frozen=True) is dark


def test_the_account_of_the_day_follows_the_number_of_instances() -> None:
    had = look(FIRST, node("i-1"), node("i-2"), at=NOW)

    assert look(had, node("i-1"), at=NOW + 50).spent.today(NOW + 60) == 2 * 50 + 10


@given(st.lists(st.integers(0, 6), max_size=30))
def test_levels_that_are_left_and_not_reached_again_are_all_remembered(levels: list[int]) -> None:
    had, now, highest = FIRST, NOW, 0
    for level in levels:
        now += 10
        highest = max(highest, level)
        had = look(had, queue=tuple(item(n, since=NOW) for n in range(level)), at=now)

    assert had.sight is not None
    assert had.sight.level + len(had.sight.left) == highest
    assert list(had.sight.left) == sorted(had.sight.left)


def test_what_is_seen_is_no_part_of_what_the_journal_keeps() -> None:
    had = look(FIRST, building())

    assert Learned.from_record(had.as_record()).sight is None
    assert isinstance(had.sight, Sight)
