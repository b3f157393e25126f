"""Joining what AWS and Jenkins show into agents, rows and quiet."""

from typing import Any

from workhorse.local.demo.table import Row
from workhorse.local.demo.view import Names, View, see

LINUX = Names(label="linux", group="workhorse-linux", job="demo-linux")


def member(state: str) -> dict[str, Any]:
    return {"state": state}


def machine(name: str, **changes: Any) -> dict[str, Any]:
    return {"id": name, "zone": "us-east-1a", "market": "on-demand", **changes}


def computer(name: str, *labels: str, offline: bool = False, idle: bool = True) -> dict[str, Any]:
    found = [{"name": label} for label in (name, *labels)]
    return {"displayName": name, "offline": offline, "idle": idle, "assignedLabels": found}


def seen(
    members: dict[str, str],
    *computers: dict[str, Any],
    queue: tuple[float, ...] = (),
    **how: Any,
) -> View:
    found = {name: member(state) for name, state in members.items()}
    group = {"name": LINUX.group, "desired": how.get("desired", len(members)), "min": 0}
    return see(
        at=1000.0,
        pools=(LINUX,),
        state={
            "groups": [{**group, "members": found}],
            "instances": [machine(name, **how.get("machine", {})) for name in members],
        },
        queue=[{"inQueueSince": since * 1000, "task": {"name": LINUX.job}} for since in queue],
        computers=[computer("Built-In Node"), *computers],
        launched=frozenset(how.get("launched", members)),
    )


def test_each_agent_is_counted_once_by_what_it_does() -> None:
    view = seen(
        {
            "i-boots": "Pending",
            "i-registers": "InService",
            "i-works": "InService",
            "i-waits": "InService",
            "i-cordoned": "InService",
            "i-leaves": "Terminating:Wait",
        },
        computer("i-registers", "linux", offline=True),
        computer("i-works", "linux", idle=False),
        computer("i-waits", "linux"),
        computer("i-cordoned", "workhorse-drain.scale-in.i-cordoned", idle=False),
        computer("i-leaves", "workhorse-drain.hook.i-leaves", idle=False),
        queue=(990.0, 995.0),
    )
    assert view.rows() == (
        Row(pool="linux", queue=2, desired=6, booting=2, busy=1, idle=1, draining=2, wait=10.0),
    )


def test_an_agent_at_the_hook_with_a_build_is_told_apart() -> None:
    view = seen({"i-1": "Terminating:Wait"}, computer("i-1", "linux", idle=False))
    (agent,) = view.agents
    assert (agent.at_hook, agent.leaving, agent.working, agent.busy) == (True, True, False, False)


def test_items_of_other_jobs_do_not_wait_for_us() -> None:
    view = see(
        at=0,
        pools=(),
        state={"groups": [], "instances": []},
        queue=[{"inQueueSince": 1, "task": {"name": "other"}}, {"inQueueSince": 1, "task": {}}],
        computers=[],
        launched=frozenset(),
    )
    assert view.waiting == {}


def test_it_is_quiet_when_groups_are_small_and_nodes_are_instances() -> None:
    assert seen({}).quiet


def test_a_queued_build_is_not_quiet() -> None:
    assert not seen({}, queue=(1.0,)).quiet


def test_an_instance_that_leaves_is_not_quiet() -> None:
    assert not seen({"i-1": "Terminating:Proceed"}, desired=0).quiet


def test_a_node_that_outlived_its_instance_is_not_quiet() -> None:
    assert not seen({}, computer("i-1", offline=True), launched={"i-1"}).quiet


def test_a_node_that_is_none_of_ours_disturbs_nobody() -> None:
    view = seen({}, computer("house-agent", "linux"))
    assert view.quiet
    assert view.nodes == ()
