"""What the watcher does next: every case, on a clock that is an argument."""

import dataclasses
from collections import Counter
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.agent import vigil
from scripts.agent.vigil import (
    Accepted,
    Ask,
    Heard,
    Refused,
    Register,
    Registered,
    Rules,
    SayHere,
    Seen,
    Shut,
    StartAgent,
    State,
    step,
)

FAR = State(here_at=1e9)
"""Nothing is due."""
RULES = Rules(idle_seconds=600)


def after(seen: Seen, state: State = FAR, now: float = 0, dice: float = 0.5) -> tuple[State, Any]:
    return step(RULES, state, seen, now, dice)


def told(*news: Any, **more: Any) -> Seen:
    return Seen(news=tuple(news), **more)


# --- Notices -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["spot", "rebalance"])
def test_a_notice_is_handed_on_at_once_and_until_it_is_taken(kind: str) -> None:
    state: State = FAR
    for now in (0, 2, 4):
        state, actions = after(Seen(**{kind: "notice"}), state, now)
        assert actions == (Ask(kind=kind, detail="notice"),)


@pytest.mark.parametrize("kind", ["spot", "rebalance"])
def test_a_notice_that_was_taken_is_said_again_each_half_minute_as_long_as_it_stands(
    kind: str,
) -> None:
    """A controller that was started in between knows of none."""
    seen = Seen(**{kind: "notice"})
    state, actions = after(dataclasses.replace(seen, news=(Accepted(kind=kind),)), now=10)
    assert actions == ()
    assert after(seen, state, 10 + vigil.AGAIN_SECONDS - 1)[1] == ()
    assert after(seen, state, 10 + vigil.AGAIN_SECONDS)[1] == (Ask(kind=kind, detail="notice"),)
    assert after(Seen(), state, 10 + vigil.AGAIN_SECONDS)[1] == ()


def test_both_notices_are_two_asks() -> None:
    _, actions = after(Seen(spot="a", rebalance="b"))
    assert [each.kind for each in actions] == ["spot", "rebalance"]


def test_a_taken_rebalance_does_not_silence_spot() -> None:
    state, _ = after(told(Accepted(kind="rebalance"), rebalance="r"))
    assert after(Seen(rebalance="r", spot="s"), state, 2)[1] == (Ask(kind="spot", detail="s"),)


# --- Forgotten -----------------------------------------------------------------------------------


def test_forgotten_once_is_asked_again_soon_and_changes_nothing_yet() -> None:
    state, actions = after(told(Heard(known=False)), now=100)
    assert actions == ()
    assert 100 + vigil.CONFIRM_SECONDS <= state.here_at <= 100 + 2 * vigil.CONFIRM_SECONDS


def test_forgotten_twice_registers_again() -> None:
    state, _ = after(told(Heard(known=False)))
    assert after(told(Heard(known=False)), state, 12)[1] == (Register(),)


def test_known_in_between_is_a_false_alarm() -> None:
    state, _ = after(told(Heard(known=False)))
    state, _ = after(told(Heard(known=True)), state, 15)
    assert after(told(Heard(known=False)), state, 70)[1] == ()


def test_what_the_gateway_does_not_know_neither_alarms_nor_calms() -> None:
    state: State = FAR
    for now in range(10):
        state, actions = after(told(Heard(known=None)), state, now)
        assert actions == ()
    assert state.missing == 0
    state, _ = after(told(Heard(known=False)), state, 20)
    state, _ = after(told(Heard(known=None)), state, 25)
    assert after(told(Heard(known=False)), state, 30)[1] == (Register(),)


def test_registered_again_starts_the_agent_if_it_ended_and_forgets_the_alarm() -> None:
    state, _ = after(told(Heard(known=False), Heard(known=False)))
    state, actions = after(told(Registered()), state, 2)
    assert actions == (StartAgent(),)
    assert (state.missing, state.register_at) == (0, None)


@pytest.mark.parametrize("target", sorted(vigil.LAST_STATES))
def test_who_leaves_does_not_register_because_it_was_forgotten(target: str) -> None:
    for seen in (
        told(Heard(known=False, leaving=True), Heard(known=False, leaving=True)),
        told(Heard(known=False), Heard(known=False), target=target),
    ):
        assert after(seen)[1] == ()


def test_an_instance_in_service_does_register_again() -> None:
    seen = told(Heard(known=False), Heard(known=False), target="InService")
    assert after(seen)[1] == (Register(),)


def test_a_vain_try_is_followed_by_another_later_and_later_but_within_bounds() -> None:
    state, now = FAR, 0.0
    pauses = []
    for _ in range(8):
        state, _ = after(told(Shut()), state, now, dice=1.0)
        assert state.register_at is not None
        pauses.append(state.register_at - now)
        assert after(Seen(), state, state.register_at - 0.1)[1] == ()
        now = state.register_at
        state, actions = after(Seen(), state, now)
        assert actions == (Register(),)
    assert pauses == sorted(pauses)
    assert min(pauses) >= vigil.SHORTEST
    assert max(pauses) == vigil.LONGEST


def test_the_gateway_may_ask_for_more_patience_but_not_for_hours() -> None:
    state, _ = after(told(Shut(retry_seconds=90)), dice=0.0)
    assert state.register_at == 90
    state, _ = after(told(Shut(retry_seconds=86400)), dice=0.0)
    assert state.register_at == vigil.MOST_RETRY_AFTER


# --- The lease -----------------------------------------------------------------------------------


def test_a_refused_lease_is_proved_anew_at_once_even_by_who_leaves() -> None:
    """It must yet be able to let its volume go, and to hear that it is called back."""
    assert after(told(Refused()))[1] == (Register(),)
    assert after(told(Refused(), target="Terminated"))[1] == (Register(),)


def test_a_refused_lease_does_not_cut_short_the_pause_after_a_vain_try() -> None:
    state, _ = after(told(Shut()), now=0)
    assert after(told(Refused()), state, 1)[1] == ()


# --- Idle ----------------------------------------------------------------------------------------


def test_idle_for_too_long_asks_to_go() -> None:
    _, actions = after(told(Heard(known=True, idle_seconds=601)))
    assert actions == (Ask(kind="idle", detail="idle for 601 seconds"),)


def test_idle_asks_again_as_long_as_it_stays_so_but_at_most_once_a_minute() -> None:
    state: State = FAR
    asked = []
    for now in range(0, 600, 10):
        state, actions = after(told(Heard(known=True, idle_seconds=700.0 + now)), state, now)
        asked += [now for each in actions if isinstance(each, Ask)]
    assert asked == list(range(0, 600, 60))


@pytest.mark.parametrize(
    "heard",
    [
        Heard(known=True, idle_seconds=599),
        Heard(known=True, idle_seconds=None),
        Heard(known=None, idle_seconds=9999),
        Heard(known=False, idle_seconds=9999),
        Heard(known=True, idle_seconds=9999, leaving=True),
    ],
)
def test_who_is_not_surely_idle_for_so_long_does_not_ask(heard: Heard) -> None:
    assert after(told(heard))[1] == ()


def test_a_pool_without_an_idle_time_has_agents_that_stay() -> None:
    seen = told(Heard(known=True, idle_seconds=1e6))
    assert step(Rules(idle_seconds=0), FAR, seen, 0, 0.5)[1] == ()


# --- The minute ----------------------------------------------------------------------------------


def test_the_gateway_is_asked_about_every_minute_and_never_in_step() -> None:
    for dice, gap in ((0.0, 48), (0.5, 60), (1.0, 72)):
        state, actions = after(Seen(), State(here_at=100), 100, dice)
        assert actions == (SayHere(),)
        assert state.here_at == pytest.approx(100 + gap)


def test_a_thousand_agents_do_not_storm_a_controller_that_was_started_again() -> None:
    """Every lease is refused, and for a while nobody is let in: no second sees a tenth of them."""
    chance = Random(5)  # noqa: S311 - a test's own
    tries: Counter[int] = Counter()
    for _ in range(1000):
        state = State(here_at=chance.uniform(0, 60))
        news: tuple[vigil.News, ...] = ()
        for now in range(0, 240, 2):
            told = Seen(news=news)
            state, actions = step(RULES, state, told, now, chance.random())
            tries[now] += actions.count(Register())
            news = (Shut(retry_seconds=10),) if Register() in actions else ()
            news += (Refused(),) if SayHere() in actions else ()
    assert sum(tries.values()) > 3000
    assert max(tries.values()) < 200  # in two seconds


SEEN = st.builds(
    Seen,
    spot=st.sampled_from(["", "notice"]),
    rebalance=st.sampled_from(["", "notice"]),
    target=st.sampled_from(["", "InService", *sorted(vigil.LAST_STATES)]),
    news=st.lists(
        st.one_of(
            st.builds(Accepted, kind=st.sampled_from(["spot", "rebalance", "idle"])),
            st.builds(
                Heard,
                known=st.sampled_from([True, False, None]),
                leaving=st.booleans(),
                idle_seconds=st.sampled_from([None, 0.0, 700.0]),
            ),
            st.just(Refused()),
            st.just(Registered()),
            st.builds(Shut, retry_seconds=st.sampled_from([0.0, 30.0, 1e5])),
        ),
        max_size=3,
    ).map(tuple),
)


@settings(max_examples=60)
@given(turns=st.lists(st.tuples(SEEN, st.floats(0, 1)), max_size=25))
def test_whatever_happens_it_keeps_asking_and_never_floods(
    turns: list[tuple[Seen, float]],
) -> None:
    """Two seconds a turn: `here` every 8 to 72 s, idle once a minute, no notice left unsaid."""
    state, said_here, said_idle = State(), [], []
    for number, (seen, dice) in enumerate(turns):
        now = number * 2.0
        before = state
        state, actions = step(RULES, state, seen, now, dice)
        said_here += [now] * actions.count(SayHere())
        said_idle += [now for each in actions if isinstance(each, Ask) and each.kind == "idle"]
        assert actions.count(Register()) <= 1
        assert state.here_at <= now + 72
        taken = {each.kind for each in seen.news if isinstance(each, Accepted)}
        if seen.spot and "spot" not in taken | set(before.accepted):
            assert any(isinstance(each, Ask) and each.kind == "spot" for each in actions)
        if state.register_at is not None:
            assert state.register_at <= now + vigil.MOST_RETRY_AFTER + vigil.SHORTEST
    assert all(b - a >= 8 for a, b in pairwise(said_here))
    assert all(b - a >= 60 for a, b in pairwise(said_idle))
