"""What the agents of a pool are besides how many: who they are, what they bring, when they go.

The numbers come from the settings' table `[pool.agent]`.
"""

from dataclasses import dataclass
from math import floor

from workhorse.core.word import Word


class Connection(Word):
    """How agent.jar reaches the controller."""

    WEBSOCKET = "websocket"
    TCP = "tcp"


class Tier(Word):
    """Whose builds wrote a volume; what a lower tier wrote is never given to a higher one."""

    NONE = ""
    """The pool's agents claim no volume."""
    TRUNK = "trunk"
    PULL_REQUEST = "pull-request"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPolicy:
    """What an agent of the pool is told when it registers, and when it is to go."""

    role: str = ""
    """Name of the IAM role of the pool's instances; empty: no proof of identity is accepted."""
    directory: str = "/home/jenkins/agent"
    """The node's remote root directory."""
    connection: Connection = Connection.WEBSOCKET
    executors_per_vcpu: float = 0
    """Executors for each vCPU of the instance; 0: not by vCPUs."""
    executors_per_gib: float = 0
    """Executors for each GiB of the instance's memory; 0: not by memory."""
    idle_minutes: float = 0
    """How long an agent is idle before it asks to leave; 0: it never does."""
    max_builds: int = 0
    """After so many builds an agent leaves; 0: never for that."""
    max_image_days: float = 0
    """Agents whose image is older leave, busy ones when they are idle; 0: never for that."""
    tier: Tier = Tier.NONE
    """The trust tier of the volumes that agents claim."""
    prefer_warm_zone: bool = False
    """Launch where a free warm volume lies, when several zones would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large an instance is, as it says itself."""

    vcpus: int = 1
    memory_gib: float = 1


MOST_EXECUTORS = 256
"""No agent gets more, whatever its instance says of itself."""


def executors_of(agent: AgentPolicy, pool_executors: int, size: Size) -> int:
    """The executors of an agent on an instance of that size.

    By vCPUs, by memory, or by the scarcer of the two; never fewer than the pool's policy says, for
    its planner counts on those: `policy.executors` is what the smallest instance type gives.
    """
    wanted = [
        each * amount
        for each, amount in (
            (agent.executors_per_vcpu, size.vcpus),
            (agent.executors_per_gib, size.memory_gib),
        )
        if each > 0
    ]
    by_size = floor(min(wanted)) if wanted else 0
    return min(max(pool_executors, by_size), max(pool_executors, MOST_EXECUTORS))
