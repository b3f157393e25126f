"""What comes between the books in the simulated world, and the twin of a run that skips nothing."""

import pytest

from tests.sim.conftest import LINUX
from workhorse.core.errors import Missing
from workhorse.sim.faults import draw, play
from workhorse.sim.gate import AGAIN_SECONDS, SPEAKS_SECONDS
from workhorse.sim.jenkins import SimJenkins
from workhorse.sim.jenkins_facts import Teller
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

SEEDS = [
    seed
    for seed, plan in ((seed, draw.plan(seed)) for seed in range(60))
    if plan.pools[0].image_days and not plan.asking
][:3]
"""Plans in which the books come apart, and nothing else that is not simulated otherwise."""


def grown(world: World) -> str:
    """A world with one agent, by its name."""
    world.cloud.set_desired("group", 1)
    world.run(120)
    (name,) = world.jenkins.computers
    return name


def test_a_node_deleted_under_a_pipeline_leaves_a_ghost_that_keeps_its_name(
    jenkins: SimJenkins,
) -> None:
    jenkins.connect("i-1", LINUX)
    jenkins.submit("job", 900, "linux", pipeline=True)
    jenkins.kernel.run_until(10)
    jenkins.delete("i-1", Hand.OUTSIDE)
    node = Teller(jenkins).nodes()["i-1"]
    assert (node.ghost, node.offline, node.idle, node.labels) == (True, True, False, frozenset())
    assert not jenkins.has_node("i-1")
    assert not jenkins.connect("i-1", LINUX)
    with pytest.raises(Missing):
        jenkins.computer("i-1")


@pytest.mark.parametrize("way", ["time", "another delete", "a restart"])
def test_a_ghost_goes_in_five_minutes_or_by_another_delete_or_a_restart(
    jenkins: SimJenkins, way: str
) -> None:
    jenkins.connect("i-1", LINUX)
    jenkins.submit("job", 900, "linux", pipeline=True)
    jenkins.kernel.run_until(10)
    jenkins.delete("i-1", Hand.OUTSIDE)
    match way:
        case "time":
            jenkins.kernel.run_until(311)
        case "another delete":
            jenkins.delete("i-1", Hand.OURS)
        case _:
            jenkins.stop()
            jenkins.start()
    assert Teller(jenkins).nodes() == {}
    assert jenkins.connect("i-1", LINUX)


def test_a_node_without_executors_is_not_listed_and_its_build_ends_well(world: World) -> None:
    name = grown(world)
    world.jenkins.submit("job", 100, "linux")
    world.run(10)
    world.hide(name, hidden=True)
    assert Teller(world.jenkins).nodes() == {}
    assert world.jenkins.has_node(name)
    world.jenkins.submit("another", 10, "linux")
    world.run(200)
    assert [each.task for each in world.truth.finished] == ["job"]
    world.hide(name, hidden=False)
    world.run(30)
    assert [each.task for each in world.truth.finished] == ["job", "another"]


def test_an_agent_whose_node_is_deleted_registers_again_unless_it_leaves(world: World) -> None:
    name = grown(world)
    world.delete_node(name)
    world.run(AGAIN_SECONDS - 1)
    assert not world.jenkins.computers
    world.run(2)
    assert list(world.jenkins.computers) == [name]
    world.registering.refuses = lambda instance: instance == name
    world.delete_node(name)
    world.run(600)
    assert not world.jenkins.computers


def test_nobody_registers_while_the_gateway_is_closed_and_all_do_afterwards(world: World) -> None:
    world.registering.gate.close()
    world.cloud.set_desired("group", 2)
    world.run(600)
    assert not world.jenkins.computers
    world.registering.gate.open()
    world.run(20)
    assert len(world.jenkins.computers) == 2


def test_an_agent_is_heard_every_minute_until_it_hangs_and_by_a_gateway_that_began_before(
    world: World,
) -> None:
    name, gate = grown(world), world.registering.gate
    now = world.kernel.now
    assert now - SPEAKS_SECONDS < gate.heard()[name] <= now
    assert gate.heard(3600)[name] == gate.heard()[name] + 3600
    assert list(gate.heard()) == [name]
    world.hang(name)
    world.run(600)
    assert gate.heard()[name] <= now
    gate.begin()
    assert name not in gate.heard()


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_ledger_journals_is_the_same_when_idle_turns_are_left_out(seed: int) -> None:
    def journal(*, skipping: bool) -> list[object]:
        playing = play._Play(draw.plan(seed), play.Loops(skipping=skipping))
        playing.live()
        return [dict(record) for record in playing.world.journal.records]

    assert journal(skipping=True) == journal(skipping=False)
