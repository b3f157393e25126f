"""The commands of rollouts at a desk in the simulated world; the story that is told there is ours.

What a controller would tell is written by the test, between two looks of whoever follows.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from tests.commands.rollout_scene import GROUP, POOL, Scene, place, wish
from workhorse.commands.following import DONE, FAILED, HALTED, INTERRUPTED, UNTAKEN, Rhythm
from workhorse.commands.rollout_clerk import Clerk
from workhorse.commands.rollout_desk import Orders
from workhorse.core.errors import Refusal, Unreadable
from workhorse.core.orders import Awaited, Command, Order, Standing, Strategy


def test_a_rollout_is_ordered_and_followed_to_its_end() -> None:
    scene = Scene()
    scene.next = [
        scene.told("CANARY", canary="i-can"),
        scene.told("WAVE", total=2, left=1, leaving=1, awaited=(Awaited(instance="i-1"),)),
        scene.told("WAVE", total=2, left=1, leaving=1, awaited=(Awaited(instance="i-1"),)),
        scene.ended("DONE"),
    ]

    assert scene.clerk().order(wish()) == DONE

    (placed,) = scene.rolling.placed
    assert (placed.target, placed.image, placed.previous, placed.by) == (2, "ami-2", 1, "ann")
    assert scene.said == [
        f"ordered {placed.id}: pool linux, version 1 -> 2 (ami-2) by drain",
        "22:13:20 waits for a controller to take it",
        "22:13:22 waits for the canary to register, i-can",
        "22:13:24 wave 1 of 3: replaces agents, 1 of 2 replaced, 1 leaving, waits for i-1",
        "22:13:28 done",
        f"pool linux: the rollout {placed.id}: done after 0 s",
    ]


def test_on_a_terminal_a_block_is_drawn_anew() -> None:
    scene = Scene()
    scene.next = [scene.told("WAVE", total=2, left=1, leaving=1), scene.ended("DONE")]

    assert scene.clerk(tty=True).order(wish()) == DONE

    drawn = scene.terminal.getvalue()
    assert "[===============---------------] 1 of 2 replaced, 1 leaving" in drawn
    assert "\x1b[" in drawn
    assert len(scene.said) == 2, "what is drawn is not said as well"


def test_one_that_failed_says_why_and_exits_with_1() -> None:
    scene = Scene()
    scene.next = [scene.ended("FAILED", "the canary never registered")]

    assert scene.clerk().order(wish()) == FAILED
    assert scene.said[-1].endswith(": failed after 0 s: the canary never registered")


def test_one_that_is_halted_waits_for_people_and_exits_with_3() -> None:
    scene = Scene()

    def bob_halts() -> None:
        scene.orders.command(POOL, scene.order().id, Command.HALT)

    scene.next = [bob_halts, scene.told("HALTED", because="by bob")]

    assert scene.clerk().order(wish()) == HALTED
    assert scene.said[-1] == "halted: go on with --resume, or return with --roll-back"
    assert scene.orders.order(POOL) is not None


def test_ctrl_c_leaves_it_running_and_says_how_to_see_it() -> None:
    scene = Scene()
    scene.next = [scene.told("WAVE")]

    assert scene.clerk().order(wish()) == INTERRUPTED

    order = scene.order()
    assert order.command is Command.GO
    assert scene.said[-1] == (
        f"the rollout {order.id} goes on without us: see it with --watch, stop it with --halt"
    )


def test_ctrl_c_while_it_is_checked_orders_nothing() -> None:
    scene = Scene()
    told_to_stop = Rhythm(wait=lambda _seconds: True)

    assert scene.clerk(rhythm=told_to_stop).order(wish()) == INTERRUPTED
    assert scene.rolling.placed == []
    assert scene.said == ["interrupted: nothing was ordered"]


def test_another_follows_it_to_its_end() -> None:
    scene = Scene()
    place(scene)
    scene.next = [scene.told("WAVE"), scene.ended("DONE")]

    assert scene.clerk().watch() == DONE
    assert len(scene.rolling.placed) == 1


def test_an_order_that_no_controller_takes_is_left_for_the_first_that_runs() -> None:
    scene = Scene()
    scene.next = [lambda: None] * 40

    assert scene.clerk().order(wish()) == UNTAKEN
    assert scene.said[-1].startswith("no controller took the order yet")
    assert scene.orders.order(POOL) is not None


def test_an_order_that_no_controller_takes_is_withdrawn_where_that_was_asked_for() -> None:
    scene = Scene()
    scene.next = [lambda: None] * 40

    assert scene.clerk(withdraw=True).order(wish()) == UNTAKEN
    assert scene.orders.order(POOL) is None


def test_one_that_is_resumed_is_followed_on_and_not_called_halted() -> None:
    scene = Scene()
    place(scene)
    scene.told("HALTED")()
    scene.next = [lambda: None, scene.told("WAVE"), scene.ended("DONE")]

    assert scene.clerk().tell(Command.GO) == DONE


@pytest.mark.parametrize(("told", "status"), [(True, DONE), (False, FAILED)])
def test_one_that_is_taken_back_has_done_what_was_asked_of_it_last(
    *, told: bool, status: int
) -> None:
    scene = Scene()
    place(scene)
    scene.next = [scene.told("ROLLING_BACK"), scene.ended("ROLLED_BACK")]

    assert (scene.clerk().tell(Command.ROLL_BACK) if told else scene.clerk().watch()) == status


def test_an_order_that_somebody_took_away_is_not_waited_for() -> None:
    scene = Scene()
    scene.next = [lambda: scene.orders.close(POOL, scene.order().id)]

    assert scene.clerk().order(wish()) == UNTAKEN
    assert scene.said[-1] == f"the order {scene.rolling.placed[0].id} was taken away"


def test_a_look_that_fails_is_said_and_repeated() -> None:
    scene = Scene()
    place(scene)

    class Once:
        """SSM that does not answer the second question."""

        def __init__(self) -> None:
            self.asked = 0

        def __getattr__(self, name: str) -> object:
            return getattr(scene.orders, name)

        def order(self, pool: str) -> Order | None:
            self.asked += 1
            if self.asked == 2:
                raise Unreadable("SSM does not answer")
            return scene.orders.order(pool)

    scene.next = [scene.told("WAVE"), scene.ended("DONE")]
    clerk = scene.clerk()
    clerk = replace(clerk, desk=replace(clerk.desk, orders=cast("Orders", Once())))

    assert clerk.watch() == DONE
    assert "cannot look: SSM does not answer" in scene.said


def test_two_at_once_are_refused_and_the_second_is_told_whose_the_first_is() -> None:
    scene = Scene()
    place(scene)

    with pytest.raises(Refusal, match="ordered by bob 0 s ago: see --watch, --halt"):
        scene.clerk().order(wish())

    assert len(scene.rolling.placed) == 1


def test_two_that_come_at_the_same_moment_are_told_apart_by_the_store() -> None:
    """Neither sees the other's order when it looks; the second cannot place its own."""
    scene = Scene()
    clerk = scene.clerk()

    class Blind:
        """The orders as somebody sees them who looked a moment ago."""

        def __getattr__(self, name: str) -> object:
            return getattr(scene.orders, name)

        def order(self, _pool: str) -> Order | None:
            return None

    place(scene)
    late = replace(clerk, desk=replace(clerk.desk, orders=cast("Orders", Blind())))

    with pytest.raises(Refusal, match="and it is not over"):
        late.order(wish())


def test_every_fault_is_told_at_once() -> None:
    scene = Scene()
    place(scene)
    scene.missing = ["job smoke: Jenkins has none of this name"]

    with pytest.raises(Refusal) as refused:
        scene.clerk().order(wish(version=9))

    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [
        "pool linux",
        "job smoke",
        "--version",
    ]


def test_an_image_that_failed_before_is_tried_again_only_where_it_is_named() -> None:
    scene = Scene()
    scene.rolling.condemn(POOL, "ami-2", "the canary never came online")

    with pytest.raises(Refusal) as refused:
        scene.clerk().order(wish())

    assert str(refused.value) == (
        "the newest version, 2, holds ami-2, which failed before: the canary never came online; "
        "name it with --version to try it again"
    )
    assert scene.clerk(detach=True).order(wish(version=2)) == DONE


@pytest.mark.parametrize(
    ("asked", "jobs"),
    [
        ({}, ["smoke"]),
        ({"canary": False}, []),
        ({"strategy": Strategy.MATRIX}, ["smoke", "workhorse-replace"]),
    ],
)
def test_the_jobs_that_it_needs_are_looked_for(asked: dict, jobs: list[str]) -> None:
    scene = Scene()

    scene.clerk(detach=True).order(wish(**asked))

    assert scene.asked_jobs == jobs


def test_where_every_agent_is_of_the_version_nothing_is_ordered() -> None:
    scene = Scene()

    assert scene.clerk().order(wish(version=1)) == DONE
    assert scene.said == ["pool linux: every agent is of version 1: nothing to do"]
    assert scene.rolling.placed == []


@pytest.mark.parametrize(
    ("asked", "followed"), [(Command.GO, True), (Command.HALT, False), (Command.ROLL_BACK, True)]
)
def test_the_one_under_way_is_told_what_people_want(asked: Command, *, followed: bool) -> None:
    scene = Scene()
    order = place(scene)

    status = scene.clerk().tell(asked)

    assert scene.order().command is asked
    assert scene.said[0] == f"told the rollout {order.id} to {asked}"
    assert status == (INTERRUPTED if followed else DONE)


@pytest.mark.parametrize("act", [Clerk.watch, lambda clerk: clerk.tell(Command.HALT)])
def test_where_none_is_under_way_there_is_nothing_to_tell(act: Callable[[Clerk], int]) -> None:
    with pytest.raises(Refusal, match="no rollout is under way"):
        act(Scene().clerk())


def test_a_roll_back_orders_the_previous_image_without_a_canary() -> None:
    scene = Scene()
    scene.world.launching.use(GROUP, 2)
    scene.rolling.promote(POOL, "ami-1")
    scene.rolling.promote(POOL, "ami-2")

    assert scene.clerk(detach=True).roll_back(wish(canary=False)) == DONE

    order = scene.order()
    assert (order.target, order.previous, order.image) == (1, 2, "ami-1")
    assert not order.canary
    assert scene.asked_jobs == []


def test_a_roll_back_of_a_rollout_under_way_is_told_to_it() -> None:
    scene = Scene()
    order = place(scene)

    assert scene.clerk(detach=True).roll_back(wish(canary=False)) == DONE
    assert scene.order() == replace(order, command=Command.ROLL_BACK)


def test_without_a_previous_image_a_roll_back_needs_a_version() -> None:
    scene = Scene()
    scene.world.launching.use(GROUP, 2)

    with pytest.raises(Refusal, match="no image was stable before: name a version"):
        scene.clerk().roll_back(wish(canary=False))

    scene.clerk(detach=True).roll_back(wish(canary=False, version=1))
    assert scene.order().target == 1


def test_the_status_is_told_to_people() -> None:
    scene = Scene()
    scene.clerk().status(as_json=False)
    assert scene.said == ["pool linux: there never was a rollout"]

    place(scene)
    scene.told("SMOKE", canary="i-can")()
    scene.clerk().status(as_json=False)
    scene.ended("DONE")()
    scene.clerk().status(as_json=False)

    assert "tries the canary, i-can" in scene.said
    assert scene.said[-1].endswith(": done after 0 s")


def test_the_status_is_told_to_programs() -> None:
    scene = Scene()
    order = place(scene)
    scene.told("SMOKE")()

    scene.clerk().status(as_json=True)

    told = json.loads(scene.said[0])
    assert Order.from_record(told["order"]) == order
    assert Standing.from_record(told["standing"]) == scene.orders.standing(POOL)
