"""Stories of machines that came by a token: gone, back in time, back too late, and put aside."""

from collections import Counter

import pytest

from tests.facts import pool
from workhorse.core.explain import explain
from workhorse.core.ledger import LedgerPolicy
from workhorse.loops.driver import Pace
from workhorse.loops.ledger import MENDED_PER_TICK
from workhorse.sim.groups import Shape
from workhorse.sim.stage import Stage
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

TICK = 10.0
MISSED = 3600.0
"""How long one may be missed here, instead of a day."""


def there(*, act: bool = True) -> tuple[Stage, str]:
    """A machine that came a while ago, beside a pool that needs nobody."""
    world = World([Shape(group="linux-agents", labels=frozenset({"linux"}), maximum=3, queue="q")])
    world.asking.allowed = True
    pace = Pace(tick=TICK, glance=TICK, mail=TICK)
    stage = Stage(
        world, [pool(queue_url="q")], pace=pace, ledger=LedgerPolicy(act=act, absent_seconds=MISSED)
    )
    name = world.token_machines.come("linux", world.cloud.groups["linux-agents"].shape)
    stage.run(200)
    return stage, name


def has(stage: Stage, name: str) -> bool:
    return name in stage.world.jenkins.computers


def test_the_node_of_a_machine_that_is_gone_is_deleted_after_its_time() -> None:
    stage, name = there()
    stage.world.token_machines.go(name)
    stage.run(MISSED - 600)
    assert has(stage, name)
    stage.run(700)
    assert not has(stage, name)
    told = "\n".join(explain(stage.world.journal.records))
    assert f"linux: {name}: machine-gone: " in told
    assert f"linux: {name}: machine-gone is over: it leaves" in told


def test_one_that_works_or_idles_online_stays_for_ever() -> None:
    stage, name = there()
    stage.run(3 * MISSED)
    assert has(stage, name)
    assert stage.world.journal.of("ledger") == []


def test_one_that_is_back_within_its_time_is_missed_anew() -> None:
    stage, name = there()
    for _ in range(3):
        stage.world.token_machines.go(name)
        stage.run(MISSED - 600)
        stage.world.token_machines.come_back(name)
        stage.run(100)
    assert stage.world.journal.of("ledger") == []


def test_one_that_is_back_while_its_node_is_cordoned_is_called_back_and_takes_builds() -> None:
    stage, name = there()
    stage.world.token_machines.go(name)
    stage.run(MISSED + TICK)
    computer = stage.world.jenkins.computers[name]
    assert computer.labels == {f"workhorse-drain.machine-gone.{name}"}
    stage.world.token_machines.come_back(name)
    stage.run(2 * TICK)
    assert (computer.labels, computer.exclusive) == ({"linux"}, False)
    build = stage.world.jenkins.submit("job", 30, "linux")
    stage.run(MISSED)
    assert [(each.build, each.node) for each in stage.world.truth.finished] == [(build.id, name)]
    assert has(stage, name)


def test_one_that_is_back_later_has_a_node_of_its_old_name() -> None:
    stage, name = there()
    stage.world.token_machines.go(name)
    stage.run(2 * MISSED)
    stage.world.token_machines.come_back(name)
    stage.run(100)
    assert stage.world.jenkins.computers[name].online


def test_one_that_people_took_out_of_work_is_theirs() -> None:
    stage, name = there()
    stage.world.token_machines.go(name)
    stage.world.jenkins.mark(name, temporarily_offline=True)
    stage.run(3 * MISSED)
    assert has(stage, name)


def test_a_ledger_that_may_not_act_only_tells() -> None:
    stage, name = there(act=False)
    stage.world.token_machines.go(name)
    stage.run(2 * MISSED)
    assert has(stage, name)
    told = [(r["disagreement"], r["state"]) for r in stage.world.journal.of("ledger")]
    assert told == [("machine-gone", "found")]


@pytest.mark.parametrize("hand", ["quiet-down", "restart"])
def test_nothing_goes_while_jenkins_cannot_be_believed(hand: str) -> None:
    stage, name = there()
    stage.world.token_machines.go(name)
    stage.run(MISSED - 60)
    if hand == "quiet-down":
        stage.world.jenkins.quieting_down = True
    else:
        stage.world.restart_jenkins()
    stage.run(110)
    assert stage.world.jenkins.computers[name].labels == {"linux"}
    assert not stage.world.truth.killed_by(Hand.OURS)


def test_of_many_that_are_gone_together_a_few_go_in_each_tick() -> None:
    stage, first = there()
    machines = stage.world.token_machines
    shape = stage.world.cloud.groups["linux-agents"].shape
    names = [first, *(machines.come("linux", shape) for _ in range(2 * MENDED_PER_TICK))]
    stage.run(200)
    for name in names:
        machines.go(name)
    stage.run(MISSED + 300)
    assert not any(has(stage, name) for name in names)
    done = stage.world.journal.of("effect")
    for kind in ("Cordon", "DeleteNode"):
        at = Counter(record["at"] for record in done if record["effect"] == kind)
        assert sum(at.values()) == len(names)
        assert max(at.values()) == MENDED_PER_TICK
