"""The numbers of a demo: pools, pace, Terraform's variables, the controller's file. Pure."""

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workhorse.local.demo.embedded import REGION
from workhorse.local.demo.trace import Arrival, peak

IMAGE = "ami-12c6146b"
"""An image that the embedded AWS knows."""

PREFIX = "workhorse"
AUDIENCE = "demo.workhorse.local"
"""What agents sign their proofs for."""

MOST_REQUESTS = 500.0
"""A second: all agents of the demo come from one address, and their minutes are a second long."""

TIER, VOLUMES_PER_ZONE, VOLUME_GIB = "trunk", 2, 8
"""The cache volumes of each pool of the demo."""

RELEASE_JOB = "workhorse-release"
SMALL_CEILING = 3
"""Agents a pool may have where each is a Java process on this machine."""

NAME_LENGTH = 32
"""Characters of a pool's name, as `terraform/modules/policy` allows them."""

REAL_TICK_SECONDS = 0.5
REAL_GLANCE_SECONDS = 0.15
REAL_DRAIN_SECONDS = 0.25
"""How often the loops run in real time when virtual time is fast: the machine has to keep up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """How time is made short.

    `speed` is virtual seconds per real one. `compress` divides arrivals and durations instead, for
    a real Jenkins, whose own clock cannot be hurried.
    """

    speed: float = 1.0
    compress: float = 1.0

    def scaled(self, seconds: float, least: float = 0.0) -> float:
        """A duration of the policy in this tempo, virtual seconds."""
        return max(least, seconds / self.compress)

    def pause(self, usual: float, real: float) -> float:
        """Virtual seconds between two turns of a loop: as usual, or what `real` seconds are."""
        return max(usual, real * self.speed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the gateway is; the port is chosen before it listens, for user data holds it."""

    port: int
    audience: str = AUDIENCE

    @property
    def listen(self) -> str:
        """As the controller's settings have it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """As agents are told."""
        return f"http://{self.listen}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSetting:
    """One pool of the demo."""

    name: str
    label: str
    job: str
    ceiling: int
    traced: str = ""
    """What the trace calls it: whatever a job may ask for, as `linux && x86_64`."""
    executors: int = 1
    spot: bool = False
    release: str = "controller"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerSetting:
    """What the controller's file needs beside the pools."""

    url: str
    user: str
    token_file: str
    endpoint: str
    clock: str
    journal: str
    door: Door
    agent: Mapping[str, object] = field(default_factory=dict)
    """Keys of the table `agent` of every pool, beside the role, which Terraform tells."""
    prefix: str = ""
    """Path of the parameters of images and rollouts; empty for none of both."""
    rollout: Mapping[str, object] = field(default_factory=dict)
    """What a rollout of a pool may do, of every pool: keys of its settings."""


def pools(
    arrivals: Sequence[Arrival], labels: Sequence[str], *, real_jenkins: bool
) -> tuple[PoolSetting, ...]:
    """A pool for each label, each showing something else.

    The busiest has two executors an agent, the second runs on spot, and in the last a job ends the
    hooks. On a real Jenkins labels get a prefix, so that no agent of the house is mistaken for
    ours, and nothing but sleeping jobs is asked of it.
    """
    found = []
    for index, (label, name) in enumerate(zip(labels, names(labels), strict=True)):
        most = peak(tuple(one for one in arrivals if one.label == label))
        executors = 2 if index == 0 else 1
        by_job = 1 < index == len(labels) - 1 and not real_jenkins
        found.append(
            PoolSetting(
                traced=label,
                name=name,
                label=f"demo-{name}" if real_jenkins else name,
                job=f"demo-{name}",
                ceiling=SMALL_CEILING if real_jenkins else max(2, -(-most // executors)),
                executors=executors,
                spot=index == 1,
                release="job" if by_job else "controller",
            )
        )
    return tuple(found)


def names(labels: Iterable[str]) -> tuple[str, ...]:
    """What Terraform may call a pool for each label: like it, and no two alike."""
    found: list[str] = []
    for label in labels:
        plain = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
        name = plain if plain[:1].isalpha() else f"pool-{plain}"
        ends = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
        tries = (name[: NAME_LENGTH - len(end)].strip("-") + end for end in ends)
        found.append(next(each for each in tries if each not in found))
    return tuple(found)


def variables(
    settings: Sequence[PoolSetting], *, tempo: Tempo, subnets: Mapping[str, str], door: Door
) -> dict[str, object]:
    """Values for `terraform/examples/complete`; `subnets` maps each to its zone."""
    return {
        "region": REGION,
        "prefix": PREFIX,
        "image_id": IMAGE,
        "subnet_ids": list(subnets),
        "gateway": {"url": door.url, "audience": door.audience},
        "cache": cache(
            [pool.name for pool in settings], subnets.values(), per_zone=VOLUMES_PER_ZONE
        ),
        "pools": {
            pool.name: {
                "policy": _policy(pool, tempo),
                **({"spot": {"on_demand_base": 0}} if pool.spot else {}),
            }
            for pool in settings
        },
    }


def cache(pools: Iterable[str], zones: Iterable[str], *, per_zone: int) -> dict[str, object]:
    """The variable `cache`: so many volumes in each zone for each pool."""
    one = {"tier": TIER, "per_zone": per_zone, "gib": VOLUME_GIB}
    return {"zones": sorted(set(zones)), "pools": dict.fromkeys(pools, one)}


def controller_toml(
    setting: ControllerSetting, tempo: Tempo, outputs: Mapping[str, Mapping[str, Any]]
) -> str:
    """The controller's file; `outputs` is Terraform's output `pools`."""
    tick = tempo.pause(10, REAL_TICK_SECONDS)
    sections: dict[str, dict[str, object]] = {
        "jenkins": {
            "url": setting.url,
            "user": setting.user,
            "token_file": setting.token_file,
        },
        "aws": {"region": REGION, "endpoint": setting.endpoint},
        "loop": {
            "tick_seconds": tick,
            "glance_seconds": tempo.pause(1, REAL_GLANCE_SECONDS),
            "drain_seconds": tempo.pause(2, REAL_DRAIN_SECONDS),
            "publish_seconds": 60,
            "stale_seconds": max(30.0, 3 * tick),
            "restart_grace_seconds": tempo.scaled(120),
            "clock": setting.clock,
        },
        "journal": {"path": setting.journal},
        "gateway": {
            "listen": setting.door.listen,
            "audience": setting.door.audience,
            "requests_per_second": MOST_REQUESTS,
            "requests_per_peer": MOST_REQUESTS,
        },
        **({"store": {"prefix": setting.prefix}} if setting.prefix else {}),
    }
    tables = [_table(f"[{name}]", values) for name, values in sections.items()]
    for output in outputs.values():
        values = dict(output["policy"])
        values |= {key: output[key] for key in ("group", "queue_url", "scaling")}
        values["release_job"] = RELEASE_JOB
        tables.append(_table("[[pool]]", values))
        tables.append(_table("[pool.agent]", {"role": output["role"], **setting.agent}))
        tables += [_table("[pool.rollout]", setting.rollout)] * bool(setting.rollout)
    return "\n".join(tables)


def _policy(pool: PoolSetting, tempo: Tempo) -> dict[str, object]:
    return {
        "labels": [pool.label],
        "ceiling": pool.ceiling,
        "executors": pool.executors,
        "idle_seconds": tempo.scaled(300),
        "cool_down_seconds": tempo.scaled(60),
        "boot_seconds": tempo.scaled(300, least=120),
        "settle_seconds": tempo.scaled(15, least=5),
        "release": pool.release,
    }


def _table(heading: str, values: Mapping[str, object]) -> str:
    """A TOML table; JSON writes strings, numbers, booleans and lists of them as TOML does."""
    return "\n".join([heading, *(f"{key} = {json.dumps(v)}" for key, v in values.items()), ""])
