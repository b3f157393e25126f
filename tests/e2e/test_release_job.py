"""`release = "job"`: a job on the agent itself completes the hook, as it was done of old."""

from collections import Counter
from pathlib import Path

from tests.e2e.stage import Play, Stage, staged
from workhorse.local.demo.accounting import hooks
from workhorse.local.demo.setting import RELEASE_JOB, PoolSetting

PLAY = Play(
    pool=PoolSetting(name="suite", label="suite", job="suite-build", ceiling=2, release="job"),
    policy={"idle_seconds": 600, "boot_seconds": 4500},
)

LONG = 900.0
"""Virtual seconds of the build on the agent that an operator ends."""


def test_a_job_on_the_agent_lets_it_go(tmp_path: Path) -> None:
    """A busy agent that an operator ends, and the idle one that came for it, leave by the job."""
    with staged(tmp_path, PLAY) as stage:
        stage.queue(LONG, order=0)
        stage.until("the build runs", lambda: stage.started() == 1, virtual=900)
        victim = stage.builds()[0]["node"]
        stage.where.cloud.terminate_in_group(victim)
        stage.until("the agent waits at the hook", lambda: waits(stage, victim), virtual=300)
        stage.until("the build ended", lambda: stage.ended() == 1, virtual=LONG)
        stage.until("the group is empty", lambda: not stage.members(), virtual=3600)
        stage.until("its nodes are gone", lambda: not stage.nodes(), virtual=600)
        the_agents_did_it(stage, victim)
    the_program_did_not(stage)


def waits(stage: Stage, instance: str) -> bool:
    """Whether Auto Scaling holds the instance at the termination hook."""
    return stage.members().get(instance) == "Terminating:Wait"


def the_agents_did_it(stage: Stage, victim: str) -> None:
    """The job ran once on each agent, and each hook was completed; the build ended well."""
    assert [one["result"] for one in stage.builds()] == ["SUCCESS"]
    found = hooks(stage.happenings())
    assert (found.received, found.completed, found.lost, found.cut_short) == (2, 2, (), 0)
    done = {one.instance for one in stage.happenings() if one.kind == "hook.completed"}
    assert victim in done
    assert Counter(one["node"] for one in stage.builds(RELEASE_JOB)) == Counter(done)


def the_program_did_not(stage: Stage) -> None:
    """The journal shows who was asked to complete the hooks."""
    did = Counter(one["effect"] for one in stage.journal() if one["kind"] == "effect")
    assert did["QueueReleaseJob"] >= 2
    assert did["CompleteHook"] == 0
