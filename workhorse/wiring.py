"""The one place that knows every part: settings in, loops with real adapters out."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from workhorse import plugins
from workhorse.adapters import secrets
from workhorse.adapters.aws import AwsCloud
from workhorse.adapters.aws_belongings import AwsBelongings
from workhorse.adapters.aws_launcher import AwsLauncher
from workhorse.adapters.aws_mailbox import SqsMailbox
from workhorse.adapters.aws_metrics import CloudWatchMetrics, EverySink
from workhorse.adapters.aws_volumes import AwsVolumes, AwsZones
from workhorse.adapters.clock import RealClock
from workhorse.adapters.image_store import SsmImages
from workhorse.adapters.jenkins import JenkinsController
from workhorse.adapters.jenkins_builds import JenkinsBuilds
from workhorse.adapters.jenkins_http import JenkinsHttp
from workhorse.adapters.jenkins_jobs import JenkinsJobs
from workhorse.adapters.jenkins_nodes import JenkinsNodes
from workhorse.adapters.journal import JournalFile
from workhorse.adapters.lock import held
from workhorse.adapters.prometheus import Prometheus
from workhorse.adapters.rollout_store import SsmOrders
from workhorse.adapters.session import AwsClients
from workhorse.adapters.spoken import SpokenJournal
from workhorse.core.agents import Connection
from workhorse.core.errors import Refusal, Surprise, Unreadable
from workhorse.core.jobs import JobsPolicy, Kind, needed
from workhorse.core.model import Pool, Release
from workhorse.core.plan import Planner
from workhorse.gatehouse import Gatehouse, gatehouse
from workhorse.loops.agent_ports import Tending
from workhorse.loops.driver import Driver, Pace
from workhorse.loops.ledger import Books
from workhorse.loops.observe import Trust
from workhorse.loops.perform import DryRun, Performer, RealPerformer
from workhorse.loops.ports import Executor, ExecutorKind, Metrics, Outside, Ports
from workhorse.loops.rollout_ports import Rolling
from workhorse.settings import LoopSettings, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Workhorse:
    """A controller, ready to run."""

    clock: RealClock
    driver: Driver
    pools: tuple[Pool, ...]
    jenkins: str
    """What Jenkins said of itself at the start: its version, or why it could not be asked."""


def environment() -> dict[str, str]:
    """The environment of this process, for programs that are started with more than it."""
    return dict(os.environ)


@contextmanager
def assembled(
    settings: Settings, *, dry_run: bool, show: Callable[[str], None], forced: bool = False
) -> Iterator[Workhorse]:
    """Build everything that the settings name; what was opened is closed at the end.

    A dry run has the real observation and another performer; it takes no messages, for they would
    be hidden from the real controller, and keeps a journal of its own.

    Args:
        settings: checked.
        dry_run: print effects instead of performing them.
        show: prints a line.
        forced: the first tick plans afresh.

    Raises:
        Refusal: what the settings name is not there or not allowed.
    """
    with ExitStack() as stack:
        clock = RealClock.parse(settings.loop.clock) if settings.loop.clock else RealClock()
        clients = AwsClients(settings.aws.region, settings.aws.endpoint)
        stack.callback(clients.close)
        pools = settings.pools(lambda name: secrets.from_parameter(clients, name))
        token = secrets.jenkins_token(clients, settings.jenkins)
        controller = _controller(settings, token, clock)
        ports = Ports(
            clock=clock,
            controller=controller,
            cloud=AwsCloud(clients, now=clock.now),
            mailbox=SqsMailbox(clients),
            metrics=_metrics(settings, clients, stack),
            journal=SpokenJournal(_journal(settings, stack, dry_run=dry_run), show),
            rolling=_rolling(settings, clients, token, clock),
            belongings=AwsBelongings(clients),
            tending=_tending(settings, clients, token),
        )
        ports = replace(ports, executors=_executors(settings, pools, ports))
        for _, executor in ports.executors.values():
            stack.callback(executor.close)
        gate = None
        if settings.gateway.listen and not dry_run:
            gate = stack.enter_context(gatehouse(settings, ports, pools, clients, ended=clock.stop))
            show(f"gateway {gate.url}, signed for as {settings.gateway.audience}")
        performer = DryRun(ports, show) if dry_run else RealPerformer(ports)
        driver = _driver(settings, ports, pools, performer, gate, forced=forced, deaf=dry_run)
        version = _verified(controller, settings, pools)
        for fault in _smoke_faults(settings, pools, token):
            show(f"rollouts: {fault}")
        yield Workhorse(clock=clock, driver=driver, pools=pools, jenkins=version)


def _driver(  # noqa: PLR0913 - what the loops are made of, by name
    settings: Settings,
    ports: Ports,
    pools: tuple[Pool, ...],
    performer: Performer,
    gate: Gatehouse | None,
    *,
    forced: bool,
    deaf: bool,
) -> Driver:
    loop = settings.loop
    return Driver(
        ports,
        pools,
        performer,
        pace=_pace(loop),
        trust=Trust(
            stale_seconds=loop.stale_seconds,
            restart_grace_seconds=loop.restart_grace_seconds,
        ),
        blind_step=loop.blind_step,
        default_pool=loop.default_pool,
        planners=_planners(settings, pools),
        rollouts=settings.rollouts(pools),
        asks=gate.asks if gate else None,
        view=gate.view if gate else None,
        books=Books(
            policy=settings.ledger.policy(),
            heard=gate.gateway.heard if gate else None,
            home=gate.home if gate else "",
        ),
        gate=gate.meters if gate else None,
        requeue=settings.requeue.policy(),
        forced=forced,
        deaf=deaf,
    )


def _pace(loop: LoopSettings) -> Pace:
    return Pace(
        tick=loop.tick_seconds,
        glance=loop.glance_seconds,
        mail=loop.drain_seconds,
        publish=loop.publish_seconds,
        orders=loop.orders_seconds,
    )


def _rolling(
    settings: Settings, clients: AwsClients, token: str, clock: RealClock
) -> Rolling | None:
    """What rollouts need; nothing of it where the settings name no place for their orders."""
    prefix, jenkins = settings.store.prefix, settings.jenkins
    if not prefix:
        return None
    return Rolling(
        launcher=AwsLauncher(clients, now=clock.now),
        jobs=JenkinsJobs(JenkinsHttp(jenkins.url, jenkins.user, token)),
        orders=SsmOrders(clients, prefix),
        images=SsmImages(clients, prefix),
    )


def _tending(settings: Settings, clients: AwsClients, token: str) -> Tending:
    jenkins = settings.jenkins
    return Tending(
        nodes=JenkinsNodes(jenkins.url, jenkins.user, token),
        volumes=AwsVolumes(clients),
        builds=JenkinsBuilds(JenkinsHttp(jenkins.url, jenkins.user, token), jenkins.user),
        zones=AwsZones(clients),
    )


def _smoke_faults(settings: Settings, pools: tuple[Pool, ...], token: str) -> tuple[str, ...]:
    """What the smoke jobs lack: better known now than when a canary waits for them."""
    jenkins = settings.jenkins
    specs = needed(pools, settings.rollouts(pools), JobsPolicy()) if settings.store.prefix else ()
    smoke = [spec for spec in specs if spec.kind is Kind.SMOKE]
    if not smoke:
        return ()
    try:
        return JenkinsJobs(JenkinsHttp(jenkins.url, jenkins.user, token)).faults(smoke)
    except Surprise as surprise:
        return (f"the smoke jobs cannot be looked at: {surprise}",)


def _planners(settings: Settings, pools: tuple[Pool, ...]) -> Mapping[str, Planner]:
    """Every pool's planner; the faults of all of them are told at once."""
    found: dict[str, Planner] = {}
    faults: list[str] = []
    for number, (entry, pool) in enumerate(zip(settings.pool, pools, strict=True)):
        key = f"pool[{number}].planner"
        try:
            found[pool.name] = plugins.planner(entry.planner, entry.planner_options, key=key)
        except Refusal as wrong:
            faults.append(str(wrong))
    if faults:
        raise Refusal("\n".join(faults))
    return found


def _executors(
    settings: Settings, pools: tuple[Pool, ...], ports: Ports
) -> Mapping[str, tuple[Pool, Executor]]:
    """Who sizes each group, where it is not Auto Scaling itself; all faults are told at once."""
    outside = Outside(
        clock=ports.clock,
        cloud=ports.cloud,
        journal=ports.journal,
        environ=environment(),
        folder=Path(settings.journal.path).parent,
    )
    found: dict[str, tuple[Pool, Executor]] = {}
    faults: list[str] = []
    for number, (entry, pool) in enumerate(zip(settings.pool, pools, strict=True)):
        name, options, key = entry.executor, entry.executor_options, f"pool[{number}].executor"
        if (name, options) == ("asg", {}):
            continue
        try:
            kind = cast("ExecutorKind", plugins.made(plugins.EXECUTORS, name, options, key=key))
            found[pool.group] = (pool, kind.executor(pool, outside))
        except Refusal as wrong:
            faults.append(str(wrong))
    if faults:
        raise Refusal("\n".join(faults))
    return found


def _controller(settings: Settings, token: str, clock: RealClock) -> JenkinsController:
    jenkins = settings.jenkins
    return JenkinsController(
        jenkins.url,
        jenkins.user,
        token,
        now=clock.now,
        script_console=jenkins.script_console,
        expect_jobs=jenkins.expect_jobs,
    )


def _metrics(settings: Settings, clients: AwsClients, stack: ExitStack) -> Metrics:
    sinks: list[Metrics] = []
    metrics = settings.metrics
    if metrics.namespace:
        resolution = metrics.resolution_seconds
        sinks.append(
            CloudWatchMetrics(clients, namespace=metrics.namespace, resolution_seconds=resolution)
        )
    if metrics.prometheus:
        host, _, port = metrics.prometheus.rpartition(":")
        sinks.append(stack.enter_context(Prometheus(host, int(port))))
    return EverySink(*sinks)


def _journal(settings: Settings, stack: ExitStack, *, dry_run: bool) -> JournalFile:
    path = Path(settings.journal.path)
    if dry_run:
        path = path.with_name(f"{path.name}.dry-run")
    stack.enter_context(held(path.with_name(f"{path.name}.lock")))
    journal = JournalFile(path)
    stack.callback(journal.close)
    return journal


def _verified(controller: JenkinsController, settings: Settings, pools: tuple[Pool, ...]) -> str:
    """A Jenkins that is down must not keep us from holding hooks: then we start blind."""
    jobs = {p.release_job for p in pools if p.policy.release is Release.JOB}
    try:
        version = controller.verify(
            expect_jobs=settings.jenkins.expect_jobs,
            release_jobs=sorted(jobs),
            makes_nodes=bool(settings.gateway.listen),
            tcp_pools=[p.name for p in pools if p.agent.connection is Connection.TCP],
        )
    except Unreadable as unreadable:
        return f"does not answer yet: {unreadable}"
    return f"is {version}"
