"""The gateway: agents register here, and ask for what needs a right; many threads at once.

It decides by what the last tick saw, and does what an agent may not do itself.
What cordons or ends an agent is not done here: an ask is left for the loops' one thread.
The routes and their bodies are told in docs/gateway.md.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from workhorse.core.admission import Denied, Member, Status
from workhorse.core.errors import Missing, Surprise
from workhorse.core.meters import Meter
from workhorse.core.model import Pool
from workhorse.core.requests import Reply, Request
from workhorse.loops.admittance import Admittance
from workhorse.loops.agent_ports import LateStore
from workhorse.loops.coalesced import RETRY_SECONDS
from workhorse.loops.gateway_tally import GatewayTally
from workhorse.loops.hearing import Hearing
from workhorse.loops.leases import NONCE_SECONDS, Lease, Leases
from workhorse.loops.ports import Ports
from workhorse.loops.registrar import Registrar
from workhorse.loops.registration import Registration
from workhorse.loops.sight import Sight
from workhorse.loops.throttle import Throttle
from workhorse.loops.turnstile import Turnstile
from workhorse.loops.volume_desk import VolumeDesk

LATE = "/v1/late/"

_ALONE = frozenset({"/v1/here", "/v1/ask"})
"""What is answered without asking anybody, but for whether a token is good yet."""

_DIGEST = re.compile(r"[0-9a-f]{64}")

_Handler = Callable[[Member, Mapping[str, Any]], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who does the gateway's work."""

    admittance: Admittance
    registrar: Registrar
    leases: Leases
    throttle: Throttle
    """Of whoever shows no lease."""
    leased: Throttle
    """Of agents that show one."""
    hearing: Hearing
    sight: Sight
    volumes: VolumeDesk
    late: LateStore | None = None


class Gateway:
    """Answers requests."""

    def __init__(
        self,
        ports: Ports,
        staff: Staff,
        pools: tuple[Pool, ...],
        *,
        jenkins_url: str,
        wall: Callable[[], float],
    ) -> None:
        """Make a gateway.

        Args:
            ports: the outside; its clock is the loops'.
            staff: who does the work.
            pools: whose agents may come.
            jenkins_url: Jenkins, as agents reach it; ends with a slash.
            wall: seconds of the wall's clock, by which proofs are dated.
        """
        self._ports = ports
        self._staff = staff
        self._pools = {pool.name: pool for pool in pools}
        self._wall = wall
        self._outside = Turnstile()
        self._tally = GatewayTally(self._pools, ports.clock.now())
        self._registration = Registration(
            ports,
            self._pools,
            admittance=staff.admittance,
            registrar=staff.registrar,
            leases=staff.leases,
            hearing=staff.hearing,
            sight=staff.sight,
            late=staff.late,
            jenkins_url=jenkins_url,
        )
        self._handlers: Mapping[str, _Handler] = {
            "/v1/ask": self._ask,
            "/v1/volume/claim": staff.volumes.claim,
            "/v1/volume/report": staff.volumes.report,
            "/v1/volume/release": staff.volumes.release,
        }
        self.paths = ("/v1/nonce", "/v1/register", "/v1/here", *self._handlers)
        """All but those of files and of health."""

    def heard(self) -> Mapping[str, float]:
        """Agent to when it last proved to be itself, by the loops' clock."""
        return self._staff.hearing.heard()

    def meters(self) -> tuple[Meter, ...]:
        """`Registrations` and `Refusals` since the last time, and `AgentsUnheard` of now."""
        return self._tally.meters(self._staff.sight.seen(), self.heard(), self._ports.clock.now())

    def answer(self, request: Request) -> Reply:
        """Answer one request; what the world does is an answer too."""
        if request.path == "/healthz":
            return Reply(status=Status.OK, body={"status": "ok"})
        try:
            self._count(request, self._wall())
            return self._routed(request)
        except Denied as denied:
            self._tally.refused(denied.status)
            self._staff.hearing.refused(request.peer, request.path, denied)
            return _no(denied.status, str(denied), denied.retry_seconds)
        except Missing as missing:
            return _no(Status.NOT_FOUND, str(missing))
        except Surprise as surprise:
            self._tally.refused(Status.UNAVAILABLE)
            self._staff.hearing.failed(request.path, surprise)
            because = "it cannot be done now: the controller's journal says why"
            return _no(Status.UNAVAILABLE, because, RETRY_SECONDS)

    def _count(self, request: Request, now: float) -> None:
        """Count a request: of whoever shows a lease by its name, and apart from those without.

        Many may have one address, and no flood of strangers keeps one from saying that it is taken.
        """
        try:
            member = self._staff.leases.known(request.bearer, now).member
        except Denied:
            self._staff.throttle.admit(request.peer, now)
        else:
            self._staff.leased.admit(member.name, now)

    def _routed(self, request: Request) -> Reply:
        path, late = request.path, request.path.startswith(LATE)
        if not late and path not in self.paths:
            raise Denied(Status.NOT_FOUND, "there is nothing of that path")
        if request.method != ("GET" if late else "POST"):
            raise Denied(Status.NOT_ALLOWED, "that path has another method")
        if path == "/v1/nonce":
            nonce = self._staff.admittance.nonces.given(self._wall())
            return Reply(status=Status.OK, body={"nonce": nonce, "seconds": NONCE_SECONDS})
        if path == "/v1/register" or (path == "/v1/ask" and not request.bearer):
            with self._outside.through():
                return self._without_lease(path, request.body)
        lease = self._staff.leases.known(request.bearer, self._wall())
        alone = path in _ALONE and not lease.member.token
        with nullcontext() if alone else self._outside.through():
            self._check(lease)
            if late:
                return self._late(path.removeprefix(LATE))
            if path == "/v1/here":
                return self._here(lease)
            return self._handlers[path](lease.member, request.body)

    def _without_lease(self, path: str, body: Mapping[str, Any]) -> Reply:
        if path == "/v1/register":
            reply = self._registration.register(body, self._wall())
            self._tally.registered(str(reply.body["pool"]), str(body["way"]))
            return reply
        return self._ask_unregistered(body)

    def _check(self, lease: Lease) -> None:
        if lease.member.pool not in self._pools:
            raise Denied(Status.FORBIDDEN, "its pool is not kept here (any more)")
        if not self._staff.admittance.still(lease.member, self._ports.clock.now()):
            raise Denied(Status.UNAUTHORIZED, "the token is not valid (any more)")
        self._staff.hearing.hears(lease.member)

    def _here(self, lease: Lease) -> Reply:
        """Whether Jenkins knows the agent, from what was read: it costs Jenkins nothing."""
        name, sight, leases = lease.member.name, self._staff.sight, self._staff.leases
        seen = sight.seen()
        jenkins = seen.snapshot.jenkins if seen and not seen.snapshot.frozen else None
        answer = {
            "known": self._staff.registrar.known(name, jenkins) if jenkins else None,
            "leaving": sight.leaving(name, seen) if seen else False,
            "idle_seconds": sight.idle_seconds(name, seen) if seen else None,
            **leases.given(lease.member, self._wall(), proved_at=lease.proved_at),
        }
        return Reply(status=Status.OK, body=answer)

    def _ask(self, member: Member, body: Mapping[str, Any]) -> Reply:
        self._staff.hearing.ask(member, body)
        return Reply(status=Status.ACCEPTED)

    def _ask_unregistered(self, body: Mapping[str, Any]) -> Reply:
        """Whoever could not become an agent may say why, and nothing else, on a proof alone."""
        if body.get("kind") != "failed":
            raise Denied(Status.UNAUTHORIZED, "who has no lease may only say why it failed")
        entrant = self._registration.entrant(body, self._staff.sight.seen())
        return self._ask(entrant.member, body)

    def _late(self, digest: str) -> Reply:
        if self._staff.late is None or not _DIGEST.fullmatch(digest):
            raise Missing("there is no late configuration of that name")
        return Reply(status=Status.OK, content=self._staff.late.file(digest))


def _no(status: int, because: str, retry_seconds: float | None = None) -> Reply:
    return Reply(status=status, body={"error": because}, retry_seconds=retry_seconds)
