"""The journal in memory, and what a replay keeps of it."""

from functools import partial

from tests.facts import pool
from tests.sim.conftest import LINUX, QUEUE
from workhorse.sim.groups import Shape
from workhorse.sim.journal import MemoryJournal
from workhorse.sim.kernel import Kernel
from workhorse.sim.line import Line, Side
from workhorse.sim.stage import Stage
from workhorse.sim.world import World


def test_a_journal_that_is_not_kept_whole_answers_what_loops_ask_and_keeps_nothing_else() -> None:
    line = Line(Kernel(0.0))
    journal = MemoryJournal(line, whole=False)

    for number in range(3):
        journal.write({"kind": "session", "number": number})
    journal.write({"kind": "desired", "after": 4})

    assert journal.last("session") == {"kind": "session", "number": 2}
    assert journal.last("desired") == {"kind": "desired", "after": 4}
    assert journal.last("drain") is None
    assert journal.records == []
    assert line.changes[Side.JOURNAL] == 4


def test_a_world_comes_to_the_same_whether_its_journal_is_kept_or_not() -> None:
    make = partial(Shape, group="group", labels=LINUX, maximum=5, queue=QUEUE)
    kept, dropped = (World([make()], exact=False, whole=whole) for whole in (True, False))

    for world in (kept, dropped):
        for number in range(8):
            world.kernel.after(90.0 * number, world.jenkins.submit, "job", 200.0, "linux")
        stage = Stage(world, [pool(group="group", queue_url=QUEUE, ceiling=5, idle_seconds=60)])
        stage.run(2000)
        stage.restart()
        stage.run(4000)

    assert len(kept.truth.finished) == 8
    assert dropped.truth == kept.truth
    assert dropped.line.changes == kept.line.changes
    assert len(kept.journal.records) == kept.line.changes[Side.JOURNAL]
    assert dropped.journal.records == []
