"""The section of the jobs on Jenkins that workhorse makes."""

from pydantic import Field, StrictInt, field_validator

from workhorse.core.jobs import CHECKS, JobsPolicy, Variant
from workhorse.settings.sections import Section


class JobsSettings(Section):
    """What `invoke jobs` writes into the jobs that it makes."""

    variant: Variant = Variant.NODES
    """How the replace job runs once on each agent: `nodes`, `elastic` or `pinned`."""
    checks: tuple[str, ...] = Field(default=CHECKS, min_length=1)
    """Shell commands that a canary must pass, each with exit status 0."""
    pool_checks: dict[str, tuple[str, ...]] = Field(default={})
    """Instead of `checks`, for the pool of that name."""
    check_seconds: StrictInt = Field(default=120, ge=1)
    """How long one check may take."""

    @field_validator("checks")
    @classmethod
    def _commands(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for command in value:
            _command(command)
        return value

    @field_validator("pool_checks")
    @classmethod
    def _commands_of_pools(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for pool, commands in value.items():
            if not commands:
                raise ValueError(f"must name a check for {pool}")
            for command in commands:
                _command(command)
        return value

    def policy(self) -> JobsPolicy:
        """What the core knows of it."""
        return JobsPolicy(**{key: getattr(self, key) for key in JobsSettings.model_fields})


def _command(command: str) -> None:
    if not command.strip() or any(ord(char) < ord(" ") and char not in "\n\t" for char in command):
        raise ValueError(f"must be shell commands, which {command!r} is not")
