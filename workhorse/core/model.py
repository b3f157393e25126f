"""The facts, frozen, and the words for them.

Glossary, one word per concept:

pool       the agents that one Auto Scaling group launches and one policy sizes
agent      one machine of a pool: an EC2 instance joined with its Jenkins node (formerly: slave)
executor   a slot on an agent that runs one build at a time
build      one run of a job that holds an executor
demand     the executors that queued and running builds of a pool ask for
capacity   the agents that take builds, or soon will: ready, booting and asked for; never draining
snapshot   everything read at one moment; a part that could not be read is `None`
policy     the numbers of a pool, at most twelve knobs
decision   what a tick wants and why
reason     one rule's step: its name, the number before, the number after
effect     a change to the world as plain data (`core/effects.py`)
hook       the lifecycle hook at which Auto Scaling waits before it ends an instance
cordon     to make Jenkins give an agent no new builds, by a label that no expression matches
drain      the way of an agent from cordon to its end
image      what an instance was launched from, told by its launch template version
rollout    the replacement of every agent of an older image
wave       the agents that a rollout replaces together
volume     a warm cache disk that an agent claims at boot
tick       one turn of a loop: observe, decide, perform, remember
journal    the record of every decision

We say instance only where AWS says so, and node only where Jenkins says so.
All times are seconds since the epoch; all durations are seconds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from workhorse.core.agents import AgentPolicy
from workhorse.core.owner import Owner
from workhorse.core.word import Word

INSTANCE_ID = re.compile(r"i-[0-9a-f]{8}(?:[0-9a-f]{9})?")
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html"""


class Release(StrEnum):
    """Who completes the termination hook when an agent has become idle."""

    CONTROLLER = "controller"
    JOB = "job"


class Scaling(StrEnum):
    """Who writes the desired capacity: our control loop, or CloudWatch alarms."""

    LOOP = "loop"
    ALARMS = "alarms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The numbers of one pool; the same keys as terraform/modules/policy emits."""

    name: str
    labels: frozenset[str]
    executors: int = 1
    """Executors per agent."""
    floor: int = 0
    ceiling: int
    buffer: int = 0
    """Agents wanted beyond demand."""
    idle_seconds: float = 300
    """How long an agent must have been idle before it may be chosen to leave."""
    cool_down_seconds: float = 60
    """How long after the last change of size no agent is chosen to leave."""
    max_step: int = 50
    """The largest change of size that one tick may make; what exceeds it is refused."""
    boot_seconds: float = 300
    """How long an instance without an online node still counts as capacity that is coming, at
    least: longer where boots were learned to take longer (`core/boots.py`)."""
    settle_seconds: float = 15
    """The least time between a confirmed cordon and the look that lets an agent go."""
    scale_in: bool = True
    release: Release = Release.CONTROLLER


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A policy and the AWS and Jenkins names it applies to."""

    policy: Policy
    group: str
    """Name of the Auto Scaling group."""
    queue_url: str = ""
    """The SQS queue that hook and EC2 events of this group come through; empty for none."""
    scaling: Scaling = Scaling.LOOP
    release_job: str = "workhorse-release"
    """The job that completes the hook from the agent, for `Release.JOB`."""
    exclusive: bool = False
    """The agents are in Jenkins' EXCLUSIVE mode: builds without a label do not run on them."""
    agent: AgentPolicy = field(default_factory=AgentPolicy)

    @property
    def name(self) -> str:
        """The policy's name, which is the pool's."""
        return self.policy.name


class Lifecycle(Word):
    """LifecycleState of an instance in its group, in Auto Scaling's words.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
    """

    PENDING = "Pending"
    PENDING_WAIT = "Pending:Wait"
    PENDING_PROCEED = "Pending:Proceed"
    IN_SERVICE = "InService"
    TERMINATING = "Terminating"
    TERMINATING_WAIT = "Terminating:Wait"
    TERMINATING_PROCEED = "Terminating:Proceed"
    TERMINATED = "Terminated"
    OTHER = "Other"
    """Standby, detaching, warmed and whatever AWS adds: not ours to touch."""

    @classmethod
    def _missing_(cls, _value: object) -> "Lifecycle":
        return cls.OTHER

    @property
    def joining(self) -> bool:
        """The instance is launched and not yet in service."""
        return self in _JOINING

    @property
    def leaving(self) -> bool:
        """Auto Scaling has decided to end the instance."""
        return self in _LEAVING


_JOINING = frozenset({Lifecycle.PENDING, Lifecycle.PENDING_WAIT, Lifecycle.PENDING_PROCEED})
_LEAVING = frozenset(
    {
        Lifecycle.TERMINATING,
        Lifecycle.TERMINATING_WAIT,
        Lifecycle.TERMINATING_PROCEED,
        Lifecycle.TERMINATED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One member of an Auto Scaling group."""

    id: str
    lifecycle: Lifecycle
    launched_at: float | None = None
    """When EC2 launched it; None while EC2 has not been asked or does not know it."""
    template_version: int = 0
    """Version of the launch template it was launched from: the age of its image."""
    zone: str = ""
    spot: bool = False
    protected: bool = False
    """Scale-in protection is on: an operator holds it, we never choose it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """The termination lifecycle hook of a group."""

    name: str
    heartbeat_seconds: float


@dataclass(frozen=True, kw_only=True)
class Group:
    """One Auto Scaling group as described at `read_at`, the moment before it was asked."""

    name: str
    read_at: float
    minimum: int
    maximum: int
    desired: int
    instances: tuple[Instance, ...] = ()
    hook: Hook | None = None
    template_version: int = 0
    """Launch template version that the group launches now; 0 when it tells none by number."""
    scale_in_off: bool = False
    """Tagged `workhorse:scale-in = off`, or its Terminate process is suspended."""

    @cached_property
    def members(self) -> int:
        """Instances that count towards desired capacity: pending and in service."""
        return sum(
            1 for i in self.instances if i.lifecycle is Lifecycle.IN_SERVICE or i.lifecycle.joining
        )

    @cached_property
    def by_id(self) -> Mapping[str, Instance]:
        """The instances by their id."""
        return {i.id: i for i in self.instances}

    @cached_property
    def leaving(self) -> tuple[str, ...]:
        """The ids of those that Auto Scaling has decided to end."""
        return tuple(i.id for i in self.instances if i.lifecycle.leaving)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBuild:
    """A build on an executor, as far as Jenkins tells of it."""

    path: str
    """Its path below Jenkins' root, as `job/api-tests/812/`."""
    started_at: float | None = None
    """When it began; None when Jenkins does not tell."""
    estimated_seconds: float | None = None
    """Jenkins' estimatedDuration: the mean of up to three recent successful builds of its job.

    None when Jenkins has no history to go by.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One Jenkins computer with the labels of its node, without the self label."""

    name: str
    labels: frozenset[str] = frozenset()
    offline: bool = False
    temporarily_offline: bool = False
    idle: bool = True
    """Jenkins' own word: every executor idle and no one-off executor."""
    executors: int = 1
    busy: int = 0
    """Executors that hold a build, started or only assigned."""
    running: tuple[RunningBuild, ...] = ()
    """The builds on it: for people who ask what is waited for, and for planners."""
    owner: Owner | None = None
    """Which pool of whom it was made for; None when it does not say."""
    ghost: bool = False
    """Its node was deleted, and the computer outlived it with what still runs there."""


class ItemState(StrEnum):
    """Where a queue item stands, in the words of hudson.model.Queue."""

    WAITING = "waiting"
    BLOCKED = "blocked"
    BUILDABLE = "buildable"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """One item of the Jenkins queue."""

    id: int
    task: str
    """Name of the job, or `part of JOB #N` for the body of a pipeline."""
    state: ItemState
    since: float
    due: float = 0
    """For a waiting item, when its quiet period ends."""
    stuck: bool = False
    expression: str | None = None
    """The label expression, when Jenkins told it outright; None when it told nothing."""
    placeholder: bool = False
    """A pipeline's body: it has an expression that the API does not tell."""
    flyweight: bool = False
    """The parent of a pipeline or matrix build: it needs no executor of an agent."""
    why: str = ""
    """Jenkins' English account of why it waits; read only by the rules of `core/demand.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jenkins:
    """The queue, then the nodes, of one controller as read from `read_at` on.

    The queue is read first: an item leaves the queue only after its executor has become busy, so in
    this order every build is seen at least once.
    """

    read_at: float
    session: str
    """X-Jenkins-Session: new at every start of the controller."""
    nodes: Mapping[str, Node]
    queue: tuple[QueueItem, ...] = ()
    quieting_down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An instance joined with the node of the same name; the node is None until it registers."""

    instance: Instance
    node: Node | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What could be read; `jenkins` or a group is None when its reading failed or is too old."""

    at: float
    """When the last reading had come in."""
    jenkins: Jenkins | None
    groups: Mapping[str, Group | None] = field(default_factory=dict)
    """Group name to group."""
    states: Mapping[str, str] = field(default_factory=dict)
    """EC2's state name of instances that left their group, `gone` when EC2 knows them no more."""
    frozen: bool = False
    """Jenkins restarted a moment ago or is quieting down: nothing may be destroyed."""
    notes: tuple[str, ...] = ()
    """Why parts are missing, for the journal."""

    @property
    def unread(self) -> bool:
        """A group could not be read: who is a member of it is not known."""
        return not all(self.groups.values())

    def agents(self, group: str) -> tuple[Agent, ...]:
        """The group's instances joined with their nodes; empty when the group was not read."""
        found = self.groups.get(group)
        nodes = self.jenkins.nodes if self.jenkins else {}
        return tuple(
            Agent(instance=i, node=nodes.get(i.id)) for i in (found.instances if found else ())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One rule's step from a number to a number, and why."""

    rule: str
    before: int
    after: int
    because: str

    def __str__(self) -> str:
        """As the journal and `explain` print it."""
        return f"{self.rule}: {self.before} -> {self.after} ({self.because})"
