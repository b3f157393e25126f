"""The gateway with its real adapters; what it is made of is closed at the end.

Its threads share with the loops the journal, which stands that, and otherwise only what was made
for them: readers of groups and canaries of their own, and a performer without executors.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from workhorse.adapters.aws import AwsCloud
from workhorse.adapters.aws_launcher import AwsLauncher
from workhorse.adapters.clock import RealClock
from workhorse.adapters.failure_logs import FailureLogs
from workhorse.adapters.gateway_http import GatewayServer
from workhorse.adapters.late_store import stored_late
from workhorse.adapters.session import AwsClients
from workhorse.adapters.sts import Sts, our_arn
from workhorse.adapters.token_store import SsmTokens
from workhorse.core.admission import Home, home_told
from workhorse.core.errors import Misuse, Surprise
from workhorse.core.meters import Meter
from workhorse.core.model import Pool
from workhorse.core.owner import home_of
from workhorse.core.proof import Expected
from workhorse.loops.admittance import Admittance
from workhorse.loops.asks import Asks
from workhorse.loops.gateway import Gateway, Staff
from workhorse.loops.hearing import Hearing
from workhorse.loops.keeper import Keeper
from workhorse.loops.leases import Leases
from workhorse.loops.perform import RealPerformer
from workhorse.loops.ports import Clock, Ports
from workhorse.loops.registrar import Registrar
from workhorse.loops.roster import Roster
from workhorse.loops.sight import Sight
from workhorse.loops.throttle import Throttle
from workhorse.loops.view import View
from workhorse.loops.volume_desk import VolumeDesk
from workhorse.settings import Settings
from workhorse.settings.agents import GatewaySettings

LOGS = "failed-boots"
"""Folder beside the journal, of the logs that agents sent when they failed."""

OPEN_SECONDS = 2.0
"""Connections that an address may have open at once: its requests of so many seconds."""
FEWEST_OPEN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Gatehouse:
    """The gateway, and what of it the loops need."""

    url: str
    """Where it listens; with the port that it got."""
    gateway: Gateway
    asks: Asks
    view: View
    keeper: Keeper
    home: str
    """Account and region, as nodes' descriptions tell them; empty when STS did not tell."""

    def meters(self) -> tuple[Meter, ...]:
        """What the gateway and the keeper of the cache volumes measure."""
        return (*self.gateway.meters(), *self.keeper.meters())


@contextmanager
def gatehouse(
    settings: Settings,
    ports: Ports,
    pools: tuple[Pool, ...],
    clients: AwsClients,
    *,
    ended: Callable[[], None] = lambda: None,
) -> Iterator[Gatehouse]:
    """The gateway, serving.

    Args:
        settings: with `gateway.listen`.
        ports: the loops' own; `tending` is there.
        pools: whose agents may come.
        clients: the clients of the region.
        ended: told when the gateway ends before its time; the loops are to end too.

    Raises:
        Refusal: it cannot listen there, or its certificate is none.
        Misuse: it ended before its time: whoever supervises us is to start us anew.
    """
    if ports.tending is None:
        raise Misuse("a gateway without ports for agents")
    # Made here, by one thread: making clients is what boto3 does not stand from several.
    _ = clients.autoscaling, clients.ec2, clients.ssm, clients.sts
    wall, own = RealClock().now, replace(ports, executors={})
    performer, view, asks = RealPerformer(own), View(), Asks()
    agents = {pool.name: pool.agent for pool in pools}
    keeper = Keeper(ports.tending.volumes, performer, agents, ports.clock.now)
    roster = _roster(settings, clients, pools, ports.clock)
    fresh = settings.loop.stale_seconds + settings.loop.tick_seconds
    sight = Sight(view, roster, ports.clock.now, fresh_seconds=fresh)
    logs = FailureLogs(Path(settings.journal.path).with_name(LOGS))
    gate = settings.gateway
    staff = Staff(
        admittance=_admittance(settings, clients, pools, roster),
        registrar=Registrar(ports.tending.nodes, performer, ports.clock.now),
        leases=Leases(gate.lease_seconds),
        throttle=Throttle(gate.requests_per_peer, gate.requests_per_second),
        leased=Throttle(gate.requests_per_peer, gate.requests_per_second),
        hearing=Hearing(own, asks, logs),
        sight=sight,
        volumes=VolumeDesk(keeper, sight),
        late=stored_late(gate.late, clients, now=wall) if gate.late else None,
    )
    jenkins_url = f"{(gate.jenkins_url or settings.jenkins.url).rstrip('/')}/"
    gateway = Gateway(own, staff, pools, jenkins_url=jenkins_url, wall=wall)
    with _server(gate, gateway, staff.hearing, ended) as server:
        yield Gatehouse(
            url=server.url,
            gateway=gateway,
            asks=asks,
            view=view,
            keeper=keeper,
            home=_home_text(settings, clients),
        )
        if server.broken:
            raise Misuse("the gateway ended before its time")


def _server(
    gate: GatewaySettings, gateway: Gateway, hearing: Hearing, ended: Callable[[], None]
) -> GatewayServer:
    return GatewayServer(
        gateway.answer,
        gate.listen,
        certificate=gate.certificate,
        key=gate.key,
        ended=ended,
        told=hearing.told,
        most_per_peer=max(FEWEST_OPEN, ceil(OPEN_SECONDS * gate.requests_per_peer)),
    )


def _roster(
    settings: Settings, clients: AwsClients, pools: tuple[Pool, ...], clock: Clock
) -> Roster:
    canaries = AwsLauncher(clients, now=clock.now) if settings.store.prefix else None
    return Roster(AwsCloud(clients, now=clock.now), canaries, pools, RealClock().now)


def _admittance(
    settings: Settings, clients: AwsClients, pools: tuple[Pool, ...], roster: Roster
) -> Admittance:
    gate, region = settings.gateway, settings.aws.region
    sts = Sts(region, settings.aws.endpoint)
    return Admittance(
        expected=Expected(url=sts.url, host=sts.host, region=region, audience=gate.audience),
        identities=sts,
        home=lambda: _home(clients, region),
        roster=roster,
        tokens=SsmTokens(clients, gate.tokens_parameter) if gate.tokens_parameter else None,
        pools={pool.name: pool for pool in pools},
        wall=RealClock().now,
    )


def _home(clients: AwsClients, region: str) -> Home:
    return home_told(our_arn(clients), region)


def _home_text(settings: Settings, clients: AwsClients) -> str:
    """STS not answering at the start is no reason to hold no hooks."""
    try:
        home = _home(clients, settings.aws.region)
    except Surprise:
        return ""
    return home_of(home.account, home.region)
