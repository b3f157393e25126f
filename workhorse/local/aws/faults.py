"""Faults that tests and demos inject: no capacity, throttling, errors."""

from dataclasses import dataclass

from moto.core.errors import COMMON_ERROR_CODES
from moto.core.exceptions import ServiceException
from moto.ec2.exceptions import EC2ClientError

KNOWN_CODES = (
    *COMMON_ERROR_CODES,
    "InternalFailure",
    "InvalidAction",
    "RequestLimitExceeded",
    "Throttling",
)
"""Codes that no service's model lists, and that any may answer."""


class InsufficientCapacityError(EC2ClientError):
    """EC2 has no such machine in that zone right now.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """

    def __init__(self, instance_type: str, zone: str, market: str) -> None:
        if market == "spot":
            text = "There is no Spot capacity available that matches your request."
        else:
            text = (
                f"We currently do not have sufficient {instance_type} capacity in the "
                f"Availability Zone you requested ({zone}). Our system will be working on "
                "provisioning additional capacity."
            )
        super().__init__("InsufficientInstanceCapacity", text)


class TerminatedTokenError(EC2ClientError):
    """A client token stands for an instance that has ended; a new launch needs a new token.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """

    def __init__(self) -> None:
        text = "The client token is that of a request whose instance has been terminated."
        super().__init__("IdempotentInstanceTerminated", text)


class ThrottledError(ServiceException):
    """Too many requests: RequestLimitExceeded from EC2, Throttling from the others."""

    def __init__(self, service: str) -> None:
        if service == "ec2":
            super().__init__("RequestLimitExceeded", "Request limit exceeded.")
        else:
            super().__init__("Throttling", "Rate exceeded")


class InternalFailureError(ServiceException):
    """The service is in trouble; nothing is wrong with the request."""

    code = "InternalFailure"
    message = "An internal error has occurred"


class NotEmulatedError(ServiceException):
    """The action exists at AWS and not here."""

    def __init__(self, action: str, reason: str) -> None:
        super().__init__("InvalidAction", f"{action} is not emulated: {reason}")


@dataclass(slots=True, kw_only=True)
class NoCapacity:
    """Launches that fit every given field fail until `until` (virtual epoch seconds)."""

    instance_type: str | None = None
    zone: str | None = None
    market: str | None = None
    until: float | None = None

    def hits(self, instance_type: str, zone: str, market: str, now: float) -> bool:
        """Whether a launch of this kind fails at this time."""
        if self.until is not None and now >= self.until:
            return False
        asked = ((self.instance_type, instance_type), (self.zone, zone), (self.market, market))
        return all(want is None or want == found for want, found in asked)


@dataclass(slots=True, kw_only=True)
class Broken:
    """The next `count` calls of an action fail: throttled, or with an HTTP status."""

    action: str
    count: int
    status: int | None = None


class Faults:
    """All faults in force. Callers hold the engine's lock."""

    def __init__(self) -> None:
        self.capacity: list[NoCapacity] = []
        self.broken: list[Broken] = []

    def clear(self) -> None:
        """End every fault."""
        self.capacity.clear()
        self.broken.clear()

    def no_capacity(self, instance_type: str, zone: str, market: str, now: float) -> bool:
        """Whether EC2 refuses such a launch now."""
        return any(fault.hits(instance_type, zone, market, now) for fault in self.capacity)

    def take_broken(self, action: str) -> Broken | None:
        """The fault that hits this call, if any; each call uses it up by one."""
        for fault in self.broken:
            if fault.action == action and fault.count > 0:
                fault.count -= 1
                return fault
        return None
