"""The numbers of a demo: pools, pace, Terraform's variables, the controller's file. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workhorse.local.demo.embedded import REGION
from workhorse.local.demo.trace import Arrival, peak

IMAGE = "ami-12c6146b"
"""An image that the embedded AWS knows."""

PREFIX = "workhorse"
TOKEN_PARAMETER = "/workhorse/jenkins-token"  # noqa: S105 - the name of a parameter
RELEASE_JOB = "workhorse-release"
SMALL_CEILING = 3
"""Agents a pool may have where each is a Java process on this machine."""

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
class PoolSetting:
    """One pool of the demo."""

    name: str
    label: str
    job: str
    ceiling: int
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
    for index, label in enumerate(labels):
        most = peak(tuple(one for one in arrivals if one.label == label))
        executors = 2 if index == 0 else 1
        by_job = 1 < index == len(labels) - 1 and not real_jenkins
        found.append(
            PoolSetting(
                name=label,
                label=f"demo-{label}" if real_jenkins else label,
                job=f"demo-{label}",
                ceiling=SMALL_CEILING if real_jenkins else max(2, -(-most // executors)),
                executors=executors,
                spot=index == 1,
                release="job" if by_job else "controller",
            )
        )
    return tuple(found)


def user_data(pool: PoolSetting, *, url: str, user: str, directory: str) -> str:
    """What an agent of the pool is told at boot; it names the secret and does not hold it."""
    lines = {
        "JENKINS_URL": url,
        "JENKINS_USER": user,
        "JENKINS_TOKEN_PARAMETER": TOKEN_PARAMETER,
        "AGENT_LABELS": pool.label,
        "AGENT_EXECUTORS": str(pool.executors),
        "AGENT_DIRECTORY": directory,
        "AWS_REGION": REGION,
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def variables(
    settings: Sequence[PoolSetting],
    *,
    tempo: Tempo,
    subnets: Sequence[str],
    user_data: Mapping[str, str],
) -> dict[str, object]:
    """Values for `terraform/examples/complete`; `user_data` is by pool name."""
    return {
        "region": REGION,
        "prefix": PREFIX,
        "image_id": IMAGE,
        "subnet_ids": list(subnets),
        "agent_parameters": [TOKEN_PARAMETER],
        "secret_parameters": [TOKEN_PARAMETER],
        "pools": {
            pool.name: {
                "policy": _policy(pool, tempo),
                "user_data": user_data[pool.name],
                **({"spot": {"on_demand_base": 0}} if pool.spot else {}),
            }
            for pool in settings
        },
    }


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
        **({"store": {"prefix": setting.prefix}} if setting.prefix else {}),
    }
    tables = [_table(f"[{name}]", values) for name, values in sections.items()]
    for output in outputs.values():
        values = dict(output["policy"])
        values |= {key: output[key] for key in ("group", "queue_url", "scaling")}
        values["release_job"] = RELEASE_JOB
        tables.append(_table("[[pool]]", values))
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
