"""Whom the outsiders choose, and when."""

import random
from typing import Any

from workhorse.local.demo import hands
from workhorse.local.demo.facts import Hand
from workhorse.local.demo.view import AgentSeen, Names, View

LINUX = Names(label="linux", group="g", job="demo-linux")


def agent(name: str, **changes: Any) -> AgentSeen:
    usual: dict[str, Any] = {
        "instance": name,
        "group": "g",
        "zone": "a",
        "spot": False,
        "lifecycle": "InService",
        "online": True,
        "idle": True,
        "cordoned": False,
    }
    return AgentSeen(**(usual | changes))


def view(*agents: AgentSeen, desired: int = 9, waiting: tuple[float, ...] = ()) -> View:
    return View(
        at=0,
        pools=(LINUX,),
        desired={"g": desired},
        floors={"g": 0},
        agents=agents,
        waiting={"demo-linux": waiting},
        nodes=(),
    )


def chance() -> random.Random:
    return random.Random(1)  # noqa: S311 - a test's own


def test_the_operator_hits_a_busy_agent_and_never_an_idle_or_leaving_one() -> None:
    busy = agent("busy", idle=False)
    others = (agent("idle"), agent("leaves", idle=False, lifecycle="Terminating:Wait"))
    assert hands.busy_agent(view(busy, *others), chance()) == "busy"
    assert hands.busy_agent(view(*others), chance()) is None


def test_a_node_is_deleted_under_an_idle_agent_that_nobody_waits_for() -> None:
    agents = (agent("idle"), agent("works", idle=False), agent("leaves", cordoned=True))
    assert hands.idle_agent(view(*agents), chance()) == "idle"
    assert hands.idle_agent(view(*agents, waiting=(1.0,)), chance()) is None


def test_ec2_warns_an_idle_spot_agent_that_nobody_waits_for() -> None:
    agents = (agent("spot", spot=True), agent("other"), agent("works", spot=True, idle=False))
    assert hands.idle_spot_agent(view(*agents), chance()) == "spot"
    assert hands.idle_spot_agent(view(*agents, waiting=(1.0,)), chance()) is None


def test_a_rebalance_takes_from_the_fullest_zone() -> None:
    agents = (agent("a1"), agent("b1", zone="b"), agent("b2", zone="b"))
    assert hands.agent_of_fullest_zone(view(*agents), chance()) in {"b1", "b2"}


def test_a_group_of_one_is_not_rebalanced() -> None:
    assert hands.agent_of_fullest_zone(view(agent("a1")), chance()) is None


def test_desired_is_lowered_only_where_that_must_hit_the_busy_and_stays_legal() -> None:
    busy = tuple(agent(f"busy{n}", idle=False) for n in range(hands.LOWER_BY + 1))
    assert hands.group_to_lower(view(*busy), chance()) == "g"
    assert hands.group_to_lower(view(*busy[1:]), chance()) is None
    assert hands.group_to_lower(view(*busy, desired=1), chance()) is None


def test_the_controller_is_killed_while_a_cordoned_agent_waits_at_the_hook_with_a_build() -> None:
    at_hook = agent("d", lifecycle="Terminating:Wait", cordoned=True, idle=False)
    early = agent("e", lifecycle="Terminating:Wait", idle=False)
    assert hands.drain_with_a_build(view(at_hook, early), chance()) == "d"
    assert hands.drain_with_a_build(view(early), chance()) is None


def test_a_cue_waits_for_its_time_and_its_target_and_comes_once() -> None:
    script = hands.script(ec2_loss=False)
    works = view(agent("busy", idle=False))
    assert script.due(works, 0.1, chance()) is None
    found = script.due(works, 0.3, chance())
    assert found is not None
    cue, target = found
    assert (cue.hand, target) == (Hand.OPERATOR_TERMINATE, "busy")
    assert script.without(cue).due(works, 0.3, chance()) is None


def test_the_loss_past_the_hook_is_shown_only_when_asked_for() -> None:
    for asked in (True, False):
        names = {cue.hand for cue in hands.script(ec2_loss=asked).cues}
        assert (Hand.EC2_TERMINATE in names) is asked
        assert {Hand.KILL_CONTROLLER, Hand.SPOT_WARNING, Hand.LOWERED_DESIRED} <= names


def without(script: hands.Script, *done: Hand) -> hands.Script:
    return hands.Script(cues=tuple(cue for cue in script.cues if cue.hand not in done))


def test_a_drain_that_was_begun_for_a_kill_is_not_paused_over() -> None:
    script = hands.script(ec2_loss=False)
    drained = agent("d", lifecycle="Terminating:Wait", cordoned=True, idle=False)
    assert script.at_once().due(view(drained), 0.3, chance()) is None
    begun = without(script, Hand.OPERATOR_TERMINATE).at_once()
    found = begun.due(view(drained, agent("idle")), 0.3, chance())
    assert found is not None
    assert (found[0].hand, found[1]) == (Hand.KILL_CONTROLLER, "d")


def test_one_more_build_serves_a_kill_that_found_no_drain() -> None:
    script = without(hands.script(ec2_loss=False), Hand.OPERATOR_TERMINATE)
    assert script.wants_a_build
    again = script.again()
    assert [cue.hand for cue in again.cues].count(Hand.OPERATOR_TERMINATE) == 1
    assert again.again() is again
    found = again.due(view(agent("busy", idle=False)), 1.0, chance())
    assert found is not None
    assert (found[0].hand, found[1]) == (Hand.OPERATOR_TERMINATE, "busy")


def test_nobody_asks_for_a_build_whom_one_build_does_not_serve() -> None:
    served = (Hand.OPERATOR_TERMINATE, Hand.KILL_CONTROLLER, Hand.NODE_DELETED)
    rest = without(hands.script(ec2_loss=True), *served)
    assert rest.cues
    assert not rest.wants_a_build
    assert rest.again() is rest
