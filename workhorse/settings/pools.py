"""A pool in the settings: its numbers here or in SSM, and the names they apply to.

The rules are those of terraform/modules/policy, which writes the JSON that SSM holds.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    Tag,
    ValidationInfo,
    field_validator,
)

from workhorse.core.model import Policy, Pool, Release, Scaling
from workhorse.settings.agents import AgentSettings
from workhorse.settings.rollouts import RolloutSettings
from workhorse.settings.sections import Address, Section

_NAME = "^[a-z][a-z0-9-]{0,31}$"
_LABEL = re.compile(r"[^\s()\"&|!<>=,]+")


class PolicySettings(Section):
    """The numbers of a pool, as in terraform/modules/policy."""

    name: str = Field(pattern=_NAME)
    """The pool's name, also the `Pool` dimension of its metrics."""
    labels: frozenset[str] = Field(min_length=1)
    """The Jenkins labels its agents carry."""
    executors: StrictInt = Field(default=1, ge=1)
    """Executors per agent."""
    floor: StrictInt = Field(default=0, ge=0)
    """The fewest agents."""
    ceiling: StrictInt = Field(ge=0)
    """The most agents."""
    buffer: StrictInt = Field(default=0, ge=0)
    """Agents wanted beyond demand."""
    idle_seconds: StrictFloat = Field(default=300, ge=0)
    """How long an agent must have been idle before it may be chosen to leave."""
    cool_down_seconds: StrictFloat = Field(default=60, ge=0)
    """How long after the last change of size no agent is chosen to leave."""
    max_step: StrictInt = Field(default=50, ge=1)
    """The largest change of size that one tick may make."""
    boot_seconds: StrictFloat = Field(default=300, ge=1)
    """How long an instance without an online node counts as capacity; longer where boots are."""
    settle_seconds: StrictFloat = Field(default=15, ge=5)
    """The least time between a confirmed cordon and the look that lets an agent go."""
    scale_in: StrictBool = True
    """Whether agents may be chosen to leave at all."""
    release: Release = Release.CONTROLLER
    """Who completes the termination hook: `controller` or `job`."""

    @field_validator("labels", mode="before")
    @classmethod
    def _each_once(cls, value: object) -> object:
        if isinstance(value, list):
            twice = [str(label) for label, n in Counter(map(str, value)).items() if n > 1]
            if twice:
                raise ValueError(f"must name each label once, not {', '.join(twice)} again")
        return value

    @field_validator("labels")
    @classmethod
    def _plain_atoms(cls, value: frozenset[str]) -> frozenset[str]:
        odd = sorted(label for label in value if not _LABEL.fullmatch(label))
        if odd:
            raise ValueError(f"must have no space, comma, quote or ( ) & | ! < > = in {odd[0]!r}")
        return value

    @field_validator("ceiling")
    @classmethod
    def _above_floor(cls, value: int, info: ValidationInfo) -> int:
        floor = info.data.get("floor", value)
        if value < floor:
            raise ValueError(f"must be at least floor ({floor})")
        return value

    @field_validator("buffer")
    @classmethod
    def _below_ceiling(cls, value: int, info: ValidationInfo) -> int:
        ceiling = info.data.get("ceiling", value)
        if value > ceiling:
            raise ValueError(f"must be at most ceiling ({ceiling})")
        return value

    def policy(self) -> Policy:
        """The numbers as the core knows them."""
        return Policy(**{key: getattr(self, key) for key in PolicySettings.model_fields})


class Applied(Section):
    """The AWS and Jenkins names that a policy applies to."""

    group: str = Field(min_length=1, max_length=255)
    """Name of the Auto Scaling group."""
    queue_url: Address = Field(default="", pattern="^(https?://.+)?$")
    """SQS queue of the group's hook and EC2 events; empty for none."""
    scaling: Scaling = Scaling.LOOP
    """Who writes the desired capacity: `loop` or `alarms`."""
    release_job: str = Field(default="workhorse-release", min_length=1)
    """The job that completes the hook from the agent, for release = "job"."""
    exclusive: StrictBool = False
    """The agents are in Jenkins' EXCLUSIVE mode."""
    planner: str = Field(default="exact", min_length=1)
    """Who says how large the pool should be: an entry point of `workhorse.planners`."""
    planner_options: dict[str, Any] = Field(default={})
    """The planner's own settings, as a table."""
    executor: str = Field(default="asg", min_length=1)
    """Who makes the size true: an entry point of `workhorse.executors`."""
    executor_options: dict[str, Any] = Field(default={})
    """The executor's own settings, as a table."""
    rollout: RolloutSettings = RolloutSettings()
    """What a rollout of the pool may do, as a table."""
    agent: AgentSettings = AgentSettings()
    """What its agents are besides how many, as a table."""

    def pool(self, policy: Policy) -> Pool:
        """The pool of that policy."""
        own = {key: getattr(self, key) for key in _OF_POOL}
        return Pool(policy=policy, agent=self.agent.policy(), **own)


_OF_POOL = ("group", "queue_url", "scaling", "release_job", "exclusive")


class InlinePool(Applied, PolicySettings):
    """A pool with its numbers in the file."""


class ParameterPool(Applied):
    """A pool with its numbers in SSM."""

    policy_parameter: str = Field(pattern="^/")
    """SSM parameter with the JSON of terraform/modules/policy, instead of the pool's numbers."""


def _sort_of_pool(value: object) -> str:
    return "parameter" if isinstance(value, Mapping) and "policy_parameter" in value else "inline"


AnyPool = Annotated[
    Annotated[InlinePool, Tag("inline")] | Annotated[ParameterPool, Tag("parameter")],
    Discriminator(_sort_of_pool),
]
