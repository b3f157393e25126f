"""What the auditor notices of who is chosen, and of sizes that let Auto Scaling choose."""

import pytest

from workhorse.core.cordon import cordon_label
from workhorse.core.effects import (
    Cordon,
    Effect,
    Heartbeat,
    SetDesiredCapacity,
    TerminateInstance,
    as_record,
)
from workhorse.core.errors import Unreadable
from workhorse.core.model import Policy, Pool
from workhorse.loops.ports import Ports
from workhorse.sim.audit import Audit
from workhorse.sim.line import Side, Trip
from workhorse.sim.world import World

POLICY = Policy(
    name="pool", labels=frozenset({"linux"}), ceiling=5, idle_seconds=100, boot_seconds=120
)
POOL = Pool(policy=POLICY, group="group")


class Watched:
    """A world of two agents, its auditor, and whoever makes changes in it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.audit = Audit(world, [POOL], grace_seconds=0)
        self.ports: Ports = world.ports()
        world.cloud.set_desired("group", 2)
        for _ in range(10):
            world.run(10)
            self.read()
        self.name = next(iter(world.jenkins.computers))

    def read(self) -> None:
        """As a tick does."""
        self.ports.cloud.groups(["group"])
        self.ports.controller.read()

    def said(self, effect: Effect) -> list[str]:
        """What the auditor says of a change that was journalled."""
        self.audit.breaches.clear()
        self.world.journal.write({"kind": "effect", **as_record(effect), "because": "a test"})
        self.audit.changing(effect)
        return [text.partition(": ")[2] for text in self.audit.breaches]

    def chosen(self, cause: str = "scale-in") -> list[str]:
        """What it says of a cordon."""
        return self.said(Cordon(node=self.name, label=cordon_label(cause, self.name)))


@pytest.fixture
def watched(world: World) -> Watched:
    """Two agents, idle for less than a minute."""
    return Watched(world)


def test_who_is_chosen_too_soon_is_told_once(watched: Watched) -> None:
    [breach] = watched.chosen()
    assert breach.endswith("s idle, not 100")
    assert watched.chosen() == []


def test_who_was_idle_for_long_enough_may_be_chosen(watched: Watched) -> None:
    watched.world.run(100)
    watched.read()
    assert watched.chosen() == []


def test_a_build_between_two_looks_begins_the_idleness_anew(watched: Watched) -> None:
    watched.world.run(100)
    watched.world.jenkins.submit("job", 20, "linux")
    watched.world.jenkins.submit("job", 20, "linux")
    watched.world.run(5)
    watched.read()
    watched.world.run(60)
    watched.read()
    [breach] = watched.chosen()
    assert breach.endswith("after 0.0 s idle, not 100")


def test_a_reading_that_ec2_made_too_old_begins_no_idleness_anew(watched: Watched) -> None:
    """The loops plan by none that is too old, so it tells them of no build."""
    watched.world.run(40)
    watched.world.jenkins.submit("job", 20, "linux")
    watched.world.jenkins.submit("job", 20, "linux")
    watched.world.run(5)
    watched.world.line.seconds[Side.EC2] = 40
    watched.read()
    watched.ports.cloud.states([watched.name])
    watched.world.line.seconds.clear()
    watched.world.run(20)
    watched.read()
    assert watched.chosen() == []


def test_a_look_that_no_group_was_described_for_leaves_the_last_one_noted(
    watched: Watched,
) -> None:
    """Nobody plans by it; what was seen before stands, and whoever asks EC2 later is no part."""
    watched.world.jenkins.submit("job", 20, "linux")
    watched.world.jenkins.submit("job", 20, "linux")
    watched.world.run(5)
    watched.read()
    watched.world.run(60)
    watched.read()
    watched.ports.controller.read()
    watched.world.run(60)
    watched.ports.controller.read()
    watched.ports.cloud.states([watched.name])
    watched.world.run(45)
    assert watched.chosen() == []


def test_a_hook_asks_nobody_how_long_it_was_idle(watched: Watched) -> None:
    assert watched.chosen("hook") == []


def test_who_is_protected_is_not_chosen(watched: Watched) -> None:
    watched.world.run(100)
    watched.world.cloud.protect(watched.name, protected=True)
    watched.read()
    [breach] = watched.chosen()
    assert breach.endswith("of a protected instance")


def test_a_size_below_what_runs_lets_auto_scaling_choose(watched: Watched) -> None:
    [breach] = watched.said(SetDesiredCapacity(group="group", size=1))
    assert breach.endswith("lets Auto Scaling choose among 2 whom to end")
    assert watched.said(SetDesiredCapacity(group="group", size=2)) == []


def test_an_end_that_is_tried_again_lowers_the_size_once(watched: Watched) -> None:
    end = TerminateInstance(instance=watched.name, decrement=True)
    for _ in range(3):
        assert [text for text in watched.said(end) if "floor" in text] == []


def test_only_a_heartbeat_needs_no_journal_that_failed(watched: Watched) -> None:
    beat = Heartbeat(group="group", hook="drain", instance=watched.name)
    watched.world.line.trips.append(Trip(side=Side.JOURNAL, changes=1))
    with pytest.raises(Unreadable):
        watched.world.journal.write({"kind": "effect"})
    watched.audit.changing(beat)
    assert watched.audit.breaches == []
    watched.world.run(1)
    watched.audit.changing(beat)
    assert len(watched.audit.breaches) == 1
