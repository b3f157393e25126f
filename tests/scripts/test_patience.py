"""Trying again: in bounded time, and never in step with others."""

from collections.abc import Callable

import pytest

from scripts.agent import patience
from scripts.agent.exchange import FailedError
from scripts.agent.patience import Patience
from tests.scripts.instance import Time


def failing(times: int, error: Exception | None = None) -> Callable[[], str]:
    left = iter([error or OSError("not yet")] * times)

    def act() -> str:
        if (wrong := next(left, None)) is not None:
            raise wrong
        return "done"

    return act


def waits(seed: str, times: int, error: Exception | None = None) -> list[float]:
    """The pauses of an agent of that name."""
    time = Time()
    assert Patience(1e6, seed, time.clock, time.rest)(failing(times, error)) == "done"
    return time.rests


def test_it_goes_on_until_it_works() -> None:
    assert len(waits("i-1", 6)) == 6


def test_pauses_lie_within_their_bounds_and_each_follows_from_the_one_before() -> None:
    last = patience.SHORTEST
    for pause in waits("i-1", 200):
        assert patience.SHORTEST <= pause <= min(patience.LONGEST, 3 * last)
        last = pause


def test_each_agent_has_pauses_of_its_own_and_the_same_each_time() -> None:
    assert waits("i-1", 8) == waits("i-1", 8)
    assert waits("i-1", 8) != waits("i-2", 8)


def test_machines_without_a_name_do_not_keep_step_either() -> None:
    """So is every program but registration, and an agent by a token before it has a name."""
    assert waits("", 8) != waits("", 8)


def test_a_thousand_agents_that_fail_together_do_not_come_back_together() -> None:
    back = [sum(waits(f"i-{number:017x}", 4)) for number in range(1000)]
    busiest = max(sum(1 for each in back if second <= each < second + 1) for second in range(120))
    assert busiest < 150
    assert max(back) <= 4 * patience.LONGEST


def test_retry_after_is_waited_for_and_then_not_in_step() -> None:
    asked = FailedError("busy", status=503, retry_seconds=20)
    firsts = [waits(f"i-{number}", 1, asked)[0] for number in range(50)]
    assert all(20 <= each <= 20 + patience.SPREAD for each in firsts)
    assert len(set(firsts)) == 50


def test_a_retry_after_of_hours_is_not_waited_for() -> None:
    (pause,) = waits("i-1", 1, FailedError("busy", status=503, retry_seconds=86400))
    assert pause <= patience.MOST_RETRY_AFTER + patience.SPREAD


@pytest.mark.parametrize("status", sorted(patience.FINAL))
def test_what_another_try_does_not_change_is_final(status: int) -> None:
    time = Time()
    with pytest.raises(FailedError, match="no"):
        Patience(100, "i-1", time.clock, time.rest)(failing(9, FailedError("no", status=status)))
    assert time.rests == []


def test_it_ends_within_its_seconds_with_what_was_wrong() -> None:
    time = Time()
    with pytest.raises(OSError, match="not yet"):
        Patience(60, "i-1", time.clock, time.rest)(failing(1000))
    assert time.now < 60


def test_all_steps_of_a_boot_share_one_patience() -> None:
    """Else five steps that each nearly time out would take five times as long as the unit may."""
    time = Time()
    patient = Patience(60, "i-1", time.clock, time.rest)
    patient(failing(4))
    with pytest.raises(OSError, match="not yet"):
        patient(failing(1000))
    assert time.now < 60
