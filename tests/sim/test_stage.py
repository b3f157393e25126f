"""The loops on the stage, and the auditor that watches them."""

from tests.facts import pool
from tests.sim.conftest import LINUX, QUEUE
from workhorse.core.cordon import cordon_label
from workhorse.sim.audit import Audit
from workhorse.sim.groups import Shape
from workhorse.sim.line import CrashPoint, Side
from workhorse.sim.stage import Stage
from workhorse.sim.truth import Hand
from workhorse.sim.world import World

POOL = pool(group="group", queue_url=QUEUE, ceiling=5, floor=1)


def day(seed: int) -> World:
    """A few hours of builds that come by chance, with the loops."""
    shape = Shape(
        group="group",
        labels=LINUX,
        maximum=5,
        queue=QUEUE,
        boot_seconds=lambda rng: rng.uniform(40, 90),
    )
    world = World([shape], seed=seed)
    at = 0.0
    for number in range(60):
        at += world.rng.expovariate(1 / 120)
        world.kernel.after(at, world.jenkins.submit, f"job-{number}", 200.0, "linux")
    Stage(world, [POOL]).run(4 * 3600)
    return world


def test_the_same_seed_gives_the_same_run_to_the_last_record() -> None:
    one, again, other = day(1), day(1), day(2)
    assert one.journal.records == again.journal.records
    assert one.truth == again.truth
    assert len(one.truth.finished) == 60
    assert one.truth.kills == []
    assert one.journal.records != other.journal.records


def test_one_turn_tells_also_of_a_queue_that_did_not_answer(world: World) -> None:
    stage = Stage(world, [POOL])
    assert stage.driver.once() == ()
    world.line.out_of_reach.add(Side.SQS)
    [told] = stage.driver.once()
    assert "sqs" in told.lower()


def test_a_killed_process_is_started_anew_with_its_journal(world: World) -> None:
    stage = Stage(world, [POOL])
    first = stage.driver
    world.line.crash = CrashPoint(changes=3)
    stage.run(120)
    assert stage.crashes == 1
    assert stage.driver is not first
    assert len(world.journal.of("session")) == 1
    assert world.cloud.groups["group"].desired == 1


def test_the_auditor_tells_an_end_that_no_reading_backs(world: World) -> None:
    world.cloud.set_desired("group", 1)
    world.run(90)
    [instance] = world.jenkins.computers
    world.cloud.terminate(instance, Hand.AWS, decrement=True)
    audit = Audit(world, [POOL], grace_seconds=0)
    ports = world.ports()
    effect = {"effect": "CompleteHook", "group": "group", "hook": "drain", "instance": instance}

    def breaches() -> list[str]:
        audit.breaches.clear()
        ports.cloud.complete_hook("group", "drain-of-another", instance)
        world.journal.write({"kind": "effect", **effect, "because": "a test wants it"})
        ports.cloud.complete_hook("group", "drain", instance)
        return audit.breaches

    told = breaches()
    assert "not journalled" in told[0]
    assert "blind" in told[-1]


def test_the_auditor_wants_two_idle_looks_and_a_settle_time(world: World) -> None:
    world.cloud.set_desired("group", 1)
    world.run(90)
    [instance] = world.jenkins.computers
    audit = Audit(world, [POOL], grace_seconds=0)
    ports = world.ports()
    effect = {"effect": "TerminateInstance", "instance": instance, "decrement": False}

    def breaches() -> list[str]:
        audit.breaches.clear()
        ports.cloud.groups(["group"])
        ports.controller.read()
        world.journal.write({"kind": "effect", **effect, "because": "a test wants it"})
        ports.cloud.terminate(instance, decrement=False)
        return [text.partition(": ")[2] for text in audit.breaches]

    name = f"TerminateInstance of {instance}"
    assert breaches() == [f"{name}, which no reading showed cordoned"]
    label = cordon_label("hook", instance)
    world.jenkins.reconfigure(instance, frozenset({label}), exclusive=True)
    assert breaches() == [f"{name}, seen idle 1 times"]
    world.run(10)
    assert breaches() == [f"{name}, last seen idle 10.0 s after its cordon"]
    world.run(10)
    assert breaches() == []
    world.jenkins.submit("pinned", 100, instance)
    world.run(1)
    assert any("run on it" in text for text in breaches())
