"""How long EC2 and Auto Scaling take, in virtual seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Virtual seconds that things take. All are ours to choose; AWS promises none.

    `boot`: from the launch (pending) to running, when the instance's body starts.
    `shutdown`: from shutting-down to terminated, when the body is killed.
    `stopping`: from stopping to stopped.
    `remembered`: how long a terminated instance stays visible (about an hour on AWS).
    `health`: from a machine that is not running to the group seeing it as Unhealthy.
    `retry`: how long a group waits after a launch that failed for lack of capacity.
    """

    boot: float = 60.0
    shutdown: float = 10.0
    stopping: float = 10.0
    remembered: float = 3600.0
    health: float = 30.0
    retry: float = 60.0

    def __post_init__(self) -> None:
        """Refuse a negative duration."""
        for name in self.__slots__:
            if getattr(self, name) < 0:
                raise ValueError(f"timing {name} is {getattr(self, name)}, below 0 seconds")
