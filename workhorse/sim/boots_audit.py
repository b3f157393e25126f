"""How long an instance may be let boot, by what the readings showed: the auditor's own account.

It is no less than what is promised of the pool, and than the longest boot that was shown.
Where an instance is ended that never came, the next may be waited for twice as long, until one
comes to stay while everything can be seen.
"""

from collections.abc import Mapping

from workhorse.core.boots import LONGEST_SECONDS
from workhorse.core.ledger import LedgerPolicy
from workhorse.core.model import Jenkins, Policy
from workhorse.sim.groups import Machine
from workhorse.sim.world import World


class BootsAudit:
    """Keeps that account of every group.

    Args:
        world: what there really is.
        policies: group to what is promised of it.
    """

    def __init__(self, world: World, policies: Mapping[str, Policy]) -> None:
        self._world = world
        self._longest = {group: policy.boot_seconds for group, policy in policies.items()}
        self._waited: dict[str, float] = {}
        """Group to what is waited for since one was ended that never came."""
        self._over: set[str] = set()
        """Instances that a reading showed online, or that were ended."""
        self._calm_since = 0.0
        """When the newest reading was taken of which the loops could make nothing."""

    def shown(self, jenkins: Jenkins, *, calm: bool) -> None:
        """Keep what this reading tells; `calm` when the loops could make the same of it."""
        if not calm:
            self._calm_since = jenkins.read_at
        for machine in self._world.members():
            if machine.id in self._over:
                continue
            node = jenkins.nodes.get(machine.id)
            given_up = self._age(machine) >= self._due(machine)
            if node is None or node.offline:
                if machine.lifecycle.leaving and given_up:
                    self._double(machine)  # Somebody else ended it first.
                continue
            clear = machine.launched_at > self._calm_since and not machine.lifecycle.leaving
            if clear:
                self._waited.pop(machine.group, None)
            elif given_up:
                self._double(machine)  # It came all the same.
            self._over.add(machine.id)
            took = min(jenkins.read_at - machine.launched_at, LONGEST_SECONDS)
            self._longest[machine.group] = max(self._longest[machine.group], took)

    def ended(self, machine: Machine) -> None:
        """The loops have it terminated; once counts, however often it is tried."""
        long = self._age(machine) >= LedgerPolicy().margin_seconds
        if machine.id not in self._over and long:
            self._double(machine)

    def _double(self, machine: Machine) -> None:
        doubled = min(2 * self.patience(machine.group), LONGEST_SECONDS)
        self._waited[machine.group] = doubled
        self._over.add(machine.id)

    def patience(self, group: str) -> float:
        """How long the next instance of the group may be let boot, in seconds."""
        return max(self._longest[group], self._waited.get(group, 0.0))

    def _due(self, machine: Machine) -> float:
        """The age at which the loops may give it up."""
        return self.patience(machine.group) + LedgerPolicy().margin_seconds

    def _age(self, machine: Machine) -> float:
        return self._world.kernel.now - machine.launched_at
