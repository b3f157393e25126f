"""The accounting, from small pieces of evidence whose figures are plain to see."""

from dataclasses import replace
from typing import Any

import pytest

from workhorse.local.demo.accounting import (
    DELETING_SECONDS,
    account,
    lifetimes,
    percentile,
    recalls,
)
from workhorse.local.demo.facts import Build, Deed, Evidence, Hand, Happening, Remains

HOUR = 3600.0


def happening(at: float, kind: str, **detail: Any) -> Happening:
    return Happening(at=at, kind=kind, detail=detail)


def build(number: int, **changes: Any) -> Build:
    whole = Build(
        job="linux", number=number, queued=0, started=10, ended=100, node="i-1", result="SUCCESS"
    )
    return replace(whole, **changes)


def evidence(*builds: Build, happenings: tuple[Happening, ...] = (), **changes: Any) -> Evidence:
    whole = Evidence(
        began=0,
        ended=2 * HOUR,
        asked=len(builds),
        builds=builds,
        happenings=happenings,
        journal=({"kind": "registered", "instance": "i-1"},),
    )
    return replace(whole, **changes)


def test_a_quiet_run_is_clean() -> None:
    found = account(evidence(build(1), build(2, started=30)))
    assert (found.run, found.killed, found.waits, found.clean) == (2, (), (10, 30), True)


def test_a_build_that_fails_was_killed_whatever_ended_its_machine() -> None:
    found = account(evidence(build(1, result="FAILURE", cause="agent gone")))
    assert [(loss.build, loss.why) for loss in found.killed] == [("linux #1", "agent gone")]
    assert not found.clean


@pytest.mark.parametrize("hand", [Hand.EC2_TERMINATE, Hand.SPOT_WARNING])
def test_what_dies_of_a_termination_past_the_hook_is_reported_apart(hand: Hand) -> None:
    lost = build(1, result="FAILURE", ended=105)
    found = account(
        evidence(
            lost,
            happenings=(happening(100, "instance.shutting-down", instance="i-1"),),
            deeds=(Deed(at=99, hand=hand, target="i-1"),),
        )
    )
    assert (found.killed, len(found.outside), found.clean) == ((), 1, True)


@pytest.mark.parametrize(("at", "excused"), [(100, True), (100 - DELETING_SECONDS - 5, False)])
def test_a_build_that_began_as_its_node_was_deleted_is_the_outsiders(
    at: float, *, excused: bool
) -> None:
    lost = build(1, result="FAILURE", ended=101)
    found = account(evidence(lost, deeds=(Deed(at=at, hand=Hand.NODE_DELETED, target="i-1"),)))
    assert (len(found.outside), len(found.killed)) == ((1, 0) if excused else (0, 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"online": frozenset({"i-9"})},
        {"exposed": ("process 7",)},
        {"deeds": (Deed(at=0, hand=Hand.NODE_DELETED, target="i-1"),)},
    ],
)
def test_a_run_is_not_clean_when_an_agent_came_another_way_or_held_a_secret(
    changes: dict[str, Any],
) -> None:
    assert not account(evidence(build(1), **changes)).clean


def test_an_outside_hand_excuses_nothing_once_the_hook_was_completed() -> None:
    found = account(
        evidence(
            build(1, result="FAILURE", ended=105),
            happenings=(
                happening(90, "hook.completed", instance="i-1", token="t"),
                happening(100, "instance.shutting-down", instance="i-1"),
            ),
            deeds=(Deed(at=50, hand=Hand.SPOT_WARNING, target="i-1"),),
        )
    )
    assert len(found.killed) == 1


def test_a_hook_that_was_completed_for_a_dead_machine_blames_nobody() -> None:
    """Auto Scaling runs the hook for an instance that EC2 ended, and somebody must end the wait."""
    found = account(
        evidence(
            build(1, result="FAILURE", ended=105),
            happenings=(
                happening(100, "instance.shutting-down", instance="i-1"),
                happening(400, "hook.completed", instance="i-1", token="t"),
            ),
            deeds=(Deed(at=99, hand=Hand.EC2_TERMINATE, target="i-1"),),
        )
    )
    assert (found.killed, len(found.outside)) == ((), 1)


def test_an_outside_hand_on_one_machine_excuses_no_loss_on_another() -> None:
    found = account(
        evidence(
            build(1, result="FAILURE", node="i-2"),
            happenings=(happening(100, "instance.shutting-down", instance="i-1"),),
            deeds=(Deed(at=99, hand=Hand.EC2_TERMINATE, target="i-1"),),
        )
    )
    assert len(found.killed) == 1


def test_a_build_asked_for_and_not_found_is_unfinished_not_forgotten() -> None:
    found = account(evidence(build(1), build(2, ended=None), asked=3))
    assert found.unfinished == ("linux #2", "asked for and not found in Jenkins")
    assert not found.clean


def test_instance_hours_run_from_the_launch_to_the_shutdown() -> None:
    spans = lifetimes(
        (
            happening(0, "member.launched", instance="i-1"),
            happening(HOUR, "member.launched", instance="i-2"),
            happening(HOUR, "instance.shutting-down", instance="i-1"),
            happening(HOUR + 10, "instance.terminated", instance="i-1"),
        ),
        until=2 * HOUR,
    )
    assert spans == {"i-1": (0, HOUR), "i-2": (HOUR, 2 * HOUR)}


def test_a_machine_that_replaces_another_at_the_same_moment_raises_no_peak() -> None:
    found = account(
        evidence(
            happenings=(
                happening(0, "member.launched", instance="i-1"),
                happening(HOUR, "member.launched", instance="i-2"),
                happening(HOUR, "instance.shutting-down", instance="i-1"),
            )
        )
    )
    assert (found.peak, found.instance_hours, found.fixed_hours) == (1, 2.0, 2.0)


TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"


def test_a_hook_is_lost_when_it_ran_out_and_when_nobody_completed_it() -> None:
    began = [
        happening(1, "hook.begun", instance=f"i-{n}", token=f"t{n}", transition=TERMINATING)
        for n in range(1, 5)
    ]
    found = account(
        evidence(
            happenings=(
                *began,
                happening(2, "hook.completed", instance="i-1", token="t1"),
                happening(3, "hook.timed-out", instance="i-2", token="t2"),
                happening(4, "instance.terminated", instance="i-2"),
                happening(5, "instance.terminated", instance="i-3"),
            )
        )
    )
    assert (found.hooks.received, found.hooks.completed) == (4, 1)
    assert (found.hooks.lost, found.hooks.cut_short) == (("i-2", "i-4"), 1)
    assert not found.clean


def test_hooks_at_launch_are_none_of_ours() -> None:
    launching = happening(
        1, "hook.begun", instance="i-1", token="t", transition="autoscaling:EC2_INSTANCE_LAUNCHING"
    )
    assert account(evidence(happenings=(launching,))).hooks.received == 0


def grown(at: float, before: int, after: int) -> Happening:
    return happening(at, "group.desired", group="pool", before=before, after=after, cause="")


def test_reaction_is_how_long_the_first_build_since_the_last_scale_up_had_waited() -> None:
    found = account(
        evidence(
            build(1, queued=10, started=100),
            build(2, queued=12, started=100),
            build(3, queued=60, started=100),
            happenings=(grown(15, 0, 2), grown(61, 2, 3), grown(90, 3, 2), grown(95, 2, 3)),
            pools={"linux": "pool"},
        )
    )
    assert [(up.after, up.reaction) for up in found.scale_ups] == [(2, 5), (3, 1), (3, None)]


def test_a_desired_capacity_that_the_demo_itself_wrote_is_no_scale_up() -> None:
    deed = Deed(at=15, hand=Hand.LOWERED_DESIRED, target="pool")
    found = account(evidence(happenings=(grown(15.5, 0, 2),), deeds=(deed,)))
    assert found.scale_ups == ()


def test_a_recall_written_twice_is_one_recall() -> None:
    journal = [
        {"kind": "effect", "effect": "Cordon", "node": "i-1"},
        {"kind": "effect", "effect": "Recall", "node": "i-1"},
        {"kind": "effect", "effect": "Recall", "node": "i-1"},
        {"kind": "decision", "effect": "Recall", "node": "i-1"},
        {"kind": "effect", "effect": "Recall", "node": "i-2"},
    ]
    assert recalls(journal) == 1


def test_anything_left_over_is_a_fault() -> None:
    assert not account(evidence(remains=Remains(nodes=("i-1",)))).clean


@pytest.mark.parametrize(("percent", "value"), [(50, 5), (95, 10), (100, 10), (1, 1)])
def test_percentiles_are_by_nearest_rank(percent: float, value: float) -> None:
    assert percentile(range(1, 11), percent) == value


def test_a_percentile_of_nothing_is_nothing() -> None:
    assert percentile((), 95) == 0


def test_a_boot_lasts_from_the_launch_to_the_first_connection() -> None:
    """Of agents that connected: one was ended before it could, another is none of a group."""
    launched = tuple(happening(10, "member.launched", instance=name) for name in ("i-1", "i-2"))
    found = account(evidence(happenings=launched, comings={"i-1": 75.0, "i-9": 20.0}))
    assert found.boots == (65.0,)
