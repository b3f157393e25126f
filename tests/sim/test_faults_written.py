"""Plans are data: what is written of one makes the same one again."""

import json
import random
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from workhorse.core.errors import Refusal
from workhorse.core.model import Policy
from workhorse.core.orders import Strategy
from workhorse.sim.faults import draw
from workhorse.sim.faults.kinds import KINDS
from workhorse.sim.faults.messages import Oddity, OddMessageCame
from workhorse.sim.faults.ours import SideFailed
from workhorse.sim.faults.plan import PLANNERS, BuildPlan, FaultPlan, PoolPlan
from workhorse.sim.faults.rollout import Made, RolloutOrdered
from workhorse.sim.faults.token_machines import TokenMachineCame
from workhorse.sim.faults.upon import Upon
from workhorse.sim.faults.written import as_json, as_python, from_json, names_in
from workhorse.sim.line import Side

SMALL = FaultPlan(
    pools=(PoolPlan(policy=Policy(name="linux", labels=frozenset({"linux"}), ceiling=2)),),
    builds=(BuildPlan(at=3.0, label='"quoted"'),),
    faults=(SideFailed(at=60.0, side=Side.EC2), Upon(fault=OddMessageCame(oddity=Oddity.FOREIGN))),
)

POOL = as_json(SMALL)["pools"][0]


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - chance, not secrets


def read_python(plan: FaultPlan) -> FaultPlan:
    names: dict[str, Any] = {n: getattr(import_module(m), n) for m, n in names_in(plan)}
    made: FaultPlan = eval(as_python(plan), names)  # noqa: S307 - our own words
    return made


@pytest.mark.parametrize("seed", range(40))
def test_a_plan_comes_back_from_json_and_from_python(seed: int) -> None:
    plan = draw.plan(seed)
    assert from_json(json.loads(json.dumps(as_json(plan)))) == plan
    assert read_python(plan) == plan


@pytest.mark.parametrize("name", [name for name in KINDS if name != "Upon"])
def test_every_kind_of_fault_comes_back(name: str) -> None:
    faults = tuple(draw.fault(chance(seed), KINDS[name], 7.0) for seed in range(5))
    plan = FaultPlan(pools=(), faults=(*faults, Upon(at=1.0, fault=faults[0])))
    assert from_json(json.loads(json.dumps(as_json(plan)))) == plan
    assert read_python(plan) == plan


def test_what_a_field_would_be_anyway_is_left_out() -> None:
    assert as_json(SMALL) == {
        "pools": [{"policy": {"name": "linux", "labels": ["linux"], "ceiling": 2}}],
        "builds": [{"at": 3.0, "label": '"quoted"'}],
        "faults": [
            {"kind": "SideFailed", "at": 60.0, "side": "ec2"},
            {"kind": "Upon", "fault": {"kind": "OddMessageCame", "oddity": "foreign"}},
        ],
    }


def test_python_is_laid_out_in_lines_of_a_hundred() -> None:
    text = as_python(draw.plan(3), 4)
    assert max(map(len, text.splitlines())) <= 100
    assert as_python(SMALL.builds) == '(BuildPlan(at=3.0, label="\\"quoted\\""),)'
    assert as_python((1, 2)) == "(1, 2)"


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"pools": 3},
        {"pools": [], "colour": "red"},
        {"pools": [], "seconds": "long"},
        {"pools": [{**POOL, "planner": "astrology"}]},
        {"pools": [{**POOL, "options": [["stars", 3]]}]},
        {"pools": [{**POOL, "planner": "stock", "options": [["reevaluate_minutes", -1.0]]}]},
        {"pools": [], "faults": [{"at": 3.0}]},
        {"pools": [], "faults": [{"kind": "Earthquake"}]},
        {"pools": [], "faults": [{"kind": "SideFailed", "side": "left"}]},
    ],
)
def test_what_is_no_plan_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="no fault plan"):
        from_json(record)


def test_the_same_seed_draws_the_same_plan_and_others_draw_others() -> None:
    assert draw.plan(5) == draw.plan(5)
    assert len({repr(draw.plan(seed)) for seed in range(50)}) == 50


def test_plans_are_drawn_within_the_sizes_that_are_promised() -> None:
    for seed in range(200):
        plan = draw.plan(seed)
        assert 1 <= len(plan.pools) <= 3
        orders = [each for each in plan.faults if isinstance(each, RolloutOrdered)]
        assert bool(orders) == bool(plan.rollouts) or plan.asking
        assert plan.rollouts or not orders
        assert len(orders) <= 2
        assert 5 <= len(plan.builds) <= 40 + len(orders)
        apart = bool(plan.pools[0].image_days)
        came = [each for each in plan.faults if isinstance(each, TokenMachineCame)]
        assert len(came) <= 3
        more = 6 * len(orders) + 5 * plan.asking + 4 * apart + len(came)
        assert 0 <= len(plan.faults) <= 8 + more
        assert 3600 <= plan.seconds <= 7200
        assert all(each.at >= 0 for each in plan.faults)
        assert all(1 <= pool.policy.executors <= 3 for pool in plan.pools)


def test_a_plan_without_its_rollouts_is_what_was_drawn_before_there_were_any() -> None:
    seed = next(seed for seed in range(50) if draw.plan(seed).rollouts)
    drawn, rng = draw.plan(seed), chance(1)
    bare = replace(drawn, pools=tuple(replace(pool, rollout=None) for pool in drawn.pools))
    other = draw.with_rollouts(bare, rng)
    assert [each.policy for each in other.pools] == [each.policy for each in drawn.pools]
    assert set(drawn.builds) <= set(other.builds)
    assert set(bare.faults) <= set(other.faults)


def test_about_a_fifth_of_the_plans_rolls_something_out_and_every_sort_of_it() -> None:
    plans = [draw.plan(seed) for seed in range(400)]
    assert 60 <= sum(1 for plan in plans if plan.rollouts) <= 100
    orders = [f for plan in plans for f in plan.faults if isinstance(f, RolloutOrdered)]
    assert {order.made for order in orders} == set(Made)
    assert {order.strategy for order in orders} == set(Strategy)
    assert {order.canary for order in orders} == {False, True}


def test_every_planner_that_is_drawn_can_be_made_and_all_are_drawn() -> None:
    pools = [pool for seed in range(200) for pool in draw.plan(seed).pools]
    assert {(pool.planner, pool.options) for pool in pools} == set(draw.PLANNED)
    assert {type(pool.made_planner()) for pool in pools} == set(PLANNERS.values())


def test_what_lies_in_wait_never_keeps_a_heartbeat_from_getting_through() -> None:
    """The verdict could not tell when a hook that ran out had to."""
    rng = chance(0)
    assert [n for n in draw.AT_HAND if draw.fault(rng, KINDS[n], 0.0).mutes()] == []
