"""The life of an agent, everything real but the hypervisor and Jenkins.

The baked image boots, proves who it is to the gateway of a real controller, applies what changed
since the bake, mounts its cache volume and builds in Docker on it; Jenkins forgets it and has it
back; it goes when it is idle, and the next agent finds the volume warm. It says what it does.
"""

import base64
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.hunt import Processes, Text, cloud, files, findings
from tests.e2e.slow.agent_stage import (
    REAL_IDLE_SECONDS,
    AgentStage,
    agents,
    published,
    signing_key,
    withdrawn,
)
from tests.e2e.slow.baking import Say, of_machines
from tests.e2e.slow.stage import Workshop

pytestmark = of_machines

QUICK = """\
[Service]
Environment=WORKHORSE_HERE_SECONDS=2
"""
"""The watcher asks every two seconds whether Jenkins knows it; every minute else."""

ON_THE_VOLUME = """\
test "$(docker info --format '{{.DockerRootDir}}')" = /mnt/cache/docker
test "$(findmnt --noheadings --output FSTYPE /mnt/cache)" = ext4
"""
LATE_ONCE = """\
test "$(cat /etc/late-told)" = told-late
test "$(cat /srv/late-ran)" = ran
"""
COLD = f"""\
{ON_THE_VOLUME}{LATE_ONCE}
if docker image inspect tiny >/dev/null 2>&1; then exit 1; fi
tar -chf - /bin/sh /lib64/ld-linux-x86-64.so.2 /lib/x86_64-linux-gnu/libc.so.6 |
    docker import - tiny
docker run --rm --network none tiny /bin/sh -c 'echo hello from docker'
"""
WARM = f"""\
{ON_THE_VOLUME}{LATE_ONCE}
docker run --rm --network none tiny /bin/sh -c 'echo hello again'
"""
"""The image is where the agent before left it."""

LEAST_LOOKS = 200
"""At all processes, in the minutes of the story."""

SCRIPT = "#!/bin/sh\necho ran >>/srv/late-ran\n"


@pytest.mark.timeout(900)
def test_an_agent_comes_builds_is_forgotten_and_goes_and_the_next_finds_its_cache(
    shop: Workshop, baked: str, say: Say, tmp_path: Path
) -> None:
    """And no secret lies anywhere on the way."""
    ours, foreign = tmp_path / "ours", tmp_path / "foreign"
    trusted = signing_key(ours)
    signing_key(foreign)
    changed = {
        "etc/workhorse/late.signers": trusted,
        "etc/systemd/system/workhorse-watch.service.d/quick.conf": QUICK,
    }
    image = shop.image("agent", baked, changed)
    with Processes() as processes, agents(shop, image) as stage:
        publish(stage, tmp_path, ours)
        first = comes_and_builds(stage, say)
        comes_back(stage, first, say)
        secrets, logs = named(stage, first), [(f"log of {first}", stage.log(first))]
        goes_when_idle(stage, first, say)
        second = finds_its_cache(stage, first, say)
        secrets |= named(stage, second)
        logs += [(f"log of {second}", stage.log(second))]
        goes_when_idle(stage, second, say)
        is_kept_out(stage, tmp_path, foreign, say)
        say("hunting for secrets")
        no_secret_lies_about(stage, secrets, [*logs, *processes.texts()], tmp_path)
        assert processes.looks > LEAST_LOOKS
    say("done")


def publish(stage: AgentStage, folder: Path, key: Path) -> None:
    """A file and a script, which every agent of the pool applies once."""
    tree, script = folder / "tree", folder / "script"
    (tree / "etc").mkdir(parents=True, exist_ok=True)
    (tree / "etc/late-told").write_text("told-late\n")
    script.write_text(SCRIPT)
    published(stage, tree, key, script)


def comes_and_builds(stage: AgentStage, say: Say) -> str:
    """The first agent: registered by its proof, with a volume that nobody used before."""
    say("queueing a build; a machine boots the image and registers")
    build = stage.build("cold", COLD)
    assert build["result"] == "SUCCESS", stage._told()
    instance = str(build["node"])
    assert stage.nodes() == {instance: True}
    assert [one["instance"] for one in stage.journal("registered")][:1] == [instance]
    (created,) = stage.effects("CreateNode")
    assert (created["node"], created["labels"]) == (instance, ["warm"])
    (attached,) = stage.effects("AttachVolume")
    assert (attached["volume"], attached["instance"]) == (stage.volume, instance)
    say(f"{instance} registered, mounted {stage.volume} and built in Docker on it")
    return instance


def comes_back(stage: AgentStage, instance: str, say: Say) -> None:
    """Its node is deleted by hand; it is registered again, under its name, and builds."""
    say(f"deleting the node of {instance}")
    stage.shop.where.jenkins.delete_node(instance)
    stage.until("it has its node again", lambda: stage.nodes().get(instance, False), seconds=180)
    assert [one["node"] for one in stage.effects("CreateNode")] == [instance] * 2
    build = stage.build("again", WARM)
    assert (build["result"], build["node"]) == ("SUCCESS", instance), stage._told()
    say("Jenkins knows it again, and it builds; nothing late was applied twice")


def goes_when_idle(stage: AgentStage, instance: str, say: Say) -> None:
    """It asks to go; the group has one less, and its volume is let go, clean."""
    say(f"waiting until {instance} is idle for too long")
    stage.until("the group has one less", lambda: stage.desired() == 0, seconds=240)
    ended = [one for one in stage.effects("TerminateInstance") if one["instance"] == instance]
    assert [one["decrement"] for one in ended] == [True]
    stage.until("it is off", lambda: stage.state(instance) == "terminated", seconds=180)
    stage.until("its node is gone", lambda: not stage.nodes(), seconds=180)
    stage.until("its volume is free", lambda: not stage.attached_to(), seconds=180)
    say(f"it ended {REAL_IDLE_SECONDS:.0f} s after its last build, and the volume is free")


def finds_its_cache(stage: AgentStage, first: str, say: Say) -> str:
    """Another agent, the same volume: Docker's images are there."""
    say("queueing another build")
    build = stage.build("warm", WARM)
    assert build["result"] == "SUCCESS", stage._told()
    second = str(build["node"])
    assert second != first
    claims = [(one["volume"], one["instance"]) for one in stage.effects("AttachVolume")]
    assert claims == [(stage.volume, first), (stage.volume, second)]
    say(f"{second} found the volume warm")
    return second


def is_kept_out(stage: AgentStage, folder: Path, foreign: Path, say: Say) -> None:
    """Late configuration that nobody on the image trusts ends the boot, and the gateway hears."""
    say("publishing what another key signed; the next machine refuses it")
    publish(stage, folder, foreign)
    stage.queue("kept", WARM)
    stage.until("an agent says why it failed", lambda: bool(failures(stage)), seconds=240)
    (told, *_) = failures(stage)
    assert "the signature is not good" in Path(told["log"]).read_text()
    stage.until("it is off", lambda: stage.state(told["instance"]) == "terminated", seconds=180)
    withdrawn(stage)
    say("it told why and powered itself off")


def failures(stage: AgentStage) -> list[Any]:
    """What agents said that could not become one."""
    return [one for one in stage.journal("ask") if one["ask"] == "failed"]


def named(stage: AgentStage, instance: str) -> dict[str, str]:
    """The secrets of an agent that runs, by a name that may be shown."""
    found = stage.secrets(instance)
    return {f"{kind} of {instance}": secret for kind, secret in found.items()}


def no_secret_lies_about(
    stage: AgentStage, secrets: dict[str, str], texts: list[Text], folder: Path
) -> None:
    """What agents and controller keep to themselves is in no place where others look."""
    shop = stage.shop
    token = shop.where.token
    basic = base64.b64encode(f"{shop.where.user}:{token}".encode()).decode()
    key = (folder / "ours").read_text().split("\n")[2]
    lasting = {"Jenkins' token": token, "Jenkins' credentials": basic, "the key that signs": key}
    images = "machines/images"
    # The token's own file is the controller's alone.
    places = [files(shop.folder, but=["jenkins-token", images]), cloud(shop.clients), texts]
    assert findings({**secrets, **lasting}, chain(*places)) == set()
    # The images were there before the agents; of Debian's own files nobody made one.
    assert findings(lasting, files(shop.folder / images, but=["base"])) == set()
