"""Orders of the command line, run by the real loops in the simulated world, and followed there."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from rich.console import Console

from tests.commands.rollout_scene import Known
from tests.sim.rolling import BRISK, GROUP, Rolling
from workhorse.commands.following import DONE, FAILED, HALTED, Rhythm
from workhorse.commands.rollout_clerk import Clerk
from workhorse.commands.rollout_desk import Desk, Orders, Version, Versions
from workhorse.core.ordering import Wish
from workhorse.core.orders import Command
from workhorse.sim.groups import Template
from workhorse.sim.rolling import PREVIOUS, STABLE

POOL = "linux"
LIMIT_SECONDS = 7200.0
LOOK_SECONDS = 10.0


class Following:
    """A busy pool of four, and somebody who orders and stays to watch."""

    def __init__(self) -> None:
        self.pool = Rolling(4)
        self.pool.builds(4, 400)
        self.said: list[str] = []
        self.waited = 0.0

    def template_versions(self, group: str) -> Sequence[Version]:
        """As `Versions`."""
        templates = self.pool.world.launching.group(group).templates
        return [Known(number, each.image) for number, each in templates.items()]

    def wait(self, seconds: float) -> bool:
        """Let the loops go on; far beyond any rollout we are told to stop."""
        self.pool.run(seconds)
        self.waited += seconds
        return self.waited > LIMIT_SECONDS

    def clerk(self) -> Clerk:
        """Somebody at the desk."""
        ports = self.pool.world.ports()
        assert ports.rolling is not None
        desk = Desk(
            pool=POOL,
            group=GROUP,
            policy=BRISK,
            orders=cast("Orders", ports.rolling.orders),
            versions=cast("Versions", self),
            cloud=ports.cloud,
            previous_image=lambda: self.pool.rollings.channels[POOL].get(PREVIOUS, ""),
            condemned=lambda _image: "",
            missing_jobs=lambda _jobs: (),
            now=self.pool.world.clock.now,
        )
        return Clerk(
            desk=desk,
            show=self.said.append,
            console=Console(file=io.StringIO(), width=100),
            rhythm=Rhythm(wait=self.wait, look=LOOK_SECONDS),
        )

    def order(self) -> int:
        """Order the newest version and follow it."""
        return self.clerk().order(Wish(pool=POOL, by="ann"))


def test_what_is_ordered_is_done_and_told_while_it_is_done() -> None:
    scene = Following()
    scene.pool.rollings.channels[POOL][STABLE] = "ami-1"
    scene.pool.rollings.bake(GROUP, Template(image="ami-2"))

    assert scene.order() == DONE

    scene.pool.check()
    told = "\n".join(scene.said)
    steps = ("waits for the canary", "tries the canary", "wave 1 of 2", "wave 2 of 2", "done")
    places = [told.index(step) for step in steps]
    assert places == sorted(places)
    assert "4 of 4 replaced" in told
    assert scene.pool.rollings.channels[POOL] == {STABLE: "ami-2", PREVIOUS: "ami-1"}


def test_one_command_returns_the_pool_to_the_image_before() -> None:
    scene = Following()
    scene.pool.rollings.channels[POOL][STABLE] = "ami-1"
    scene.pool.rollings.bake(GROUP, Template(image="ami-2"))
    scene.order()
    scene.pool.builds(4, 400)

    assert scene.clerk().roll_back(Wish(pool=POOL, canary=False, by="ann")) == DONE

    scene.pool.check()
    assert scene.pool.member_versions == {1}
    assert scene.pool.rollings.channels[POOL] == {STABLE: "ami-1", PREVIOUS: "ami-2"}


def test_whoever_ordered_a_bad_image_is_told_what_was_wrong_with_it() -> None:
    scene = Following()
    scene.pool.rollings.bake(GROUP, Template(image="ami-bad", registers=0))

    assert scene.order() == FAILED

    scene.pool.check()
    assert "failed after 4 min: the canary did not come online" in scene.said[-1]
    assert scene.pool.member_versions == {1}


def test_a_rollout_that_somebody_takes_back_returns_to_the_version_before() -> None:
    scene = Following()
    scene.pool.rollings.bake(GROUP, Template(image="ami-2"))
    replace(scene.clerk(), detach=True).order(Wish(pool=POOL, by="bob"))
    scene.pool.run(300)

    assert scene.clerk().tell(Command.ROLL_BACK) == DONE

    scene.pool.check()
    assert scene.pool.member_versions == {1}
    assert scene.pool.rollings.condemned == {}


def test_one_that_is_halted_chooses_nobody_and_goes_on_when_it_is_asked_to() -> None:
    scene = Following()
    scene.pool.rollings.bake(GROUP, Template(image="ami-2"))
    replace(scene.clerk(), detach=True).order(Wish(pool=POOL, by="bob"))
    scene.pool.run(300)

    scene.clerk().tell(Command.HALT)
    scene.pool.run(60)
    assert scene.clerk().watch() == HALTED

    assert scene.clerk().tell(Command.GO) == DONE
    scene.pool.check()
    assert scene.pool.member_versions == {2}
