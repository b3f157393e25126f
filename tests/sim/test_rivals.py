"""Other systems' policies, held to what a hand reckons from their constants."""

from itertools import pairwise

import pytest

from tests.sim.grounds import HOUR, STEADY, burst, ends, launches, stood
from tests.sim.weeks import morning
from workhorse.core.errors import Refusal
from workhorse.sim import rivals
from workhorse.sim.fleet import Machines
from workhorse.sim.record import MONDAY
from workhorse.sim.rivals.ec2_plugin import Ec2Plugin
from workhorse.sim.rivals.taskscaler import Taskscaler
from workhorse.sim.truth import Hand
from workhorse.sim.workload import Job


def test_a_fixed_fleet_is_there_at_once_and_stays() -> None:
    world = stood("fixed", burst(3, 600), size=2)
    world.run(5 * HOUR)

    assert launches(world) == [0, 0]
    assert ends(world) == []
    assert [f.waited for f in world.truth.finished] == [60, 60, 660]


def test_a_fixed_fleet_without_a_size_suffices_for_its_share_of_the_time() -> None:
    """Ten builds run for 30 s of 1,000 s, one for the rest."""
    jobs = [*burst(9, 30), *burst(1, 1000)]

    assert len(stood_for(jobs, share=0.95)) == 1
    assert len(stood_for(jobs, share=0.99)) == 10


def stood_for(jobs: list[Job], share: float) -> list[float]:
    world = stood("fixed", jobs, share=share)
    world.run(10)
    return launches(world)


def test_alarms_add_one_agent_every_five_minutes_so_twenty_take_more_than_95() -> None:
    world = stood("alarms", burst(20, 4 * HOUR))
    world.run(3 * HOUR)
    at = launches(world)

    # The sample at 0 s sees the queue already, so the second one is that at 60 s.
    assert at[0] == pytest.approx(60, abs=1)
    assert [b - a for a, b in pairwise(at)] == pytest.approx([300] * 19, abs=1)
    assert at[19] / 60 >= 95


def test_alarms_take_one_away_after_fifty_minutes_with_more_than_three_idle() -> None:
    """Idle from the sample at 120 s on, the fiftieth in a row is at 51 min.

    With five idle the fifth goes, 300 s later the fourth; three are never too many.
    """
    world = stood("alarms", [], machines=Machines(ceiling=10))
    world.world.cloud.set_desired("linux", 5)
    world.run(49 * 60)
    assert world.desired == 5
    world.run(5 * 60)
    assert world.desired == 4
    world.run(60)
    assert world.desired == 4
    world.run(2 * 60)
    assert world.desired == 3
    world.run(2 * HOUR)
    assert world.desired == 3


def test_the_poll_sets_exactly_what_is_needed_at_its_next_look() -> None:
    world = stood("poll", burst(7, 600, at=13))
    world.run(19)
    assert world.desired == 0
    world.run(2)
    assert world.desired == 7
    assert launches(world) == [20] * 7


def test_the_poll_counts_what_is_on_its_way() -> None:
    world = stood("poll", [*burst(4, 600), *burst(2, 600, at=25)])
    world.run(200)

    assert launches(world) == [0] * 4 + [30] * 2


def test_an_idle_agent_of_the_poll_ends_itself_and_lowers_the_size() -> None:
    """Build from 60 s to 100 s, idle for 600 s, ten seconds to say farewell."""
    world = stood("poll", burst(1, 40))
    world.run(HOUR)

    assert ends(world) == [710]
    assert world.desired == 0
    assert world.lives["i-00000001"].away == [(MONDAY + 700, None)]


def test_a_build_that_comes_after_the_farewell_gets_a_new_agent() -> None:
    world = stood("poll", [*burst(1, 40), *burst(1, 40, at=705)])
    world.run(HOUR)

    assert launches(world) == [0, 710]
    assert world.truth.kills == []


def test_elastic_mode_lets_the_oldest_go_after_their_builds_once_an_hour() -> None:
    """At 120 s three of four are too many; the oldest has a build until 3,060 s.

    The fourth goes at the first look more than an hour after that.
    """
    world = stood("poll", [*burst(1, 3000), *burst(3, 60)], elastic=True, idle_seconds=99_999)
    world.run(2 * HOUR)

    assert sorted(ends(world)) == [140, 140, 3070, 3720 + 20]
    assert world.truth.kills == []


def test_the_availability_rule_adds_one_while_most_agents_are_missing() -> None:
    world = stood("poll", burst(4, 600), availability=True)
    world.world.hung = {"i-00000001", "i-00000002", "i-00000003"}
    world.run(45)

    assert launches(world) == [0, 0, 0, 0, 10, 20, 30, 40]


def test_the_ec2_plugin_starts_at_once_only_where_there_is_nothing_at_all() -> None:
    """Smoothed, twenty are two; with the margin of an empty pool, floor(2 + 0.5) are launched."""
    world = stood("ec2-plugin", burst(20, HOUR))
    world.run(1)

    assert launches(world) == [0, 0]


def test_the_ec2_plugin_waits_until_smoothed_demand_passes_its_margin() -> None:
    """One executor online: 0.1 + 0.4 x 0.5 = 0.3; 1 - 0.9^n exceeds 0.7 at the 12th look."""
    world = stood("ec2-plugin", [*burst(1, HOUR), *burst(1, HOUR, at=1205)])
    world.run(2000)

    assert launches(world) == [0, 1210 + 11 * 10]


def test_the_ec2_plugin_ends_what_idled_for_half_an_hour() -> None:
    world = stood("ec2-plugin", burst(1, 40))
    world.run(HOUR)
    [end] = ends(world)

    # Idle since 100 s; the look once a minute that finds more than 1,800 s is that at 1,920 s.
    assert end == 1920 + 1
    assert world.desired == 0


def test_a_build_that_begins_while_the_ec2_plugin_calls_aws_dies_and_runs_again() -> None:
    world = stood("ec2-plugin", [*burst(1, 40), *burst(1, 40, at=1920.5)])
    world.run(HOUR)

    assert [kill.hand for kill in world.truth.kills] == [Hand.OURS]
    assert len(world.truth.finished) == 2
    assert len(world.world.builds) == 3


def test_zero_idle_minutes_mean_never() -> None:
    for name in ("ec2-plugin", "ec2-fleet"):
        world = stood(name, burst(3, 40), idle_minutes=0)
        world.run(24 * HOUR)
        assert ends(world) == [], name


def test_ec2_fleet_launches_for_every_item_without_delay() -> None:
    world = stood("ec2-fleet", [*burst(5, HOUR), *burst(3, HOUR, at=5)])
    world.run(200)

    assert launches(world) == [0] * 5 + [10] * 3


def test_ec2_fleet_stops_an_idle_agents_work_before_it_ends_it() -> None:
    """Idle since 100 s; looked at once a minute, then terminated at the next update."""
    world = stood("ec2-fleet", [*burst(1, 40), *burst(1, 40, at=725)])
    world.run(HOUR)

    assert world.lives["i-00000001"].away == [(MONDAY + 720, None)]
    assert ends(world)[0] == 730 + 1
    assert world.truth.kills == []
    assert len(world.truth.finished) == 2


def test_taskscaler_keeps_five_idle_and_grows_by_what_is_taken() -> None:
    """In preemptive mode a burst of twenty takes the five that idle, and five more are made."""
    world = stood("taskscaler", burst(20, HOUR, at=119))
    world.run(119)
    assert launches(world) == [0] * 5
    world.run(60)

    assert launches(world) == [0] * 5 + [120] * 5


def test_taskscaler_without_idle_count_goes_by_the_builds_it_has_taken() -> None:
    world = stood("taskscaler", burst(7, 60, at=30), idle_count=0, idle_minutes=5)
    world.run(61)
    assert launches(world) == [60] * 7
    world.run(HOUR)

    # Idle since 180 s; the look once a minute that finds more than 300 s is that at 540 s.
    assert ends(world) == [541] * 7


def test_taskscaler_scales_its_idle_capacity_with_what_is_in_use() -> None:
    world = stood("taskscaler", [], idle_count=2, scale_factor=0.5, scale_factor_limit=6)
    rival = Taskscaler(idle_count=2, scale_factor=0.5)
    limited = Taskscaler(scale_factor=0.5, scale_factor_limit=6)
    world.run(10)

    assert launches(world) == [0, 0]
    assert [rival._idle(n) for n in (0, 4, 5, 40)] == [2, 2, 3, 20]
    assert limited._idle(40) == 6


def test_vespene_sizes_every_ten_minutes_and_lets_aws_choose_whom_to_kill() -> None:
    """Sized to 4 at 0 s, to 2 at 600 s; of the four at work the two oldest go."""
    jobs = [*burst(2, 400), *burst(2, 2 * HOUR)]
    world = stood("vespene", jobs)
    world.run(590)
    assert launches(world) == [0] * 4
    assert world.desired == 4
    world.run(HOUR)

    assert {kill.hand for kill in world.truth.kills} <= {Hand.AWS}
    assert min(ends(world)) == 600


def test_vespene_weighs_queued_and_running_and_clamps_the_right_way_round() -> None:
    world = stood(
        "vespene",
        burst(6, HOUR),
        queued_weight=2.0,
        multiplier=1.5,
        excess=3,
        minimum=1,
        maximum=10,
    )
    world.run(5)

    assert world.desired == 10
    quiet = stood("vespene", [], minimum=2)
    quiet.run(5)
    assert quiet.desired == 2


@pytest.mark.parametrize("name", rivals.RIVALS)
def test_a_rival_keeps_within_floor_and_ceiling(name: str) -> None:
    machines = Machines(floor=1, ceiling=4, boot=STEADY.boot)
    world = stood(name, burst(30, 100), machines=machines)
    sizes = set()
    for _ in range(720):
        world.run(10)
        sizes.add(world.desired)

    assert min(sizes) >= 1
    assert max(sizes) <= 4
    assert world.truth.counts["refused_sizes"] == 0 or name == "poll"


@pytest.mark.parametrize("name", rivals.RIVALS)
def test_leaving_out_looks_that_change_nothing_changes_nothing(name: str) -> None:
    """The same launches and ends as with every look taken."""
    jobs = [*morning(), *burst(2, 90, at=60 * HOUR + 7), *burst(4, 20, at=66 * HOUR + 3)]
    jobs = [Job(job.arrival - 33 * HOUR, job.seconds, "linux") for job in jobs]
    slept, awake = stood(name, jobs), stood(name, jobs, restless=True)
    for world in (slept, awake):
        world.run(40 * HOUR)

    assert slept.lives == awake.lives


def test_several_executors_are_counted_in_agents() -> None:
    machines = Machines(executors=3, boot=STEADY.boot, react_seconds=0)
    for name in ("poll", "ec2-fleet"):
        world = stood(name, burst(7, 600), machines=machines)
        world.run(5)
        assert launches(world) == [0] * 3, name


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("nobody", {}, 'policy "nobody": must be one of fixed, alarms, poll'),
        ("poll", {"idle": 3}, "poll: idle: is no setting here (idle_seconds, "),
        ("poll", {"idle_seconds": "long"}, 'poll: idle_seconds: "long": must be a valid number'),
        ("poll", {"_grew_at": 3}, "poll: _grew_at: is no setting here"),
        ("fixed", {"size": -1}, "fixed: size -1: must be 0 or more"),
        ("fixed", {"share": 2.0}, "fixed: share 2.0: must be above 0 and at most 1"),
        ("taskscaler", {"idle_count": -1}, "taskscaler: idle_count -1: must be 0 or more"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(
    name: str, settings: dict[str, object], told: str
) -> None:
    with pytest.raises(Refusal) as refused:
        rivals.made(name, settings)

    assert told in str(refused.value)


def test_the_figures_of_looks_that_were_left_out_move_the_averages_all_the_same() -> None:
    every, some = Ec2Plugin(), Ec2Plugin()
    for look, queue in enumerate((3, 3, 3, 3, 5)):
        every._move((queue, 0, 1, 2), look)
    for look, queue in ((0, 3), (4, 5)):
        some._move((queue, 0, 1, 2), look)

    assert some._averages == pytest.approx(every._averages)
