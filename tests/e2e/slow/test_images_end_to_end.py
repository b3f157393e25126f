"""From a bake to a pool that changes its image, everything real but the hypervisor.

Packer bakes the role by Puppet over ssh; the instances of the pool are boots of that very image;
its own scripts register them; people roll out, and are kept from a bad image. It says what it does.
"""

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.slow.baking import BAKE_SECONDS, Say, nothing_is_mounted, of_machines
from tests.e2e.slow.play import PLAY, POOL
from tests.e2e.slow.stage import SPEED, Workshop, workshop
from workhorse.commands.baking import INTERRUPTED
from workhorse.core.images import Channels
from workhorse.local.demo.accounting import hooks
from workhorse.local.demo.one_pool import Stage
from workhorse.local.demo.processes import Process
from workhorse.local.demo.rolling import command, ended

AGENTS = 2
LONG = 40 * SPEED
"""Virtual seconds of the builds that run when the rollout is ordered: 40 real ones."""
SHORT = 5 * SPEED
PATIENCE = 200 * SPEED
"""Virtual seconds that a rollout may take."""

BROKEN_UNIT = """
[Unit]
Description=An agent that a bad change broke
[Service]
ExecStart=/bin/false
[Install]
WantedBy=multi-user.target
"""

pytestmark = of_machines


@pytest.mark.timeout(900)
def test_a_baked_image_becomes_a_pool_and_gives_way_to_the_next(
    shop: Workshop, baked: str, say: Say
) -> None:
    """No build is killed, and the image that does not register takes no build at all."""
    is_as_it_must_be(shop, baked, say)
    is_promoted(shop, baked, say)
    with shop.pool(baked, say) as stage:
        runs_builds(stage, baked, say)
        second = shop.image("second", baked, {"etc/workhorse-release": "second\n"})
        gives_way_while_builds_run(shop, stage, baked, second, say)
        unit = "etc/systemd/system/workhorse-agent.service"
        third = shop.image("third", second, {unit: BROKEN_UNIT})
        is_kept_from(shop, stage, second, third, say)
        nothing_was_killed(stage)
    say("done")


@pytest.mark.timeout(300)
def test_an_interrupted_bake_leaves_nothing(tmp_path: Path, say: Say) -> None:
    """The real Packer, interrupted while it provisions, ends its instance and deletes the rest."""
    with workshop(tmp_path, PLAY, say) as shop:
        say("baking, to be interrupted")
        process = shop.command("interrupted", "bake", "--dirty")
        deadline, rest = time.monotonic() + BAKE_SECONDS, threading.Event()
        while "prepare.sh" not in process.log.read_text():
            assert process.running, process.tail()
            assert time.monotonic() < deadline, process.tail()
            rest.wait(0.2)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(BAKE_SECONDS / 3) == INTERRUPTED, process.tail()
        assert "nothing of this bake is left in AWS" in process.log.read_text()
        assert shop.store.channels(POOL) == Channels()
        ec2 = shop.clients.ec2
        assert [one["state"] for one in shop.where.cloud.state()["instances"]] == ["terminated"]
        assert ec2.describe_key_pairs()["KeyPairs"] == []
        assert ec2.describe_images(Owners=["self"])["Images"] == []
        groups = ec2.describe_security_groups()["SecurityGroups"]
        assert [group["GroupName"] for group in groups] == ["default"]
    nothing_is_mounted(tmp_path)


def is_as_it_must_be(shop: Workshop, image: str, say: Say) -> None:
    """Everything on the checklist is true of its root."""
    say("holding the image to the checklist")
    with shop.root_of(image) as root:
        process = shop.command("check", "images", "--check", "--root", str(root))
        assert process.wait(BAKE_SECONDS) == 0, process.tail(60)


def is_promoted(shop: Workshop, image: str, say: Say) -> None:
    """From candidate to stable."""
    process = shop.command("promote", "promote")
    assert process.wait(180) == 0, process.tail()
    assert shop.store.channels(POOL) == Channels(stable=image)
    say(f"{image} is promoted; Terraform makes the pool")


def runs_builds(stage: Stage, image: str, say: Say) -> None:
    """The machines boot, register by the image's own scripts, and run what is queued."""
    say("queueing builds; machines boot the image")
    for order in range(AGENTS):
        stage.queue(SHORT, order=order)
    stage.until("the builds ended", lambda: stage.ended() == AGENTS, virtual=120 * SPEED)
    assert {one["result"] for one in stage.builds()} == {"SUCCESS"}
    assert set(stage.machines().values()) == {image}
    say(f"{AGENTS} builds ran on machines that booted {image}")


def gives_way_while_builds_run(
    shop: Workshop, stage: Stage, first: str, second: str, say: Say
) -> None:
    """Ordered while every agent is busy; later builds run on the new image alone."""
    for order in range(AGENTS):
        stage.queue(LONG, order=10 + order)
    stage.until("long builds run", lambda: stage.started() == 2 * AGENTS, virtual=60 * SPEED)
    say("Terraform makes the second image the newest version; nobody launches it")
    stage.apply(second)
    shop.store.set_candidate(POOL, second)
    say("rolling out the second image")
    assert follow(stage, command(stage, "rollout-2", "rollout"), say) == 0
    (smoke,) = stage.builds(f"workhorse-smoke-{POOL}")
    assert smoke["result"] == "SUCCESS"
    for order in range(AGENTS):
        stage.queue(SHORT, order=20 + order)
    stage.until("later builds ended", lambda: stage.ended() == 3 * AGENTS, virtual=120 * SPEED)
    later = {one["node"] for one in stage.builds()[2 * AGENTS :]}
    assert {stage.images[node] for node in later} == {second}
    assert shop.store.channels(POOL) == Channels(stable=second, previous=first)
    say("every agent is of the second image")


def is_kept_from(shop: Workshop, stage: Stage, second: str, third: str, say: Say) -> None:
    """The canary alone booted it; the pool goes on with the image before."""
    stage.apply(third)
    shop.store.set_candidate(POOL, third)
    say("rolling out a third image, whose agent does not start")
    assert follow(stage, command(stage, "rollout-3", "rollout"), say) == 1
    assert Counter(stage.images.values())[third] == 1
    assert shop.store.channels(POOL).stable == second
    assert "canary" in shop.store.image(third).failed
    done = stage.ended()
    stage.queue(SHORT, order=30)
    stage.until("a build ran", lambda: stage.ended() > done, virtual=120 * SPEED)
    assert stage.images[stage.builds()[-1]["node"]] == second
    say("the canary caught it, and the pool goes on")


def follow(stage: Stage, process: Process, say: Say) -> int:
    """Pass on what a command says until it ends; its exit status."""
    told = 0

    def over() -> bool:
        nonlocal told
        lines = process.log.read_text(errors="replace").splitlines()
        for line in lines[told:]:
            say(f"  {line}")
        told = len(lines)
        return not process.running

    stage.until(f"{process.name} ended", over, virtual=PATIENCE)
    return ended(stage, process, virtual=1)


def nothing_was_killed(stage: Stage) -> None:
    """Every build ended well, and no hook was lost."""
    assert Counter(one["result"] for one in stage.builds()) == {"SUCCESS": 3 * AGENTS + 1}
    found = hooks(stage.happenings())
    assert (found.lost, found.cut_short) == ((), 0)
