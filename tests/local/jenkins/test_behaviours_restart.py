"""Behaviours of a restarted controller: E13."""

from collections.abc import Iterator

import pytest

from tests.local.jenkins.behaviour_helpers import (
    BACK,
    BOOT,
    TICK,
    VERSIONS,
    House,
    open_house,
    quoted,
)
from tests.patience import eventually

GRACE = 300.0
"""Virtual seconds that a pipeline's body waits for its node after a restart."""
SAVED = 60.0
"""Virtual seconds until a change of the queue is on disk."""


@pytest.fixture(params=VERSIONS)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with open_house(request.param) as opened:
        yield opened


def reboot(house: House, *, hard: bool = False) -> None:
    """Restart, and wait until agents and bodies had their time to come back."""
    house.standin.restart(hard=hard)
    house.advance(BACK)


def running_pipeline(house: House, *, seconds: float = 3600) -> None:
    house.agent("a", label="linux")
    house.pipeline("p", label="linux", seconds=seconds)
    house.build("p")
    house.advance(1)
    assert not house.computer("a")["idle"]


# --- Being away ----------------------------------------------------------------------------------


def test_e13_a_booting_controller_answers_503(house: House) -> None:
    """To everybody, with a page of its own and without Jenkins' headers (1.6)."""
    house.standin.restart(hard=False)

    for answer in (
        house.get("computer/api/json"),
        house.post("cancelQuietDown"),
        house.get("login"),
    ):
        assert answer.status_code == 503
        assert "<title>Starting Jenkins</title>" in answer.text
        assert 800 < len(answer.content) < 1100
        assert "X-Jenkins" not in answer.headers
    house.advance(BOOT + 1)
    assert house.status("") == 200


def test_e13_newer_cores_refuse_good_tokens_for_a_moment(house: House) -> None:
    """Between 503 and 200 a valid token gets 401 now and then on 2.541, never on 2.462 (1.6)."""
    house.standin.restart(hard=False)
    house.advance(BOOT)

    flaps = [house.status("") for _ in range(6)]

    assert set(flaps) == ({200} if house.old else {401, 503})
    house.advance(1)
    assert [house.status("") for _ in range(3)] == [200] * 3


@pytest.mark.parametrize("hard", [False, True])
def test_e13_a_restart_is_told_by_the_session_header(house: House, *, hard: bool) -> None:
    """X-Jenkins-Session is new after every boot and the same in between (fact 8)."""

    def session() -> str:
        return house.get("api/json").headers["X-Jenkins-Session"]

    before = session()
    assert session() == before
    reboot(house, hard=hard)

    assert session() != before


# --- Lies after the boot -------------------------------------------------------------------------


def test_e13_agents_look_offline_and_idle_although_pipelines_go_on(house: House) -> None:
    """For seconds after the boot the answers lie: to believe idle is to kill a build (fact 8).

    The queue does not show the bodies yet either.
    """
    running_pipeline(house)

    house.standin.restart(hard=False)
    house.advance(BOOT + 1)

    seen = house.computer("a")
    assert (seen["offline"], seen["idle"]) == (True, True)
    assert house.queue() == []
    assert house.result("p") is None
    house.advance(BACK)
    seen = house.computer("a")
    assert (seen["offline"], seen["idle"]) == (False, False)


def test_e13_bodies_appear_in_the_queue_later_and_resume_on_their_node(house: House) -> None:
    """As `part of X #n`, held to the very node; the build goes on and ends well (fact 7, 11.8)."""
    agent = house.agent_with_a_body()
    agent.link.close()
    eventually(lambda: house.computer("a")["offline"])

    reboot(house)

    (item,) = house.queue()
    assert item["task"]["name"] == "part of p #1"
    assert item["why"] == f"{quoted('a')} is offline"
    assert item["stuck"]
    assert house.result("p") is None


def test_e13_an_agent_that_stays_alive_brings_the_work_back(house: House) -> None:
    """It reconnects by itself with what it has on its hands, and reports the end (7.5)."""
    agent = house.agent_with_a_body()

    house.standin.restart(hard=False)
    house.advance(BOOT + 1)
    eventually(lambda: agent.link.connects == 2)
    eventually(lambda: not house.computer("a")["offline"])
    house.advance(BACK)
    assert house.queue() == []
    assert not house.computer("a")["idle"]
    agent.finish("p#1.0")

    eventually(lambda: house.result("p") == "SUCCESS")


def test_e13_what_ended_meanwhile_is_reported_at_the_return(house: House) -> None:
    """The work goes on while the controller is away (3.6)."""
    running_pipeline(house, seconds=5)

    reboot(house)
    house.advance(TICK)

    assert house.result("p") == "SUCCESS"


def test_e13_a_resumed_body_goes_before_everything_else(house: House) -> None:
    """A job that was queued first waits for it, and is told so (11.4)."""
    running_pipeline(house, seconds=60)
    house.job("pin", pinned=True, seconds=1)
    pin = house.build("pin", NODE="a")
    house.advance(TICK)

    reboot(house)

    assert house.item(pin)["why"] is not None
    assert not house.computer("a")["idle"]
    house.advance(120)
    assert house.result("p") == "SUCCESS"
    assert house.item(pin)["executable"]["number"] == 1
    body = house.json("job/p/1/", "timestamp,duration")
    assert started(house, "pin") >= body["timestamp"] + body["duration"]


def started(house: House, job: str) -> int:
    found = house.json(f"job/{job}/1/", "timestamp")["timestamp"]
    assert isinstance(found, int)
    return found


# --- Five minutes --------------------------------------------------------------------------------


def test_e13_a_body_without_its_node_is_aborted_after_five_minutes(house: House) -> None:
    """Counted from the boot, when the agent never comes back (fact 7)."""
    running_pipeline(house)
    house.standin.restart(hard=False)
    house.standin.kill_agent("a")

    house.advance(BOOT + GRACE - TICK)
    assert house.result("p") is None
    assert [item["task"]["name"] for item in house.queue()] == ["part of p #1"]
    house.advance(2 * TICK)

    assert house.result("p") == "ABORTED"
    assert house.queue() == []


def test_e13_temporarily_offline_and_a_restart_kill_pipelines(house: House) -> None:
    """The agent is back, but its node takes nothing, not even its own body (fact 7)."""
    running_pipeline(house)
    house.do("computer/a/changeOfflineCause", {"offlineMessage": "drain"})

    reboot(house)
    assert house.result("p") is None
    house.advance(GRACE)

    assert house.result("p") == "ABORTED"


def test_e13_a_label_drain_survives_a_restart(house: House) -> None:
    """Bodies come back by the node's own name, whatever its labels are (fact 7)."""
    running_pipeline(house, seconds=400)
    house.change("a", label="drained_a", mode="EXCLUSIVE")

    reboot(house)
    house.advance(GRACE)
    assert not house.computer("a")["idle"]
    house.advance(100)

    assert house.result("p") == "SUCCESS"


def test_e13_fewer_executors_than_bodies_abort_the_surplus(house: House) -> None:
    """Two pipelines on a node that was shrunk to one: one resumes, one is aborted (11.5)."""
    house.agent("a", executors=2, label="linux")
    for name in ("p", "q"):
        house.pipeline(name, label="linux", seconds=3600)
        house.build(name)
        house.advance(1)
    house.change("a", numExecutors="1")

    reboot(house)
    house.advance(GRACE)

    assert {house.result("p"), house.result("q")} == {None, "ABORTED"}


# --- What is lost --------------------------------------------------------------------------------


@pytest.mark.parametrize("hard", [False, True])
def test_e13_freestyle_builds_die(house: House, *, hard: bool) -> None:
    """FAILURE, however the controller went (fact 7, 11.8)."""
    house.agent("a", label="linux")
    house.job("j", label="linux", seconds=600)
    house.build("j")
    house.advance(1)

    reboot(house, hard=hard)

    assert house.result("j") == "FAILURE"
    assert house.computer("a")["idle"]


def test_e13_a_clean_restart_keeps_the_queue_and_forgets_what_left(house: House) -> None:
    """Items keep their ids; LeftItems are 404; quieting down is over (11.8)."""
    house.job("j", label="linux")
    house.job("k", label="linux")
    left = house.build("k")
    house.do(f"queue/cancelItem?id={left}")
    item = house.build("j")
    house.do("quietDown")

    reboot(house)

    assert [each["id"] for each in house.queue()] == [item]
    assert house.status(f"queue/item/{left}/") == 404
    assert house.json("", "quietingDown")["quietingDown"] is False
    assert house.build("k") > item


def test_e13_a_killed_controller_loses_the_queue_of_its_last_minute(house: House) -> None:
    """`queue.xml` is written a minute after a change (fact 9, 4.10)."""
    house.job("j", label="linux")
    house.advance(SAVED - TICK)
    house.build("j")
    house.advance(SAVED - TICK)

    reboot(house, hard=True)

    assert house.queue() == []
    assert house.builds("j") == []


def test_e13_a_killed_controller_keeps_what_was_saved(house: House) -> None:
    """A minute after the item came it is on disk (4.10)."""
    house.job("j", label="linux")
    item = house.build("j")
    house.advance(SAVED + TICK)

    reboot(house, hard=True)

    assert [each["id"] for each in house.queue()] == [item]


def test_e13_a_second_kill_soon_after_loses_even_what_survived_the_first(house: House) -> None:
    """Loading moves the file away, and it is written again a minute later (fact 9, 4.10)."""
    house.job("j", label="linux")
    item = house.build("j")
    reboot(house)
    assert [each["id"] for each in house.queue()] == [item]

    reboot(house, hard=True)
    assert house.queue() == []


def test_e13_a_second_kill_later_loses_nothing(house: House) -> None:
    """By then the loaded queue has been written again (4.10)."""
    house.job("j", label="linux")
    item = house.build("j")
    reboot(house)
    house.advance(SAVED + TICK)

    reboot(house, hard=True)

    assert [each["id"] for each in house.queue()] == [item]


def test_e13_nodes_stay_but_for_those_of_swarm(house: House) -> None:
    """Swarm nodes are not saved: they are gone until their client comes again (8.2, 11.8)."""
    house.agent("a", label="linux", executors=3, mode="EXCLUSIVE")
    document = house.config("a")
    form = {"name": "sw", "executors": "1", "mode": "NORMAL", "labels": "pool"}
    house.do("plugin/swarm/createSlave", form)
    assert house.computer("sw")["description"] == "Swarm agent from 127.0.0.1"

    reboot(house)

    assert house.status("computer/sw/") == 404
    assert house.config("a") == document
    assert not house.computer("a")["offline"]


def test_a_swarm_client_that_comes_again_takes_its_node_over_with_what_runs_there(
    house: House,
) -> None:
    """The node is replaced and its computer stays, so that a pipeline goes on (8.1, 8.2)."""
    form = {"name": "sw", "executors": "1", "mode": "NORMAL", "labels": "linux"}
    form |= {"keepDisconnectedClients": "true", "deleteExistingClients": "true"}
    house.do("plugin/swarm/createSlave", form)
    house.standin.agent("sw")
    house.pipeline("p", label="linux", seconds=3600)
    house.build("p")
    house.advance(1)
    assert not house.computer("sw")["idle"]

    house.do("plugin/swarm/createSlave", form | {"labels": "linux more"})
    house.advance(GRACE + TICK)

    assert not house.computer("sw")["idle"]
    assert {"name": "more"} in house.computer("sw")["assignedLabels"]
    assert house.result("p", 1) is None


def test_e13_an_assigned_item_survives_a_clean_restart(house: House) -> None:
    """It was saved with the queue and starts after the boot, on any core (11.8)."""
    house.agent("a", label="linux")
    house.job("j", label="linux")
    item = house.build("j")
    assert house.item(item)["pending"]

    reboot(house)

    assert [each["queueId"] for each in house.builds("j")] == [item]
