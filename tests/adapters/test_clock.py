"""The one real clock."""

import os
import signal
import threading
import time

import pytest

from workhorse.adapters.clock import RealClock
from workhorse.local.clock import ScaledClock


def test_it_tells_the_time_of_the_wall() -> None:
    before = time.time()
    told = RealClock().now()
    assert before - 0.001 <= told <= time.time() + 0.001


def test_a_wall_clock_that_is_set_moves_it_only_at_the_next_start() -> None:
    """A jump taken at face value would cut every settle time and every patience short."""
    wall = [1_700_000_000.0]
    clock = RealClock(wall=lambda: wall[0])
    wall[0] += 3600
    assert clock.now() == pytest.approx(1_700_000_000.0, abs=5)
    assert RealClock(wall=lambda: wall[0]).now() == pytest.approx(1_700_003_600.0, abs=5)


def test_it_shares_the_virtual_time_of_the_embedded_cloud() -> None:
    cloud = ScaledClock(origin=1_700_000_000.0, speed=60)
    clock = RealClock.parse(str(cloud))
    assert ScaledClock.parse(str(clock)).spec == cloud.spec
    before, told, after = cloud.now(), clock.now(), cloud.now()
    assert before - 1 <= told <= after + 1


@pytest.mark.parametrize("text", ["", "1:2", "a:b:c", "0:0:0", "0:0:-1", "nan:0:1", "0:inf:1"])
def test_what_is_no_clock_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="clock"):
        RealClock.parse(text)


def test_a_fast_clock_waits_for_its_own_seconds() -> None:
    clock = RealClock(speed=1000, origin=0)
    began = time.monotonic()
    assert clock.wait(10) is False
    assert 0.009 <= time.monotonic() - began < 10
    assert clock.now() >= 9.9


def test_a_wait_ends_when_told_and_so_does_every_later_one() -> None:
    clock = RealClock()
    threading.Timer(0.01, clock.stop).start()
    assert clock.wait(60) is True
    assert clock.wait(60) is True
    assert clock.wait(0) is True


def test_a_signal_ends_the_wait() -> None:
    clock = RealClock()
    before = signal.signal(signal.SIGUSR1, lambda *_: clock.stop())
    try:
        threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert clock.wait(60) is True
    finally:
        signal.signal(signal.SIGUSR1, before)
