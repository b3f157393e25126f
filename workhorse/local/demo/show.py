"""The demo from its beginning to its end, phase by phase."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from workhorse.adapters.toolchain import Toolchain, prepare, registry_reachable
from workhorse.local.demo import evidence, interrupts, scenery, setting
from workhorse.local.demo.accounting import Account, account
from workhorse.local.demo.bodies import survivors
from workhorse.local.demo.caches import reused
from workhorse.local.demo.controller import Controller
from workhorse.local.demo.deployment import Deployment
from workhorse.local.demo.embedded import REGION
from workhorse.local.demo.facts import Deed, Evidence, Hand, Remains
from workhorse.local.demo.hands import Script, script
from workhorse.local.demo.jobs import release_job, sleeping_job
from workhorse.local.demo.options import CHECKOUT, Options
from workhorse.local.demo.outsiders import Outsiders
from workhorse.local.demo.performance import Encore, Performance
from workhorse.local.demo.processes import Processes, StageError
from workhorse.local.demo.scenery import Scenery
from workhorse.local.demo.screen import Screen
from workhorse.local.demo.search import Search
from workhorse.local.demo.setting import PoolSetting
from workhorse.local.demo.trace import Arrival, labels_of, read_window
from workhorse.local.demo.view import Names

TOOLS = CHECKOUT / ".tools"

ZONES = 3
"""Subnets, each in a zone of its own, that the groups launch in."""

LONG_SECONDS = 1200.0
"""A build that is drained while the controller is killed and comes back."""

SHORT_SECONDS = 60.0
"""A build for which an agent boots."""

RELEASE_COMMAND = (
    f"{shlex.quote(sys.executable)} -S -m workhorse.local.agent.complete_hook "
    '--group "$GROUP" --hook "$HOOK" --instance "$INSTANCE"'
)
"""What the release job runs on the agent."""

OURS = "as we asked"
"""What the journal says of a size that the controller itself had asked for."""

Outputs = Mapping[str, Mapping[str, Any]]


class Show:
    """One run: what is asked for, what people see, where its files are."""

    def __init__(self, options: Options, screen: Screen, folder: Path) -> None:
        self.journal = folder / "journal.jsonl"
        self._options = options
        self._screen = screen
        self._folder = folder

    def play(self) -> Account:
        """All phases.

        Raises:
            StageError: a part of the demo itself failed.
            ValueError: the trace is none, or its window is empty.
            Surprise, Refusal: Terraform failed, or could not be had.
        """
        arrivals = self._arrivals()
        self._screen.phase("tools: Terraform and the AWS provider")
        toolchain = prepare(
            TOOLS,
            binary=self._options.terraform,
            registry=registry_reachable(),
            progress=self._screen.say,
        )
        with Processes(self._folder / "logs") as processes:
            found = self._with_cloud(processes, toolchain, arrivals)
            self._screen.phase("stopping everything")
        pids = [h.detail["pid"] for h in found.happenings if h.kind == "body.started"]
        others = (*found.remains.others, *survivors(pids))
        return account(replace(found, remains=replace(found.remains, others=others)))

    def _arrivals(self) -> tuple[Arrival, ...]:
        asked = self._options
        found = read_window(asked.trace, start_hours=asked.start, hours=asked.hours)
        wanted = tuple(one for one in found if not asked.pools or one.label in asked.pools)
        if not wanted:
            raise ValueError(f"the window has no build for {', '.join(asked.pools)}")
        return wanted

    def _with_cloud(
        self, processes: Processes, toolchain: Toolchain, arrivals: tuple[Arrival, ...]
    ) -> Evidence:
        self._screen.phase("starting the embedded AWS and Jenkins")
        where = scenery.build(self._options, processes, self._folder)
        pools = setting.pools(arrivals, labels_of(arrivals), real_jenkins=where.real_jenkins)
        with ExitStack() as cleaning:
            self._make_jobs(where, pools, cleaning)
            deployment = self._deployment(where, toolchain)
            outputs: Outputs = deployment.apply(self._variables(where, pools))["pools"]
            controller = Controller(processes, self._config(where, outputs))
            outsiders = self._outsiders(where, controller)
            names = [
                Names(label=p.traced, group=outputs[p.name]["group"], job=p.job) for p in pools
            ]
            search = Search(where.token, self._with_agents())
            performance = Performance(
                where, names, controller, outsiders, self._screen, search=search
            )
            if where.real_jenkins:
                cleaning.callback(lambda: _delete_nodes(where, performance.seen.launched))
            found = self._perform(performance, arrivals)
            self._screen.phase("terraform destroy")
            deployment.destroy()
        left = evidence.remains(where.cloud.state(), found.remains)
        return replace(found, remains=left, happenings=evidence.happenings(where.cloud.events()))

    def _perform(self, performance: Performance, arrivals: tuple[Arrival, ...]) -> Evidence:
        """Replay, perhaps keep, stop the controller; what happened in AWS is asked for later."""
        self._screen.phase(f"replaying {len(arrivals)} builds with the controller at work")
        performance.controller.start()
        performance.controller.at_work(self.journal, scenery.READY_SECONDS)
        began = performance.where.clock.now()
        replayed = performance.run(
            arrivals, self._options.hours, encore=lambda: self._encore(performance)
        )
        ended = performance.where.clock.now()
        if self._options.keep:
            self._keep(performance.where)
        performance.controller.stop()
        for hand in performance.outsiders.missing:
            self._screen.say(f"  not shown, for it found nobody to do it to: {hand}")
        last = performance.look()
        where = performance.where
        return Evidence(
            began=began,
            ended=ended,
            asked=len(arrivals) + replayed.extra,
            builds=performance.builds(replayed),
            happenings=(),
            deeds=tuple(performance.outsiders.deeds),
            journal=evidence.read_journal(self.journal),
            remains=Remains(
                nodes=last.nodes, instances=tuple(agent.instance for agent in last.agents)
            ),
            pools={one.job: one.group for one in performance.pools},
            online=frozenset(performance.seen.online),
            places=performance.seen.places,
            comings={} if where.real_jenkins else where.jenkins.comings(),
            requests={} if where.real_jenkins else where.jenkins.asked(),
            exposed=performance.search.found(),
            uses=evidence.uses(self._folder / "volumes"),
        )

    def _encore(self, performance: Performance) -> Encore | None:
        """What is yet to be shown by one more build."""
        if performance.outsiders.encore():
            return Encore(seconds=LONG_SECONDS, why="for those who found nobody")
        uses = evidence.uses(self._folder / "volumes")
        happened = evidence.happenings(performance.where.cloud.events())
        if self._options.outsiders and not reused(uses, happened):
            return Encore(seconds=SHORT_SECONDS, why="where volumes lie warm")
        return None

    def _with_agents(self) -> list[Path]:
        """What agents have: their folders, their volumes, what they print, what they are told."""
        names = ("agents", "volumes", "logs/aws.log", "terraform")
        return [self._folder / name for name in names]

    def _make_jobs(self, where: Scenery, pools: Sequence[PoolSetting], cleaning: ExitStack) -> None:
        """Create the jobs; on a real Jenkins they go again whatever happens."""
        self._screen.say(f"  Jenkins {where.jenkins.version()} at {where.jenkins.url}")
        xml = {pool.job: sleeping_job(pool.label) for pool in pools}
        if any(pool.release == "job" for pool in pools):
            xml[setting.RELEASE_JOB] = release_job(RELEASE_COMMAND)
        for name, text in xml.items():
            where.jenkins.create_job(name, text)
            if where.real_jenkins:
                cleaning.callback(where.jenkins.delete_job, name)

    def _deployment(self, where: Scenery, toolchain: Toolchain) -> Deployment:
        self._screen.phase("terraform apply: the real provider against the embedded AWS")
        return Deployment(
            self._folder,
            endpoint=where.cloud.endpoint,
            toolchain=toolchain,
            progress=self._screen.progress,
            log=self._folder / "logs" / "terraform.log",
        )

    def _variables(self, where: Scenery, pools: Sequence[PoolSetting]) -> dict[str, object]:
        subnets = where.cloud.subnets(ZONES)
        return setting.variables(pools, tempo=where.tempo, subnets=subnets, door=where.door)

    def _config(self, where: Scenery, outputs: Outputs) -> Path:
        path = self._folder / "workhorse.toml"
        told = setting.ControllerSetting(
            url=where.jenkins.url,
            user=where.user,
            token_file=str(where.token_file),
            endpoint=where.cloud.endpoint,
            clock=str(where.clock),
            journal=str(self.journal.resolve()),
            door=where.door,
            agent={"directory": str((self._folder / "agents").resolve()), "tier": setting.TIER},
        )
        path.write_text(setting.controller_toml(told, where.tempo, outputs))
        return path

    def _outsiders(self, where: Scenery, controller: Controller) -> Outsiders:
        lines = script(ec2_loss=self._options.ec2_loss) if self._options.outsiders else Script()
        found = Outsiders(
            lines,
            where.cloud,
            seed=self._options.seed,
            kill=lambda: self._kill(controller, found.deeds),
            forget=where.jenkins.delete_node,
        )
        return found

    def _kill(self, controller: Controller, deeds: Sequence[Deed]) -> None:
        """Kill it, but not before it told that a size was lowered: its memory of that ends with it.

        Raises:
            StageError: it has yet to tell.
        """
        told = [one for one in evidence.read_journal(self.journal) if one["kind"] == "desired"]
        lowered = any(deed.hand is Hand.LOWERED_DESIRED for deed in deeds)
        if lowered and all(one["because"] == OURS for one in told):
            raise StageError("the controller has yet to tell who lowered a size")
        controller.kill_and_start()

    def _keep(self, where: Scenery) -> None:
        """Leave everything running until Ctrl-C or SIGTERM."""
        self._screen.phase("kept running until Ctrl-C:")
        self._screen.say(f"  Jenkins {where.jenkins.url} as {where.user}, {where.token_file}")
        self._screen.say(f"  AWS     {where.cloud.endpoint}, any credentials, {REGION}")
        self._screen.say(f"  journal {self.journal}")
        interrupts.wait()


def _delete_nodes(where: Scenery, launched: set[str]) -> None:
    """A real Jenkins outlives the demo; its nodes are not to."""
    for name in sorted(launched):
        where.jenkins.delete_node(name)
