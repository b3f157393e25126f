"""From a job entering the queue to SetDesiredCapacity, over HTTP, at the default intervals.

The real program runs as a process of its own against the embedded AWS and the Jenkins stand-in,
at the speed of real time.
No agent ever boots, so every job asks for one agent more.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, percentile
from workhorse.adapters.session import AwsClients
from workhorse.local.demo import scenery
from workhorse.local.demo.embedded import REGION, EmbeddedCloud
from workhorse.local.demo.jobs import ORDER, SECONDS, sleeping_job
from workhorse.local.demo.options import CHECKOUT, Options
from workhorse.local.demo.processes import Process, Processes
from workhorse.local.demo.scenery import Scenery, environment
from workhorse.local.demo.setting import IMAGE

JOBS = 60
GROUP = "reaction-agents"
PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.02

CONFIG = """\
[jenkins]
url = "{url}"
user = "{user}"
token_file = "{token_file}"
[aws]
region = "{region}"
endpoint = "{endpoint}"
[journal]
path = "{folder}/journal.jsonl"
[[pool]]
name = "reaction"
labels = ["reaction"]
group = "{group}"
ceiling = 500
boot_seconds = 3600
"""


def run() -> Iterator[Figure]:
    """Queue job after job, at no fixed rhythm, and ask the cloud when it was told of each."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with Processes(folder / "logs") as processes:
            scene = scenery.build(Options(speed=1.0), processes, folder)
            _make_group(scene.cloud.endpoint)
            scene.jenkins.create_job("reaction", sleeping_job("reaction"))
            _start(scene, processes, folder)
            seconds = [_reaction(scene, number) for number in range(JOBS)]
    yield Figure(name="reaction_p50_seconds", value=percentile(seconds, 0.5), unit="s", n=JOBS)
    yield Figure(name="reaction_p99_seconds", value=percentile(seconds, 0.99), unit="s", n=JOBS)


def _make_group(endpoint: str) -> None:
    clients = AwsClients(REGION, endpoint)
    made = clients.ec2.create_launch_template(
        LaunchTemplateName="reaction",
        LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "m6i.large"},
    )
    clients.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        MinSize=0,
        MaxSize=500,
        DesiredCapacity=0,
        AvailabilityZones=[f"{REGION}a"],
        LaunchTemplate={
            "LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"],
            "Version": "1",
        },
    )
    # Nothing is to boot: only the asking is measured.
    clients.autoscaling.suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["Launch"])


def _start(scene: Scenery, processes: Processes, folder: Path) -> None:
    """Start the program and wait until it has looked at the world once."""
    config = folder / "workhorse.toml"
    config.write_text(
        CONFIG.format(
            url=scene.jenkins.url,
            user=scene.user,
            token_file=scene.token_file,
            region=REGION,
            endpoint=scene.cloud.endpoint,
            folder=folder,
            group=GROUP,
        )
    )
    command = [sys.executable, "-m", "workhorse", "run", "--config", str(config)]
    program = processes.start("workhorse", command, environ=environment(), cwd=CHECKOUT)
    journal = folder / "journal.jsonl"
    _until(lambda: journal.exists() and '"decision"' in journal.read_text(), program)


def _reaction(scene: Scenery, number: int) -> float:
    """Seconds from the queue's own time of entry to the cloud's own time of the change."""
    # The steps share no factor with the glance's second, so the jobs come at all its phases.
    time.sleep((number * 0.37) % 1.0)
    already = len(_changes(scene.cloud))
    scene.jenkins.build("reaction", {SECONDS: "3600", ORDER: str(number)})
    entered = max(item["inQueueSince"] for item in scene.jenkins.queue()) / 1000
    _until(lambda: len(_changes(scene.cloud)) > already)
    changed: float = _changes(scene.cloud)[-1]["at"]
    return changed - float(entered)


def _changes(cloud: EmbeddedCloud) -> list[dict[str, Any]]:
    return [event for event in cloud.events() if event["kind"] == "group.desired"]


def _until(done: Any, program: Process | None = None) -> None:  # noqa: ANN401 - any condition
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > deadline or (program and not program.running):
            raise RuntimeError(f"nothing in {PATIENCE_SECONDS:g} s: {program and program.tail()}")
        time.sleep(POLL_SECONDS)
