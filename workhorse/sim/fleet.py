"""What a replay assumes of the world, in one place: machines, prices, Jenkins.

Every figure has a default that is stated with its reason; a replay tells what it assumed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from math import ceil, exp, inf, log
from random import Random
from typing import Any

from pydantic import TypeAdapter, ValidationError

from workhorse.core.errors import Refusal

QUANTILE_99 = 2.3263478740408408
"""The 0.99 quantile of the standard normal distribution."""


class Billing(StrEnum):
    """What a started instance is paid by."""

    SECOND = "second"
    """By the second, a minute at least, as EC2 bills Linux since October 2017."""
    HOUR = "hour"
    """By the hour begun, as EC2 did before and others do."""


MINIMUM_SECONDS = 60.0
"""The least that is billed by the second.

https://aws.amazon.com/ec2/pricing/on-demand/ : "per second, with a minimum of 60 seconds".
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """From an instance's launch to its agent's connecting: lognormal, or fixed.

    A median of 60 s is what an agent with its tools on the image takes; one in a hundred takes
    twice as long.
    """

    median_seconds: float = 60.0
    p99_seconds: float | None = 120.0
    """None for a fixed time."""

    def __post_init__(self) -> None:
        """Refuse what is no distribution."""
        if not 0 < self.median_seconds < inf:
            raise Refusal(f"boot: median_seconds {self.median_seconds}: must be above 0")
        if self.p99_seconds is not None and not self.median_seconds < self.p99_seconds < inf:
            raise Refusal(
                f"boot: p99_seconds {self.p99_seconds}: must be above the median "
                f"{self.median_seconds}, or left out"
            )

    def drawn(self, rng: Random) -> float:
        """One boot."""
        if self.p99_seconds is None:
            return self.median_seconds
        spread = log(self.p99_seconds / self.median_seconds) / QUANTILE_99
        return self.median_seconds * exp(spread * rng.gauss(0, 1))

    @property
    def mean_seconds(self) -> float:
        """The mean: what boots cost on average."""
        if self.p99_seconds is None:
            return self.median_seconds
        spread = log(self.p99_seconds / self.median_seconds) / QUANTILE_99
        return self.median_seconds * exp(spread**2 / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """What is assumed of one pool's agents and of their group."""

    labels: frozenset[str] = frozenset()
    """Labels beside the pool's name."""
    executors: int = 1
    floor: int = 0
    ceiling: int = 100
    boot: Boot = field(default_factory=Boot)
    launch_seconds: float = 20.0
    """From the launch to InService."""
    react_seconds: float = 1.0
    """From a change of desired capacity to the group's acting on it."""
    stop_seconds: float = 10.0
    """From the end of an instance to its leaving the group; not billed."""
    heartbeat_seconds: float = 3600.0
    """HeartbeatTimeout of the termination hook, for those who use one: the module's default."""
    spot_share: float = 0.0
    """The share of instances that are spot."""
    spot_losses_per_hour: float = 0.0
    """How often EC2 takes a spot instance back, per hour that it runs."""
    on_demand_price: float = 0.20
    """Per instance-hour; a round figure near that of a machine with four cores."""
    spot_price: float = 0.07
    """Per instance-hour; about a third."""
    billing: Billing = Billing.SECOND

    def __post_init__(self) -> None:
        """Refuse what no group could be."""
        least = {"executors": 1, "floor": 0, "ceiling": max(1, self.floor), "on_demand_price": 0}
        least |= dict.fromkeys(("spot_price", "spot_share", "spot_losses_per_hour"), 0)
        least |= dict.fromkeys(("launch_seconds", "react_seconds", "stop_seconds"), 0)
        faults = [
            f"fleet: {key} {value}: must be {bound} or more"
            for key, bound in least.items()
            if not bound <= (value := getattr(self, key)) < inf
        ]
        if self.spot_share > 1:
            faults.append(f"fleet: spot_share {self.spot_share}: must be at most 1")
        if not self.heartbeat_seconds > 0:
            faults.append(f"fleet: heartbeat_seconds {self.heartbeat_seconds}: must be above 0")
        if faults:
            raise Refusal("\n".join(faults))

    def billed_hours(self, seconds: float) -> float:
        """What a life of so many seconds is billed as."""
        if self.billing is Billing.HOUR:
            return float(ceil(seconds / 3600))
        return max(MINIMUM_SECONDS, seconds) / 3600

    def price(self, *, spot: bool) -> float:
        """Of an instance-hour."""
        return self.spot_price if spot else self.on_demand_price


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The world that all contenders are tried in."""

    machines: Machines = field(default_factory=Machines)
    """Of every pool that is not named in `pools`."""
    pools: Mapping[str, Machines] = field(default_factory=dict)
    """Pool to its machines; pools named here exist even when no build asks for them."""
    quiet_seconds: float = 0.0
    """Jenkins' quiet period: how long an item waits before it can be given an executor."""
    start_seconds: float = 0.5
    """From the assignment of an executor to the start of the build."""
    label_lag_seconds: float = 0.0
    """How long Jenkins' queue goes by a node's old labels after a cordon."""
    shortages_per_day: float = 0.0
    """How often EC2 has no capacity to give."""
    shortage_seconds: float = 600.0
    """For how long, each time."""
    rerun_killed: bool = True
    """A killed build is queued again at once, as people do; its wait counts anew.

    So that no policy looks cheap for having killed what it would have had to run.
    """

    def of(self, pool: str) -> Machines:
        """The machines of that pool."""
        return self.pools.get(pool, self.machines)


OF_MACHINES = frozenset(f.name for f in fields(Machines))
OF_ALL = frozenset(f.name for f in fields(Fleet)) - {"machines", "pools"}


def fleet(settings: Mapping[str, Any]) -> Fleet:
    """A fleet of which these settings are not the default.

    Keys are those of `Machines` and of `Fleet`; `POOL.KEY` is of the machines of that pool alone.
    `boot` is a number of seconds, fixed, or a median and a 99th percentile as `60:120`; `labels`
    are those that a pool has beside its name, with spaces or commas between.

    Raises:
        Refusal: a setting is unknown or refused; every fault is told.
    """
    own: dict[str, dict[str, Any]] = {}
    for key, value in settings.items():
        pool, dot, name = key.rpartition(".")
        if dot:
            own.setdefault(pool, {})[name] = _read(name, value)
    common = {key: _read(key, value) for key, value in settings.items() if "." not in key}
    unknown = [f"{pool}.{key}" for pool, of in own.items() for key in of if key not in OF_MACHINES]
    unknown += [key for key in common if key not in (OF_MACHINES - {"labels"}) | OF_ALL]
    if unknown:
        known = ", ".join(sorted(OF_MACHINES | OF_ALL))
        raise Refusal("\n".join(f"fleet: {key}: is no setting here ({known})" for key in unknown))
    machines = {key: value for key, value in common.items() if key in OF_MACHINES}
    tree: dict[str, Any] = {key: value for key, value in common.items() if key in OF_ALL}
    tree["machines"] = machines
    tree["pools"] = {pool: machines | of for pool, of in own.items()}
    try:
        return TypeAdapter(Fleet).validate_python(tree)
    except ValidationError as wrong:
        raise Refusal("\n".join(_told(wrong))) from None


def _read(key: str, value: object) -> object:
    if key == "labels":
        return frozenset(str(value).replace(",", " ").split())
    return _boot(value) if key == "boot" else value


def _told(wrong: ValidationError) -> Iterator[str]:
    for error in wrong.errors(include_url=False):
        key = ".".join(str(part) for part in error["loc"] if part not in {"machines", "pools"})
        yield f"fleet: {key}: {error['input']!r}: {error['msg'].removeprefix('Value error, ')}"


def _boot(value: object) -> Boot:
    median, colon, p99 = str(value).partition(":")
    try:
        return Boot(median_seconds=float(median), p99_seconds=float(p99) if colon else None)
    except ValueError:
        raise Refusal(f"fleet: boot {value!r}: must be seconds, or median:p99") from None
