"""What a rollout of a pool may do: the table `[pool.rollout]`."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field, StrictFloat, StrictInt, StrictStr, ValidationInfo, field_validator

from workhorse.core.orders import Budget, RolloutPolicy
from workhorse.core.planners.windows import Window
from workhorse.settings.sections import Section

Percent = Annotated[StrictFloat, Field(ge=0, le=100)]


class BudgetSettings(Section):
    """Another limit for `max_unavailable`, in some hours of the week."""

    percent: Percent
    """The most agents away at once in those hours, in percent; 0 for none."""
    days: StrictStr = "mon-sun"
    """Days and ranges of days on which the window begins, as in `mon-thu,sat`."""
    start: StrictStr = "00:00"
    """When it begins, hours and minutes."""
    end: StrictStr = "24:00"
    """When it ends; when that is not after `start`, on the day after."""
    zone: StrictStr = "UTC"
    """The time zone, as in `Europe/Berlin`."""

    @field_validator("days", "start", "end", "zone")
    @classmethod
    def _of_a_window(cls, value: str, info: ValidationInfo) -> str:
        """The window's own rule for this key; the others hold by their defaults."""
        name = str(info.field_name)
        try:
            Window(**{name: value})  # type: ignore[arg-type] # these keys are all strings
        except ValueError as wrong:
            raise ValueError(str(wrong).removeprefix(f"{name}: {value}: ")) from None
        return value

    def budget(self) -> Budget:
        """The budget as the core knows it."""
        window = Window(days=self.days, start=self.start, end=self.end, zone=self.zone)
        return Budget(percent=self.percent, window=window)


class RolloutSettings(Section):
    """What a rollout of this pool may do."""

    waves: tuple[Percent, ...] = Field(default=(10, 50, 100), min_length=1)
    """The share of the old agents that has been asked to leave after each wave, in percent."""
    bake_seconds: StrictFloat = Field(default=300, ge=0)
    """How long a wave's new agents are watched before the next wave."""
    max_unavailable: StrictFloat = Field(default=100, gt=0, le=100)
    """The most agents away at once, in percent of the pool's, one at least."""
    surge: StrictInt = Field(default=0, ge=0)
    """Agents beyond what the builds need, launched ahead of those that leave."""
    budgets: tuple[BudgetSettings, ...] = ()
    """Other limits than `max_unavailable`, in their hours; of several the strictest holds."""
    queue_wait_seconds: StrictFloat = Field(default=600, ge=0)
    """No agent is asked to leave while a build has waited longer than this for the pool."""
    max_failed: Percent = 10
    """How many of a wave's launches may fail to come online, in percent; of a single one, none."""
    canary_seconds: StrictFloat = Field(default=0, ge=0)
    """How long the canary may take to come online; 0 for what the pool's boots teach."""
    smoke_job: StrictStr = ""
    """Job that the canary must pass; empty for none."""
    smoke_seconds: StrictFloat = Field(default=1800, gt=0)
    """How long the smoke job may take, its time in the queue included."""
    matrix_job: StrictStr = Field(default="workhorse-replace", min_length=1)
    """The job that ends each agent with the strategy `matrix`."""

    @field_validator("waves")
    @classmethod
    def _rising_to_all(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        rising = all(one < other for one, other in pairwise(value))
        if not rising or value[0] <= 0 or value[-1] != 100:  # noqa: PLR2004 - percent
            raise ValueError("must rise from above 0 to 100")
        return value

    def policy(self) -> RolloutPolicy:
        """The numbers as the core knows them."""
        plain = {key: getattr(self, key) for key in RolloutSettings.model_fields}
        budgets = tuple(each.budget() for each in self.budgets)
        return RolloutPolicy(**{**plain, "budgets": budgets})
