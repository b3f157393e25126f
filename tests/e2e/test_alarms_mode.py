"""`alarms` mode: CloudWatch sizes a pool by the numbers of workhorse, and no build dies.

Without the control loop: the program publishes and drains, and writes no desired capacity.
"""

from collections import Counter
from pathlib import Path

from tests.e2e.stage import Play, Stage, staged
from workhorse.local.demo.accounting import hooks
from workhorse.local.demo.setting import PoolSetting

PLAY = Play(
    pool=PoolSetting(name="nightly", label="nightly", job="nightly-build", ceiling=3, executors=2),
    module={"scaling": "alarms", "heartbeat_seconds": 3000},
)

LONG = 7200.0
"""Virtual seconds of the build that runs all the while, and still when its agent is to leave and
the first heartbeat is due, after a third of the hook's time: 10 real ones to spare."""

SHORT, MANY = 600.0, 8

IDLE = 50 * 60.0
"""So long more than 3 of 6 executors idle: from when all but two builds are over."""

SAMPLE = 150.0
"""Nobody looks between two publications, so the alarm may count from the one before."""


def test_alarms_size_a_pool_and_no_build_dies(tmp_path: Path) -> None:
    """Jobs wait: the group grows. Executors idle: it shrinks through the hook, busy agent or not.

    The first to leave is busy, for it is the oldest; its build ends before the agent does.
    """
    with staged(tmp_path, PLAY) as stage:
        oldest = grows(stage)
        idles(stage)
        shrinks(stage, oldest)
        nothing_was_killed(stage)
        only_alarms_sized_it(stage)
    the_program_wrote_no_size(stage)


def grows(stage: Stage) -> str:
    """A build that waits brings an agent, many bring more; gives the first agent's name."""
    assert stage.desired() == 0
    stage.queue(LONG, order=0)
    stage.until("the long build runs", lambda: stage.started() == 1, virtual=900)
    for order in range(MANY):
        stage.queue(SHORT, order=order + 1)
    stage.until("the group grew to its ceiling", lambda: stage.desired() == 3, virtual=1500)
    stage.until("the short builds ended", lambda: stage.ended() == MANY, virtual=3000)
    (long,) = [one for one in stage.builds() if one["ended"] is None]
    return str(long["node"])


def idles(stage: Stage) -> None:
    """More than 3 executors idle: for 50 minutes nothing happens, then one agent must leave."""
    *_, since, _last = sorted(one["ended"] for one in stage.builds() if one["ended"] is not None)
    stage.until("an agent must leave", lambda: stage.desired() == 2, virtual=IDLE + 1200)
    *_, shrunk = (one for one in stage.happenings() if one.kind == "group.desired")
    assert (shrunk.detail["before"], shrunk.detail["after"]) == (3, 2)
    assert shrunk.at - since >= IDLE - SAMPLE


def shrinks(stage: Stage, oldest: str) -> None:
    """The oldest is told to leave, busy as it is, and goes after its build.

    Another one, idle, goes after it; then no more than 3 executors idle.
    """
    assert stage.members()[oldest] == "Terminating:Wait"
    assert stage.started() - stage.ended() == 1, "the long build ended too early to show anything"
    stage.until("the long build ended", lambda: stage.ended() == MANY + 1, virtual=LONG)
    stage.until("the second agent must leave", lambda: stage.desired() == 1, virtual=1200)
    stage.until(
        "the victims and their nodes are gone",
        lambda: len(stage.members()) == 1 and stage.nodes() == set(stage.members()),
        virtual=900,
    )
    assert oldest not in stage.members()


def nothing_was_killed(stage: Stage) -> None:
    """Every build ended well, and every hook was completed by somebody."""
    assert Counter(one["result"] for one in stage.builds()) == {"SUCCESS": MANY + 1}
    found = hooks(stage.happenings())
    assert (found.received, found.completed, found.lost, found.cut_short) == (2, 2, (), 0)


def only_alarms_sized_it(stage: Stage) -> None:
    """AWS says of each change of desired capacity that an alarm's policy made it."""
    changes = [one.detail for one in stage.happenings() if one.kind == "group.desired"]
    made_by = {str(one["cause"]).split(" triggered policy ")[-1] for one in changes}
    assert made_by == {f"{stage.group}-out", f"{stage.group}-in"}
    assert [one["after"] for one in changes][-3:] == [3, 2, 1]


def the_program_wrote_no_size(stage: Stage) -> None:
    """The journal knows what was done, and why desired changed."""
    records = stage.journal()
    did = Counter(one["effect"] for one in records if one["kind"] == "effect")
    assert did["SetDesiredCapacity"] == did["TerminateInstance"] == 0
    assert did["CompleteHook"] == did["DeleteNode"] == 2
    assert did["Heartbeat"] >= 1, "the long build outlived no heartbeat"
    assert {one["because"] for one in records if one["kind"] == "desired"} == {
        "changed by another hand than ours"
    }
