"""What a machine is given when it becomes a node, whichever way it went."""

from dataclasses import dataclass


class RegistrationError(Exception):
    """The machine is no node now; try again later, after so many real seconds at least."""

    def __init__(self, message: str, *, status: int = 0, retry_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.retry_seconds = retry_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A node of Jenkins, with what its agent needs to connect."""

    name: str
    jenkins_url: str
    """With a slash at its end."""
    secret: str
    directory: str
    """The node's remote root directory."""
    cache: bool = False
    """It may claim a volume."""
    idle_minutes: float = 0.0
    """Idle for so long it asks to leave; 0 for never."""
