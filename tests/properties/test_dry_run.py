"""Promise 6: a dry run is the real observation and the real plan with a printing performer."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from tests.properties.scene import LABELS, Options, Scene
from workhorse.core.effects import Effect
from workhorse.core.errors import Surprise
from workhorse.core.model import Release
from workhorse.loops.perform import DryRun, Performer, RealPerformer
from workhorse.loops.ports import Ports
from workhorse.sim.faults.play import Loops
from workhorse.sim.line import Side
from workhorse.sim.truth import Hand

EVENTS = ("build", "build", "quiet", "operator", "restart", "spot", "uncordon", "death")


class Switched:
    """A performer that is another one from some moment on."""

    def __init__(self, ports: Ports) -> None:
        self.inner: Performer = RealPerformer(ports)

    def perform(self, effect: Effect, because: str) -> None:
        """As the present one does."""
        self.inner.perform(effect, because)


@dataclass(frozen=True, slots=True)
class Past:
    """A scene with a history, and what performs in it."""

    scene: Scene
    performer: Switched


def past(events: Iterable[tuple[str, int]], release: Release) -> Past:
    """What happened; the same for the same events."""
    performers: list[Switched] = []

    def made(ports: Ports) -> Switched:
        performers.append(Switched(ports))
        return performers[-1]

    scene = Scene(Options(release=release), Loops(performer=made))
    world = scene.world
    scene.stage.run(130)
    for what, seconds in events:
        machine = next(iter(scene.machines), None)
        if what == "build" and world.jenkins.up:
            world.jenkins.submit("job", 3 * seconds, "linux")
        elif what == "restart":
            world.restart_jenkins()
        elif machine:
            _happens(scene, what, machine)
        scene.stage.run(seconds)
    return Past(scene, performers[-1])


def _happens(scene: Scene, what: str, machine: str) -> None:
    world = scene.world
    try:
        if what == "spot":
            world.interrupt_spot(machine)
        elif what == "death":
            world.cloud.ec2_terminate(machine, Hand.OUTSIDE)
        elif what == "operator":
            world.cloud.terminate(machine, Hand.AWS, decrement=True)
        elif what == "uncordon":
            world.jenkins.reconfigure(machine, LABELS, exclusive=False)
    except Surprise:
        return


def moments(scene: Scene) -> list[float]:
    """When, in the next minutes, the loops will do something to the world."""
    start = scene.world.clock.now()
    scene.stage.run(400)
    records = scene.world.journal.of("effect")
    return sorted({r["at"] for r in records if r["at"] > start and r["effect"] != "Publish"})


def due(scene: Scene, moment: float) -> list[Mapping[str, Any]]:
    """The effects that the loops which are due at that moment journal."""
    scene.stage.run(moment - scene.world.clock.now())
    before, journal = len(scene.world.journal.records), scene.world.journal
    scene.stage.driver.run_due()
    return [r for r in journal.records[before:] if r["kind"] == "effect"]


def untouched(scene: Scene) -> Counter[Side]:
    return Counter({s: n for s, n in scene.world.line.changes.items() if s is not Side.JOURNAL})


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(
    events=st.lists(
        st.tuples(st.sampled_from(EVENTS), st.sampled_from((2, 7, 30, 70, 120))),
        min_size=2,
        max_size=8,
    ),
    release=st.sampled_from(Release),
    which=st.integers(0, 30),
)
def test_a_dry_run_prints_what_a_real_run_does_and_leaves_the_world_untouched(
    events: list[tuple[str, int]], release: Release, which: int
) -> None:
    choice = moments(past(events, release).scene)
    assume(choice)
    moment = choice[which % len(choice)]
    real, dry = past(events, release), past(events, release)
    dry.scene.stage.run(moment - dry.scene.world.clock.now())
    before, printed = untouched(dry.scene), list[str]()
    dry.performer.inner = DryRun(dry.scene.world.ports(), printed.append)

    done, told = due(real.scene, moment), due(dry.scene, moment)

    assert done
    assert untouched(dry.scene) == before
    assert all(record["dry_run"] for record in told)
    assert [{k: v for k, v in r.items() if k != "dry_run"} for r in told] == done
    assert len(printed) == len(told)
    for record in done:
        event(str(record["effect"]))
