"""The simulated Jenkins does what was measured of the real one (jenkins.md; numbers are its)."""

import pytest

from tests.sim.conftest import LINUX
from workhorse.core.errors import Missing, Unreadable
from workhorse.core.model import ItemState
from workhorse.sim.builds import Stage
from workhorse.sim.jenkins import SimJenkins
from workhorse.sim.jenkins_facts import Teller
from workhorse.sim.truth import Hand

DRAIN = frozenset({"workhorse-drain.scale-in.i-1"})


def run(jenkins: SimJenkins, seconds: float) -> None:
    jenkins.kernel.run_until(jenkins.kernel.now + seconds)


def test_a_build_is_assigned_first_and_leaves_the_queue_when_it_starts(jenkins: SimJenkins) -> None:
    jenkins.connect("i-1", LINUX)
    jenkins.submit("job", 10, "linux")
    run(jenkins, 0)
    told = Teller(jenkins).read()
    assert [item.state for item in told.queue] == [ItemState.PENDING]
    assert (told.nodes["i-1"].busy, told.nodes["i-1"].idle) == (1, False)
    assert told.nodes["i-1"].running == ()
    run(jenkins, 1)
    told = Teller(jenkins).read()
    assert told.queue == ()
    assert told.nodes["i-1"].busy == 1


def test_a_build_runs_as_long_as_it_takes_and_frees_its_executor(jenkins: SimJenkins) -> None:
    jenkins.connect("i-1", LINUX)
    jenkins.submit("job", 10, "linux")
    run(jenkins, 10.4)
    assert jenkins.truth.finished == []
    run(jenkins, 0.2)
    [finish] = jenkins.truth.finished
    assert (finish.node, finish.waited) == ("i-1", 0.5)
    assert not jenkins.computers["i-1"].builds


def test_whoever_waited_longest_goes_first_whatever_the_label(jenkins: SimJenkins) -> None:
    first = jenkins.submit("a", 10, "linux")
    second = jenkins.submit("b", 10, "linux || windows")
    jenkins.connect("i-1", LINUX)
    run(jenkins, 1)
    assert (first.stage, second.stage) == (Stage.RUNNING, Stage.BUILDABLE)


def test_a_quiet_period_is_waited_for(jenkins: SimJenkins) -> None:
    jenkins.timings.quiet = 5
    jenkins.connect("i-1", LINUX)
    build = jenkins.submit("job", 10, "linux")
    run(jenkins, 4)
    assert [item.due for item in Teller(jenkins).queue()] == [5]
    assert build.stage is Stage.WAITING
    run(jenkins, 2)
    assert build.stage is Stage.RUNNING


def test_an_exclusive_node_takes_no_build_without_a_label(jenkins: SimJenkins) -> None:
    jenkins.connect("i-1", LINUX, exclusive=True)
    build = jenkins.submit("job", 10)
    run(jenkins, 60)
    assert build.stage is Stage.BUILDABLE


def test_a_cordon_revokes_no_assignment_and_stops_every_later_one(jenkins: SimJenkins) -> None:
    # Fact 3 and 11.1: canTake is evaluated at assignment only.
    jenkins.connect("i-1", LINUX, executors=2)
    assigned = jenkins.submit("job", 10, "linux")
    run(jenkins, 0)
    jenkins.reconfigure("i-1", DRAIN, exclusive=True)
    later = jenkins.submit("job", 10, "linux")
    run(jenkins, 5)
    assert (assigned.stage, later.stage) == (Stage.RUNNING, Stage.BUILDABLE)


def test_a_job_pinned_by_name_lands_on_a_cordoned_node(jenkins: SimJenkins) -> None:
    # 11.3
    jenkins.connect("i-1", DRAIN, exclusive=True)
    build = jenkins.submit("job", 10, "i-1")
    run(jenkins, 1)
    assert build.stage is Stage.RUNNING


def test_a_stale_label_cache_gives_out_work_for_a_while_after_the_change(
    jenkins: SimJenkins,
) -> None:
    # Fact 4
    jenkins.timings.label_lag = 10
    jenkins.connect("i-1", LINUX, executors=2)
    jenkins.reconfigure("i-1", DRAIN, exclusive=True)
    soon = jenkins.submit("job", 100, "linux")
    run(jenkins, 11)
    late = jenkins.submit("job", 100, "linux")
    run(jenkins, 1)
    assert Teller(jenkins).nodes()["i-1"].labels == DRAIN
    assert (soon.stage, late.stage) == (Stage.RUNNING, Stage.BUILDABLE)


def test_going_offline_gives_an_assigned_build_back_and_lets_a_running_one_go_on(
    jenkins: SimJenkins,
) -> None:
    # 11.1 from 2.517 on
    jenkins.connect("i-1", LINUX, executors=2)
    running = jenkins.submit("job", 100, "linux")
    run(jenkins, 1)
    assigned = jenkins.submit("job", 100, "linux")
    run(jenkins, 0)
    jenkins.mark("i-1", temporarily_offline=True)
    run(jenkins, 1)
    assert (running.stage, assigned.stage) == (Stage.RUNNING, Stage.BUILDABLE)
    jenkins.mark("i-1", temporarily_offline=False)
    run(jenkins, 1)
    assert assigned.stage is Stage.RUNNING


def test_fewer_executors_wait_for_the_last_running_build(jenkins: SimJenkins) -> None:
    # Fact 5
    jenkins.connect("i-1", LINUX, executors=2)
    for seconds in (10, 20):
        jenkins.submit("job", seconds, "linux")
    run(jenkins, 1)
    jenkins.set_executors("i-1", 1)
    pinned = jenkins.submit("last", 1, "i-1")
    run(jenkins, 15)
    assert pinned.stage is Stage.BUILDABLE
    run(jenkins, 6)
    assert pinned.stage in {Stage.RUNNING, Stage.OVER}


@pytest.mark.parametrize("pipeline", [False, True])
def test_a_machine_that_dies_takes_its_builds_with_it(
    jenkins: SimJenkins,
    pipeline: bool,  # noqa: FBT001 - a case
) -> None:
    jenkins.connect("i-1", LINUX)
    jenkins.submit("job", 100, "linux", pipeline=pipeline)
    run(jenkins, 1)
    jenkins.cut("i-1", Hand.SPOT, died=True)
    assert [k.hand for k in jenkins.truth.kills] == [Hand.SPOT]
    # 3.6: a pipeline's executor stays busy on the offline computer, for at most five minutes.
    assert Teller(jenkins).nodes()["i-1"].busy == (1 if pipeline else 0)
    run(jenkins, 301)
    assert Teller(jenkins).nodes()["i-1"].idle


def test_a_broken_connection_kills_a_freestyle_build_and_not_a_pipeline(
    jenkins: SimJenkins,
) -> None:
    # 3.6
    jenkins.connect("i-1", LINUX, executors=2)
    jenkins.submit("free", 100, "linux")
    jenkins.submit("pipe", 100, "linux", pipeline=True)
    run(jenkins, 1)
    jenkins.cut("i-1", Hand.NETWORK, died=False)
    run(jenkins, 30)
    jenkins.connect("i-1", LINUX)
    run(jenkins, 100)
    assert [k.task for k in jenkins.truth.kills] == ["free"]
    assert [f.task for f in jenkins.truth.finished] == ["pipe"]


def test_a_restart_kills_freestyle_builds_and_pipelines_resume_on_their_node(
    jenkins: SimJenkins,
) -> None:
    # Facts 7 and 8: meanwhile the node looks idle, then a placeholder names it.
    jenkins.connect("i-1", LINUX, executors=2)
    jenkins.submit("free", 100, "linux")
    pipe = jenkins.submit("pipe", 100, "linux", pipeline=True)
    run(jenkins, 50)
    session = jenkins.session
    jenkins.stop()
    run(jenkins, 20)
    jenkins.start()
    assert jenkins.session != session
    told = Teller(jenkins).read()
    assert told.queue == ()
    assert (told.nodes["i-1"].idle, told.nodes["i-1"].offline) == (True, True)
    assert jenkins.running_on("i-1") == [pipe]
    run(jenkins, 11)
    [item] = Teller(jenkins).queue()
    assert (item.placeholder, item.expression) == (True, None)
    assert item.why == "\u2018i-1\u2019 is offline"
    jenkins.connect("i-1", LINUX)
    run(jenkins, 60)
    assert [k.task for k in jenkins.truth.kills] == ["free"]
    assert [f.task for f in jenkins.truth.finished] == ["pipe"]


def test_a_pipeline_whose_node_does_not_come_back_in_five_minutes_is_aborted(
    jenkins: SimJenkins,
) -> None:
    jenkins.connect("i-1", LINUX)
    jenkins.submit("pipe", 100, "linux", pipeline=True)
    run(jenkins, 1)
    jenkins.stop()
    jenkins.start()
    run(jenkins, 301)
    assert [k.hand for k in jenkins.truth.kills] == [Hand.RESTART]
    assert not jenkins.queue.items


def test_a_restart_keeps_the_queue_and_a_crash_forgets_it(jenkins: SimJenkins) -> None:
    jenkins.submit("job", 1, "linux")
    jenkins.stop()
    jenkins.start()
    assert len(jenkins.queue.items) == 1
    jenkins.stop(crash=True)
    jenkins.start()
    assert not jenkins.queue.items
    assert jenkins.truth.lost_items == 1


def test_a_jenkins_that_is_down_takes_no_build_and_no_agent(jenkins: SimJenkins) -> None:
    jenkins.stop()
    assert jenkins.connect("i-1", LINUX) is False
    with pytest.raises(Unreadable):
        jenkins.submit("job", 1)


def test_quieting_down_gives_out_nothing(jenkins: SimJenkins) -> None:
    jenkins.connect("i-1", LINUX)
    jenkins.quieting_down = True
    build = jenkins.submit("job", 1, "linux")
    run(jenkins, 60)
    assert build.stage is Stage.BUILDABLE
    assert Teller(jenkins).read().quieting_down
    jenkins.quieting_down = False
    run(jenkins, 0)
    assert build.stage is Stage.PENDING


def test_deleting_a_node_kills_what_runs_on_it_and_gives_the_assigned_back(
    jenkins: SimJenkins,
) -> None:
    jenkins.connect("i-1", LINUX, executors=2)
    jenkins.submit("job", 100, "linux")
    run(jenkins, 1)
    assigned = jenkins.submit("job", 100, "linux")
    run(jenkins, 0)
    jenkins.delete("i-1", Hand.OURS)
    assert len(jenkins.truth.killed_by(Hand.OURS)) == 1
    assert assigned.stage is Stage.BUILDABLE
    assert Teller(jenkins).nodes() == {}
    with pytest.raises(Missing):
        jenkins.computer("i-1")


@pytest.mark.parametrize(
    ("names", "offline", "why", "stuck"),
    [
        ([], False, "Waiting for next available executor", True),
        (["windows"], False, "There are no nodes with the label \u2018linux\u2019", True),
        (["linux"], False, "Waiting for next available executor on \u2018i-0\u2019", False),
        (["linux"], True, "\u2018i-0\u2019 is offline", True),
        (["linux"] * 2, False, "Waiting for next available executor on \u2018linux\u2019", False),
        (["linux"] * 2, True, "All nodes of label \u2018linux\u2019 are offline", True),
    ],
)
def test_why_is_worded_as_jenkins_words_it(
    jenkins: SimJenkins,
    names: list[str],
    offline: bool,  # noqa: FBT001 - a case
    why: str,
    stuck: bool,  # noqa: FBT001 - a case
) -> None:
    # 4.5
    for number, label in enumerate(names):
        jenkins.connect(f"i-{number}", frozenset({label}))
        jenkins.submit("filler", 1000, f"i-{number}")
    run(jenkins, 1)
    for name in jenkins.computers if offline else ():
        jenkins.mark(name, temporarily_offline=True)
    jenkins.submit("job", 10, "linux")
    [item] = Teller(jenkins).queue()
    assert (item.why, item.stuck) == (why, stuck)


def test_facts_that_did_not_change_are_told_again_and_never_change(jenkins: SimJenkins) -> None:
    teller = Teller(jenkins)
    jenkins.connect("i-1", LINUX)
    jenkins.connect("i-2", LINUX)
    before = teller.nodes()
    jenkins.mark("i-2", temporarily_offline=True)
    after = teller.nodes()
    assert after["i-1"] is before["i-1"]
    assert (before["i-2"].offline, after["i-2"].offline) == (False, True)
    assert teller.nodes() is after
