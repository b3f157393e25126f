"""Registering an agent: it proves who it is, has a node, and is told how to connect."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from workhorse.core.admission import (
    Denied,
    Member,
    Status,
    Way,
    check_room,
    description,
    size_told,
)
from workhorse.core.agents import Size, executors_of
from workhorse.core.canary import canary_label
from workhorse.core.effects import CreateNode
from workhorse.core.model import Pool
from workhorse.core.requests import Reply
from workhorse.loops.admittance import Admittance, Entrant
from workhorse.loops.agent_ports import LateStore
from workhorse.loops.hearing import Hearing
from workhorse.loops.leases import Leases
from workhorse.loops.notes import note
from workhorse.loops.ports import Ports
from workhorse.loops.registrar import RETRY_SECONDS, Entry, Registrar
from workhorse.loops.sight import Sight
from workhorse.loops.view import Seen


class Registration:
    """Registers agents; for many threads."""

    def __init__(  # noqa: PLR0913 - who is asked on the way, by name
        self,
        ports: Ports,
        pools: Mapping[str, Pool],
        *,
        admittance: Admittance,
        registrar: Registrar,
        leases: Leases,
        hearing: Hearing,
        sight: Sight,
        late: LateStore | None,
        jenkins_url: str,
    ) -> None:
        """Make the desk.

        Args:
            ports: the outside; its clock is the loops'.
            pools: whose agents may come, by name.
            admittance: tells who they are.
            registrar: has nodes made.
            leases: what they are given to come back with.
            hearing: hears that they are there.
            sight: sees whether they leave.
            late: what they apply before they connect; None for nothing.
            jenkins_url: Jenkins, as agents reach it; ends with a slash.
        """
        self._ports = ports
        self._pools = pools
        self._admittance = admittance
        self._registrar = registrar
        self._leases = leases
        self._hearing = hearing
        self._sight = sight
        self._late = late
        self._jenkins_url = jenkins_url

    def entrant(self, body: Mapping[str, Any], seen: Seen | None) -> Entrant:
        """Who the body proves to be.

        Raises:
            Denied: nobody of ours, or it cannot be told now.
        """
        entrant = self._admittance.entrant(body, seen, self._sight.now())
        self._hearing.hears(entrant.member)
        return entrant

    def register(self, body: Mapping[str, Any], wall: float) -> Reply:
        """Let an agent in.

        Args:
            body: as docs/gateway.md says.
            wall: seconds of the wall's clock.

        Raises:
            Denied: it is not let in.
            Surprise: Jenkins, or the store of late configuration, does not let it happen.
        """
        size = size_told(body)
        seen, jenkins = self._sight.readable()
        entrant = self.entrant(body, seen)
        member, pool = entrant.member, self._pools[entrant.member.pool]
        if self._sight.leaving(member.name, seen):
            raise _leaves(member)
        check_room(member, jenkins.nodes)
        late = self._late_of(pool.name)
        wanted = self._node(member, pool, size)
        entry = self._registrar.enter(wanted, jenkins)
        self._tell(member, wanted, entry)
        answer = {
            "name": member.name,
            "pool": pool.name,
            "jenkins_url": self._jenkins_url,
            "secret": entry.secret,
            "directory": wanted.directory,
            "connection": wanted.connection,
            "labels": sorted(wanted.labels),
            "executors": wanted.executors,
            **self._leases.given(member, wall),
            "jar_sha256": self._registrar.jar(jenkins.session),
            "idle_minutes": 0 if member.canary else pool.agent.idle_minutes,
            "cache": member.has_cache(pool),
            "late": late,
        }
        if member.way is Way.TOKEN:
            answer["resume"] = entrant.resume
        return Reply(status=Status.OK, body=answer)

    def _node(self, member: Member, pool: Pool, size: Size) -> CreateNode:
        labels = {canary_label(pool.name)} if member.canary else pool.policy.labels
        return CreateNode(
            node=member.name,
            labels=frozenset(labels),
            executors=executors_of(pool.agent, pool.policy.executors, size),
            exclusive=pool.exclusive or member.canary,
            directory=pool.agent.directory,
            connection=pool.agent.connection,
            description=description(pool.name, self._admittance.home(), member),
        )

    def _late_of(self, pool: str) -> dict[str, str] | None:
        late = self._late.late(pool) if self._late else None
        if late is None:
            return None
        told = {"manifest": late.manifest, "signature": late.signature}
        return {key: b64encode(value).decode() for key, value in told.items()}

    def _tell(self, member: Member, wanted: CreateNode, entry: Entry) -> None:
        note(
            self._ports,
            "registered",
            instance=member.name,
            pool=member.pool,
            way=member.way,
            canary=member.canary,
            executors=wanted.executors,
            node="created" if entry.created else "there",
            requests=entry.requests,
        )


def _leaves(member: Member) -> Denied:
    """An instance stays out; of a machine with a token only the old node goes, within a minute."""
    if member.way is Way.TOKEN:
        because = "its old node is being deleted: come again"
        return Denied(Status.UNAVAILABLE, because, retry_seconds=RETRY_SECONDS)
    return Denied(Status.CONFLICT, "the instance leaves")
