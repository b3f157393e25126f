"""What the gateway measures: who was let in or sent away since the last time, who is silent."""

import pytest

from tests.facts import instance, node
from tests.gateway.scene import MAC, MEMBER, SECOND, Scene
from tests.gateway.test_leases import book, bring, record
from workhorse.core.gateway_meters import UNHEARD_SECONDS
from workhorse.core.meters import Meter
from workhorse.core.model import Lifecycle


def told(scene: Scene, name: str) -> dict[tuple[str, str], float]:
    """The meters of that name, by pool and kind."""
    return {(m.pool, m.kind): m.value for m in scene.gateway.meters() if m.name == name}


def test_who_was_let_in_is_counted_by_pool_and_way_since_the_last_time(scene: Scene) -> None:
    scene.world.tokens = book(record())
    scene.register()
    scene.register(SECOND)
    bring(scene)
    everyone = {("linux", ""): 3, ("linux", "gateway"): 2, ("linux", "token"): 1, ("macs", ""): 0}
    assert told(scene, "Registrations") == everyone
    assert told(scene, "Registrations") == {("linux", ""): 0, ("macs", ""): 0}


def test_who_was_sent_away_is_counted_by_status_and_for_no_pool(scene: Scene) -> None:
    """Which pool's it would be is what nobody proved."""
    scene.call("/v1/here", {}, lease="none")
    scene.register("i-0000000000000000f")
    scene.show(leaving=[MEMBER])
    scene.register()
    scene.nodes.silent = True
    scene.register(SECOND)
    kinds = {("", "401"): 1, ("", "403"): 1, ("", "409"): 1, ("", "503"): 1}
    assert told(scene, "Refusals") == {("", ""): 4, **kinds}
    assert told(scene, "Refusals") == {("", ""): 0}


def test_a_meter_of_no_pool_has_no_empty_dimension() -> None:
    """CloudWatch refuses one."""
    meter = Meter(name="Refusals", value=1, unit="Count", pool="", kind="401")
    assert meter.dimensions == {"Kind": "401"}


def test_an_agent_at_work_that_speaks_no_more_is_counted(scene: Scene) -> None:
    scene.lease()
    lease = scene.lease(SECOND)
    scene.pass_time(UNHEARD_SECONDS)
    scene.show(node(MEMBER), node(SECOND), node(MAC, "mac"))
    assert told(scene, "AgentsUnheard") == {("linux", ""): 0, ("macs", ""): 0}
    scene.call("/v1/here", {}, lease=lease)
    scene.pass_time(1)
    assert told(scene, "AgentsUnheard") == {("linux", ""): 1, ("macs", ""): 1}


@pytest.mark.parametrize("how", ["offline", "unlisted", "leaving"])
def test_one_that_does_not_work_is_missed_by_others(scene: Scene, how: str) -> None:
    scene.lease()
    scene.pass_time(UNHEARD_SECONDS + 1)
    state = Lifecycle.TERMINATING_WAIT if how == "leaving" else Lifecycle.IN_SERVICE
    scene.members(instance(MEMBER, state))
    scene.show(*[node(MEMBER, offline=how == "offline")][: how != "unlisted"])
    assert told(scene, "AgentsUnheard")["linux", ""] == 0


def test_who_is_silent_cannot_be_told_while_the_world_cannot_be_read(scene: Scene) -> None:
    scene.show(blind=True)
    assert told(scene, "AgentsUnheard") == {}
