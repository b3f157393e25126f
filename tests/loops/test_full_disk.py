"""A journal that cannot be written: nothing is ended, and what waits at a hook is kept alive."""

from tests.loops.test_stories import HOUR, effects, killed, stage
from workhorse.core.model import Lifecycle
from workhorse.sim.line import Side
from workhorse.sim.truth import Hand


def test_a_full_disk_ends_nobody_and_the_hook_keeps_its_heartbeats() -> None:
    told = stage()
    told.world.jenkins.submit("short", 400, "linux")
    told.run(300)
    told.world.cloud.terminate("i-00000001", Hand.OUTSIDE, decrement=False)
    told.run(20)
    told.world.line.out_of_reach.add(Side.JOURNAL)

    told.run(HOUR)

    assert [m.id for m in told.world.members(Lifecycle.TERMINATING_WAIT)] == ["i-00000001"]
    assert killed(told) == []

    told.world.line.out_of_reach.clear()
    told.run(600)

    assert "i-00000001" in " ".join(effects(told, "CompleteHook"))
    assert killed(told) == []
