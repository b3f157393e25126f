"""The three ways in: an agent of each, at the real gateway, the embedded AWS and a stand-in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Protocol
from urllib.request import Request, urlopen

from tests import few_images
from tests.local.aws.cloud import START, Cloud
from workhorse.adapters.aws import AwsCloud
from workhorse.adapters.aws_volumes import AwsVolumes, AwsZones
from workhorse.adapters.clock import RealClock
from workhorse.adapters.jenkins import JenkinsController
from workhorse.adapters.jenkins_nodes import JenkinsNodes
from workhorse.adapters.journal import JournalFile
from workhorse.adapters.session import AwsClients
from workhorse.adapters.token_store import SsmTokens
from workhorse.core.model import Jenkins
from workhorse.core.node_config import read_text
from workhorse.core.tokens import TokenBook, TokenRecord, token_text
from workhorse.gatehouse import Gatehouse, gatehouse
from workhorse.local.agent.gateway import Gateway, by_token
from workhorse.local.agent.metadata import SWARM, Configuration, Metadata
from workhorse.local.agent.place import Place
from workhorse.local.agent.proof import Aim, Key, proof
from workhorse.local.agent.registration import Swarm
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock
from workhorse.local.jenkins.standin import JenkinsStandIn
from workhorse.loops.agent_ports import Tending
from workhorse.loops.observe import Observer, Trust
from workhorse.loops.ports import Ports
from workhorse.loops.view import Seen
from workhorse.settings import parse

REGION = "us-east-1"
LABELS = frozenset({"linux", "docker"})
EXECUTORS = 2
AUDIENCE = "contract"
TOKENS = "/workhorse/tokens"
TOKEN = token_text("0a0a0a0a", "t" * 43)
WRONG = token_text("0a0a0a0a", "w" * 43)
AGENTS = 10

SETTINGS = """
[jenkins]
url = "{jenkins}"
user = "admin"
token_file = "token"
[aws]
region = "us-east-1"
endpoint = "{aws}"
[journal]
path = "{folder}/journal.jsonl"
[gateway]
listen = "127.0.0.1:0"
audience = "contract"
tokens_parameter = "/workhorse/tokens"
requests_per_peer = 1000.0
[[pool]]
name = "linux"
labels = ["linux", "docker"]
ceiling = 10
executors = 2
group = "pool"
[pool.agent]
role = "agent"
"""


@dataclass
class World:
    """All that an agent meets, and what it is held against."""

    cloud: Cloud
    standin: JenkinsStandIn
    gate: Gatehouse
    observer: Observer
    controller: JenkinsController
    journal: Path
    instances: list[str] = field(default_factory=list)

    def look(self) -> Jenkins:
        """A tick: the gateway sees what is now."""
        snapshot = self.observer.observe({})
        self.gate.view.show(Seen(snapshot=snapshot))
        assert snapshot.jenkins is not None
        return snapshot.jenkins

    def pass_time(self, seconds: float) -> None:
        """Time passes, and a tick follows."""
        self.cloud.advance(seconds)
        self.look()

    def forget(self, node: str) -> None:
        """Somebody deletes the node."""
        self.pass_time(1)
        self.controller.delete_node(node)
        self.pass_time(1)

    def mode(self, node: str) -> str:
        """NORMAL or EXCLUSIVE."""
        url = f"{self.standin.url}computer/{node}/config.xml"
        with urlopen(Request(url, headers=self.standin.headers())) as answer:  # noqa: S310 - our own
            return read_text(answer.read().decode(), "mode")

    def secret(self, node: str) -> str:
        """What Jenkins takes from the agent of that name."""
        return self.standin.server.security.agent_secret(node)


class Agent(Protocol):
    """One agent of some way."""

    def register(self) -> Place:
        """Become a node, or find that it is one; again and again."""

    def register_wrongly(self) -> None:
        """Try with credentials that are not right; raises what its client raises."""


class ByGateway:
    """An instance proves who it is."""

    def __init__(self, world: World) -> None:
        instance = world.instances.pop()
        endpoint = world.cloud.aws.endpoint
        key = Metadata(f"{endpoint}/imds/{instance}").key()
        forged = Key(id=key.id, secret=key.secret[::-1], token=key.token)
        self._right, self._wrong = (
            Gateway(f"{world.gate.url}/", _proving(instance, each, endpoint))
            for each in (key, forged)
        )

    def register(self) -> Place:
        """By a proof."""
        return self._right.register()

    def register_wrongly(self) -> None:
        """By a signature that is not its key's."""
        self._wrong.register()


class ByToken:
    """A machine of anywhere has a token."""

    def __init__(self, world: World) -> None:
        size = {"vcpus": 1, "memory_gib": 1.0}
        url = f"{world.gate.url}/"
        self._right = Gateway(url, by_token(TOKEN, size))
        self._wrong = Gateway(url, by_token(WRONG, size))

    def register(self) -> Place:
        """By the token, and what came with the name."""
        return self._right.register()

    def register_wrongly(self) -> None:
        """By a token with another secret."""
        self._wrong.register()


class BySwarm:
    """The Swarm plugin's client, with a token of Jenkins."""

    def __init__(self, world: World) -> None:
        told = Configuration(
            way=SWARM,
            region=REGION,
            jenkins_url=world.standin.url,
            jenkins_user=world.standin.user,
            labels=" ".join(LABELS),
            executors=EXECUTORS,
            directory="/agent",
        )
        instance = world.instances.pop()
        self._right = Swarm(told, world.standin.token, instance)
        self._wrong = Swarm(told, f"11{'f' * 32}", instance)

    def register(self) -> Place:
        """By createSlave."""
        return self._right.register()

    def register_wrongly(self) -> None:
        """With another token."""
        self._wrong.register()


WAYS: dict[str, Callable[[World], Agent]] = {
    "gateway": ByGateway,
    "token": ByToken,
    "swarm": BySwarm,
}


def _proving(instance: str, key: Key, endpoint: str) -> Callable[[str], dict[str, object]]:
    aim = Aim(endpoint=endpoint, region=REGION, audience=AUDIENCE)
    told = {"way": "gateway", "name": instance, "vcpus": 2, "memory_gib": 4.0}
    return lambda nonce: {**told, "proof": proof(key, aim, nonce, RealClock().now())}


@contextmanager
def world_of_ways(folder: Path) -> Iterator[World]:
    """A group of agents that booted, a Jenkins without nodes, and a gateway between them."""
    clock = ScaledClock(START, 0.0)
    made = EmbeddedAws(
        clock, timings=Timings(boot=60.0, shutdown=10.0, health=30.0), managed_policies=False
    )
    cloud = Cloud(few_images.started(made))
    clients = AwsClients(REGION, cloud.aws.endpoint)
    journal = JournalFile(folder / "journal.jsonl")
    try:
        with JenkinsStandIn(clock=clock) as standin:
            _launch(cloud)
            SsmTokens(clients, TOKENS).keep(_book())
            controller = JenkinsController(
                standin.url, standin.user, standin.token, now=clock.now, expect_jobs=False
            )
            ports = _ports(clients, standin, controller, journal, clock)
            text = SETTINGS.format(jenkins=standin.url, aws=cloud.aws.endpoint, folder=folder)
            settings = parse(text)
            pools = settings.pools(lambda name: name)
            with gatehouse(settings, ports, pools, clients) as gate:
                observer = Observer(ports, pools, Trust())
                world = World(
                    cloud,
                    standin,
                    gate,
                    observer,
                    controller,
                    folder / "journal.jsonl",
                    list(cloud.members()),
                )
                world.look()
                yield world
    finally:
        journal.close()
        clients.close()
        for client in cloud.clients.values():
            client.close()
        cloud.aws.stop()


def _launch(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="agent", AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="agent")
    iam.add_role_to_instance_profile(InstanceProfileName="agent", RoleName="agent")
    cloud.template(IamInstanceProfile={"Name": "agent"})
    cloud.group(desired=AGENTS)
    cloud.advance(60)


def _book() -> TokenBook:
    digest = sha256(TOKEN.encode()).hexdigest()
    record = TokenRecord(id="0a0a0a0a", pool="linux", sha256=digest, created_at=START)
    return TokenBook(records=(record,), resume_key="cc" * 32)


def _ports(
    clients: AwsClients,
    standin: JenkinsStandIn,
    controller: JenkinsController,
    journal: JournalFile,
    clock: ScaledClock,
) -> Ports:
    return Ports(
        clock=clock,
        controller=controller,
        cloud=AwsCloud(clients, now=clock.now),
        mailbox=None,  # type: ignore[arg-type] # no messages here
        metrics=None,  # type: ignore[arg-type] # nor meters
        journal=journal,
        tending=Tending(
            nodes=JenkinsNodes(standin.url, standin.user, standin.token),
            volumes=AwsVolumes(clients),
            builds=None,  # type: ignore[arg-type] # nor lost builds
            zones=AwsZones(clients),
        ),
    )
