"""Stories of the ledger: who is lost, who comes back, and who only looks lost."""

from dataclasses import replace
from typing import Any

import pytest

from tests.facts import pool
from workhorse.core.agents import AgentPolicy, Tier
from workhorse.core.asks import Ask, AskKind
from workhorse.core.explain import explain
from workhorse.core.ledger import LedgerPolicy
from workhorse.core.meters import Meter
from workhorse.core.volume import Volume
from workhorse.loops.agent_ports import Tending
from workhorse.loops.driver import Pace
from workhorse.loops.ports import Ports
from workhorse.sim.faults import controller, ledger
from workhorse.sim.groups import Shape
from workhorse.sim.line import Side
from workhorse.sim.stage import Stage
from workhorse.sim.truth import Hand
from workhorse.sim.volumes import SimVolumes
from workhorse.sim.world import World

LINUX = frozenset({"linux"})
TICK = 10.0


def at_work(seconds: float = 3600, *, act: bool = True, **changes: Any) -> tuple[Stage, str]:
    """An agent that runs a build, some minutes after both began."""
    world = World([Shape(group="linux-agents", labels=LINUX, maximum=3, queue="q")])
    world.asking.allowed = True
    kept = pool(**({"queue_url": "q", "idle_seconds": 7200, "ceiling": 2} | changes))
    kept = replace(kept, agent=AgentPolicy(max_image_days=30))
    pace = Pace(tick=TICK, glance=TICK, mail=TICK)
    stage = Stage(world, [kept], pace=pace, ledger=LedgerPolicy(act=act))
    stage.run(180)
    world.jenkins.submit("job", seconds, "linux")
    stage.run(180)
    return stage, next(iter(world.jenkins.computers))


def told(stage: Stage) -> list[tuple[str, str]]:
    """The disagreements as journalled: kind and state."""
    return [(r["disagreement"], r["state"]) for r in stage.world.journal.of("ledger")]


def ended(stage: Stage, name: str) -> bool:
    return name in stage.world.truth.ends


def metered(stage: Stage, name: str, kind: str = "") -> float | None:
    meters: tuple[Meter, ...] = stage.world.metrics.published
    return next((m.value for m in meters if (m.name, m.kind) == (name, kind)), None)


def test_an_agent_whose_node_was_deleted_registers_again_and_nothing_is_ended() -> None:
    stage, name = at_work()
    stage.world.delete_node(name)
    stage.run(1800)
    assert name in stage.world.jenkins.computers
    assert not ended(stage, name)
    assert told(stage) == []


def test_an_agent_that_stays_forgotten_is_ended_after_its_time_and_replaced() -> None:
    stage, name = at_work()
    ledger.AgentForgotten().strike(stage.world)
    stage.run(400)
    assert not ended(stage, name)
    stage.run(60)
    assert ended(stage, name)
    assert ("forgotten", "found") in told(stage)
    stage.world.jenkins.submit("another", 60, "linux")
    stage.run(300)
    assert len(stage.world.jenkins.computers) == 1


def test_an_agent_of_a_node_that_jenkins_does_not_list_keeps_its_build_and_people_are_told() -> (
    None
):
    stage, name = at_work()
    ledger.ExecutorsTakenAway(seconds=1e9).strike(stage.world)
    stage.run(3000)
    assert not ended(stage, name)
    assert stage.world.jenkins.running_on(name)
    assert metered(stage, "Disagreements", "forgotten") == 1
    age = metered(stage, "DisagreementAge")
    assert age is not None
    assert age > 2400
    assert "Jenkins has a node of its name that it does not list" in "\n".join(
        explain(stage.world.journal.records)
    )


def test_a_hung_agent_is_ended_within_its_time() -> None:
    stage, name = at_work(seconds=30)
    stage.world.hang(name)
    stage.run(280)
    assert not ended(stage, name)
    stage.run(60)
    assert ended(stage, name)


@pytest.mark.parametrize("dark", ["quiet-down", "Jenkins away", "AWS away"])
def test_time_stands_still_in_the_dark_and_nothing_is_ended(dark: str) -> None:
    stage, name = at_work(seconds=30)
    stage.world.hang(name)
    stage.run(100)
    if dark == "quiet-down":
        controller.JenkinsQuietedDown(seconds=3600).strike(stage.world)
    else:
        side = Side.JENKINS if dark == "Jenkins away" else Side.AUTO_SCALING
        stage.world.line.out_of_reach.add(side)
    stage.run(3600)
    assert not ended(stage, name)
    stage.world.line.calm()
    stage.run(170)
    assert not ended(stage, name)
    stage.run(90)
    assert ended(stage, name)


def test_a_ledger_that_may_not_act_only_tells() -> None:
    stage, name = at_work(seconds=30, act=False)
    stage.world.hang(name)
    stage.run(3600)
    assert not ended(stage, name)
    assert told(stage) == [("hung", "found")]
    assert metered(stage, "Disagreements") == 1


def test_what_an_operator_protects_stays_until_it_is_let_go() -> None:
    stage, name = at_work(seconds=30)
    stage.world.cloud.protect(name, protected=True)
    stage.world.hang(name)
    stage.run(3600)
    assert not ended(stage, name)
    stage.world.cloud.protect(name, protected=False)
    stage.run(60)
    assert ended(stage, name)


def test_a_node_whose_instance_ec2_forgot_is_deleted_when_we_made_it() -> None:
    stage, name = at_work(seconds=30)
    stage.world.cloud.detach(name)
    stage.world.cloud.ec2_terminate(name, Hand.OUTSIDE, known=False)
    stage.run(250)
    assert name in stage.world.jenkins.computers
    stage.run(150)
    assert name not in stage.world.jenkins.computers


def test_a_node_that_says_nothing_of_its_owner_is_left_to_people() -> None:
    stage, name = at_work(seconds=30)
    stage.world.jenkins.computers[name].owner = None
    stage.world.jenkins.changed.add(name)
    stage.world.cloud.detach(name)
    stage.world.cloud.ec2_terminate(name, Hand.OUTSIDE, known=False)
    stage.run(3600)
    assert name in stage.world.jenkins.computers
    assert ("node-of-forgotten-instance", "found") in told(stage)


def test_a_node_of_a_terminated_instance_is_gone_within_half_a_minute() -> None:
    stage, name = at_work(seconds=30)
    stage.world.cloud.ec2_terminate(name, Hand.OUTSIDE)
    while stage.world.cloud.machines[name].in_group:
        stage.run(1)
    stage.run(30)
    assert name not in stage.world.jenkins.computers


def test_the_reason_that_an_agent_gave_is_in_the_journal_and_in_explain() -> None:
    stage, name = at_work()
    ledger.AgentForgotten().strike(stage.world)
    ask = Ask(instance=name, pool="linux", kind=AskKind.FAILED, at=0, detail="no java")
    asks = stage.world.asking.asks
    assert asks is not None
    asks.put(ask)
    stage.run(30)
    assert f"{name}: failed (no java)" in "\n".join(explain(stage.world.journal.records))


def test_agents_of_an_old_image_are_replaced_one_after_the_other() -> None:
    stage, name = at_work(seconds=30, floor=2)
    stage.world.inventory.pools["linux-agents"] = "linux"
    stage.restart()
    stage.run(300)
    ledger.ImageAged().strike(stage.world)
    most = 0
    for _ in range(60):
        stage.run(30)
        drains = stage.driver._drainer.drains.values()
        most = max(most, sum(drain.cause == "old-image" for drain in drains))
    versions = [m.template_version for m in stage.world.members()]
    assert (versions, most) == ([2, 2], 1)
    assert ended(stage, name)


class CachedWorld(World):
    """A world with cache volumes, which EC2 does not detach from whom it ends."""

    def ports(self) -> Ports:
        """With the volumes; the rest of tending is asked for nothing here."""
        if not hasattr(self, "volumes"):
            self.volumes = SimVolumes(self.clock.now, lambda _: "a")
        nobody: Any = None
        tending = Tending(nodes=nobody, volumes=self.volumes, builds=nobody, zones=nobody)
        return replace(super().ports(), tending=tending)


def test_a_volume_of_a_dead_instance_is_detached_within_some_minutes() -> None:
    world = CachedWorld([Shape(group="linux-agents", labels=LINUX, maximum=3, minimum=1)])
    kept = replace(pool(floor=1), agent=AgentPolicy(tier=Tier.TRUNK))
    stage = Stage(world, [kept])
    stage.run(300)
    (name,) = world.jenkins.computers
    volume = Volume(id="vol-1", zone="a", pool="linux", tier=Tier.TRUNK, state="available")
    world.volumes.add(volume)
    world.volumes.attach("vol-1", name, "/dev/sdf")
    stage.run(600)
    assert world.volumes.all[0].attached_to == name
    world.cloud.ec2_terminate(name, Hand.OUTSIDE)
    stage.run(300)
    assert world.volumes.all[0].attached_to == ""
    assert ("stranded-volume", "found") in told(stage)
    assert [r["volume"] for r in world.journal.of("effect") if r["effect"] == "DetachVolume"] == [
        "vol-1"
    ]
