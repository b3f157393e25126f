"""What is seen of a leaving agent, and what follows from it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.facts import HOOK, NOW, busy, group, instance, jenkins, node, pool, snapshot
from workhorse.core import drain as d
from workhorse.core.cordon import cordon_label
from workhorse.core.drain import Cause, Drain, DrainEvent, DrainState
from workhorse.core.drain_steps import advance
from workhorse.core.drains import found_cordon, is_cordoned, look, uncordoned
from workhorse.core.effects import (
    CompleteHook,
    Cordon,
    DeleteNode,
    ForgetMessage,
    Heartbeat,
    HoldMessage,
    QueueReleaseJob,
    Recall,
    TerminateInstance,
)
from workhorse.core.heartbeat import HOLD_SECONDS, heartbeat
from workhorse.core.model import Lifecycle, Node, Release, Snapshot
from workhorse.core.steady import recallable

ID = "i-00000001"
CORDON = cordon_label("scale-in", ID)
POOL = pool()
WAIT = Lifecycle.TERMINATING_WAIT
SETTLED = NOW - 60


def drain(state: DrainState = DrainState.CORDONED, **changes: Any) -> Drain:
    facts: dict[str, Any] = {"instance": ID, "pool": "linux", "group": "linux-agents"}
    facts |= {"cause": Cause.SCALE_IN, "opened_at": NOW - 900, "confirmed_at": SETTLED}
    return Drain(state=state, **(facts | changes))


def seen(
    *nodes: Node, lifecycle: Lifecycle | None = Lifecycle.IN_SERVICE, **changes: Any
) -> Snapshot:
    members = (instance(ID, lifecycle),) if lifecycle else ()
    return snapshot(jenkins(*nodes), group(*members), **changes)


def event(had: Drain, shown: Snapshot, **changes: Any) -> DrainEvent:
    return look(had, changes.pop("pool", POOL), shown, **changes)[1]


def test_an_agent_without_its_cordon_is_seen_uncordoned_however_idle() -> None:
    assert event(drain(), seen(node(ID))) is DrainEvent.SEEN_UNCORDONED


def test_a_cordon_beside_other_labels_is_no_cordon() -> None:
    assert event(drain(), seen(node(ID, f"{CORDON} linux"))) is DrainEvent.SEEN_UNCORDONED


def test_the_look_that_shows_the_cordon_confirms_it_and_cannot_be_the_settled_one() -> None:
    had, what = look(drain(DrainState.ASKED, confirmed_at=None), POOL, seen(node(ID, CORDON)))

    assert (what, had.confirmed_at) == (DrainEvent.SEEN_IDLE, NOW)


def test_a_busy_executor_a_one_off_build_and_an_item_that_names_the_node_keep_it() -> None:
    assert event(drain(), seen(busy(ID, CORDON))) is DrainEvent.SEEN_BUSY
    assert event(drain(), seen(node(ID, CORDON, idle=False))) is DrainEvent.SEEN_BUSY
    bound = frozenset({ID})
    assert event(drain(), seen(node(ID, CORDON)), bound=bound) is DrainEvent.SEEN_BUSY


def test_idle_and_settled_depends_on_where_auto_scaling_stands() -> None:
    idle = node(ID, CORDON)
    by_job = pool(release=Release.JOB)

    assert event(drain(), seen(idle)) is DrainEvent.SEEN_SETTLED
    assert event(drain(), seen(idle, lifecycle=WAIT)) is DrainEvent.SEEN_SETTLED_AT_HOOK
    assert (
        event(drain(), seen(idle, lifecycle=WAIT), pool=by_job) is DrainEvent.SEEN_SETTLED_FOR_JOB
    )
    assert event(drain(), seen(idle, lifecycle=Lifecycle.TERMINATING)) is DrainEvent.SEEN_IDLE


def test_an_agent_whose_release_job_ran_in_vain_settles_anew_before_its_hook_is_completed() -> None:
    """Else the look that ends it would be the first that shows it idle again."""
    handed = drain(DrainState.HANDED, asked_at=NOW - 700, handed_at=NOW - 700)
    ran, what = look(handed, POOL, seen(busy(ID, CORDON), lifecycle=WAIT))
    assert (what, ran.confirmed_at) == (DrainEvent.SEEN_BUSY, None)

    after, what = look(ran, POOL, seen(node(ID, CORDON), lifecycle=WAIT))
    assert (what, after.confirmed_at) == (DrainEvent.SEEN_IDLE, NOW)
    assert event(handed, seen(node(ID, CORDON), lifecycle=WAIT)) is DrainEvent.JOB_OVERDUE


def test_nothing_is_settled_before_the_settle_time_after_the_confirmation() -> None:
    early = drain(confirmed_at=NOW - 14.9)

    assert event(early, seen(node(ID, CORDON))) is DrainEvent.SEEN_IDLE


@pytest.mark.parametrize("lifecycle", [Lifecycle.IN_SERVICE, WAIT])
def test_unread_or_frozen_is_unknown(lifecycle: Lifecycle) -> None:
    idle = jenkins(node(ID, CORDON))
    members = group(instance(ID, lifecycle))

    assert event(drain(), snapshot(None, members)) is DrainEvent.SEEN_UNKNOWN
    assert event(drain(), snapshot(idle, members, frozen=True)) is DrainEvent.SEEN_UNKNOWN
    assert event(drain(), Snapshot(at=NOW, jenkins=idle)) is DrainEvent.SEEN_UNKNOWN


def test_an_offline_agent_is_unknown_until_nothing_could_resume_on_it() -> None:
    shown = seen(node(ID, CORDON, offline=True), lifecycle=WAIT)
    had, what = look(drain(), POOL, shown)
    assert (what, had.missing_since) == (DrainEvent.SEEN_UNKNOWN, NOW)

    waited = replace(had, missing_since=NOW - d.PIPELINE_RESUME_SECONDS)
    assert event(waited, shown) is DrainEvent.SEEN_LOST_AT_HOOK
    slow = pool(boot_seconds=900)
    assert event(waited, shown, pool=slow) is DrainEvent.SEEN_UNKNOWN


@pytest.mark.parametrize("state", [DrainState.CORDONED, DrainState.LEAVING])
def test_an_agent_that_is_back_settles_anew_even_when_it_was_given_up(state: DrainState) -> None:
    had = drain(state, missing_since=NOW - 400)
    back, what = look(had, POOL, seen(node(ID, CORDON), lifecycle=WAIT))
    assert (what, back.confirmed_at) == (DrainEvent.SEEN_IDLE, NOW)

    again = replace(back, confirmed_at=NOW - POOL.policy.settle_seconds)
    shown = seen(node(ID, CORDON), lifecycle=WAIT)
    assert event(again, shown) is DrainEvent.SEEN_SETTLED_AT_HOOK


def test_an_agent_whose_node_is_no_longer_listed_is_unknown_for_ever() -> None:
    had = drain(missing_since=NOW - 9000)

    assert event(had, seen(lifecycle=WAIT)) is DrainEvent.SEEN_LOST_AT_HOOK
    assert event(had, seen(lifecycle=WAIT), registered=frozenset({ID})) is DrainEvent.SEEN_UNKNOWN


def test_an_offline_agent_with_a_build_is_busy_for_ever() -> None:
    shown = seen(busy(ID, CORDON, offline=True), lifecycle=WAIT)

    assert event(drain(missing_since=NOW - 9000), shown) is DrainEvent.SEEN_BUSY


def test_out_of_the_group_ec2_has_the_last_word() -> None:
    def told(state: str | None, had: Drain) -> DrainEvent:
        states = {ID: state} if state else {}
        return event(had, seen(node(ID, CORDON), lifecycle=None, states=states))

    assert told("terminated", drain()) is DrainEvent.VANISHED
    assert told("gone", drain()) is DrainEvent.VANISHED
    assert told("shutting-down", drain()) is DrainEvent.SEEN_UNKNOWN
    assert told(None, drain()) is DrainEvent.SEEN_UNKNOWN
    assert told("running", drain()) is DrainEvent.SEEN_DETACHED
    assert told("gone", drain(DrainState.GONE)) is DrainEvent.VANISHED


def test_a_drain_is_over_when_instance_and_node_are_no_more() -> None:
    shown = seen(lifecycle=None, states={ID: "terminated"})

    assert event(drain(DrainState.GONE), shown) is DrainEvent.NODE_ABSENT


def test_a_hook_message_for_an_instance_that_stays_in_service_was_a_false_one() -> None:
    early = drain(cause=Cause.HOOK, opened_at=NOW - 5)
    late = drain(cause=Cause.HOOK, opened_at=NOW - 300)
    shown = seen(node(ID, CORDON))

    assert event(early, shown) is DrainEvent.SEEN_IDLE
    assert event(late, shown) is DrainEvent.HOOK_ABSENT


def test_a_recalled_agent_that_aws_wants_after_all_is_drained_again() -> None:
    shown = seen(node(ID, CORDON), lifecycle=WAIT)

    assert event(drain(DrainState.RECALLED), shown) is DrainEvent.HOOK_ARRIVED


def test_requests_that_do_not_show_are_repeated_after_a_while() -> None:
    leaving = drain(DrainState.LEAVING, asked_at=NOW - d.REPEAT_SECONDS)
    handed = drain(DrainState.HANDED, asked_at=NOW - d.REPEAT_SECONDS, handed_at=NOW - 90)
    idle = node(ID, CORDON)

    assert event(leaving, seen(idle)) is DrainEvent.REPEAT_DUE
    assert event(handed, seen(idle, lifecycle=WAIT)) is DrainEvent.REPEAT_DUE
    overdue = replace(handed, handed_at=NOW - d.JOB_PATIENCE_SECONDS)
    assert event(overdue, seen(idle, lifecycle=WAIT)) is DrainEvent.JOB_OVERDUE


def test_each_step_names_its_effects() -> None:
    at_hook = seen(node(ID, CORDON), lifecycle=WAIT)

    def effects(state: DrainState, what: DrainEvent, **changes: Any) -> tuple[object, ...]:
        had = drain(state, hook=HOOK, **changes)
        return advance(had, what, POOL, at_hook, NOW).effects

    in_service = seen(node(ID, CORDON))
    leaving = advance(drain(DrainState.QUIET), DrainEvent.SEEN_SETTLED, POOL, in_service, NOW)
    assert leaving.effects == (TerminateInstance(instance=ID, decrement=True),)
    asked = effects(DrainState.WORKING, DrainEvent.CHOSEN)
    assert asked == (Cordon(node=ID, label=CORDON),)
    assert effects(DrainState.QUIET, DrainEvent.SEEN_SETTLED, cause=Cause.SPOT) == (
        TerminateInstance(instance=ID, decrement=False),
    )
    assert effects(DrainState.QUIET, DrainEvent.SEEN_SETTLED_AT_HOOK) == (
        CompleteHook(group="linux-agents", hook="terminate", instance=ID),
    )
    assert effects(DrainState.QUIET, DrainEvent.SEEN_SETTLED_FOR_JOB) == (
        QueueReleaseJob(job="workhorse-release", node=ID, group="linux-agents", hook="terminate"),
    )
    assert effects(DrainState.CORDONED, DrainEvent.RECALL_ASKED) == (
        Recall(node=ID, labels=frozenset({"linux"}), exclusive=False),
    )
    assert effects(DrainState.RELEASED, DrainEvent.VANISHED) == (DeleteNode(node=ID),)
    held = (("queue", "m1", "r1"),)
    assert effects(DrainState.GONE, DrainEvent.NODE_ABSENT, messages=held) == (
        ForgetMessage(queue="queue", receipt="r1"),
    )


def test_no_cordon_is_written_to_a_node_that_is_not_there_yet() -> None:
    step = advance(drain(DrainState.WORKING), DrainEvent.HOOK_ARRIVED, POOL, seen(), NOW)

    assert (step.drain.state, step.effects) == (DrainState.ASKED, ())


def test_a_cordon_that_was_undone_must_be_confirmed_anew() -> None:
    shown = seen(node(ID))

    step = advance(drain(DrainState.QUIET), DrainEvent.SEEN_UNCORDONED, POOL, shown, NOW)

    assert (step.drain.state, step.drain.confirmed_at) == (DrainState.ASKED, None)


def test_a_heartbeat_is_due_at_a_third_of_the_time_out_even_if_nothing_can_be_read() -> None:
    had = drain(hook=HOOK, beat_at=NOW - 100)

    after, effects = heartbeat(had, NOW)

    assert effects == (Heartbeat(group="linux-agents", hook="terminate", instance=ID),)
    assert heartbeat(after, NOW + 99)[1] == ()
    assert heartbeat(replace(after, beat_at=NOW + 5000), NOW)[1] == effects


def test_messages_are_held_well_before_they_would_come_back() -> None:
    had = drain(messages=(("queue", "m1", "r1"),), held_at=NOW - HOLD_SECONDS / 3)

    after, effects = heartbeat(had, NOW)

    assert effects == (HoldMessage(queue="queue", receipt="r1", seconds=HOLD_SECONDS),)
    assert heartbeat(after, NOW + 1)[1] == ()


def test_only_an_agent_of_our_choice_that_aws_does_not_know_of_may_come_back() -> None:
    here, waiting = instance(ID), instance(ID, WAIT)

    assert recallable(drain(DrainState.QUIET), here)
    assert not recallable(drain(DrainState.QUIET, asked_at=NOW), here)
    assert not recallable(drain(DrainState.QUIET), waiting)
    assert not recallable(drain(DrainState.QUIET, cause=Cause.HOOK), here)
    assert not recallable(drain(DrainState.LEAVING), here)
    assert not recallable(drain(DrainState.QUIET), None)


def test_a_cordon_tells_its_cause_and_only_on_its_own_node() -> None:
    assert found_cordon(node(ID, CORDON)) is Cause.SCALE_IN
    assert found_cordon(node("i-00000002", CORDON)) is None
    assert found_cordon(node(ID, "linux")) is None
    assert is_cordoned(node(ID, CORDON))
    assert not is_cordoned(node(ID, ""))


LIFECYCLES = st.sampled_from([None, *Lifecycle])
NODES = st.sampled_from(
    [
        None,
        node(ID),
        node(ID, CORDON),
        busy(ID, CORDON),
        node(ID, CORDON, offline=True),
        busy(ID, CORDON, offline=True),
        node(ID, CORDON, idle=False),
    ]
)
STATES = st.sampled_from([None, "running", "shutting-down", "terminated", "gone", "stopped"])
LIVE = st.sampled_from([s for s in DrainState if s is not DrainState.ENDED])


@given(
    state=LIVE,
    cause=st.sampled_from(Cause),
    lifecycle=LIFECYCLES,
    shown=NODES,
    ec2=STATES,
    unread=st.booleans(),
    frozen=st.booleans(),
    asked=st.sampled_from([0.0, NOW - 10, NOW - 90]),
    missing=st.sampled_from([None, NOW - 10, NOW - 9000]),
    release=st.sampled_from(Release),
)
def test_whatever_is_seen_has_a_row_and_no_busy_or_unknown_agent_is_let_go(  # noqa: PLR0913
    *,
    state: DrainState,
    cause: Cause,
    lifecycle: Lifecycle | None,
    shown: Node | None,
    ec2: str | None,
    unread: bool,
    frozen: bool,
    asked: float,
    missing: float | None,
    release: Release,
) -> None:
    told = None if unread else jenkins(*([shown] if shown else []))
    members = (instance(ID, lifecycle),) if lifecycle else ()
    states = {ID: ec2} if ec2 and not lifecycle else {}
    world = snapshot(told, group(*members), states=states, frozen=frozen)
    had = drain(state, cause=cause, asked_at=asked, missing_since=missing)

    noted, what = look(had, pool(release=release), world)
    step = advance(noted, what, pool(release=release), world, NOW)

    letting_go = (TerminateInstance, CompleteHook, QueueReleaseJob, DeleteNode)
    if unread or frozen:
        assert not any(isinstance(e, letting_go) for e in step.effects)
    if lifecycle and shown and (shown.busy or not shown.idle or not is_cordoned(shown)):
        assert not any(isinstance(e, letting_go) for e in step.effects)


def test_a_cordon_that_was_undone_is_confirmed_anew_though_nobody_looked() -> None:
    """The drain's label is written again in the same tick, so that no later reading shows it."""
    had = drain()
    assert uncordoned(had, seen(node(ID, CORDON))) == had
    assert uncordoned(had, seen(node(ID))) == replace(had, confirmed_at=None)
    assert uncordoned(had, snapshot(None)) == had
