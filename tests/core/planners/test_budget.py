"""Steering by measured waits: it gets there, it stays within bounds, and it does not swing."""

from collections.abc import Callable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from tests.core.situations import sample
from workhorse.core.learn import Sample
from workhorse.core.planners.budget import FORGIVE_BUILDS, STEP_BUILDS, Nudge, late_share

LIMIT, ALLOWED = 60.0, 0.05


def waits(share: float, builds: int = STEP_BUILDS) -> list[float]:
    """Waits of which this share is too long."""
    late = round(share * builds)
    return [100.0] * late + [10.0] * (builds - late)


def steered(
    world: Callable[[int], float], rounds: int, bounds: tuple[int, int] = (-8, 8)
) -> list[int]:
    """The steps of each round, in a world that answers a step with a share of late builds."""
    nudge, measured, steps = Nudge(), Sample(), list[int]()
    for _ in range(rounds):
        measured = measured.added(waits(world(nudge.steps)))
        nudge = nudge.moved(measured, LIMIT, ALLOWED, bounds)
        steps.append(nudge.steps)
    return steps


def test_too_many_late_builds_raise_the_price_step_by_step() -> None:
    assert steered(lambda _: 0.2, 4) == [1, 2, 3, 4]


def test_hardly_any_late_builds_lower_it() -> None:
    assert steered(lambda _: 0.0, 3) == [-1, -2, -3]


def test_between_half_and_all_of_what_is_allowed_nothing_moves() -> None:
    assert steered(lambda _: 0.04, 5) == [0] * 5


def test_it_never_leaves_the_ladder() -> None:
    assert steered(lambda _: 0.5, 9, bounds=(-2, 3))[-1] == 3
    assert steered(lambda _: 0.0, 9, bounds=(-2, 3))[-1] == -2


def test_few_builds_move_nothing() -> None:
    few = Sample().added(waits(1.0, STEP_BUILDS - 1))

    assert Nudge().moved(few, LIMIT, ALLOWED, (-8, 8)) == Nudge()


def test_a_step_that_was_too_low_is_not_tried_again_soon() -> None:
    """At 0 every tenth build is late, at 1 none: one price is too low, the next one high."""
    steps = steered(lambda step: 0.0 if step > 0 else 0.1, 40)
    again = FORGIVE_BUILDS // STEP_BUILDS

    assert steps[:again] == [1] * again
    assert 0 in steps[again : 2 * again], "but it is not given up for ever"


@given(
    st.lists(st.floats(min_value=0, max_value=0.3), min_size=17, max_size=17),
    st.integers(20, 120),
)
def test_a_world_that_answers_the_price_sees_no_swinging(shares: list[float], rounds: int) -> None:
    """Higher prices never make more builds late: then the steps turn down again only rarely."""
    falling = sorted(shares, reverse=True)
    steps = steered(lambda step: falling[step + 8], rounds)
    turns = sum(
        before < here > after
        for before, here, after in zip(steps, steps[1:], steps[2:], strict=False)
    )

    assert all(-8 <= step <= 8 for step in steps)
    assert turns <= 1 + rounds * STEP_BUILDS / FORGIVE_BUILDS


@given(st.lists(st.floats(min_value=0, max_value=0.3), min_size=17, max_size=17))
def test_it_comes_to_rest_where_the_objective_is_met_if_it_can_be(shares: list[float]) -> None:
    falling = sorted(shares, reverse=True)
    last = steered(lambda step: falling[step + 8], 14)[-1]

    met = round(falling[last + 8] * STEP_BUILDS) / STEP_BUILDS <= ALLOWED
    assert met or last == 8 or last > -8
    if all(round(s * STEP_BUILDS) / STEP_BUILDS > ALLOWED for s in falling):
        assert last == 8


def test_the_memory_is_handed_on_whole() -> None:
    nudge = Nudge(steps=2, seen=300, least=1, least_seen=200)
    measured = Sample(newest=(1.0,), seen=400)
    memory: Mapping[str, object] = nudge.as_memory()

    assert Nudge.of(memory, measured) == nudge
    assert Nudge.of({}, measured) == Nudge(seen=400)
    assert Nudge.of(memory, Sample()) == Nudge(), "the waits it counted were lost in a restart"


def test_the_share_is_of_the_newest_waits() -> None:
    measured = sample(100, 100, 1, 100)

    assert late_share(measured, LIMIT, 2) == 0.5
    assert late_share(measured, LIMIT, 4) == 0.75
    assert late_share(Sample(), LIMIT, 4) == 0
