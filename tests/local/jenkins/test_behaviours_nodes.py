"""Behaviours of nodes, computers and executors: E1, E3 to E6."""

import json
import time
from collections.abc import Iterator

import pytest
import requests

from tests.local.jenkins.behaviour_helpers import (
    VERSIONS,
    House,
    open_house,
    quoted,
)
from tests.patience import eventually


@pytest.fixture(params=VERSIONS)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with open_house(request.param) as opened:
        yield opened


def labels(house: House, name: str) -> list[str]:
    return [each["name"] for each in house.computer(name)["assignedLabels"]]


# --- E1 ------------------------------------------------------------------------------------------


def test_e01_a_node_bears_its_own_name_as_a_label(house: House) -> None:
    """`assignedLabels` holds the typed labels and the self label, the node's name (3.2)."""
    house.node("agent-1", label='linux "with blank" docker')
    house.node("agent-2")

    assert set(labels(house, "agent-1")) == {"agent-1", "linux", "with blank", "docker"}
    assert labels(house, "agent-2") == ["agent-2"]
    assert labels(house, "(built-in)") == ["built-in"]


def test_e01_labels_come_in_no_order(house: House) -> None:
    """A set of Java is printed: neither as typed nor sorted (3.2)."""
    seen = []
    for number in range(12):
        typed = [f"label-{number}-{place}" for place in range(6)]
        house.node(f"n{number}", label=" ".join(typed))
        seen.append(([*typed, f"n{number}"], labels(house, f"n{number}")))

    assert all(sorted(shown) == sorted(typed) for typed, shown in seen)
    assert not all(shown == sorted(typed) for typed, shown in seen)
    assert not all(shown == typed for typed, shown in seen)


# --- E3 ------------------------------------------------------------------------------------------


def test_e03_busy_and_total_leave_out_what_is_offline(house: House) -> None:
    """Two builds on a temporarily offline node and four elsewhere: busy 4, total 4 (3.1)."""
    house.agent("a", executors=2, label="a-only")
    house.agent("b", executors=4, label="b-only")
    house.node("never-connected", executors=8)
    for name in ("a", "b"):
        house.job(name, label=f"{name}-only", concurrent=True)
    for job in ("a", "a", "b", "b", "b", "b"):
        house.build(job)
        house.advance(1)
    before = house.json("computer/", "busyExecutors,totalExecutors")
    house.do("computer/a/changeOfflineCause", {"offlineMessage": "drain"})
    after = house.json("computer/", "busyExecutors,totalExecutors")

    assert (before["busyExecutors"], before["totalExecutors"]) == (6, 6)
    assert (after["busyExecutors"], after["totalExecutors"]) == (4, 4)
    assert not house.computer("a")["idle"]


def test_e03_flyweight_executors_are_not_counted(house: House) -> None:
    """The parent of a pipeline runs on a one-off executor, which counts nowhere (3.1)."""
    house.agent("a")
    house.pipeline("waits", label="nowhere")
    house.build("waits")
    house.advance(1)

    found = house.json("computer/", "busyExecutors,totalExecutors")
    assert (found["busyExecutors"], found["totalExecutors"]) == (0, 1)


# --- E4 ------------------------------------------------------------------------------------------


def numbers(house: House, name: str) -> set[int]:
    return {each["number"] for each in house.computer(name)["executors"]}


def test_e04_fewer_executors_take_hold_at_once_for_idle_ones_and_one_by_one_for_busy_ones(
    house: House,
) -> None:
    """Four to one while three builds run leaves three, then two, then a fresh one (fact 5, 3.4).

    The idle one vanishes, none that ends is replaced before only the new count is left, survivors
    keep their numbers, and a job pinned to the node starts after the last running build.
    """
    agent = house.linked_agent("a", executors=4, label="linux")
    house.job("j", label="linux", concurrent=True)
    house.job("pin", pinned=True)
    for _ in range(3):
        house.build("j")
        house.advance(1)
    busy = numbers(house, "a")
    assert busy == {0, 1, 2, 3}
    on = {
        each["currentExecutable"]["number"]: each["number"]
        for each in house.computer("a")["executors"]
        if each["currentExecutable"]
    }

    assert house.change("a", numExecutors="1").status_code == 200
    pin = house.build("pin", NODE="a")
    house.advance(1)
    assert numbers(house, "a") == set(on.values())
    assert house.computer("a")["numExecutors"] == 1

    for ended, left in ((1, {on[2], on[3]}), (2, {on[3]})):
        house.finish(agent, "j", ended)
        house.advance(10)
        assert numbers(house, "a") == left
        assert house.why(pin) is not None

    house.finish(agent, "j", 3)
    house.advance(10)
    assert numbers(house, "a") == {0}
    assert house.item(pin)["executable"]["number"] == 1


def test_e04_parents_of_pipelines_are_shown_as_one_off_executors(house: House) -> None:
    """They stand under `oneOffExecutors` with the number -1 and make the computer busy (3.2)."""
    house.agent("a", label="linux")
    house.pipeline("p", label="linux")
    house.build("p")
    house.advance(1)

    controller, agent = house.computer("(built-in)"), house.computer("a")
    (parent,) = controller["oneOffExecutors"]
    (slot,) = agent["executors"]
    assert parent["number"] == -1
    assert parent["currentExecutable"]["_class"].endswith(".WorkflowRun")
    assert not controller["idle"]
    assert controller["executors"] == []
    assert slot["currentExecutable"]["_class"].endswith("$PlaceholderExecutable")
    house.advance(70)
    assert house.computer("(built-in)")["oneOffExecutors"] == []
    assert house.computer("(built-in)")["idle"]


# --- E5 ------------------------------------------------------------------------------------------


def test_e05_no_executors_mean_no_computer_though_the_node_stays(house: House) -> None:
    """A count of 0 by config.xml deletes the computer, beyond repair by REST (fact 6).

    Computer and config.xml are not found, while the node still is in its label and its name taken.
    """
    house.agent("a", label="linux")
    house.job("pin", pinned=True)

    assert house.change("a", numExecutors="0").status_code == 200

    assert house.status("computer/a/") == 404
    assert house.get("computer/a/config.xml").status_code == 404
    assert [n["nodeName"] for n in house.json("label/linux/")["nodes"]] == ["a"]
    assert house.post("computer/a/doDelete").status_code == 404
    again = house.node("a")
    assert again.status_code == 400
    assert "already exists" in again.headers["X-Error"]
    item = house.build("pin", NODE="a")
    house.advance(60)
    assert house.why(item) == f"{quoted('a')} is offline"


def refusal(house: House, secret: str, without: str = "") -> requests.Response:
    """What the handshake of an agent `a` is answered with, where it is refused."""
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    upgrade |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    headers = {"Node-Name": "a", "Secret-Key": secret, "X-Remoting-Capability": "none"}
    headers.pop(without, None)
    return house.ask("GET", "wsagents/", **upgrade, **headers)


@pytest.mark.parametrize("without", ["Node-Name", "Secret-Key", "X-Remoting-Capability"])
def test_an_agent_that_does_not_speak_as_agent_jar_does_is_refused(
    house: House, without: str
) -> None:
    """By 400 before anything is looked at (7.3)."""
    house.node("a")

    answer = refusal(house, house.secret("a"), without)

    assert answer.status_code == 400
    assert "only for use from agent.jar" in answer.text


@pytest.mark.parametrize("web_socket", [True, False])
def test_a_node_keeps_the_way_in_that_its_form_named(house: House, *, web_socket: bool) -> None:
    """In its config.xml, and in what an agent would be started with (6.3, 7.1)."""
    launcher = {"$class": "hudson.slaves.JNLPLauncher", "webSocket": web_socket}
    form = {"name": "a", "numExecutors": "1", "launcher": launcher}
    data = {"name": "a", "type": "hudson.slaves.DumbSlave", "json": json.dumps(form)}
    assert house.post("computer/doCreateItem", data).status_code == 302

    told = house.get("computer/a/jenkins-agent.jnlp").text

    assert f"<webSocket>{str(web_socket).lower()}</webSocket>" in house.config("a")
    assert ("<argument>-webSocket</argument>" in told) is web_socket


def test_e05_the_agent_stays_connected_to_an_orphan(house: House) -> None:
    """Nobody hangs up on it, and one that dials for the same name is refused (fact 6, 7.3)."""
    agent = house.linked_agent("a", label="linux")
    secret = house.secret("a")

    house.change("a", numExecutors="0")

    assert house.status("computer/a/") == 404
    assert agent.link.connects == 1
    answer = refusal(house, secret)
    assert answer.status_code == 400
    assert "no such agent" in answer.text


def test_e05_a_negative_count_is_taken_at_creation(house: House) -> None:
    """The form refuses 0 with 400, but -1 passes and makes a node without a computer (6.1)."""
    assert house.node("zero", executors=0).status_code == 400
    assert house.status("computer/zero/") == 404
    assert house.json("label/zero/")["nodes"] == []

    assert house.node("less", executors=-1, label="linux").status_code == 302
    assert house.status("computer/less/") == 404
    assert [n["nodeName"] for n in house.json("label/linux/")["nodes"]] == ["less"]
    assert house.node("less").status_code == 400


def test_e05_running_builds_outlive_a_count_of_zero(house: House) -> None:
    """The computer goes when its last busy executor has served (fact 5 and 6)."""
    agent = house.linked_agent("a", executors=2, label="linux")
    house.job("j", label="linux")
    house.build("j")
    house.advance(1)

    house.change("a", numExecutors="0")

    assert len(house.computer("a")["executors"]) == 1
    house.finish(agent, "j", 1)
    assert house.status("computer/a/") == 404


# --- E6 ------------------------------------------------------------------------------------------


def ghost(house: House) -> None:
    """A computer whose node was deleted while a pipeline's body is on it."""
    house.agent("a", executors=2, label="linux")
    house.pipeline("p", label="linux", seconds=1000)
    house.build("p")
    house.advance(1)
    assert house.post("computer/a/doDelete").status_code == 302


def test_e06_a_deleted_node_with_a_pipeline_leaves_a_ghost(house: House) -> None:
    """Its computer stays for at most five minutes, then the body is aborted (3.7, 6.8).

    It has no labels and no description, is offline and not idle; `/label` forgets it at once.
    """
    ghost(house)

    seen = house.computer("a")
    assert (seen["assignedLabels"], seen["description"]) == ([], "")
    assert (seen["offline"], seen["idle"], len(seen["executors"])) == (True, False, 1)
    assert house.get("computer/a/config.xml").status_code == 404
    assert house.get("computer/a/jenkins-agent.jnlp").status_code == 200
    assert house.json("label/linux/")["nodes"] == []
    assert house.result("p") is None
    house.advance(295)
    assert house.status("computer/a/") == 200
    house.advance(10)
    assert house.status("computer/a/") == 404
    assert house.result("p") == "ABORTED"


def test_e06_taking_a_ghost_offline_fails_on_newer_cores(house: House) -> None:
    """By toggle and by changeOfflineCause: 302 on 2.462, 404 and 500 on 2.541 (3.7)."""
    ghost(house)

    statuses = [
        house.post(f"computer/a/{verb}").status_code
        for verb in ("toggleOffline", "changeOfflineCause")
    ]
    assert statuses == ([302, 302] if house.old else [404, 500])


def test_e06_a_second_deletion_removes_the_ghost(house: House) -> None:
    """It answers 302 once more, and 404 from then on (3.7)."""
    ghost(house)

    assert house.post("computer/a/doDelete").status_code == 302
    assert house.status("computer/a/") == 404
    assert house.post("computer/a/doDelete").status_code == 404


def test_e06_a_name_used_again_too_early_is_left_without_a_computer(house: House) -> None:
    """The new node takes over the ghost and loses it with the old body (3.7).

    Older cores heal at the next change of any node, newer ones do not.
    """
    ghost(house)
    assert house.node("a", label="linux").status_code == 302

    house.advance(305)

    assert house.result("p") == "ABORTED"
    assert house.status("computer/a/") == 404
    assert house.node("a").status_code == 400
    assert house.node("other").status_code == 302
    assert house.status("computer/a/") == (200 if house.old else 404)


def test_e06_freestyle_builds_die_with_their_node_at_once(house: House) -> None:
    """They end as FAILURE, and no ghost stays (6.8)."""
    house.agent("a", label="linux")
    house.job("j", label="linux")
    house.build("j")
    house.advance(1)

    house.do("computer/a/doDelete")

    assert house.result("j") == "FAILURE"
    assert house.status("computer/a/") == 404


def test_e06_the_agent_of_a_ghost_dials_again_and_again(house: House) -> None:
    """It is accepted and hung up on, five to eight times a second (3.7)."""
    agent = house.agent_with_a_body()
    began = time.monotonic()

    house.do("computer/a/doDelete")
    eventually(lambda: agent.link.connects >= 6)

    assert time.monotonic() - began > 0.5
    assert house.computer("a")["offline"]
    agent.link.close()


def test_e06_the_agent_of_a_computer_that_is_gone_is_refused(house: House) -> None:
    """Once nothing of the name is left the handshake is answered with 400 (7.3)."""
    house.linked_agent("a")
    secret = house.secret("a")

    house.do("computer/a/doDelete")

    answer = refusal(house, secret)
    assert answer.status_code == 400
    assert "no such agent" in answer.text


def test_e06_only_one_agent_is_connected_under_a_name(house: House) -> None:
    """A wrong secret is 403; a second live connection is refused with 400 (7.3)."""
    house.linked_agent("a")

    assert refusal(house, "0" * 64).status_code == 403
    answer = refusal(house, house.secret("a"))
    assert answer.status_code == 400
    words = "a is already connected to this controller. Rejecting this connection."
    assert words in answer.text


@pytest.mark.parametrize(
    ("how", "cause"),
    [("killed", "agent gone"), ("deleted", "node deleted"), ("restarted", "restart")],
)
def test_e06_the_accounting_says_what_took_a_build(house: House, how: str, cause: str) -> None:
    """No real controller tells; the stand-in's own page does, for builds and pipelines alike."""
    house.agent("a", executors=2, label="linux")
    house.job("j", label="linux", seconds=3600)
    house.pipeline("p", label="linux", seconds=3600)
    house.build("j")
    house.build("p")
    house.advance(1)

    if how == "deleted":
        house.do("computer/a/doDelete")
    elif how == "restarted":
        house.standin.restart(hard=False)
    house.standin.kill_agent("a")
    house.advance(400)
    if how == "killed":
        house.standin.agent("a")  # a pipeline ends when its agent is back without the work
        house.advance(1)

    builds = house.get("_local/accounting").json()["builds"]
    assert {each["job"]: each["lost"] for each in builds} == {"j": cause, "p": cause}
    assert {each["result"] for each in builds} <= {"FAILURE", "ABORTED"}
