"""Nodes for agents that proved who they are, at the price of as few requests to Jenkins as can be.

A new agent costs two, its node and its secret; one whose node Jenkins forgot costs one, for the
secret is a pure function of the name and is kept; one that Jenkins knows costs none.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from typing import TypeVar

from workhorse.core.admission import Denied, Status
from workhorse.core.effects import CreateNode
from workhorse.core.errors import Surprise
from workhorse.core.model import Jenkins
from workhorse.loops.agent_ports import Nodes
from workhorse.loops.perform import Performer

REQUESTS_AT_ONCE = 4
"""Jenkins makes nodes under one lock: more at once only wait there, and keep its threads."""

PATIENCE_SECONDS = 20.0
"""How long an agent waits for its turn; then it is told to come again."""

MOST_PATIENT = 24
"""Half of the gateway's threads: those beyond wait `HASTE_SECONDS` only, so that the others, who
say that they are taken or still there, are heard while Jenkins is slow."""

HASTE_SECONDS = 0.5

RETRY_SECONDS = 10.0

JAR_RETRY_SECONDS = 60.0
"""When the digest of agent.jar could not be had, it is not tried again for so long."""

MOST_KEPT = 20_000
"""Secrets and times kept; twenty times the largest pool that was measured."""

_LOCKS = 64

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a registration came to."""

    secret: str
    created: bool
    """We asked Jenkins to make the node."""
    requests: int
    """To Jenkins."""


@dataclass(slots=True)
class _Kept:
    """What is remembered of one run of Jenkins."""

    session: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    jar: str = ""
    jar_tried_at: float | None = None


class Registrar:
    """Makes nodes and hands out their secrets; for many threads.

    Args:
        nodes: Jenkins.
        performer: what performs effects, from any thread.
        now: seconds of the loops' clock.
    """

    def __init__(self, nodes: Nodes, performer: Performer, now: Callable[[], float]) -> None:
        self._nodes = nodes
        self._performer = performer
        self._now = now
        self._turns = BoundedSemaphore(REQUESTS_AT_ONCE)
        self._locks = [Lock() for _ in range(_LOCKS)]
        self._lock = Lock()
        self._waiting = 0
        self._kept = _Kept()
        self._made_at: dict[str, float] = {}

    def known(self, name: str, jenkins: Jenkins) -> bool | None:
        """Whether Jenkins has the node; None when it was made after that reading, or for a ghost.

        A computer that outlived its node is neither known nor forgotten: it goes by itself.
        """
        node = jenkins.nodes.get(name)
        if node is not None:
            return None if node.ghost else True
        return None if self._made_at.get(name, 0.0) >= jenkins.read_at else False

    def enter(self, wanted: CreateNode, jenkins: Jenkins) -> Entry:
        """Make the node where Jenkins has none, and have its secret.

        Raises:
            Denied: Jenkins is busy or does not answer: come again.
        """
        name = wanted.node
        if (node := jenkins.nodes.get(name)) is not None and node.ghost:
            raise _later("Jenkins has not let go of the deleted node of that name yet")
        with self._alone(name):
            kept = self._of(jenkins.session)
            create, secret = self.known(name, jenkins) is False, kept.secrets.get(name, "")
            if not create and secret:
                return Entry(secret=secret, created=False, requests=0)
            with self._turn():
                if create:
                    self._performer.perform(wanted, f"{name} proved that it is ours")
                    self._remember(self._made_at, name, self._now())
                if not secret:
                    secret = self._nodes.secret(name)
                    self._remember(kept.secrets, name, secret)
                    return Entry(secret=secret, created=create, requests=1 + create)
        return Entry(secret=secret, created=create, requests=1)

    def jar(self, session: str) -> str:
        """The SHA-256 of that Jenkins' agent.jar, in hex; empty when it cannot be had."""
        with self._alone("agent.jar"):
            kept, now = self._of(session), self._now()
            tried_at = kept.jar_tried_at
            if kept.jar or (tried_at is not None and 0 <= now - tried_at < JAR_RETRY_SECONDS):
                return kept.jar
            kept.jar_tried_at = now
            try:
                with self._turn():
                    kept.jar = self._nodes.jar_digest()
            except Surprise:
                return ""
            return kept.jar

    def _of(self, session: str) -> _Kept:
        """What is kept of this run of Jenkins; its key may be another after a restart."""
        with self._lock:
            if self._kept.session != session:
                self._kept = _Kept(session=session)
            return self._kept

    def _remember(self, where: dict[str, Value], name: str, value: Value) -> None:
        with self._lock:
            where[name] = value
            if len(where) > MOST_KEPT:
                del where[next(iter(where))]

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """One registration of a name at a time: the second finds what the first did."""
        lock = self._locks[hash(name) % _LOCKS]
        self._wait_for(lock)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        self._wait_for(self._turns)
        try:
            yield
        finally:
            self._turns.release()

    def _wait_for(self, what: "Lock | BoundedSemaphore") -> None:
        with self._lock:
            self._waiting += 1
            patient = self._waiting <= MOST_PATIENT
        try:
            if not what.acquire(timeout=PATIENCE_SECONDS if patient else HASTE_SECONDS):
                raise _later("Jenkins has others to register")
        finally:
            with self._lock:
                self._waiting -= 1


def _later(because: str) -> Denied:
    return Denied(Status.UNAVAILABLE, because, retry_seconds=RETRY_SECONDS)
