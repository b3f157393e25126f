"""A gateway behind its real HTTP face; STS, Jenkins and AWS are a few honest lines each."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any

from tests.facts import NOW, group, instance, jenkins, pool, snapshot
from workhorse.adapters.gateway_http import GatewayServer
from workhorse.core.admission import Home
from workhorse.core.agents import AgentPolicy, Tier
from workhorse.core.effects import CreateNode
from workhorse.core.errors import Missing, Unreadable
from workhorse.core.model import Group, Instance, Node, Pool
from workhorse.core.orders import Canary
from workhorse.core.proof import Expected
from workhorse.core.tokens import TokenBook
from workhorse.local.agent.proof import Aim, Key, proof
from workhorse.local.aws.credentials import Credential
from workhorse.local.aws.signatures import Presented, refusal
from workhorse.loops.admittance import Admittance
from workhorse.loops.agent_ports import Caller, Late, Proof, Tending
from workhorse.loops.asks import Asks
from workhorse.loops.gateway import Gateway, Staff
from workhorse.loops.hearing import Hearing
from workhorse.loops.keeper import Keeper
from workhorse.loops.leases import Leases
from workhorse.loops.perform import RealPerformer
from workhorse.loops.ports import Ports
from workhorse.loops.registrar import Registrar
from workhorse.loops.roster import Roster
from workhorse.loops.sight import Sight
from workhorse.loops.throttle import Throttle
from workhorse.loops.view import Seen, View
from workhorse.loops.volume_desk import VolumeDesk
from workhorse.sim.volumes import SimVolumes

WALL = 1_767_225_600.0
"""The wall's time at which every test begins."""

REGION = "eu-west-1"
STS = f"https://sts.{REGION}.amazonaws.com/"
AUDIENCE = "gateway.example"
ACCOUNT = "123456789012"
FOREIGN = "210987654321"

AGENT = AgentPolicy(role="linux-agent", executors_per_vcpu=1, idle_minutes=10, tier=Tier.TRUNK)
LINUX = Pool(policy=pool(floor=1).policy, group="linux-agents", agent=AGENT)
MACS = Pool(
    policy=pool("macs", "mac").policy, group="macs-agents", agent=AgentPolicy(role="mac-agent")
)

MEMBER = "i-00000000000000001"
SECOND = "i-00000000000000002"
MAC = "i-0000000000000000a"
CANARY = "i-0000000000000000c"
STRANGER = "i-0000000000000000f"


@dataclass
class Sts:
    """Knows whom it gave keys to, and verifies what they signed by botocore's own signer."""

    wall: float = WALL
    keys: dict[str, tuple[Credential, Caller]] = field(default_factory=dict)
    asked: list[Proof] = field(default_factory=list)
    silent: bool = False

    def issue(
        self,
        session: str,
        role: str = "linux-agent",
        *,
        account: str = ACCOUNT,
        arn: str = "",
    ) -> Key:
        """Temporary credentials of a session of a role."""
        digits = "".join("ABCDEFGHIJ"[int(one)] for one in f"{len(self.keys):016d}")
        key = f"ASIA{digits}"
        called = arn or f"arn:aws:sts::{account}:assumed-role/{role}/{session}"
        caller = Caller(account=account, arn=called, user_id=f"AROAEXAMPLE:{session}")
        told = {"instance": session, "secret": f"{key}-secret", "token": f"{key}-token"}
        credential = Credential(key=key, expires=WALL + 9e9, **told)
        self.keys[key] = (credential, caller)
        return Key(id=key, secret=credential.secret, token=credential.token)

    def caller(self, proof: Proof) -> Caller:
        """Whose it is, if it is genuine."""
        self.asked.append(proof)
        if self.silent:
            raise Unreadable("STS does not answer")
        host = proof.url.split("/")[2]
        presented = Presented(
            method=proof.method,
            path="/",
            query="",
            headers={**proof.headers, "host": host},
            body=proof.body.encode(),
        )
        no = refusal(presented, lambda key: self.keys.get(key, (None,))[0], self.wall)
        key = proof.headers["authorization"].partition("Credential=")[2].partition("/")[0]
        if no is not None or key not in self.keys:
            raise Missing(no.code if no else "InvalidClientTokenId")
        return self.keys[key][1]


@dataclass
class Nodes:
    """Jenkins' nodes, and how often it was asked."""

    made: dict[str, CreateNode] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    silent: bool = False
    slow: bool = False
    """A node takes until somebody else makes one, or three tenths of a second."""
    before: Callable[[], object] = lambda: None
    """What happens before a node is made."""
    lock: Lock = field(default_factory=Lock)
    _another: Event = field(default_factory=Event)

    def create(self, wanted: CreateNode) -> None:
        """Make the node; one that is there stays."""
        self.before()
        with self.lock:
            self.requests.append(f"create {wanted.node}")
            if self.silent:
                raise Unreadable("Jenkins does not answer")
            self.made.setdefault(wanted.node, wanted)
            if len(self.requests) > 1:
                self._another.set()
        if self.slow:
            self._another.wait(0.3)

    def secret(self, node: str) -> str:
        """A pure function of the name."""
        with self.lock:
            self.requests.append(f"secret {node}")
            if self.silent:
                raise Unreadable("Jenkins does not answer")
            return f"secret of {node}"

    def jar_digest(self) -> str:
        """Of an agent.jar."""
        if self.silent:
            raise Unreadable("Jenkins does not answer")
        return "ab" * 32


@dataclass
class World:
    """AWS as the gateway reads it, the clock, the journal and what was kept."""

    wall: float = WALL
    now: float = NOW
    groups_now: dict[str, Group] = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=dict)
    readings: int = 0
    records: list[Mapping[str, Any]] = field(default_factory=list)
    tokens: TokenBook = field(default_factory=TokenBook)
    kept: dict[str, str] = field(default_factory=dict)
    blind: bool = False

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        """What Auto Scaling says just now."""
        self.readings += 1
        if self.blind:
            raise Unreadable("AWS does not answer")
        return {name: self.groups_now[name] for name in names if name in self.groups_now}

    def canaries(self, group: str) -> Sequence[Canary]:
        """Canaries beside a group."""
        return [
            Canary(instance=name, order="o", launched_at=NOW, state="running")
            for name, beside in self.beside.items()
            if beside == group
        ]

    def write(self, record: Mapping[str, Any]) -> None:
        """The journal."""
        json.dumps(record)
        self.records.append(record)

    def book(self) -> TokenBook:
        """The tokens."""
        return self.tokens

    def keep(self, instance: str, log: str) -> str:
        """The logs."""
        self.kept[instance] = log
        return f"failed-boots/{instance}.log"

    def late(self, pool: str) -> Late | None:
        """Late configuration, of one pool only."""
        return Late(manifest=b"{}", signature=b"signed") if pool == "linux" else None

    def file(self, digest: str) -> bytes:
        """One file."""
        if digest != "cd" * 32:
            raise Missing("no such file")
        return b"the file"

    def of_kind(self, kind: str) -> list[Mapping[str, Any]]:
        """The journal's records of a kind."""
        return [record for record in self.records if record["kind"] == kind]


class _Clock:
    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> float:
        return self._world.now

    def wait(self, seconds: float) -> bool:
        raise AssertionError(seconds)


@dataclass
class Answer:
    """What the gateway answered."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]
    content: bytes


@dataclass
class Scene:
    """A gateway, and hands to speak to it."""

    world: World
    sts: Sts
    nodes: Nodes
    view: View
    asks: Asks
    gateway: Gateway
    url: str = ""

    def show(self, *nodes: Node, leaving: Sequence[str] = (), **changes: Any) -> None:
        """The loops' tick sees these nodes, and the groups as they are."""
        told = None if changes.pop("blind", False) else jenkins(*nodes, read_at=self.world.now)
        shown = snapshot(told, *self.world.groups_now.values(), at=self.world.now, **changes)
        idle = {one.name: self.world.now - 60 for one in nodes if one.idle and not one.offline}
        self.view.show(Seen(snapshot=shown, leaving=frozenset(leaving), idle_since=idle))

    def members(self, *instances: Instance, name: str = "linux-agents") -> None:
        """A group has these members from now on."""
        self.world.groups_now[name] = group(*instances, name=name)

    def pass_time(self, seconds: float) -> None:
        """Both clocks go on."""
        self.world.wall += seconds
        self.world.now += seconds
        self.sts.wall += seconds

    def call(
        self, path: str, body: object = None, *, lease: str = "", method: str = "POST"
    ) -> Answer:
        """A request over HTTP."""
        data = (
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        )
        headers = {"Content-Type": "application/json"}
        if lease:
            headers["Authorization"] = f"Bearer {lease}"
        asked = urllib.request.Request(  # noqa: S310 - our own URL
            f"{self.url}{path}",
            data=data if method == "POST" else None,
            headers=headers,
            method=method,
        )
        try:
            with urllib.request.urlopen(asked, timeout=30) as found:  # noqa: S310
                return _answer(found.status, found.read(), found.headers)
        except urllib.error.HTTPError as error:
            return _answer(error.code, error.read(), error.headers)

    def nonce(self) -> str:
        """A new one."""
        return str(self.call("/v1/nonce", {}).body["nonce"])

    def proof(
        self,
        key: Key,
        nonce: str | None = None,
        *,
        audience: str = AUDIENCE,
        at: float | None = None,
        region: str = REGION,
    ) -> dict[str, Any]:
        """What somebody with that key signs."""
        aim = Aim(endpoint=STS, region=region, audience=audience)
        made = proof(key, aim, self.nonce() if nonce is None else nonce, at or self.world.wall)
        return json.loads(json.dumps(made))

    def claim(self, name: str = MEMBER, key: Key | None = None, **more: Any) -> dict[str, Any]:
        """A registration that is right in every way, but for what is changed."""
        key = key or self.sts.issue(name)
        told = {"way": "gateway", "name": name, "vcpus": 4, "memory_gib": 15.5}
        return {**told, "proof": self.proof(key), **more}

    def register(self, name: str = MEMBER, key: Key | None = None, **more: Any) -> Answer:
        """Register."""
        return self.call("/v1/register", self.claim(name, key, **more))

    def lease(self, name: str = MEMBER) -> str:
        """That of an agent that has registered."""
        return str(self.register(name).body["lease"])


def _answer(status: int, raw: bytes, headers: Mapping[str, str]) -> Answer:
    kind = headers.get("Content-Type", "")
    body = json.loads(raw) if raw and kind == "application/json" else {}
    return Answer(status=status, body=body, headers=headers, content=raw)


def made(**rules: Any) -> Scene:
    """A gateway for two pools, each with an agent that Jenkins does not know yet."""
    world, sts, nodes, view, asks = World(), Sts(), Nodes(), View(), Asks()
    volumes = SimVolumes(lambda: world.now, lambda _: "eu-west-1a")
    tending = Tending(nodes=nodes, volumes=volumes, builds=None, zones=None)  # type: ignore[arg-type] # nobody asks for them
    ports = Ports(
        clock=_Clock(world),
        controller=None,  # type: ignore[arg-type] # the gateway asks nothing of the rest
        cloud=None,  # type: ignore[arg-type]
        mailbox=None,  # type: ignore[arg-type]
        metrics=None,  # type: ignore[arg-type]
        journal=world,  # type: ignore[arg-type]
        tending=tending,
    )
    performer = RealPerformer(ports)
    pools = (LINUX, MACS)
    wall = lambda: world.wall  # noqa: E731 - a clock
    roster = Roster(world, world, pools, wall)
    sight = Sight(view, roster, lambda: world.now, fresh_seconds=40)
    keeper = Keeper(volumes, performer, {p.name: p.agent for p in pools}, lambda: world.now)
    staff = Staff(
        admittance=Admittance(
            expected=Expected(url=STS, host=STS.split("/")[2], region=REGION, audience=AUDIENCE),
            identities=sts,
            home=lambda: Home(partition="aws", account=ACCOUNT, region=REGION),
            roster=roster,
            tokens=world,
            pools={p.name: p for p in pools},
            wall=wall,
        ),
        registrar=Registrar(nodes, performer, lambda: world.now),
        leases=Leases(rules.get("lease_seconds", 900.0)),
        throttle=Throttle(rules.get("per_peer", 1e6), rules.get("per_second")),
        leased=Throttle(rules.get("per_peer", 1e6), rules.get("per_second")),
        hearing=Hearing(ports, asks, world),
        sight=sight,
        volumes=VolumeDesk(keeper, sight),
        late=world,
    )
    gateway = Gateway(ports, staff, pools, jenkins_url="https://jenkins.example/", wall=wall)
    scene = Scene(world, sts, nodes, view, asks, gateway)
    scene.members(instance(MEMBER, zone="eu-west-1a"), instance(SECOND, zone="eu-west-1a"))
    scene.members(instance(MAC), name="macs-agents")
    scene.show()
    return scene


@contextmanager
def served(**rules: Any) -> Iterator[Scene]:
    """The same, behind HTTP."""
    scene = made(**rules)
    with GatewayServer(scene.gateway.answer, "127.0.0.1:0") as server:
        scene.url = server.url
        yield scene
