"""How long an instance may be let boot, by what the readings showed: the auditor's own account.

It is no less than what is promised of the pool, and than the longest boot that was shown.
Where an instance is ended that never came, the next may be waited for twice as long, until one
comes while everything can be seen.
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
        self._came: set[str] = set()
        """Instances that a reading showed online."""
        self._booting: frozenset[str] = frozenset()
        """Members that the last reading did not show online, nor any before it; none after one
        that could not be trusted."""

    def shown(self, jenkins: Jenkins, *, calm: bool) -> None:
        """Keep what this reading tells; `calm` when the loops could make the same of it."""
        booting: set[str] = set()
        for machine in self._world.members():
            if machine.id in self._came:
                continue
            node = jenkins.nodes.get(machine.id)
            if node is None or node.offline:
                booting.add(machine.id)
                continue
            self._came.add(machine.id)
            took = min(jenkins.read_at - machine.launched_at, LONGEST_SECONDS)
            self._longest[machine.group] = max(self._longest[machine.group], took)
            if calm and machine.id in self._booting:
                self._waited.pop(machine.group, None)
        self._booting = frozenset(booting) if calm else frozenset()

    def ended(self, machine: Machine) -> None:
        """The loops have it terminated."""
        age = self._world.kernel.now - machine.launched_at
        if machine.id not in self._came and age >= LedgerPolicy().margin_seconds:
            doubled = min(2 * self.patience(machine.group), LONGEST_SECONDS)
            self._waited[machine.group] = doubled

    def patience(self, group: str) -> float:
        """How long the next instance of the group may be let boot, in seconds."""
        return max(self._longest[group], self._waited.get(group, 0.0))
