"""The executor `asg`: SetDesiredCapacity by ourselves, the default."""

from dataclasses import dataclass

from workhorse.core.model import Pool
from workhorse.loops.ports import Cloud, Outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Asg:
    """Asks Auto Scaling; it has no options."""

    def executor(self, pool: Pool, outside: Outside) -> "AsgExecutor":  # noqa: ARG002 - the port's
        """The executor of any pool."""
        return AsgExecutor(outside.cloud)


class AsgExecutor:
    """A `loops.ports.Executor`; what it asks for is so when `resize` returns."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def resize(self, pool: Pool, size: int, queued_size: int) -> None:  # noqa: ARG002 - the port's
        """SetDesiredCapacity.

        Raises:
            Surprise: Auto Scaling refused, or did not answer.
        """
        self._cloud.set_desired(pool.group, size)

    def poll(self) -> None:
        """Nothing is ever under way."""

    def close(self) -> None:
        """Nothing is ever under way."""
