"""One tick with no network: parse what Jenkins and AWS answered, decide, and make the effects.

The answers are what the real adapters read: bytes of JSON for Jenkins, botocore's dicts for AWS.
A third of the agents is busy, a third idle for long, a third cordoned and at the hook.
"""

import json
import time
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, cast

from benchmarks.figures import Figure
from workhorse.adapters import jenkins_wire
from workhorse.adapters.aws import AwsCloud
from workhorse.adapters.session import AwsClients
from workhorse.core.cordon import cordon_label
from workhorse.core.meters import Meter
from workhorse.core.model import Jenkins, Policy, Pool
from workhorse.loops.driver import Driver, Pace
from workhorse.loops.observe import Trust
from workhorse.loops.perform import RealPerformer
from workhorse.loops.ports import Message, Ports

SIZES = (100, 1_000, 10_000)
QUEUED = 5_000
ROUNDS = 7
GROUP = "linux-agents"
START = 1_700_000_000.0


class Pages:
    """A botocore paginator over answers that are there already."""

    def __init__(self, key: str, rows: list[dict[str, Any]]) -> None:
        self._key = key
        self._rows = rows

    def paginate(self, **_asked: object) -> Iterator[dict[str, Any]]:
        """One page of all rows."""
        yield {self._key: self._rows}


class Answers:
    """Stands where the boto3 clients are; answers from memory."""

    def __init__(self, instances: Sequence[str]) -> None:
        members = [_member(number, name) for number, name in enumerate(instances)]
        self._group = {
            "AutoScalingGroupName": GROUP,
            "MinSize": 0,
            "MaxSize": 20_000,
            "DesiredCapacity": sum(m["LifecycleState"] == "InService" for m in members),
            "Instances": members,
        }
        launched = _Moment()
        self._reservations = [
            {"Instances": [{"InstanceId": name, "LaunchTime": launched} for name in instances]}
        ]

    @property
    def autoscaling(self) -> "Answers":
        """Every client is this one."""
        return self

    ec2 = autoscaling

    def get_paginator(self, call: str) -> Pages:
        """The pages of a Describe call."""
        if call == "describe_instances":
            return Pages("Reservations", self._reservations)
        return Pages("AutoScalingGroups", [self._group])

    def describe_lifecycle_hooks(self, **_asked: object) -> dict[str, Any]:
        """The termination hook."""
        hook = {
            "LifecycleHookName": "terminate",
            "HeartbeatTimeout": 300,
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        }
        return {"LifecycleHooks": [hook]}

    def __getattr__(self, call: str) -> Any:  # noqa: ANN401 - any change is accepted
        return lambda **_asked: {}


class _Moment:
    def timestamp(self) -> float:
        return START - 7200


def _member(number: int, name: str) -> dict[str, Any]:
    state = "Terminating:Wait" if number % 3 == 2 else "InService"  # noqa: PLR2004 - a third
    return {
        "InstanceId": name,
        "LifecycleState": state,
        "AvailabilityZone": "eu-west-1a",
        "ProtectedFromScaleIn": False,
        "LaunchTemplate": {"Version": "3"},
    }


class Bytes:
    """A `Controller` whose answers are bytes of JSON; changes cost nothing here."""

    def __init__(self, instances: Sequence[str], clock: "Still") -> None:
        computers = [_computer(number, name) for number, name in enumerate(instances)]
        self._computers = json.dumps({"computer": computers}).encode()
        self._queue = json.dumps({"items": [_item(n) for n in range(QUEUED)]}).encode()
        self._clock = clock

    def read(self) -> Jenkins:
        """Parse both answers, as the real adapter does."""
        queue = jenkins_wire.queue_items(json.loads(self._queue))
        nodes = jenkins_wire.nodes(json.loads(self._computers))
        return Jenkins(read_at=self._clock.now(), session="0123abcd", nodes=nodes, queue=queue)

    def glance(self) -> frozenset[int]:
        """Parse the queue's ids."""
        return jenkins_wire.item_ids(json.loads(self._queue))

    def has_node(self, name: str) -> bool:
        """Whether it is one of the computers: nobody asks while all agents are there."""
        return any(one["displayName"] == name for one in json.loads(self._computers)["computer"])

    def cordon(self, node: str, label: str) -> None:
        """Nothing: no network."""

    def recall(self, node: str, labels: frozenset[str], *, exclusive: bool) -> None:
        """Nothing: no network."""

    def queue_release_job(self, job: str, node: str, parameters: Mapping[str, str]) -> None:
        """Nothing: no network."""

    def delete_node(self, node: str) -> None:
        """Nothing: no network."""


def _computer(number: int, name: str) -> dict[str, Any]:
    cordoned = number % 3 == 2  # noqa: PLR2004 - a third
    busy = number % 3 == 0
    label = cordon_label("hook", name) if cordoned else "linux"
    execution = {"url": f"http://jenkins/job/j/{number}/"} if busy else None
    return {
        "_class": "hudson.slaves.SlaveComputer",
        "displayName": name,
        "offline": False,
        "temporarilyOffline": False,
        "idle": not busy,
        "numExecutors": 1,
        "assignedLabels": [{"name": label}, {"name": name}],
        "executors": [{"idle": not busy, "currentExecutable": execution}],
        "oneOffExecutors": [],
    }


def _item(number: int) -> dict[str, Any]:
    expression = ("linux", "linux&&!arm", "linux||windows")[number % 3]
    return {
        "_class": "hudson.model.Queue$BuildableItem",
        "id": number,
        "inQueueSince": (START - number) * 1000,
        "stuck": False,
        "blocked": False,
        "buildable": True,
        "pending": False,
        "why": "Waiting for next available executor on \u2018linux\u2019",
        "task": {
            "_class": "hudson.model.FreeStyleProject",
            "name": f"job-{number % 200}",
            "labelExpression": expression,
        },
        "actions": [{}],
    }


class Still:
    """A clock that goes on only when told."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> float:
        """The time."""
        return self.at

    def wait(self, seconds: float) -> bool:
        """Go on."""
        self.at += seconds
        return False


class Nothing:
    """A mailbox, metrics and a journal that keep nothing."""

    def receive(self, queue: str) -> Sequence[Message]:  # noqa: ARG002 - the port's shape
        """No messages."""
        return ()

    def hold(self, queue: str, receipt: str, seconds: int) -> None:
        """Nothing to hold."""

    def forget(self, queue: str, receipt: str) -> None:
        """Nothing to forget."""

    def publish(self, meters: Sequence[Meter], at: float) -> None:
        """Publish nowhere."""

    def write(self, record: Mapping[str, Any]) -> None:
        """A record is made into its line, as the real journal does, and dropped."""
        json.dumps(record, default=sorted)

    def last(self, kind: str) -> Mapping[str, Any] | None:
        """Jenkins has run for long."""
        return {"session": "0123abcd", "restarted_at": 0.0} if kind == "session" else None


def driver(size: int) -> tuple[Driver, Still]:
    """The real loops over `size` agents, and their clock."""
    instances = [f"i-{number:017x}" for number in range(size)]
    clock, nothing = Still(), Nothing()
    ports = Ports(
        clock=clock,
        controller=Bytes(instances, clock),
        cloud=AwsCloud(cast("AwsClients", Answers(instances)), now=clock.now),
        mailbox=nothing,
        metrics=nothing,
        journal=nothing,
    )
    policy = Policy(name="linux", labels=frozenset({"linux"}), ceiling=20_000, max_step=20_000)
    pool = Pool(policy=policy, group=GROUP)
    loops = Driver(ports, (pool,), RealPerformer(ports), pace=Pace(), trust=Trust(), blind_step=5)
    return loops, clock


def run() -> Iterator[Figure]:
    """Time and peak memory of a tick at each size, and how the time grows.

    A controller's first tick is told apart: it finds a third of the agents at the hook, all at
    once, and journals each.
    """
    usual: dict[int, float] = {}
    for size in SIZES:
        loops, clock = driver(size)
        first, *rounds = [_seconds(loops, clock) for _ in range(ROUNDS + 1)]
        usual[size] = median(rounds)
        yield Figure(name=f"tick_seconds_{size}", value=usual[size], unit="s", n=ROUNDS)
        yield Figure(name=f"tick_first_seconds_{size}", value=first, unit="s", n=1)
        yield Figure(name=f"tick_peak_mb_{size}", value=_peak_mb(size), unit="MiB", n=1)
    low, high = SIZES[-2:]
    growth = (usual[high] / usual[low]) / (high / low)
    yield Figure(name="tick_growth_to_linear", value=growth, unit="ratio", n=2)


def _seconds(loops: Driver, clock: Still) -> float:
    clock.wait(10)
    began = time.perf_counter()
    loops.tick()
    return time.perf_counter() - began


def _peak_mb(size: int) -> float:
    """What two ticks take at their most, what they leave behind included."""
    loops, clock = driver(size)
    tracemalloc.start()
    for _ in range(2):
        _seconds(loops, clock)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20
