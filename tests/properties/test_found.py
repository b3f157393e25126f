"""What the properties found once, each as small as it could be made."""

from tests.properties.scene import Options, Scene
from workhorse.sim.line import Side
from workhorse.sim.truth import Hand


def at_work(options: Options | None = None, *, builds: int = 1, seconds: float = 600) -> Scene:
    """A scene in which an agent runs each of the builds."""
    scene = Scene(options or Options())
    for _ in range(builds):
        scene.world.jenkins.submit("job", seconds, "linux")
    scene.stage.run(150)
    assert len(scene.nodes) == builds
    return scene


def test_a_spot_warning_joins_the_drain_that_is_open_while_the_group_cannot_be_read() -> None:
    scene = at_work()
    [instance] = scene.machines
    scene.world.recommend_rebalance(instance)
    scene.stage.run(15)
    scene.world.line.out_of_reach.add(Side.AUTO_SCALING)
    scene.world.interrupt_spot(instance)
    scene.stage.run(15)
    assert len(scene.stage.driver._drainer.drains[instance].messages) == 2
    scene.settle()
    assert scene.world.truth.ends[instance] is Hand.SPOT
