"""A fault plan: a world, what is built in it, and what goes wrong in it and when.

Equal plans make equal runs.  A plan is printed as the Python that makes it, and written as JSON.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workhorse.core.agents import AgentPolicy
from workhorse.core.model import Hook, Policy, Pool
from workhorse.core.orders import RolloutPolicy
from workhorse.core.plan import Planner
from workhorse.core.planners.duration import Duration
from workhorse.core.planners.exact import Exact
from workhorse.core.planners.objective import Objective
from workhorse.core.planners.stock import Stock
from workhorse.sim.builds import Timings
from workhorse.sim.faults.fault import Fault
from workhorse.sim.groups import Shape

EXACT = "exact"
PLANNERS: Mapping[str, Callable[..., Planner]] = {
    EXACT: Exact,
    "stock": Stock,
    "duration": Duration,
    "objective": Objective,
}
"""Those that come with workhorse, by the names of their entry points."""
MOST_ROOM = 2
"""How much larger a group may be than its policy's ceiling, so that another hand can exceed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPlan:
    """One pool: what is promised of it, and the group that it is."""

    policy: Policy
    hook_seconds: float = 300.0
    """The hook's heartbeat time-out; 0 for a group without a hook."""
    boots: tuple[float, ...] = (60.0,)
    """From launch to connecting; each instance takes one of them by chance."""
    queue: bool = True
    """Its notices come through a queue."""
    spot: bool = False
    exclusive: bool = False
    room: int = MOST_ROOM
    """The group's maximum beyond the policy's ceiling."""
    planner: str = EXACT
    options: tuple[tuple[str, float], ...] = ()
    """Of the planner: name and value."""
    idle_minutes: float = 0.0
    """How long an agent may be idle, where there is a gateway; 0 for ever."""
    max_builds: int = 0
    """How many builds an agent may run; 0 for any number."""
    rollout: RolloutPolicy | None = None
    """What a rollout may do; where no pool has one, none can be ordered."""
    image_days: float = 0.0
    """How old the image of its agents may be; 0 for any age. EC2 is asked where that is given."""

    @property
    def plain(self) -> bool:
        """It is planned by what builds need alone: its size at rest and idle times are known."""
        return self.planner == EXACT and not self.options

    def made_planner(self) -> Planner:
        """The planner with its options.

        Raises:
            ValueError: an option is refused.
            TypeError: there is no option of that name.
        """
        return PLANNERS[self.planner](**dict(self.options))

    @property
    def pool(self) -> Pool:
        """What the loops are to keep."""
        return Pool(
            policy=self.policy,
            group=f"{self.policy.name}-agents",
            queue_url=f"https://sqs.example/{self.policy.name}" if self.queue else "",
            exclusive=self.exclusive,
            agent=AgentPolicy(
                role="agents",
                max_image_days=self.image_days,
                idle_minutes=self.idle_minutes,
                max_builds=self.max_builds,
            ),
        )

    @property
    def shape(self) -> Shape:
        """The group in the simulated cloud."""
        policy, pool, boots = self.policy, self.pool, self.boots
        hook = Hook(name="drain", heartbeat_seconds=self.hook_seconds)
        return Shape(
            group=pool.group,
            labels=policy.labels,
            minimum=0,
            maximum=policy.ceiling + self.room,
            queue=pool.queue_url,
            executors=policy.executors,
            exclusive=self.exclusive,
            hook=hook if self.hook_seconds else None,
            spot=self.spot,
            boot_seconds=lambda rng: rng.choice(boots),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """One build that is asked for."""

    at: float = 0.0
    seconds: float = 60.0
    label: str | None = None
    """The label expression; None for a build that runs anywhere."""
    pipeline: bool = False
    job: str = ""
    """What is said of its job, where there is a gateway: `keep`, `deploy`, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """All that a run is made from; times are seconds from its beginning.

    Pipelines whose label Jenkins does not tell go to the first pool.
    """

    pools: tuple[PoolPlan, ...]
    builds: tuple[BuildPlan, ...] = ()
    faults: tuple[Fault, ...] = ()
    seconds: float = 3600.0
    """How long things may go wrong; afterwards the world is left in peace."""
    seed: int = 0
    """Of what is left to chance: boots, and the order of messages."""
    tick: float = 10.0
    glance: float = 10.0
    mail: float = 10.0
    quiet_seconds: float = 0.0
    """Jenkins' quiet period."""
    label_lag: float = 0.0
    """How long Jenkins' queue goes by old labels."""
    asking: bool = False
    """There is a gateway: agents ask, and lost builds are queued again."""
    shuffled: bool = False
    """Messages that are received together come in any order."""

    @property
    def rollouts(self) -> Mapping[str, RolloutPolicy]:
        """Pool name to what a rollout may do there; empty where none can be ordered."""
        return {each.policy.name: each.rollout for each in self.pools if each.rollout}

    @property
    def timings(self) -> Timings:
        """How long Jenkins takes over things."""
        return Timings(quiet=self.quiet_seconds, label_lag=self.label_lag)
