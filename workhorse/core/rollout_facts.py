"""What one look at a rollout may know, and the pool's members as a rollout counts them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workhorse.core.boots import expected_boot
from workhorse.core.demand import Demand
from workhorse.core.drain import Cause, Drain
from workhorse.core.drains import found_cordon
from workhorse.core.learn import Learned
from workhorse.core.model import Agent, Group, Instance, Lifecycle, Node, Pool, Snapshot
from workhorse.core.orders import Canary, JobRun, Order, Refresh, RolloutPolicy
from workhorse.core.survey import Survey


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was read for one look at one rollout; what could not be read is None."""

    order: Order
    policy: RolloutPolicy
    pool: Pool
    snapshot: Snapshot
    survey: Survey | None
    demand: Demand | None
    learned: Learned = field(default_factory=Learned)
    drains: Mapping[str, Drain] = field(default_factory=dict)
    """The drains under way, by instance id."""
    canaries: tuple[Canary, ...] | None = ()
    """The group's canaries, of whichever order."""
    runs: tuple[JobRun, ...] | None = ()
    """The newest run of the smoke job for this order, if there is one."""
    refreshes: tuple[Refresh, ...] | None = ()
    """The group's newest instance refresh, if there is one."""
    asked_at: float | None = None
    """When this process first had EC2 take the request for the canary."""
    matrixed: frozenset[str] = frozenset()
    """Nodes for which this process had Jenkins take the request for the matrix job."""
    trouble: str = ""
    """Why the last thing that was asked for was not done."""

    @property
    def now(self) -> float:
        """The time of the snapshot."""
        return self.snapshot.at

    @property
    def group(self) -> Group | None:
        """The group; None when it could not be read, or is not the one of the order."""
        return self.snapshot.groups.get(self.order.group) if self.names_group else None

    @property
    def names_group(self) -> bool:
        """The order is of the group that the pool has now."""
        return self.order.group == self.pool.group

    @property
    def blind(self) -> bool:
        """Something is not known that whoever chooses, launches or judges must know."""
        s = self.snapshot
        unread = self.group is None or self.survey is None or self.demand is None
        return unread or s.jenkins is None or s.frozen

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Jenkins' nodes by name; none when it was not read."""
        return self.snapshot.jenkins.nodes if self.snapshot.jenkins else {}

    def online(self, instance: str) -> bool:
        """Jenkins has an online node of it."""
        node = self.nodes.get(instance)
        return node is not None and not node.offline

    @property
    def fresh(self) -> tuple[Instance, ...]:
        """The members of the version that was ordered."""
        return tuple(i for i in _members(self.group) if i.template_version == self.order.target)

    @property
    def old(self) -> tuple[Instance, ...]:
        """The members of any other version."""
        return tuple(i for i in _members(self.group) if i.template_version != self.order.target)

    @property
    def leaving(self) -> frozenset[str]:
        """Instances that are on their way out, for whichever cause."""
        draining = self.survey.draining if self.survey else ()
        return frozenset(agent.instance.id for agent in draining)

    @property
    def cordoned(self) -> tuple[Agent, ...]:
        """Agents in service that a rollout keeps from taking builds."""
        draining = self.survey.draining if self.survey else ()
        return tuple(agent for agent in draining if self._by_rollout(agent))

    def _by_rollout(self, agent: Agent) -> bool:
        """By its drain; by its cordon after a restart, when its drain was not found yet."""
        if agent.instance.lifecycle is not Lifecycle.IN_SERVICE:
            return False
        drain = self.drains.get(agent.instance.id)
        if drain is not None:
            return drain.cause is Cause.ROLLOUT
        return agent.node is not None and found_cordon(agent.node) is Cause.ROLLOUT

    @property
    def late_seconds(self) -> float:
        """How long a new agent of the group may take to come online before it has failed.

        No less than the slowest of a hundred good boots, so that a good one is not called bad; and
        no less than `boot_seconds`, up to which the operator expects it and the planner counts it.
        """
        return expected_boot(self.pool.policy, self.learned)


def _members(group: Group | None) -> tuple[Instance, ...]:
    """Standby and the like are not ours to touch, and an ended instance is no member."""
    ours = (
        i
        for i in (group.instances if group else ())
        if i.lifecycle not in {Lifecycle.OTHER, Lifecycle.TERMINATED}
    )
    return tuple(ours)
