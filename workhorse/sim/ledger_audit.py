"""Whether who is lost is ended in time, and what is left of it deleted.

Time is counted by readings that the loops could trust, while nothing kept them from acting: any
trouble on the line, a wrong clock or a restart of the loops begins all of it anew.
So this is a bound for quiet times, which a ledger that keeps it there keeps elsewhere later.
"""

from collections.abc import Callable, Iterator, Mapping
from math import inf

from workhorse.core.drain import PIPELINE_RESUME_SECONDS, REPEAT_SECONDS
from workhorse.core.drains import is_cordoned
from workhorse.core.ledger import LedgerPolicy
from workhorse.core.model import Jenkins, Lifecycle, Node, Policy
from workhorse.sim.boots_audit import BootsAudit
from workhorse.sim.groups import Machine, Power
from workhorse.sim.token_machines import ABSENT_SECONDS
from workhorse.sim.world import World

SLACK_SECONDS = 90.0
"""What may come between what is due and its showing: some ticks, and others whose turn it is."""
LEFT_SECONDS = 45.0
"""How long a node of a terminated instance may be seen: 30 s, and two ticks of 20 s at the most."""
GRACE_SECONDS = 120.0
"""After a start of the loops: a grace after a restart of Jenkins may have begun anew with it."""


class LedgerAudit:
    """Watches what the readings show of the lost.

    Args:
        world: what there really is.
        policies: group to what is promised of it.
        breach: told of every broken promise.
    """

    def __init__(
        self, world: World, policies: Mapping[str, Policy], breach: Callable[[str], None]
    ) -> None:
        self._world = world
        self._breach = breach
        self.boots = BootsAudit(world, policies)
        self._since: dict[str, float] = {}
        """Instance or node to the first of the readings that showed it out of order."""
        self._limits: dict[str, float] = {}
        """The same to how long that may be seen."""
        self._shrank: dict[str, float] = {}
        """The same to the reading since which that is less: another that came ends its time."""
        self._overdue: dict[str, float] = {}
        """The same to the first at which its time was over."""
        self._starts = 0
        self._started_at = 0.0
        self._read_at = 0.0
        self.calm_since = 0.0
        """Since when every reading could be trusted, and nothing kept the loops from acting."""

    def _failed_since(self, at: float) -> bool:
        """A call failed after that: then no reading may have come that would be shown here."""
        return any(failed >= at for failed in self._world.line.failed_at.values())

    def shown(self, jenkins: Jenkins, *, trusted: bool) -> None:
        """Count what this reading shows out of order, or forget all of it."""
        world, now = self._world, jenkins.read_at
        failed, self._read_at = self._failed_since(self._read_at), now
        troubled = world.line.troubled or failed or world.cloud.lag_seconds or world.skewed
        if world.starts != self._starts:
            self._starts, self._started_at = world.starts, now
        calm = trusted and not troubled and now - self._started_at >= GRACE_SECONDS
        self.boots.shown(jenkins, calm=calm)
        if not calm:
            self._since, self._overdue, self.calm_since = {}, {}, now
            self._limits, self._shrank = {}, {}
            return
        limits = dict(self._out_of_order(jenkins))
        self._since = {name: self._since.get(name, now) for name in limits}
        shrank = {name for name, limit in limits.items() if limit < self._limits.get(name, 0.0)}
        self._shrank |= dict.fromkeys(shrank, now)
        self._limits = limits
        over = [name for name, limit in limits.items() if self._is_over(name, limit, now)]
        self._overdue = {name: self._overdue.get(name, now) for name in over}
        for name, since in self._overdue.items():
            # Twice: loops that hung take their turn with the first reading.
            if since < now:
                text = f"{name} is lost since {self._since[name]:.0f}, and there is still"
                self._breach(f"at {now:.1f}: {text}")

    def _is_over(self, name: str, limit: float, now: float) -> bool:
        shrank_at = self._shrank.get(name, -inf)
        return now - self._since[name] > limit and now - shrank_at > SLACK_SECONDS

    def _out_of_order(self, jenkins: Jenkins) -> Iterator[tuple[str, float]]:
        """Who is, and for how long that may be seen."""
        margin = LedgerPolicy().margin_seconds
        for machine in self._world.members(Lifecycle.IN_SERVICE):
            node, group = jenkins.nodes.get(machine.id), self._world.cloud.groups[machine.group]
            kept = machine.protected or group.scale_in_off or self._hidden(machine)
            if kept or not _lost(node):
                continue
            boot = 0.0 if node else self.boots.patience(machine.group)
            # Who hung, and whose node was deleted then, is missed for another reason from then on,
            # as is who came and was forgotten before the loops could see its node.
            unlisted = "forgotten" if machine.came else "unlisted"
            subject = machine.id if node else f"{machine.id}, {unlisted},"
            yield subject, max(boot, PIPELINE_RESUME_SECONDS) + margin + SLACK_SECONDS
        for name, node in jenkins.nodes.items():
            if name in self._world.token_machines.names:
                # A cordon begins another time.
                if is_cordoned(node) and node.offline and node.idle:
                    yield f"{name}, cordoned,", REPEAT_SECONDS + SLACK_SECONDS
                elif _lost(node) and not node.temporarily_offline:
                    yield name, ABSENT_SECONDS + SLACK_SECONDS
                continue
            left = self._world.cloud.machines.get(name)
            if left is None or not left.known(self._world.kernel.now):
                yield name, PIPELINE_RESUME_SECONDS + SLACK_SECONDS
            elif left.power is Power.TERMINATED and not left.in_group and node.offline:
                yield name, LEFT_SECONDS

    def _hidden(self, machine: Machine) -> bool:
        """It has a node that is not listed."""
        found = self._world.jenkins.computers.get(machine.id)
        return found is not None and found.unlisted


def _lost(node: Node | None) -> bool:
    """No node, or an offline one with nothing on it that is not leaving already."""
    if node is None:
        return True
    return node.offline and node.idle and not node.busy and not is_cordoned(node)
