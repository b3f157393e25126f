"""What agents say: that they are there, what they ask, and who was sent away."""

from collections.abc import Mapping
from threading import Lock
from typing import Any, Protocol

from workhorse.core.admission import Denied, Member, Status, text_told
from workhorse.core.asks import Ask, AskKind
from workhorse.core.errors import Surprise
from workhorse.core.rates import Bucket, full, taken
from workhorse.loops.asks import Asks
from workhorse.loops.notes import note
from workhorse.loops.ports import Ports

MOST_HEARD = 20_000
"""Agents that are remembered; who was silent for longest is forgotten first."""

DETAIL_CHARACTERS = 2000
LOG_CHARACTERS = 65_536
"""What an agent may say of why it failed, 64 KiB as on its console."""

REPEAT_SECONDS = 3600.0
"""The same ask of the same agent is journalled no oftener: an idle agent repeats it."""

CHANGE_SECONDS = 60.0
"""The same ask with other words is journalled no oftener: a build may speak for its agent."""

NOTES_PER_SECOND = 1.0
"""Refusals, and failures, that are journalled: each is a write to the disk; anybody may knock."""


class FailureLogs(Protocol):
    """Where the logs of failed boots are kept."""

    def keep(self, instance: str, log: str) -> str:
        """Keep the log, and say where; old ones make room."""


class _Sparing:
    """Says which of many are journalled, and how many were not; not safe for threads."""

    def __init__(self) -> None:
        self._left: Bucket = full(NOTES_PER_SECOND, 0.0)
        self._untold = 0

    def untold(self, now: float) -> int | None:
        """How many were not journalled before this one; None when it is not to be either."""
        self._left, wait = taken(self._left, NOTES_PER_SECOND, now)
        untold, self._untold = self._untold, self._untold + 1 if wait else 0
        return None if wait else untold


class Hearing:
    """Hears agents; for many threads.

    Args:
        ports: the outside; its clock is the loops'.
        asks: where the loops find what was asked.
        logs: where the logs of failed boots are kept.
    """

    def __init__(self, ports: Ports, asks: Asks, logs: FailureLogs) -> None:
        self._ports = ports
        self._asks = asks
        self._logs = logs
        self._lock = Lock()
        self._heard: dict[str, float] = {}
        self._told: dict[tuple[str, str], tuple[str, float]] = {}
        self._refusals, self._failures = _Sparing(), _Sparing()

    def hears(self, member: Member) -> None:
        """The member proved to be itself, just now."""
        now = self._ports.clock.now()
        with self._lock:
            self._heard.pop(member.name, None)
            self._heard[member.name] = now
            if len(self._heard) > MOST_HEARD:
                del self._heard[next(iter(self._heard))]

    def heard(self) -> Mapping[str, float]:
        """Agent to when it was heard last, by the loops' clock."""
        with self._lock:
            return dict(self._heard)

    def ask(self, member: Member, body: Mapping[str, Any]) -> None:
        """Journal what a member asks, and leave it for the loops where they can do anything.

        Canaries belong to their rollout, and agents without an instance to whoever runs them: of
        these nothing is ended here.

        Raises:
            Denied: it asks for what there is not.
        """
        kind = body.get("kind")
        if not isinstance(kind, str) or kind not in set(AskKind):
            raise Denied(Status.BAD_REQUEST, "kind: must be one of " + ", ".join(AskKind))
        detail = text_told(body, "detail", most=DETAIL_CHARACTERS)
        log = text_told(body, "log", most=LOG_CHARACTERS)
        ask = Ask(
            instance=member.name,
            pool=member.pool,
            kind=AskKind(kind),
            at=self._ports.clock.now(),
            detail=detail,
        )
        if self._is_news(ask):
            failed = ask.kind is AskKind.FAILED
            kept = self._logs.keep(member.name, log) if log and failed else ""
            told = {"instance": ask.instance, "pool": ask.pool, "ask": ask.kind, "detail": detail}
            note(self._ports, "ask", **told, **({"log": kept} if kept else {}))
        if member.in_group:
            self._asks.put(ask)

    def refused(self, peer: str, path: str, denied: Denied) -> None:
        """Journal that somebody was sent away; of many only how many."""
        with self._lock:
            untold = self._refusals.untold(self._ports.clock.now())
        if untold is None:
            return
        facts = {"peer": peer, "path": path[:80], "status": int(denied.status)}
        because = str(denied.__cause__ or denied)
        note(self._ports, "refused", **facts, because=because, untold=untold)

    def failed(self, path: str, error: Surprise) -> None:
        """Journal that something could not be done; of many only how many."""
        self._fail(f"gateway {path[:80]}", str(error))

    def told(self, what: str) -> None:
        """The same of what is no request's: a bug of ours, or a certificate that is none."""
        self._fail("gateway", what)

    def _fail(self, effect: str, error: str) -> None:
        with self._lock:
            untold = self._failures.untold(self._ports.clock.now())
        if untold is not None:
            note(self._ports, "failed", effect=effect, error=error, untold=untold)

    def _is_news(self, ask: Ask) -> bool:
        key = (ask.instance, ask.kind)
        with self._lock:
            detail, at = self._told.get(key, ("", -REPEAT_SECONDS))
            seconds = REPEAT_SECONDS if detail == ask.detail else CHANGE_SECONDS
            if 0 <= ask.at - at < seconds:
                return False
            self._told[key] = (ask.detail, ask.at)
            if len(self._told) > MOST_HEARD:
                del self._told[next(iter(self._told))]
        return True
