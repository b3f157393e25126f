"""One pool and everything around it, for a story or a measurement: each part a process.

The real Terraform and provider, the embedded AWS, the Jenkins stand-in, agents, and the program
itself; all share one virtual time.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workhorse.adapters.toolchain import prepare
from workhorse.local.demo import evidence, scenery, setting
from workhorse.local.demo.controller import Controller
from workhorse.local.demo.deployment import Deployment
from workhorse.local.demo.facts import Happening
from workhorse.local.demo.jobs import ORDER, SECONDS, release_job, sleeping_job
from workhorse.local.demo.options import CHECKOUT, Options
from workhorse.local.demo.processes import Processes, StageError
from workhorse.local.demo.scenery import Scenery
from workhorse.local.demo.setting import ControllerSetting, PoolSetting, Tempo
from workhorse.local.demo.show import RELEASE_COMMAND, ZONES

SPEED = 150.0
"""Virtual seconds per real one, where a story names none: 50 minutes of idling are 20 seconds."""

BOOT_SECONDS = 750
"""`boot_seconds`, in `alarms` mode the warm-up of the policy: so long no second agent is launched
for the same build; 5 real seconds for an agent to come up on a busy machine."""

HEARTBEAT_SECONDS = 6000
"""40 real seconds that a busy machine may keep the program from sending a heartbeat."""

LOOK_SECONDS = 0.2
"""Real seconds between two looks."""

GRACE_SECONDS = 90.0
"""Real seconds that a busy machine may take longer than an idle one to come to a condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """The pool that a story is about, with more numbers of its policy and inputs of its module."""

    pool: PoolSetting
    policy: Mapping[str, object] = field(default_factory=dict)
    module: Mapping[str, object] = field(default_factory=dict)
    speed: float = SPEED
    """Virtual seconds per real one."""
    prefix: str = ""
    """Path of the parameters of images and rollouts; empty for none of both."""
    rollout: Mapping[str, object] = field(default_factory=dict)
    """What a rollout may do: keys of the pool's table `rollout`; jobs that it names are made."""
    agent: Mapping[str, object] = field(default_factory=dict)
    """Keys of the pool's table `agent`, beside the role and the directory."""
    volumes: int = 0
    """Cache volumes in each zone; the agents claim one when `agent` names a tier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The pool and everything around it, at work."""

    play: Play
    where: Scenery
    group: str
    controller: Controller
    processes: Processes
    config: Path
    """The settings that the controller was started with."""
    log: Path
    """The controller's journal."""
    apply: Callable[[str], None]
    """Applies the same Terraform with another image."""
    images: dict[str, str] = field(default_factory=dict)
    """Image of every instance that `machines` ever showed: EC2 forgets the ended ones."""

    @property
    def job(self) -> str:
        """The job whose builds the pool's agents run."""
        return self.play.pool.job

    def queue(self, seconds: float, *, order: int) -> None:
        """Queue a build of so many virtual seconds; `order` tells it from others alike."""
        self.where.jenkins.build(self.job, {SECONDS: f"{seconds:g}", ORDER: str(order)})

    def builds(self, job: str = "") -> list[dict[str, Any]]:
        """Every build as the stand-in keeps it, the pool's or another job's, in order."""
        wanted = job or self.job
        found = (one for one in self.where.jenkins.accounting() if one["job"] == wanted)
        return sorted(found, key=lambda one: int(one["number"]))

    def started(self) -> int:
        """How many builds of the pool have begun."""
        return sum(1 for one in self.builds() if one["started"] is not None)

    def ended(self) -> int:
        """How many builds of the pool are over."""
        return sum(1 for one in self.builds() if one["ended"] is not None)

    def desired(self) -> int:
        """Desired capacity of the group."""
        return int(self._group(self.where.cloud.state())["desired"])

    def members(self) -> dict[str, str]:
        """Lifecycle state of each instance of the group."""
        group = self._group(self.where.cloud.state())
        return {name: member["state"] for name, member in group["members"].items()}

    def machines(self) -> dict[str, str]:
        """The image of each instance of the group; those of all instances are remembered."""
        state = self.where.cloud.state()
        self.images.update((one["id"], one["image"]) for one in state["instances"])
        return {name: self.images[name] for name in self._group(state)["members"]}

    def nodes(self) -> set[str]:
        """Names of the nodes that are or were instances of the group."""
        shown = {computer["displayName"] for computer in self.where.jenkins.computers()}
        ever = {one.instance for one in self.happenings() if one.kind == "member.launched"}
        return shown & ever

    def happenings(self) -> tuple[Happening, ...]:
        """What happened in the embedded AWS, oldest first."""
        return evidence.happenings(self.where.cloud.events())

    def journal(self) -> tuple[Any, ...]:
        """What the program wrote down, oldest first."""
        return evidence.read_journal(self.log)

    def until(self, sentence: str, condition: Callable[[], bool], *, virtual: float) -> None:
        """Look until the sentence is true, for so many virtual seconds on an idle machine.

        Meanwhile the instances are looked at, so that `images` knows them all.

        Raises:
            StageError: it was not in time, or the controller ended.
        """
        deadline = time.monotonic() + virtual / self.play.speed + GRACE_SECONDS
        rest = threading.Event()
        while not condition():
            self.controller.check()
            self.machines()
            if time.monotonic() > deadline:
                raise StageError(f"not in time: {sentence}; {self._told()}")
            rest.wait(LOOK_SECONDS)

    def _group(self, state: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = next(one for one in state["groups"] if one["name"] == self.group)
        return found

    def _told(self) -> str:
        builds = [(one["number"], one["node"], one["result"]) for one in self.builds()]
        return f"desired {self.desired()}, members {self.members()}, builds {builds}"


@contextmanager
def staged(folder: Path, play: Play, progress: Callable[[str], None] = print) -> Iterator[Stage]:
    """Set everything up in `folder`; at the end every process is stopped.

    Raises:
        StageError: a part of it failed.
    """
    toolchain = prepare(CHECKOUT / ".tools", progress=progress)
    with Processes(folder / "logs") as processes:
        where = scenery.build(Options(speed=play.speed), processes, folder)
        where.jenkins.create_job(play.pool.job, sleeping_job(play.pool.label))
        where.jenkins.create_job(setting.RELEASE_JOB, release_job(RELEASE_COMMAND))
        deployment = Deployment(
            folder,
            endpoint=where.cloud.endpoint,
            toolchain=toolchain,
            progress=progress,
            log=folder / "logs" / "terraform.log",
        )
        variables = _variables(where, play)
        outputs = deployment.apply(variables)["pools"]
        journal = folder / "journal.jsonl"
        config = folder / "workhorse.toml"
        config.write_text(_settings(where, outputs, journal, play))
        if play.rollout:
            _install_jobs(processes, config)
        controller = Controller(processes, config)
        controller.start()
        yield Stage(
            play=play,
            where=where,
            group=outputs[play.pool.name]["group"],
            controller=controller,
            processes=processes,
            config=config,
            log=journal,
            apply=lambda image: _applied(deployment, {**variables, "image_id": image}),
        )
        controller.stop()


def _install_jobs(processes: Processes, config: Path) -> None:
    """As people do it, before the controller starts: it checks that they are there."""
    words = ["jobs", "--install", "--config", str(config)]
    installing = processes.start(
        "jobs",
        [sys.executable, "-m", "workhorse", *words],
        environ=scenery.environment(),
        cwd=CHECKOUT,
    )
    if installing.wait(scenery.READY_SECONDS):
        raise StageError(f"the jobs were not installed:\n{installing.tail()}")


def _applied(deployment: Deployment, variables: Mapping[str, object]) -> None:
    deployment.apply(variables)


def _variables(where: Scenery, play: Play) -> dict[str, object]:
    """The complete example with one pool."""
    pool = play.pool
    subnets = where.cloud.subnets(ZONES)
    cache = setting.cache([pool.name], subnets.values(), per_zone=play.volumes)
    return {
        "image_id": setting.IMAGE,
        "subnet_ids": list(subnets),
        "gateway": {"url": where.door.url, "audience": where.door.audience},
        "cache": cache if play.volumes else None,
        "pools": {
            pool.name: {
                "policy": {
                    "labels": [pool.label],
                    "ceiling": pool.ceiling,
                    "executors": pool.executors,
                    "boot_seconds": BOOT_SECONDS,
                    "release": pool.release,
                    **play.policy,
                },
                "heartbeat_seconds": HEARTBEAT_SECONDS,
                **play.module,
            }
        },
    }


def _settings(where: Scenery, outputs: dict[str, Any], journal: Path, play: Play) -> str:
    told = ControllerSetting(
        url=where.jenkins.url,
        user=where.user,
        token_file=str(where.token_file),
        endpoint=where.cloud.endpoint,
        clock=str(where.clock),
        journal=str(journal),
        door=where.door,
        agent={"directory": str(journal.parent / "agents"), **play.agent},
        prefix=play.prefix,
        rollout=play.rollout,
    )
    return setting.controller_toml(told, Tempo(speed=play.speed), outputs)
