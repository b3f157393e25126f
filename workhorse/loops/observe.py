"""Reading the world into one snapshot, and telling when its answers are not to be trusted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf

from workhorse.core.drain import Drain
from workhorse.core.drains import is_cordoned
from workhorse.core.errors import Surprise
from workhorse.core.model import INSTANCE_ID, Group, Jenkins, Lifecycle, Node, Pool, Snapshot
from workhorse.loops.members import Membership
from workhorse.loops.notes import note
from workhorse.loops.ports import Ports

NOBODY_ELSE: frozenset[str] = frozenset()
"""EC2 is asked after no further instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How old a reading may be, and how long a restarted Jenkins is not believed."""

    stale_seconds: float = 30
    restart_grace_seconds: float = 120
    """Jenkins shows agents offline and idle for 8 to 15 s after a restart, pipelines on them
    notwithstanding, and takes back what it had queued only bit by bit."""


class Observer:
    """Takes snapshots; remembers only which run of Jenkins it saw last."""

    def __init__(self, ports: Ports, pools: tuple[Pool, ...], trust: Trust) -> None:
        self._ports = ports
        self._pools = pools
        self._labels = [pool.policy.labels for pool in pools]
        self._membership = Membership(pools)
        self._trust = trust
        seen, trusted = (ports.journal.last(kind) or {} for kind in ("session", "trusted"))
        self._session: str = str(seen.get("session", ""))
        self._trusted = bool(self._session) and trusted.get("session") == self._session
        """Its grace was lived through.  When it began is not taken from an earlier run: the clock
        may have been set meanwhile, and a grace that is begun anew is no harm."""
        self._restarted_at: float | None = None

    def observe(self, drains: Mapping[str, Drain], also: frozenset[str] = NOBODY_ELSE) -> Snapshot:
        """AWS first, then Jenkins: the look that may let an agent go is the freshest.

        Args:
            drains: the drains under way, by instance id.
            also: instances of which EC2 is asked when no group has them.
        """
        notes: list[str] = []
        groups = self._groups(notes)
        jenkins = self._jenkins(notes)
        states = self._states(self._strangers(groups, jenkins, drains, also), notes)
        at = self._ports.clock.now()
        if jenkins is not None and not 0 <= at - jenkins.read_at <= self._trust.stale_seconds:
            notes.append(f"Jenkins: the reading took {at - jenkins.read_at:.0f} s: too old")
            jenkins = None
        groups = {name: self._fresh(group, at, notes) for name, group in groups.items()}
        return Snapshot(
            at=at,
            jenkins=jenkins,
            groups=groups,
            states=states,
            frozen=jenkins is None or jenkins.quieting_down or self._restarted(jenkins.read_at),
            notes=tuple(notes),
        )

    def holds_until(self, snapshot: Snapshot) -> float:
        """Until when the same answers give the same snapshot: the grace after a restart may end.

        The snapshot's own time when it is not complete: whoever failed may answer at any time.
        """
        if snapshot.notes or snapshot.jenkins is None:
            return snapshot.at
        if self._restarted_at is None or not self._restarted(snapshot.jenkins.read_at):
            return inf
        return self._restarted_at + self._trust.restart_grace_seconds

    def _groups(self, notes: list[str]) -> Mapping[str, Group | None]:
        names = [pool.group for pool in self._pools]
        try:
            found = self._ports.cloud.groups(names)
        except Surprise as surprise:
            notes.append(f"Auto Scaling: {surprise}")
            return dict.fromkeys(names)
        notes += [f"Auto Scaling: no group {name!r}" for name in names if name not in found]
        return {name: found.get(name) for name in names}

    def _fresh(self, group: Group | None, at: float, notes: list[str]) -> Group | None:
        """The group, unless reading everything else has made it too old."""
        if group is None or 0 <= at - group.read_at <= self._trust.stale_seconds:
            return group
        notes.append(f"Auto Scaling: {group.name} was read {at - group.read_at:.0f} s ago: too old")
        return None

    def _jenkins(self, notes: list[str]) -> Jenkins | None:
        try:
            jenkins = self._ports.controller.read()
        except Surprise as surprise:
            notes.append(f"Jenkins: {surprise}")
            return None
        if jenkins.session != self._session:
            self._session, self._restarted_at = jenkins.session, jenkins.read_at
            self._trusted = False
            facts = {"session": jenkins.session, "restarted_at": jenkins.read_at}
            note(self._ports, "session", **facts)
        elif not self._trusted and self._restarted_at is None:
            self._restarted_at = jenkins.read_at
        elif not self._trusted and not self._restarted(jenkins.read_at):
            self._trusted = True
            note(self._ports, "trusted", session=jenkins.session)
        return jenkins

    def _strangers(
        self,
        groups: Mapping[str, Group | None],
        jenkins: Jenkins | None,
        drains: Mapping[str, Drain],
        also: frozenset[str],
    ) -> frozenset[str]:
        """Instances that EC2 must be asked about: drained or dead ones that are in no group now.

        Of those that wait at a hook it is asked when Jenkins does not show them online.
        """
        if not all(groups.values()):
            return frozenset()
        members = self._membership.of(groups).pools.keys()
        nodes = jenkins.nodes if jenkins else {}
        ours = {n for n in nodes.keys() - members if _may_be_ours(nodes[n], self._labels)}
        left = (drains.keys() | also) - members
        return frozenset(ours | left | set(_unseen_at_hook(drains, groups, jenkins)))

    def _states(self, instances: frozenset[str], notes: list[str]) -> Mapping[str, str]:
        if not instances:
            return {}
        try:
            return self._ports.cloud.states(sorted(instances))
        except Surprise as surprise:
            notes.append(f"EC2: {surprise}")
            return {}

    def _restarted(self, read_at: float) -> bool:
        """The reading falls into the grace; a clock that jumped back lengthens that."""
        since = self._restarted_at
        return since is not None and read_at - since < self._trust.restart_grace_seconds


def _may_be_ours(node: Node, labels: list[frozenset[str]]) -> bool:
    """Named like an instance, and cordoned by us, a ghost, or offline and ours as it says."""
    if not INSTANCE_ID.fullmatch(node.name):
        return False
    if is_cordoned(node) or node.ghost:
        return True
    told = node.owner is not None  # A canary has no label of its pool.
    return node.offline and (told or any(wanted <= node.labels for wanted in labels))


def _unseen_at_hook(
    drains: Mapping[str, Drain], groups: Mapping[str, Group | None], jenkins: Jenkins | None
) -> Iterator[str]:
    """Agents that wait at their hook and may be dead: only EC2 can tell."""
    for name, drain in drains.items():
        node, group = jenkins.nodes.get(name) if jenkins else None, groups.get(drain.group)
        member = group.by_id.get(name) if group else None
        waits = member is not None and member.lifecycle is Lifecycle.TERMINATING_WAIT
        if waits and (node is None or node.offline):
            yield name
