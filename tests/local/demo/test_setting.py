"""The numbers of a demo, and the file its controller reads."""

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse import settings
from workhorse.local.demo import setting
from workhorse.local.demo.setting import Door, Tempo
from workhorse.local.demo.trace import Arrival

ARRIVALS = tuple(
    Arrival(after=0, seconds=60, label=label)
    for label in ("linux",) * 5 + ("windows",) * 4 + ("macos",) * 3
)
LABELS = ("linux", "windows", "macos")
DOOR = Door(port=3)


def test_three_pools_show_two_executors_spot_and_a_release_job() -> None:
    linux, windows, macos = setting.pools(ARRIVALS, LABELS, real_jenkins=False)
    assert (linux.executors, linux.ceiling, linux.spot, linux.release) == (
        2,
        3,
        False,
        "controller",
    )
    assert (windows.executors, windows.ceiling, windows.spot) == (1, 4, True)
    assert (macos.release, macos.ceiling, macos.label) == ("job", 3, "macos")


def test_on_a_real_jenkins_pools_are_small_and_their_labels_nobody_elses() -> None:
    found = setting.pools(ARRIVALS, LABELS, real_jenkins=True)
    assert {pool.ceiling for pool in found} == {setting.SMALL_CEILING}
    assert [pool.label for pool in found] == ["demo-linux", "demo-windows", "demo-macos"]
    assert {pool.release for pool in found} == {"controller"}


def test_every_label_of_a_trace_gives_a_pool_a_legal_name_of_its_own() -> None:
    labels = ("linux", "Linux", "linux-x86_64", "linux x86&&64", "64bit", "&&", "a" * 40, "a" * 41)
    found = setting.names(labels)
    assert found[:6] == ("linux", "linux-2", "linux-x86-64", "linux-x86-64-2", "pool-64bit", "pool")
    assert len(set(found)) == len(labels)
    assert all(re.fullmatch("[a-z][a-z0-9-]{0,31}", name) for name in found)


@given(st.lists(st.text(min_size=1), unique=True, max_size=40))
def test_no_label_at_all_gives_an_illegal_name(labels: list[str]) -> None:
    found = setting.names(labels)
    assert len(set(found)) == len(labels)
    assert all(re.fullmatch("[a-z][a-z0-9-]{0,31}", name) for name in found)


def test_fast_time_leaves_durations_alone_and_slows_the_loops_down() -> None:
    tempo = Tempo(speed=60)
    assert (tempo.scaled(300), tempo.pause(10, 0.5), tempo.pause(60, 0.5)) == (300, 30, 60)


def test_compressed_time_shortens_durations_down_to_a_least() -> None:
    tempo = Tempo(compress=60)
    assert (tempo.scaled(300), tempo.scaled(15, least=5), tempo.pause(10, 0.5)) == (5, 5, 10)


def outputs(tempo: Tempo) -> dict[str, Any]:
    """What Terraform would give for the variables, as `terraform/examples/complete` has it."""
    pools = setting.pools(ARRIVALS, LABELS, real_jenkins=False)
    told: Any = setting.variables(pools, tempo=tempo, subnets={"s-1": "z-1"}, door=DOOR)
    usual = {"floor": 0, "buffer": 0, "max_step": 50, "scale_in": True}
    return {
        name: {
            "policy": {**usual, **pool["policy"], "name": name},
            "group": f"workhorse-{name}",
            "queue_url": f"http://127.0.0.1:1/queue/{name}",
            "scaling": "loop",
            "role": f"workhorse-{name}-agent",
        }
        for name, pool in told["pools"].items()
    }


@pytest.mark.parametrize("tempo", [Tempo(speed=60), Tempo(speed=600), Tempo(compress=60)])
def test_the_controllers_file_passes_the_controllers_own_check(tempo: Tempo) -> None:
    told = setting.ControllerSetting(
        url="http://127.0.0.1:1/",
        user="demo",
        token_file="/token",
        endpoint="http://127.0.0.1:2",
        clock="1.0:1.0:60.0",
        journal="/journal",
        door=DOOR,
        agent={"directory": "/agents", "tier": setting.TIER},
    )
    read = settings.parse(setting.controller_toml(told, tempo, outputs(tempo)))
    pools = {pool.policy.name: pool for pool in read.pools(lambda _name: "")}
    assert set(pools) == set(LABELS)
    assert pools["linux"].group == "workhorse-linux"
    assert pools["linux"].policy.idle_seconds == tempo.scaled(300)
    assert read.loop.clock == "1.0:1.0:60.0"
    assert (read.gateway.listen, read.gateway.audience) == ("127.0.0.1:3", setting.AUDIENCE)
    agents = {pool.policy.name: pool.agent for pool in pools.values()}
    assert agents["linux"].role == "workhorse-linux-agent"
    assert (agents["linux"].directory, agents["linux"].tier) == ("/agents", setting.TIER)


def test_a_pool_with_rollouts_has_a_store_and_says_what_one_may_do() -> None:
    told = setting.ControllerSetting(
        url="http://127.0.0.1:1/",
        user="demo",
        token_file="/token",
        endpoint="http://127.0.0.1:2",
        clock="1.0:1.0:60.0",
        journal="/journal",
        door=DOOR,
        prefix="/workhorse",
        rollout={"waves": [50, 100], "bake_seconds": 60},
    )
    tempo = Tempo(speed=60)
    read = tomllib.loads(setting.controller_toml(told, tempo, outputs(tempo)))
    assert read["store"] == {"prefix": "/workhorse"}
    assert [pool["rollout"] for pool in read["pool"]] == [dict(told.rollout)] * len(LABELS)


def test_terraform_is_told_where_the_gateway_is_and_nothing_of_jenkins() -> None:
    pools = setting.pools(ARRIVALS, LABELS, real_jenkins=False)
    subnets = {"s-1": "z-1", "s-2": "z-2"}
    told: Any = setting.variables(pools, tempo=Tempo(speed=60), subnets=subnets, door=DOOR)
    assert told["gateway"] == {"url": "http://127.0.0.1:3/", "audience": setting.AUDIENCE}
    assert told["subnet_ids"] == ["s-1", "s-2"]
    assert told["cache"]["zones"] == ["z-1", "z-2"]
    assert set(told["cache"]["pools"]) == set(LABELS)
    assert not {"agent_parameters", "secret_parameters"} & told.keys()
