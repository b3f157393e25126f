"""The exact planner's options, by hand."""

import pytest

from tests.core.situations import situation
from tests.facts import NOW
from workhorse import plugins
from workhorse.core.errors import Refusal
from workhorse.core.plan import EXACT
from workhorse.core.planners.exact import Exact
from workhorse.core.planners.windows import Window, open_now

MONDAY_NOON = NOW // 86_400 * 86_400 + 43_200
"""1970-01-12 12:00 UTC, a Monday."""


def test_without_options_it_is_the_plain_pipeline() -> None:
    assert Exact().rules() == EXACT
    assert Exact().plan(situation(queued=3)).memory == {}


@pytest.mark.parametrize(
    ("ratio", "queued", "running", "wanted"), [(0.5, 3, 4, 11), (0.1, 3, 4, 8), (0.5, 0, 0, 0)]
)
def test_a_proportional_buffer_is_rounded_up(
    ratio: float, queued: int, running: int, wanted: int
) -> None:
    s = situation(queued=queued, running=running, ready=running)

    assert Exact(buffer_ratio=ratio).plan(s).target == wanted


def test_buffers_add_up() -> None:
    assert Exact(buffer_ratio=0.5).plan(situation(queued=4, buffer=3)).target == 4 + 3 + 2


def test_what_is_missing_is_multiplied_and_what_is_there_is_not() -> None:
    s = situation(queued=5, running=10, ready=11)

    assert Exact(scale_out_factor=1.5).plan(s).target == 11 + 6
    assert Exact(scale_out_factor=0.5).plan(s).target == 11 + 2


def test_what_was_asked_for_beyond_the_queue_is_not_called_off_while_it_waits() -> None:
    planner = Exact(scale_out_factor=2)
    first = planner.plan(situation(queued=3))
    coming = situation(queued=3, coming=6, memory=first.memory)
    served = situation(queued=0, running=3, ready=6, memory=first.memory)

    assert first.target == 6
    assert planner.plan(coming).target == 6
    assert planner.plan(served).target == 3, "nothing waits any more"


def test_what_was_asked_for_is_forgotten_when_it_should_long_have_booted() -> None:
    planner = Exact(scale_out_factor=2)
    memory = planner.plan(situation(queued=3)).memory
    steady = planner.plan(situation(queued=3, ready=6, memory=memory))
    late = situation(queued=3, ready=6, memory=memory, now=steady.holds_until)

    assert steady.holds_until == NOW + situation().policy.boot_seconds
    assert (steady.target, planner.plan(late).target) == (6, 3)


@pytest.mark.parametrize(
    ("executors", "queued", "wanted"), [(1, 5, 7), (4, 5, 3), (4, 8, 4), (4, 0, 2)]
)
def test_idle_agents_have_a_free_executor_however_builds_are_spread(
    executors: int, queued: int, wanted: int
) -> None:
    s = situation(queued=queued, executors=executors)

    assert Exact(idle_agents=2).plan(s).target == wanted


def test_idle_agents_and_a_buffer_are_the_same_agents() -> None:
    assert Exact(idle_agents=2).plan(situation(queued=4, buffer=3)).target == 7
    assert Exact(idle_agents=5).plan(situation(queued=4, buffer=3)).target == 9


def test_a_window_lifts_the_floor_and_keeps_agents_idle_until_it_closes() -> None:
    office = Window(days="mon", start="08:00", end="18:00", floor=4, idle_agents=2)
    planner = Exact(windows=(office,))
    noon = planner.plan(situation(changed_at=0, queued=1, now=MONDAY_NOON))
    busy = planner.plan(situation(changed_at=0, queued=7, now=MONDAY_NOON))
    evening = planner.plan(situation(changed_at=0, queued=1, now=noon.holds_until))

    assert (noon.target, busy.target, evening.target) == (4, 9, 1)
    assert noon.holds_until == MONDAY_NOON + 6 * 3600
    assert "window: 1 -> 4 (mon 08:00-18:00 UTC)" in [str(r) for r in noon.reasons]


def test_a_window_over_the_ceiling_stops_there() -> None:
    planner = Exact(windows=(Window(floor=99),))

    assert planner.plan(situation(ceiling=20)).target == 20


def test_options_come_from_settings_with_every_fault_told() -> None:
    options = {"windows": [{"days": "sat", "start": "10:00", "floor": 1}], "buffer_ratio": 1}
    made = plugins.planner("exact", options)

    assert made == Exact(buffer_ratio=1.0, windows=(Window(days="sat", start="10:00", floor=1),))
    with pytest.raises(Refusal) as wrong:
        plugins.planner("exact", {"buffer_ratio": -1, "scale_out_factor": 0, "idle_agents": -2})
    for name in ("buffer_ratio: -1", "scale_out_factor: 0", "idle_agents: -2"):
        assert name in str(wrong.value)


def test_a_misspelt_key_of_a_window_is_refused() -> None:
    with pytest.raises(Refusal, match="flor"):
        plugins.planner("exact", {"windows": [{"flor": 1}]})


def test_windows_are_told_apart_by_the_day() -> None:
    assert open_now((Window(days="tue"),), MONDAY_NOON)[0] == ()
