"""What holds of every rollout, whatever happens to its pool."""

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.rollout_scenes import NEW
from tests.core.rollout_toy import Toy
from workhorse.core.budgets import percent_now
from workhorse.core.effects import LaunchCanary, StartRefresh, UseTemplateVersion
from workhorse.core.orders import Budget, Command, RolloutPolicy, Strategy
from workhorse.core.planners.windows import Window
from workhorse.core.rollout import RolloutState as S
from workhorse.core.rollout_looks import TRIPPED

PATIENCE_TICKS = 400
"""More than all bakes, boots and works of these pools together."""

POLICIES = st.builds(
    RolloutPolicy,
    waves=st.sampled_from(((100,), (50, 100), (10, 50, 100), (1, 2, 100))),
    bake_seconds=st.sampled_from((0, 20)),
    max_unavailable=st.sampled_from((1, 25, 50, 100)),
    max_failed=st.sampled_from((0, 10, 100)),
    smoke_job=st.sampled_from(("", "smoke")),
    budgets=st.sampled_from(
        ((), (Budget(percent=30),), (Budget(percent=0, window=Window(start="13:00", end="13:50")),))
    ),
)
"""The pools begin at 13:46:40 UTC."""

HAPPENINGS = st.sampled_from(
    ("", "", "", "blind", "frozen", "waits", "lose", "halt", "go", "release")
)
TOYS = st.builds(
    Toy,
    size=st.integers(0, 6),
    policy=POLICIES,
    strategy=st.sampled_from((Strategy.DRAIN, Strategy.DRAIN, Strategy.REFRESH)),
    bad=st.booleans(),
    works=st.lists(st.integers(0, 12), max_size=6).map(tuple),
    held=st.integers(0, 2),
)


def happen(toy: Toy, what: str) -> dict[str, bool]:
    """Have that happen to the pool, or say what of it the next turn shall not see."""
    if what == "lose":
        toy.lose()
    elif what == "release":
        toy.release()
    elif what in {"halt", "go"} and toy.order.command is not Command.ROLL_BACK:
        toy.ask(Command.HALT if what == "halt" else Command.GO)
    blind = {"blind": {"read": False}, "frozen": {"frozen": True}, "waits": {"waits": True}}
    return blind.get(what, {})


def to_the_end(toy: Toy) -> None:
    """Let it go on without anything in its way."""
    toy.release()
    if toy.order.command is Command.HALT:
        toy.ask(Command.GO)
    for _ in range(PATIENCE_TICKS):
        if toy.over:
            return
        toy.turn()
    raise AssertionError(f"it never ended: {toy.standing}")


@settings(max_examples=60, deadline=None)
@given(toy=TOYS, story=st.lists(HAPPENINGS, max_size=40))
def test_nobody_is_chosen_who_may_not_be_and_never_too_many(toy: Toy, story: list[str]) -> None:
    for what in story:
        looks, before = len(toy.log), {n: replace(m) for n, m in toy.members.items()}
        known = toy.turn(**happen(toy, what))
        chosen = {name for look in toy.log[looks:] for name in look.retire}
        if known.blind:
            assert not chosen
        if toy.standing.state == S.ROLLING_BACK:
            assert {toy.members[n].instance.template_version for n in chosen} <= {NEW}
            continue
        away = {n for n, m in toy.members.items() if m.drain}
        size, percent = len(toy.members), percent_now(toy.policy, known.now)
        assert not chosen or (what != "waits" and percent > 0)
        assert not chosen or len(away) <= max(1, size * percent / 100)
        for name in chosen:
            member = toy.members[name]
            assert not member.instance.protected
            assert member.instance.template_version != NEW
            assert name not in before or before[name].drain is None


@settings(max_examples=60, deadline=None)
@given(toy=TOYS, story=st.lists(HAPPENINGS, max_size=40), last=st.sampled_from(Command))
def test_every_rollout_ends_with_one_version_and_in_the_state_that_says_so(
    toy: Toy, story: list[str], last: Command
) -> None:
    for what in story:
        if not toy.over:
            toy.turn(**happen(toy, what))
    toy.ask(last)
    to_the_end(toy)
    done = toy.standing.state == S.DONE
    versions = {m.instance.template_version for m in toy.members.values()}
    assert versions <= {toy.launches}
    assert (toy.launches == NEW) is done
    assert toy.canary is None
    assert not [m.drain for m in toy.members.values() if m.drain]
    assert (toy.standing.state == S.FAILED) is (TRIPPED in toy.standing.memory)
    assert toy.standing.ended_at is not None


@settings(max_examples=60, deadline=None)
@given(toy=TOYS, story=st.lists(st.tuples(HAPPENINGS, st.booleans()), max_size=60))
def test_a_controller_that_is_killed_at_any_time_goes_on_as_if_it_had_not_been(
    toy: Toy, story: list[tuple[str, bool]]
) -> None:
    other = Toy(
        size=toy.size,
        policy=toy.policy,
        strategy=toy.strategy,
        bad=toy.bad,
        works=toy.works,
        held=toy.held,
    )
    for what, killed in story:
        toy.turn(**happen(toy, what))
        if killed:
            other.restart()
        other.turn(**happen(other, what))
    assert other.log == toy.log
    assert other.standing == toy.standing


@settings(max_examples=60, deadline=None)
@given(toy=TOYS, story=st.lists(HAPPENINGS, max_size=60))
def test_the_waves_go_forward_and_a_tripped_breaker_never_launches_the_version_again(
    toy: Toy, story: list[str]
) -> None:
    wave, looks = 0, 0
    for what in story:
        tripped = TRIPPED in toy.standing.memory
        toy.turn(**happen(toy, what))
        assert toy.standing.wave >= wave
        wave = toy.standing.wave
        done = [effect for look in toy.log[looks:] for effect in look.effects]
        looks = len(toy.log)
        for effect in done if tripped else ():
            assert not isinstance(effect, (LaunchCanary, StartRefresh))
            assert not (isinstance(effect, UseTemplateVersion) and effect.version == NEW)


@settings(max_examples=40, deadline=None)
@given(toy=TOYS)
def test_a_bad_image_is_caught_by_its_canary_and_no_agent_of_the_pool_is_of_it(toy: Toy) -> None:
    toy.bad = True
    while not toy.over:
        toy.turn()
        assert NEW not in {m.instance.template_version for m in toy.members.values()}
    assert toy.standing.state == S.FAILED
    launched = Counter(type(effect) for look in toy.log for effect in look.effects)
    assert launched[LaunchCanary] >= 1
    assert launched[UseTemplateVersion] == 0
