"""What the last tick's facts say of one agent, and whether they still say anything."""

from collections.abc import Callable

from workhorse.core.admission import Denied, Status
from workhorse.core.drains import is_cordoned
from workhorse.core.model import Jenkins
from workhorse.loops.coalesced import RETRY_SECONDS
from workhorse.loops.roster import Roster
from workhorse.loops.view import Seen, View


class Sight:
    """Looks at agents through the loops' eyes; for many threads.

    Args:
        view: where the last tick's facts are.
        roster: knows members that the last tick has not seen.
        now: seconds of the loops' clock.
        fresh_seconds: facts that are older tell nothing.
    """

    def __init__(
        self, view: View, roster: Roster, now: Callable[[], float], *, fresh_seconds: float
    ) -> None:
        self._view = view
        self._roster = roster
        self.now = now
        self._fresh_seconds = fresh_seconds

    def seen(self) -> Seen | None:
        """The last tick's facts; None when there are none, or they are too old."""
        seen = self._view.seen
        if seen is None or not 0 <= self.now() - seen.snapshot.at <= self._fresh_seconds:
            return None
        return seen

    def readable(self) -> tuple[Seen, Jenkins]:
        """The same, and Jenkins as it was read.

        Raises:
            Denied: there is none: nobody can be let in now.
        """
        seen = self.seen()
        if seen is None or seen.snapshot.jenkins is None:
            because = "the controller cannot read Jenkins and AWS now"
            raise Denied(Status.UNAVAILABLE, because, retry_seconds=RETRY_SECONDS)
        return seen, seen.snapshot.jenkins

    def leaving(self, name: str, seen: Seen) -> bool:
        """Its drain is under way, its node is cordoned, or Auto Scaling ends it."""
        node = seen.snapshot.jenkins.nodes.get(name) if seen.snapshot.jenkins else None
        if name in seen.leaving or (node is not None and is_cordoned(node)):
            return True
        member = self._roster.known(name, seen)
        return member is not None and member.lifecycle.leaving

    def zone(self, name: str) -> str:
        """Where the member runs; empty where that is not known."""
        seen = self.seen()
        member = self._roster.known(name, seen) if seen else None
        return member.zone if member else ""

    def idle_seconds(self, name: str, seen: Seen) -> float | None:
        """How long its agent takes builds and has none; None when it does not, or is unknown."""
        since = seen.idle_since.get(name)
        if since is None or seen.snapshot.jenkins is None:
            return None
        return max(0.0, seen.snapshot.at - since)
