"""The ports of rollouts over the simulated world, through its line and past its auditor."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from workhorse.core.effects import (
    CancelRefresh,
    CloseOrder,
    CondemnImage,
    Effect,
    EndCanary,
    LaunchCanary,
    PromoteImage,
    RunJob,
    RunMatrix,
    StartRefresh,
    TellRollout,
    UseTemplateVersion,
)
from workhorse.core.orders import Canary, Command, JobRun, Order, Refresh, Standing
from workhorse.loops.rollout_ports import Rolling
from workhorse.sim.jenkins import SimJenkins
from workhorse.sim.launching import Launching
from workhorse.sim.line import Line, Side
from workhorse.sim.ports import Auditor, when_up
from workhorse.sim.rolling import Rollings

Answer = TypeVar("Answer")


def rolling_ports(line: Line, auditor: Auditor, jenkins: SimJenkins, rollings: Rollings) -> Rolling:
    """What rollouts need beyond the loops' own ports."""
    return Rolling(
        launcher=LauncherPort(line, auditor, rollings.launching),
        jobs=JobsPort(line, auditor, jenkins, rollings),
        orders=OrdersPort(line, auditor, rollings),
        images=ImagesPort(line, auditor, rollings),
    )


class LauncherPort:
    """The `Launcher` port."""

    def __init__(self, line: Line, auditor: Auditor, launching: Launching) -> None:
        self._line = line
        self._auditor = auditor
        self._launching = launching

    def use_template(self, group: str, version: int) -> None:
        """UpdateAutoScalingGroup."""
        effect = UseTemplateVersion(group=group, version=version)
        self._scale(effect, lambda: self._launching.use(group, version))

    def launch_canary(self, group: str, version: int, order: str, label: str) -> str:
        """RunInstances."""
        self._auditor.changing(LaunchCanary(group=group, version=version, order=order, label=label))
        return self._line.change(
            Side.EC2, lambda: self._launching.launch_beside(group, version, order, label)
        )

    def canaries(self, group: str) -> Sequence[Canary]:
        """DescribeInstances."""
        return self._line.read(Side.EC2, lambda: self._launching.canaries(group), group)

    def end_canary(self, instance: str) -> None:
        """TerminateInstances."""
        self._auditor.changing(EndCanary(instance=instance))
        self._line.change(Side.EC2, lambda: self._launching.end_beside(instance))

    def start_refresh(self, group: str, version: int, healthy_percent: int) -> None:
        """StartInstanceRefresh."""
        effect = StartRefresh(group=group, version=version, healthy_percent=healthy_percent)
        start = self._launching.start_refresh
        self._scale(effect, lambda: start(group, version, healthy_percent))

    def refresh(self, group: str) -> Refresh | None:
        """DescribeInstanceRefreshes."""
        ask = self._launching.refresh
        return self._line.read(Side.AUTO_SCALING, lambda: ask(group), group)

    def cancel_refresh(self, group: str) -> None:
        """CancelInstanceRefresh."""
        self._scale(CancelRefresh(group=group), lambda: self._launching.cancel_refresh(group))

    def _scale(self, effect: Effect, act: Callable[[], None]) -> None:
        self._auditor.changing(effect)
        self._line.change(Side.AUTO_SCALING, act)


class JobsPort:
    """The `Jobs` port."""

    def __init__(
        self, line: Line, auditor: Auditor, jenkins: SimJenkins, rollings: Rollings
    ) -> None:
        self._line = line
        self._auditor = auditor
        self._jenkins = jenkins
        self._jobs = rollings.jobs

    def run(self, job: str, parameters: Mapping[str, str]) -> None:
        """Queue the job."""
        effect = RunJob(job=job, parameters=tuple(parameters.items()))
        self._change(effect, lambda: self._jobs.run(job, parameters))

    def newest(self, job: str, parameters: Mapping[str, str]) -> JobRun | None:
        """The newest run with these parameters."""
        ask = when_up(self._jenkins, lambda: self._jobs.newest(job, parameters))
        return self._line.read(Side.JENKINS, ask, (job, *parameters.items()))

    def run_matrix(self, job: str, nodes: Sequence[str], order: str) -> None:
        """Queue the matrix job for these nodes."""
        effect = RunMatrix(job=job, nodes=tuple(nodes), order=order)
        self._change(effect, lambda: self._jobs.run_matrix(job, nodes, order))

    def _change(self, effect: Effect, act: Callable[[], None]) -> None:
        self._auditor.changing(effect)
        self._line.change(Side.JENKINS, when_up(self._jenkins, act))


class OrdersPort:
    """The `Orders` port, and what people do through the same adapter."""

    def __init__(self, line: Line, auditor: Auditor, rollings: Rollings) -> None:
        self._line = line
        self._auditor = auditor
        self._rollings = rollings

    def placed(self, pools: Sequence[str]) -> Mapping[str, Order]:
        """The order of every pool that has one."""
        return self._line.read(Side.SSM, lambda: self._rollings.under_way(pools))

    def standing(self, pool: str) -> Standing | None:
        """What was told last."""
        return self._line.read(Side.SSM, lambda: self._rollings.standings.get(pool), pool)

    def tell(self, standing: Standing) -> None:
        """Replace what is told."""
        text = json.dumps(standing.as_record(), sort_keys=True)
        self._auditor.changing(TellRollout(pool=standing.pool, standing=text))
        self._line.change(Side.SSM, lambda: self._rollings.tell(standing))

    def close(self, pool: str, order: str) -> None:
        """Take the order away."""
        self._auditor.changing(CloseOrder(pool=pool, order=order))
        self._line.change(Side.SSM, lambda: self._rollings.close(pool, order))

    def place(self, order: Order) -> None:
        """Somebody places an order."""
        self._line.change(Side.SSM, lambda: self._rollings.place(order))

    def command(self, pool: str, order: str, command: Command) -> None:
        """Somebody asks something else of it."""
        self._line.change(Side.SSM, lambda: self._rollings.command(pool, order, command))

    def order(self, pool: str) -> Order | None:
        """The order of the pool."""
        return self._line.read(Side.SSM, lambda: self._rollings.orders.get(pool), pool)


class ImagesPort:
    """The `Images` port."""

    def __init__(self, line: Line, auditor: Auditor, rollings: Rollings) -> None:
        self._line = line
        self._auditor = auditor
        self._rollings = rollings

    def promote(self, pool: str, image: str) -> None:
        """Make it the stable one."""
        self._auditor.changing(PromoteImage(pool=pool, image=image))
        self._line.change(Side.SSM, lambda: self._rollings.promote(pool, image))

    def condemn(self, pool: str, image: str, because: str) -> None:
        """Tag it as failed."""
        self._auditor.changing(CondemnImage(pool=pool, image=image, because=because))
        self._line.change(Side.SSM, lambda: self._rollings.condemn(pool, image, because))
