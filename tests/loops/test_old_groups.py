"""A group's reading grows old while the rest is read: then it counts as none."""

from tests.loops.test_stories import stage
from workhorse.loops.observe import Observer, Trust
from workhorse.sim.line import Side


def test_a_group_that_was_read_too_long_ago_is_not_believed() -> None:
    told = stage()
    observer = Observer(told.world.ports(), told.pools, Trust(stale_seconds=30))
    assert observer.observe({}).groups["linux-agents"] is not None

    told.world.line.seconds[Side.JENKINS] = 40.0
    shown = observer.observe({})

    assert shown.groups == {"linux-agents": None}
    assert "Auto Scaling: linux-agents was read 40 s ago: too old" in shown.notes
