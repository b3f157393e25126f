"""A pool gets another image while builds run, returns with one command, and is kept from a bad one.

Terraform makes the versions, the real program rolls them out, and people order and watch by the
command line, go away, come back, and get into each other's way.
"""

import json
from collections import Counter
from pathlib import Path

from tests.e2e.stage import Play, Stage, staged
from workhorse.adapters.image_store import SsmImages
from workhorse.adapters.session import AwsClients
from workhorse.core.images import Channels
from workhorse.local.agent.image import NEVER_REGISTERS
from workhorse.local.demo import setting
from workhorse.local.demo.accounting import hooks
from workhorse.local.demo.embedded import REGION
from workhorse.local.demo.rolling import PREFIX, bake, command, ended
from workhorse.local.demo.setting import PoolSetting

POOL = "rolled"

PLAY = Play(
    pool=PoolSetting(name=POOL, label=POOL, job="rolled-build", ceiling=8),
    policy={"boot_seconds": 3000},
    prefix=PREFIX,
    rollout={
        "waves": [50, 100],
        "bake_seconds": 150,
        "canary_seconds": 3000,
        "smoke_job": "workhorse-smoke-rolled",
    },
)

AGENTS, BACK = 4, 3
"""Agents that are busy when the pool is rolled out, and when it is rolled back."""
LONG = 2400.0
"""Virtual seconds of the builds that run when the first rollout is ordered: 16 real ones."""
MIDDLING, SHORT = 900.0, 300.0

DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130

LIMIT = 9000.0
"""Virtual seconds that a rollout may take: a real minute, and more on a busy machine."""
AT_ONCE = 90.0
"""Real seconds for a command that follows nothing."""


def test_a_pool_is_rolled_out_and_back_and_kept_from_a_bad_image(tmp_path: Path) -> None:
    """No build is killed by any of it, and each agent is of the image that was ordered last."""
    with staged(tmp_path, PLAY) as stage:
        first = setting.IMAGE
        store = SsmImages(AwsClients(REGION, stage.where.cloud.endpoint), PREFIX)
        store.promote(POOL, first)

        good = bake(stage, "good")
        becomes_busy(stage)
        rolls_out_meanwhile(stage, good)
        assert store.channels(POOL) == Channels(stable=good, previous=first)

        returns(stage, first)
        assert store.channels(POOL) == Channels(stable=first, previous=good)

        bad = bake(stage, "bad", test=NEVER_REGISTERS)
        is_kept_from(stage, bad, first)
        assert store.channels(POOL) == Channels(stable=first, previous=good)
        nothing_was_killed(stage)
    the_journal_says_why(stage, bad)


def becomes_busy(stage: Stage) -> None:
    """Four agents, each with a long build; the new version is there, and nobody launches it."""
    for order in range(AGENTS):
        stage.queue(LONG, order=order)
    stage.until("four builds run", lambda: stage.started() == AGENTS, virtual=1500)
    assert set(stage.machines().values()) == {setting.IMAGE}


def rolls_out_meanwhile(stage: Stage, image: str) -> None:
    """Ordered, refused a second time, left by whoever ordered, survived a killed controller."""
    orderer = command(stage, "first", "rollout", "--by", "ann")
    stage.until("the canary is launched", lambda: canary(stage) != "", virtual=1500)
    second = command(stage, "second", "rollout", "--by", "bob")
    assert second.wait(AT_ONCE) == REFUSED
    assert "under way, ordered by ann" in second.log.read_text()

    orderer.interrupt()
    assert orderer.wait(AT_ONCE) == INTERRUPTED
    assert "goes on without us: see it with --watch" in orderer.log.read_text()

    watcher = command(stage, "watcher", "rollout", "--watch")
    stage.until("a wave runs", lambda: standing(stage)["state"] == "WAVE", virtual=3000)
    stage.controller.kill_and_start()
    for order in range(AGENTS):
        stage.queue(SHORT, order=AGENTS + order)
    assert ended(stage, watcher, virtual=LIMIT) == DONE, watcher.tail()
    stage.until("the later builds ended", lambda: stage.ended() == 2 * AGENTS, virtual=3000)
    assert set(stage.machines().values()) <= {image}

    runs_on(stage, image)


def returns(stage: Stage, image: str) -> None:
    """One command, while builds run: the agents are of the old image again."""
    begun = stage.started()
    for order in range(BACK):
        stage.queue(MIDDLING, order=100 + order)
    stage.until("they run", lambda: stage.started() == begun + BACK, virtual=1500)
    before = set(stage.machines())
    back = command(stage, "back", "rollback")
    assert ended(stage, back, virtual=LIMIT) == DONE, back.tail()
    assert not before & set(stage.machines())

    runs_on(stage, image)


def runs_on(stage: Stage, image: str) -> None:
    """A build that comes now runs on that image."""
    done = stage.ended()
    stage.queue(SHORT, order=1000 + done)
    stage.until("the build ended", lambda: stage.ended() == done + 1, virtual=3000)
    assert stage.images[stage.builds()[-1]["node"]] == image


def is_kept_from(stage: Stage, bad: str, image: str) -> None:
    """The canary never comes online, and it is the only instance of the image there ever was."""
    tried = command(stage, "bad", "rollout")
    assert ended(stage, tried, virtual=LIMIT) == FAILED, tried.tail()
    assert standing(stage)["state"] == "FAILED"
    status = command(stage, "after", "rollout", "--status", "--json")
    assert status.wait(AT_ONCE) == DONE
    assert json.loads(status.log.read_text())["order"] is None
    assert Counter(stage.images.values())[bad] == 1
    again = command(stage, "again", "rollout")
    assert again.wait(AT_ONCE) == REFUSED
    assert f"holds {bad}, which failed before" in again.log.read_text()
    stage.until("the alarm rings", lambda: alarm(stage) == "ALARM", virtual=1500)

    runs_on(stage, image)


def nothing_was_killed(stage: Stage) -> None:
    """Every build ended well, and no hook was lost."""
    assert Counter(one["result"] for one in stage.builds()) == {"SUCCESS": 2 * AGENTS + BACK + 3}
    found = hooks(stage.happenings())
    assert (found.lost, found.cut_short) == ((), 0)


def the_journal_says_why(stage: Stage, bad: str) -> None:
    """The image was condemned once, for its canary."""
    records = stage.journal()
    (condemned,) = {
        (one["image"], one["because"])
        for one in records
        if one["kind"] == "effect" and one["effect"] == "CondemnImage"
    }
    assert condemned[0] == bad
    assert "canary" in condemned[1]


def standing(stage: Stage) -> dict:
    """What the controller told last; a state of nothing before it told anything."""
    told = AwsClients(REGION, stage.where.cloud.endpoint).ssm.get_parameters(
        Names=[f"{PREFIX}/pools/{POOL}/rollout/standing"]
    )["Parameters"]
    return json.loads(told[0]["Value"]) if told else {"state": "", "canary": ""}


def alarm(stage: Stage) -> str:
    """State of the alarm on rollouts that failed."""
    (found,) = AwsClients(REGION, stage.where.cloud.endpoint).cloudwatch.describe_alarms(
        AlarmNames=[f"{stage.group}-rollout-failed"]
    )["MetricAlarms"]
    return found["StateValue"]


def canary(stage: Stage) -> str:
    """Instance of the canary under way."""
    return str(standing(stage)["canary"])
