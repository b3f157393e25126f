"""What is true of every replay, whatever is played to whom."""

from collections.abc import Sequence
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workhorse.sim import replay as module
from workhorse.sim.contender import Contender, contender
from workhorse.sim.fleet import Billing, Boot, Fleet, Machines
from workhorse.sim.outcome import Outcome
from workhorse.sim.record import MONDAY, RecordedWorld
from workhorse.sim.workload import Job

JOBS = st.lists(
    st.builds(
        Job,
        st.integers(0, 7200).map(float),
        st.integers(1, 2000).map(float),
        st.sampled_from(["linux", "windows", "linux || windows"]),
    ),
    min_size=1,
    max_size=8,
).map(sorted)
MACHINES = st.builds(
    Machines,
    executors=st.integers(1, 3),
    floor=st.integers(0, 2),
    ceiling=st.integers(2, 6),
    boot=st.sampled_from([Boot(), Boot(median_seconds=400, p99_seconds=None)]),
    spot_share=st.sampled_from([0.0, 0.5]),
    spot_losses_per_hour=st.just(2.0),
    billing=st.sampled_from(Billing),
)
CONTENDERS = st.sampled_from(
    [
        contender("exact", {"idle_seconds": 60}),
        contender("duration", {}),
        contender("fixed", {"size": 2}),
        contender("alarms", {"idle_seconds": 300, "idle_above": 0}),
        contender("poll", {"idle_seconds": 120}),
        contender("poll", {"elastic": True, "scale_in_cool_down_seconds": 60}),
        contender("ec2-plugin", {"idle_minutes": 2}),
        contender("ec2-fleet", {"idle_minutes": 2}),
        contender("taskscaler", {"idle_count": 1, "idle_minutes": 2}),
        contender("vespene", {"reevaluate_minutes": 1}),
    ]
)


def lived(world: RecordedWorld, begin: float, over: float) -> float:
    """Instance-seconds by what the world itself counted: the ended ones and those alive."""
    alive = (m.launched_at for m in world.cloud.machines.values() if m.alive)
    told = world.truth.instance_seconds + fsum(world.kernel.now - at for at in alive)
    outside = (
        max(0.0, min(begin, life.ended_at or begin) - life.launched_at)
        + max(0.0, (life.ended_at or world.kernel.now) - max(over, life.launched_at))
        for life in world.lives.values()
    )
    return told - fsum(outside)


def played(jobs: Sequence[Job], fleet: Fleet, who: Contender) -> tuple[RecordedWorld, Outcome]:
    cast = module.Cast.of(jobs, fleet, who)
    world = module.played(cast, 1, lambda _: None)
    return world, module.outcome_of(cast, world, 1)


@settings(max_examples=50, deadline=None)
@given(jobs=JOBS, machines=MACHINES, who=CONTENDERS)
def test_every_instance_second_is_told_once_and_builds_are_not_lost(
    jobs: list[Job], machines: Machines, who: Contender
) -> None:
    fleet = Fleet(machines=machines, pools={"linux": machines, "windows": machines})
    world, outcome = played(jobs, fleet, who)
    begin = MONDAY + jobs[0].arrival // 3600 * 3600
    over = begin + outcome.hours * 3600
    total = outcome.total

    assert total.instance_seconds == pytest.approx(lived(world, begin, over))
    assert total.build_seconds == pytest.approx(fsum(job.seconds for job in jobs))
    assert (total.builds, total.finished) == (len(jobs), len(jobs))
    assert total.phases.busy * machines.executors >= total.build_seconds - 1e-6
    assert total.billed_hours * 3600 >= total.instance_seconds - 1e-6
    assert total.waits.max <= (over - begin)
    line = total.timeline
    assert sum(line.capacity) * line.step == pytest.approx(total.instance_seconds, rel=1e-3)
