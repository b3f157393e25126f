"""Cache volumes, as agents speak of them."""

from collections.abc import Mapping
from math import inf
from typing import Any

from workhorse.core.admission import Denied, Member, Status, text_told
from workhorse.core.requests import Reply
from workhorse.loops.keeper import Keeper
from workhorse.loops.sight import Sight
from workhorse.loops.throttle import Throttle

REQUESTS_PER_SECOND = 0.5
"""Of one agent, which claims, reports and releases once: each may change something in EC2, whose
requests the whole account shares, and each change is journalled. All agents together the gateway's
own throttle counts."""

_MOST_CHARACTERS = 2000


class VolumeDesk:
    """Answers what agents ask about volumes.

    Args:
        keeper: gives them out.
        sight: tells where an agent runs.
    """

    def __init__(self, keeper: Keeper, sight: Sight) -> None:
        self._keeper = keeper
        self._sight = sight
        self._throttle = Throttle(REQUESTS_PER_SECOND)

    def claim(self, member: Member, body: Mapping[str, Any]) -> Reply:  # noqa: ARG002 - a route's shape
        """Give the member a volume, or say why there is none.

        Raises:
            Denied: it comes too often.
        """
        self._throttle.admit(member.name, self._sight.now())
        if not member.in_group:
            because = "volumes are for the instances of a group"
            return Reply(status=Status.OK, body={"volume": "", "because": because})
        claim = self._keeper.claim(member.name, member.pool, self._sight.zone(member.name))
        if not claim.volume:
            return Reply(status=Status.OK, body={"volume": "", "because": claim.because})
        found = {"volume": claim.volume, "device": claim.device, "state": claim.contents}
        return Reply(status=Status.OK, body=found)

    def report(self, member: Member, body: Mapping[str, Any]) -> Reply:
        """Hear what the member found on its volume.

        Raises:
            Missing: it does not hold that volume.
            Denied: it makes no sense, or comes too often.
            Surprise: AWS refuses.
        """
        self._throttle.admit(member.name, self._sight.now())
        self._keeper.report(
            member.name,
            text_told(body, "volume", most=_MOST_CHARACTERS, needed=True),
            mounted=_flag(body, "mounted"),
            because=text_told(body, "because", most=_MOST_CHARACTERS),
            fill=_fill(body),
            wiped=_flag(body, "wiped"),
        )
        return Reply(status=Status.OK)

    def release(self, member: Member, body: Mapping[str, Any]) -> Reply:
        """Take back the volume that the member has unmounted.

        Raises:
            Missing: it does not hold that volume.
            Denied: it makes no sense, or comes too often.
            Surprise: AWS refuses.
        """
        self._throttle.admit(member.name, self._sight.now())
        volume = text_told(body, "volume", most=_MOST_CHARACTERS, needed=True)
        self._keeper.release(member.name, volume, fill=_fill(body))
        return Reply(status=Status.OK)


def _flag(body: Mapping[str, Any], key: str) -> bool:
    value = body.get(key, False)
    if not isinstance(value, bool):
        raise Denied(Status.BAD_REQUEST, f"{key}: must be true or false")
    return value


def _fill(body: Mapping[str, Any]) -> float | None:
    value = body.get("fill")
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not -inf < value < inf:
        raise Denied(Status.BAD_REQUEST, "fill: must be a number from 0 to 1")
    return float(min(1.0, max(0.0, value)))
