"""The roller among the loops: what it asks, what it tells, and what outlives it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.sim.rolling import BRISK, Rolling
from workhorse.core.errors import Surprise, Unreadable
from workhorse.core.explain import explain
from workhorse.core.orders import Command, Order, Standing, Strategy
from workhorse.core.rollout import RolloutState as S
from workhorse.core.rollouts import order_of, ordered
from workhorse.loops.driver import Driver, Pace
from workhorse.loops.observe import Trust
from workhorse.loops.perform import DryRun, Performer, RealPerformer
from workhorse.loops.ports import Ports
from workhorse.loops.roller import PULSE_SECONDS, Roller
from workhorse.sim.groups import Template
from workhorse.sim.line import Side
from workhorse.sim.truth import Hand

TOLD = """\
2023-11-14 22:16:40 linux: rollout r-1: ORDERED -> WAVE: no canary was ordered
2023-11-14 22:16:40 linux: rollout r-1: WAVE: the group is to launch it
2023-11-14 22:16:40 linux-agents: launches version 2: rollout r-1: the group is to launch it
2023-11-14 22:16:50 linux: rollout r-1: WAVE: asked to leave: i-00000001"""


def roller_of(scene: Rolling) -> Roller:
    found = scene.stage.driver.roller
    assert found is not None
    return found


def driver_of(ports: Ports, scene: Rolling, performer: Performer | None = None) -> Driver:
    return Driver(
        ports,
        scene.stage.pools,
        performer or RealPerformer(ports),
        pace=Pace(),
        trust=Trust(),
        blind_step=5,
    )


def driver_without_standings(scene: Rolling, wrong: Surprise) -> Driver:
    """The loops, for whom every reading of a standing goes wrong in the same way."""
    ports = scene.world.ports()
    assert ports.rolling is not None
    orders = ports.rolling.orders

    class Broken:
        """Orders that can be read, and no standing."""

        placed = staticmethod(orders.placed)
        tell = staticmethod(orders.tell)
        close = staticmethod(orders.close)

        @staticmethod
        def standing(pool: str) -> Standing | None:  # noqa: ARG004 - the port's shape
            raise wrong

    return driver_of(replace(ports, rolling=replace(ports.rolling, orders=Broken())), scene)


def journalled(scene: Rolling, kind: str) -> list[Mapping[str, Any]]:
    return [r for r in scene.world.journal.records if r["kind"] == kind]


def tells(scene: Rolling) -> list[float]:
    done = journalled(scene, "effect")
    return [record["at"] for record in done if record["effect"] == "TellRollout"]


def test_where_no_rollouts_can_be_ordered_there_is_no_roller_and_nobody_is_asked() -> None:
    scene = Rolling(1)
    driver = driver_of(replace(scene.world.ports(), rolling=None), scene)
    asked = scene.world.line.reads[Side.SSM]
    driver.once()
    assert driver.roller is None
    assert scene.world.line.reads[Side.SSM] == asked


def test_where_nothing_is_ordered_only_orders_are_read_and_only_at_their_pace() -> None:
    scene = Rolling(1)
    reads = dict(scene.world.line.reads)
    scene.builds(1, 30)
    scene.run(50)
    told = scene.world.line.reads
    assert told[Side.SSM] - reads[Side.SSM] <= 60 / 5 + 1
    assert roller_of(scene).standings == {}
    assert journalled(scene, "rollout") == []


def test_an_order_is_taken_up_at_once_and_told() -> None:
    scene = Rolling(2)
    order = scene.order()
    scene.run(6)
    assert scene.standing.order == order.id
    assert roller_of(scene).standings["linux"] == scene.standing


def test_nothing_is_done_for_a_rollout_that_cannot_be_told() -> None:
    scene = Rolling(2)
    scene.order(canary=False)
    while "linux" not in scene.rollings.standings:
        scene.run(1)
    before = dict(scene.rollings.standings)
    scene.world.line.out_of_reach.add(Side.SSM)
    scene.run(600)
    assert scene.rollings.standings == before
    assert scene.member_versions == {1}
    scene.world.line.out_of_reach.clear()
    assert scene.until_over().state == S.DONE


def test_what_is_seen_while_nothing_can_be_told_is_not_forgotten() -> None:
    """An agent that came online and left again meanwhile is no agent that never came."""
    scene = Rolling(1, replace(BRISK, bake_seconds=1200), ceiling=4)
    scene.order(canary=False)
    while scene.rollings.standings.get("linux", ordered(_any(), 0)).state != S.BAKING:
        scene.run(1)
    scene.builds(2, 30)
    while scene.standing.launched < 2:
        scene.run(1)
    scene.world.line.out_of_reach.add(Side.SSM)
    scene.run(500)
    assert len(scene.members) == 1
    assert scene.standing.registered < scene.standing.launched
    scene.world.line.out_of_reach.clear()
    assert scene.until_over().state == S.DONE
    assert scene.standing.failed == 0


def test_orders_that_cannot_be_read_are_journalled_once_and_not_each_time() -> None:
    scene = Rolling(1)
    scene.world.line.out_of_reach.add(Side.SSM)
    scene.run(120)
    failed = [r for r in journalled(scene, "failed") if r["effect"] == "reading orders"]
    assert len(failed) == 1


def test_a_standing_that_says_nothing_new_is_told_once_a_minute() -> None:
    scene = Rolling(2)
    scene.builds(2, 3000)
    scene.order(canary=False)
    scene.run(300)
    first = len(tells(scene))
    scene.run(10 * PULSE_SECONDS)
    assert 9 <= len(tells(scene)) - first <= 11


def test_a_new_controller_goes_on_with_what_was_told() -> None:
    scene = Rolling(3)
    scene.order()
    while scene.rollings.standings.get("linux", ordered(_any(), 0)).state != S.CANARY:
        scene.run(1)
    told = scene.standing
    scene.stage.restart()
    scene.run(10)
    assert scene.standing.started_at == told.started_at
    assert scene.standing.canary == told.canary
    assert scene.until_over().state == S.DONE


def test_an_order_that_somebody_took_away_is_rolled_back() -> None:
    scene = Rolling(3)
    scene.builds(3, 600)
    scene.order(canary=False)
    while not scene.cordoned:
        scene.run(1)
    del scene.rollings.orders["linux"]
    scene.run(120)
    assert scene.cordoned == []
    scene.run(1200)
    assert scene.standing.state == S.ROLLED_BACK
    assert scene.world.cloud.groups["linux-agents"].template_version == 1


def test_an_order_that_somebody_took_away_from_a_dead_controller_is_rolled_back_too() -> None:
    scene = Rolling(1)
    scene.order()
    while not scene.world.launching.beside:
        scene.run(1)
    del scene.rollings.orders["linux"]
    scene.stage.restart()
    scene.run(400)
    assert scene.standing.state == S.ROLLED_BACK
    assert not [each for each in scene.world.launching.beside if each.alive]


def test_an_order_that_is_over_when_the_controller_comes_back_is_closed_again() -> None:
    scene = Rolling(2)
    order = scene.order()
    scene.until_over()
    scene.rollings.orders["linux"] = order
    scene.stage.restart()
    scene.run(30)
    assert scene.rollings.orders == {}
    assert scene.standing.state == S.DONE


def test_a_record_that_is_no_standing_keeps_no_rollout_from_its_beginning() -> None:
    scene = Rolling(1)
    driver = driver_without_standings(scene, Surprise("linux: is no standing"))
    scene.order()
    driver.once()
    assert scene.standing.order == "r-1"


def test_a_record_that_is_no_order_keeps_no_other_pool_from_its_rollout() -> None:
    """The pool itself goes on by what was read last: nobody took its order away."""
    scene = Rolling(1)
    order = scene.order()
    ports = scene.world.ports()
    assert ports.rolling is not None
    orders, placed = ports.rolling.orders, ports.rolling.orders.placed
    spoilt: set[str] = set()

    class Spoilt:
        """Orders among which somebody else wrote."""

        standing = staticmethod(orders.standing)
        tell = staticmethod(orders.tell)
        close = staticmethod(orders.close)

        @staticmethod
        def placed(pools: Sequence[str]) -> Mapping[str, Order]:
            for pool in spoilt & {*pools}:
                raise Surprise(f"{pool}: is no order")
            return placed(pools)

    [pool] = scene.stage.pools
    other = replace(pool, policy=replace(pool.policy, name="other"), group="other")
    rolling = replace(ports.rolling, orders=Spoilt())
    roller = Roller(ports, rolling, (other, pool), RealPerformer(ports), {})
    spoilt.add("other")
    with pytest.raises(Surprise, match="other: is no order"):
        roller.read()
    assert roller._orders == {"linux": order}
    spoilt.add("linux")
    with pytest.raises(Surprise):
        roller.read()
    assert roller._orders == {"linux": order}


def test_a_standing_that_remembers_the_order_of_another_is_not_rolled_back() -> None:
    scene = Rolling(1)
    order = scene.order()
    forged = replace(ordered(order, 0), memory={"order": {**order.as_record(), "pool": "other"}})
    assert order_of(forged) is None
    assert order_of(replace(forged, memory={"order": order.as_record()})) == order


def test_a_state_of_a_newer_release_keeps_no_rollout_from_its_beginning() -> None:
    scene = Rolling(1)
    order = scene.order()
    scene.rollings.tell(replace(ordered(order, 0), state="PONDERING"))
    scene.run(6)
    assert scene.standing.state in set(S)


def test_a_standing_that_cannot_be_read_keeps_a_rollout_from_beginning_anew() -> None:
    scene = Rolling(2)
    scene.order(canary=False)
    while "linux" not in scene.rollings.standings:
        scene.run(1)
    before = scene.standing
    driver = driver_without_standings(scene, Unreadable("linux: no answer"))
    driver.once()
    assert driver.roller is not None
    assert driver.roller.standings == {}
    assert scene.standing == before


def test_the_order_after_one_that_is_over_begins_with_nothing_done() -> None:
    scene = Rolling(1)
    scene.order()
    first = scene.until_over()
    scene.order()
    scene.run(15)
    assert (scene.standing.order, scene.standing.ended_at) == ("r-2", None)
    assert scene.standing.started_at > (first.ended_at or 0)


def test_a_canary_that_ec2_took_and_never_showed_is_late_at_last() -> None:
    scene = Rolling(1)
    scene.order()
    while not scene.world.launching.beside:
        scene.run(1)
    scene.world.cloud.ec2_terminate(scene.world.launching.beside[0].id, Hand.AWS)
    told = scene.until_over(1200)
    assert (told.state, told.because) == (S.FAILED, "no canary ever showed")


def test_the_matrix_job_is_asked_for_once_for_each_agent() -> None:
    scene = Rolling(3)
    scene.builds(3, 400)
    scene.order(strategy=Strategy.MATRIX)
    scene.until_over()
    done = journalled(scene, "effect")
    asked = [node for r in done if r["effect"] == "RunMatrix" for node in r["nodes"]]
    assert len(asked) == len(set(asked)) == 3


def test_news_of_an_order_has_the_next_tick_come_now() -> None:
    scene = Rolling(1)
    pace = Pace(tick=7200, glance=7200, mail=7200, publish=7200, orders=5)
    ports = scene.world.ports()
    driver = Driver(
        ports, scene.stage.pools, RealPerformer(ports), pace=pace, trust=Trust(), blind_step=5
    )
    driver.run_due()
    scene.order()
    scene.world.clock.wait(5)
    driver.run_due()
    assert scene.standing.order == "r-1"


def test_a_failed_rollout_is_metered_from_the_trip_until_an_hour_after_its_end() -> None:
    scene = Rolling(1)
    scene.order(Template(image="ami-bad", registers=0))

    def failed(after: float = 0) -> float:
        [meter] = roller_of(scene).meters(scene.world.kernel.now + after)
        assert (meter.name, meter.unit, meter.pool) == ("RolloutFailed", "Count", "linux")
        return meter.value

    assert failed() == 0
    told = scene.until_over()
    assert told.ended_at is not None
    passed = scene.world.kernel.now - told.ended_at
    assert failed() == failed(3599 - passed) == 1
    assert failed(3600 - passed) == 0
    scene.stage.restart()
    scene.run(10)
    assert failed() == 1


def test_a_rollout_that_people_take_back_is_no_failed_one() -> None:
    scene = Rolling(1)
    scene.order()
    scene.run(6)
    scene.ask(Command.ROLL_BACK)
    assert scene.until_over().state == S.ROLLED_BACK
    [meter] = roller_of(scene).meters(scene.world.kernel.now)
    assert meter.value == 0


def test_the_journal_says_what_a_rollout_did_and_why() -> None:
    scene = Rolling(1)
    scene.order(canary=False)
    scene.run(15)
    lines = [line for line in explain(scene.world.journal.records) if "rollout" in line]
    assert "\n".join(lines[:4]) == TOLD


def test_the_journal_is_not_told_twice_what_it_knows() -> None:
    scene = Rolling(2)
    scene.builds(2, 3000)
    scene.order(canary=False)
    scene.run(300)
    first = len(journalled(scene, "rollout"))
    scene.run(600)
    assert len(journalled(scene, "rollout")) == first


def test_a_dry_run_prints_a_rollout_and_does_nothing_of_it() -> None:
    scene = Rolling(2)
    scene.order(canary=False)
    ports = scene.world.ports()
    shown: list[str] = []
    driver = driver_of(ports, scene, performer=DryRun(ports, shown.append))
    for _ in range(3):
        driver.once()
    assert [line for line in shown if line.startswith("UseTemplateVersion")]
    assert scene.rollings.standings == {}
    assert scene.world.cloud.groups["linux-agents"].template_version == 1


@pytest.mark.parametrize("seconds", [5, 3600])
def test_orders_are_read_at_the_pace_that_is_asked_for(seconds: float) -> None:
    scene = Rolling(1)
    pace = Pace(tick=7200, glance=7200, mail=7200, publish=7200, orders=seconds)
    ports = scene.world.ports()
    driver = Driver(
        ports, scene.stage.pools, RealPerformer(ports), pace=pace, trust=Trust(), blind_step=5
    )
    driver.run_due()
    assert driver.run_due() == seconds


def test_a_pool_without_a_policy_is_rolled_out_by_the_defaults() -> None:
    scene = Rolling(1, BRISK)
    scene.order(canary=False)
    ports = scene.world.ports()
    driver = driver_of(ports, scene)
    driver.once()
    assert scene.standing.state == S.WAVE


def _any() -> Order:
    return Order(id="", pool="linux", group="", target=0, image="", previous=0, by="", at=0)
