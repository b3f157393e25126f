"""The two other ways in which agents of an older image leave; no build dies of either."""

from collections import Counter
from pathlib import Path

from tests.e2e.stage import Play, Stage, staged
from workhorse.adapters.session import AwsClients
from workhorse.local.demo.accounting import hooks
from workhorse.local.demo.embedded import REGION
from workhorse.local.demo.rolling import PREFIX, bake, command, ended
from workhorse.local.demo.setting import PoolSetting

JOB = "workhorse-replace"

SETTLE_SECONDS = 600
"""4 real seconds in which a run begins on an agent that idles: else our loops might be first."""

PLAY = Play(
    pool=PoolSetting(name="rolled", label="rolled", job="rolled-build", ceiling=6, executors=2),
    policy={"floor": 2, "boot_seconds": 3000, "settle_seconds": SETTLE_SECONDS},
    prefix=PREFIX,
    rollout={"waves": [100], "bake_seconds": 150, "matrix_job": JOB, "max_unavailable": 50},
)

AGENTS = 2
LONG = 1500.0
"""Virtual seconds of the builds that run when a rollout is ordered."""
LIMIT = 9000.0


def test_a_matrix_job_ends_the_agents_and_then_auto_scaling_does(tmp_path: Path) -> None:
    """A rollout by each strategy, of agents of two executors with a build on each."""
    with staged(tmp_path, PLAY) as stage:
        by_matrix(stage)
        by_refresh(stage)
        assert {one["result"] for one in stage.builds()} == {"SUCCESS"}
        found = hooks(stage.happenings())
        assert (found.lost, found.cut_short) == ((), 0)


def by_matrix(stage: Stage) -> None:
    """A run on each agent, after its builds, ends its own instance."""
    image = bake(stage, "by-matrix")
    left = rolls(stage, image, "matrix")

    runs = Counter(one["node"] for one in stage.builds(JOB) if one["node"] in left)
    assert runs == Counter(left)
    ours = {
        one["instance"]
        for one in stage.journal()
        if one["kind"] == "effect" and one["effect"] == "TerminateInstance"
    }
    assert not ours & left, "our loops ended what a run was to end"


def by_refresh(stage: Stage) -> None:
    """Auto Scaling asks each of them to leave, and the hook holds it until its builds are over."""
    image = bake(stage, "by-refresh")
    rolls(stage, image, "refresh")

    clients = AwsClients(REGION, stage.where.cloud.endpoint)
    (refresh,) = clients.autoscaling.describe_instance_refreshes(AutoScalingGroupName=stage.group)[
        "InstanceRefreshes"
    ]
    assert refresh["Status"] == "Successful"


def rolls(stage: Stage, image: str, strategy: str) -> set[str]:
    """Roll out to the image while both agents are busy; the agents that there were before."""
    done = len(stage.builds())
    stage.until("both agents are there", lambda: len(stage.members()) == AGENTS, virtual=1500)
    for order in range(2 * AGENTS):
        stage.queue(LONG, order=done + order)
    stage.until("they are busy", lambda: stage.started() == done + 2 * AGENTS, virtual=1500)
    before = {str(one["node"]) for one in stage.builds()[done:]}

    process = command(stage, strategy, "rollout", "--strategy", strategy, "--no-canary")
    assert ended(stage, process, virtual=LIMIT) == 0, process.tail()

    assert set(stage.machines().values()) == {image}
    assert len(stage.builds()) == stage.ended()
    return before
