"""Behaviours of changes to nodes that are in use: E7 to E10, E20, E24."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests.local.jenkins.behaviour_helpers import (
    BACK,
    TICK,
    VERSIONS,
    House,
    open_house,
    quoted,
)
from tests.patience import eventually

TEMPORARY = re.compile(r"\s*<temporaryOfflineCause.*?</temporaryOfflineCause>", re.DOTALL)


@pytest.fixture(params=VERSIONS)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with open_house(request.param) as opened:
        yield opened


def temporary(house: House) -> bool:
    found = house.computer("a")["temporarilyOffline"]
    assert isinstance(found, bool)
    return found


# --- E7 ------------------------------------------------------------------------------------------


def test_e07_toggling_twice_brings_the_node_back(house: House) -> None:
    """A second caller undoes the first; the message counts on the way offline only (6.5)."""
    house.agent("a")

    assert house.post("computer/a/toggleOffline?offlineMessage=one").status_code == 302
    seen = house.computer("a")
    assert (seen["temporarilyOffline"], seen["offline"]) == (True, True)
    assert seen["offlineCauseReason"] == "one"
    assert seen["offlineCause"]["description"] == "Disconnected by admin : one"
    assert seen["iconClassName"] == "symbol-computer-disconnected"
    assert house.post("computer/a/toggleOffline?offlineMessage=two").status_code == 302

    seen = house.computer("a")
    assert (seen["temporarilyOffline"], seen["offline"]) == (False, False)
    assert (seen["offlineCause"], seen["offlineCauseReason"]) == (None, "")


def test_e07_change_of_cause_takes_offline_however_often_it_is_said(house: House) -> None:
    """It works on an online node too, and a second one only changes the words (6.5)."""
    house.agent("a")

    for words in ("drain: asg <x> & y", "again"):
        answer = house.post("computer/a/changeOfflineCause", {"offlineMessage": words})
        assert answer.status_code == 302
        assert house.computer("a")["offlineCauseReason"] == words
        assert temporary(house)


def test_e07_neither_finds_a_node_that_is_missing(house: House) -> None:
    """404 for both by POST; by GET a node that exists gives 405 (1.5, 6.5)."""
    house.node("a")

    for verb in ("toggleOffline", "changeOfflineCause"):
        assert house.post(f"computer/gone/{verb}").status_code == 404
        assert house.get(f"computer/a/{verb}").status_code == 405


def test_e07_running_builds_end_well_on_a_temporarily_offline_node(house: House) -> None:
    """Nothing new starts there, what runs is left alone (6.5)."""
    house.agent("a", executors=2, label="linux")
    house.job("j", label="linux", concurrent=True)
    house.build("j")
    house.advance(1)
    house.do("computer/a/changeOfflineCause")
    late = house.build("j")
    house.advance(100)

    assert house.result("j", 1) == "SUCCESS"
    assert house.why(late) == f"{quoted('a')} is offline"


def test_e07_temporarily_offline_lasts_over_a_restart(house: House) -> None:
    """The node is saved with its cause (6.5, 11.8)."""
    house.agent("a")
    house.do("computer/a/changeOfflineCause", {"offlineMessage": "drain"})

    house.standin.restart(hard=True)
    house.advance(BACK)

    assert temporary(house)
    assert house.computer("a")["offlineCauseReason"] == "drain"


def test_e07_a_disconnected_agent_comes_back_by_itself(house: House) -> None:
    """Hanging up is no drain: an inbound agent reconnects within seconds (6.6)."""
    agent = house.linked_agent("a")

    assert house.post("computer/a/doDisconnect").status_code == 302

    eventually(lambda: agent.link.connects == 2)
    eventually(lambda: not house.computer("a")["offline"])


def test_e07_hanging_up_kills_freestyle_builds_and_only_holds_up_pipelines(house: House) -> None:
    """A pipeline keeps its executor on the offline computer, and goes on at the return (3.6)."""
    agent = house.linked_agent("a", executors=2, label="linux")
    house.job("j", label="linux")
    house.pipeline("p", label="linux")
    house.build("j")
    house.build("p")
    house.advance(1)
    eventually(lambda: {"j#1", "p#1.0"} <= set(agent.started))
    agent.link.close()
    eventually(lambda: house.computer("a")["offline"])

    seen = house.computer("a")
    assert (seen["idle"], seen["temporarilyOffline"]) == (False, False)
    assert seen["offlineCause"]["_class"] == "hudson.slaves.OfflineCause$ChannelTermination"
    assert seen["offlineCauseReason"] == "Connection was broken"
    assert sorted(each["idle"] for each in seen["executors"]) == [False, True]
    assert (house.result("j"), house.result("p")) == ("FAILURE", None)


def test_e07_work_goes_on_over_a_broken_connection(house: House) -> None:
    """The agent that comes back still has the pipeline's step on its hands (3.6)."""
    agent = house.agent_with_a_body()

    house.do("computer/a/doDisconnect")
    eventually(lambda: not house.computer("a")["offline"])
    assert house.result("p") is None
    agent.finish("p#1.0")

    eventually(lambda: house.result("p") == "SUCCESS")


# --- E8 ------------------------------------------------------------------------------------------


def test_e08_a_document_without_the_cause_brings_newer_nodes_online(house: House) -> None:
    """From 2.482 on the XML decides; on 2.462 the node stays temporarily offline (6.4)."""
    house.agent("a", label="linux")
    house.do("computer/a/changeOfflineCause", {"offlineMessage": "drain"})
    document = house.config("a")
    assert TEMPORARY.search(document)

    assert house.do("computer/a/config.xml", TEMPORARY.sub("", document)).status_code == 200

    assert temporary(house) is house.old


def test_e08_a_document_with_the_cause_keeps_it(house: House) -> None:
    """Read, edited and posted back the node is offline as before, on any core (6.4)."""
    house.agent("a", label="linux")
    house.do("computer/a/changeOfflineCause", {"offlineMessage": "drain"})

    house.change("a", label="other")

    assert temporary(house)
    assert house.computer("a")["offlineCauseReason"] == "drain"
    assert "<label>other</label>" in house.config("a")


def test_e08_newer_cores_take_label_and_offline_in_one_step() -> None:
    """From 2.482 on a posted cause takes the node offline (6.4)."""
    with open_house("2.541.2") as house:
        house.agent("a", label="linux")
        online = house.config("a")
        house.do("computer/a/changeOfflineCause", {"offlineMessage": "drain"})
        offline = house.config("a").replace("<label>linux</label>", "<label>drained</label>")
        house.do("computer/a/config.xml", online)
        assert not temporary(house)

        house.do("computer/a/config.xml", offline)

        assert temporary(house)
        assert "<label>drained</label>" in house.config("a")


# --- E9 ------------------------------------------------------------------------------------------

OFFLINE: dict[str, Callable[[House], object]] = {
    "toggled": lambda house: house.do("computer/a/toggleOffline"),
    "taken offline": lambda house: house.do("computer/a/changeOfflineCause"),
    "lost": lambda house: house.standin.kill_agent("a"),
    "deleted": lambda house: house.do("computer/a/doDelete"),
}


@pytest.mark.parametrize("how", OFFLINE)
def test_e09_an_assigned_item_is_lost_or_recovered_when_its_node_goes(
    house: House, how: str
) -> None:
    """Between assignment and start; before 2.517 it vanishes without a trace (fact 2, 11.1).

    Newer cores put it back among the buildable ones, and another node takes it.
    """
    house.agent("a", label="linux")
    house.job("j", label="linux")
    item = house.build("j")
    assert house.item(item)["pending"]
    assert not house.computer("a")["idle"]

    OFFLINE[how](house)

    assert house.status(f"queue/item/{item}/") == (404 if house.old else 200)
    house.agent("b", label="linux")
    house.advance(100)
    assert house.builds("j") == (
        []
        if house.old
        else [
            {
                "_class": "hudson.model.FreeStyleBuild",
                "builtOn": "b",
                "number": 1,
                "queueId": item,
                "result": "SUCCESS",
            }
        ]
    )


def test_e09_a_change_of_label_mode_or_size_revokes_no_assignment(house: House) -> None:
    """What was assigned before starts on the node all the same (11.1, 11.2)."""
    house.agent("a", label="linux", executors=2)
    house.job("j", label="linux")
    item = house.build("j")
    assert house.item(item)["pending"]

    house.change("a", label="drained_x", mode="EXCLUSIVE", numExecutors="1")
    house.advance(1)

    assert house.item(item)["executable"]["number"] == 1
    assert not house.computer("a")["idle"]


# --- E10 -----------------------------------------------------------------------------------------


def stale(house: House) -> None:
    """The label is removed by the swarm plugin, and a build has run there since."""
    house.agent("a", label="pool linux")
    house.job("j", label="pool")
    house.json("label/pool/")
    answer = house.do("plugin/swarm/removeSlaveLabels", {"name": "a", "labels": "pool"})
    assert answer.text == "<labelResponse><labels>linux</labels></labelResponse>"


def nodes_of_pool(house: House) -> list[str]:
    return [each["nodeName"] for each in house.json("label/pool/")["nodes"]]


def test_e10_a_label_removed_by_swarm_still_draws_builds(house: House) -> None:
    """The node has lost it, but the cache of the label's nodes has not noticed (fact 4).

    It works on any kind of node, and the plugin's own answers show the new labels.
    """
    stale(house)

    assert {each["name"] for each in house.computer("a")["assignedLabels"]} == {"a", "linux"}
    house.build("j")
    house.advance(61)
    assert [each["builtOn"] for each in house.builds("j")] == ["a"]
    assert nodes_of_pool(house) == ["a"]


def test_e10_the_cache_is_trimmed_after_five_minutes_at_most(house: House) -> None:
    """A timer does it; 287 s were measured (fact 4)."""
    stale(house)

    house.advance(300 + TICK)

    assert nodes_of_pool(house) == []
    item = house.build("j")
    house.advance(TICK)
    assert house.why(item) == f"There are no nodes with the label {quoted('pool')}"


CHANGES: dict[str, Callable[[House], object]] = {
    "added": lambda house: house.node("third"),
    "updated": lambda house: house.change("other", description="new"),
    "deleted": lambda house: house.do("computer/other/doDelete"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_e10_any_change_of_a_node_trims_the_cache(house: House, change: str) -> None:
    """Adding, updating or deleting even another node makes the removal count (fact 4)."""
    house.node("other")
    stale(house)
    assert nodes_of_pool(house) == ["a"]

    CHANGES[change](house)

    assert nodes_of_pool(house) == []


def test_e10_a_label_added_by_swarm_draws_no_builds_yet(house: House) -> None:
    """The same cache hides it for as long (fact 4)."""
    house.agent("a", label="linux")
    house.job("j", label="pool")
    assert nodes_of_pool(house) == []

    house.do("plugin/swarm/addSlaveLabels", {"name": "a", "labels": "pool"})
    item = house.build("j")
    house.advance(TICK)

    assert house.why(item) == f"There are no nodes with the label {quoted('pool')}"
    house.node("other")
    house.advance(TICK)
    assert house.item(item)["executable"]["number"] == 1


# --- E20 -----------------------------------------------------------------------------------------


def test_e20_a_node_is_written_as_xml_1_1(house: House) -> None:
    """Its config.xml declares XML 1.1, which not every parser likes (6.3)."""
    house.node("a", label="linux")

    answer = house.get("computer/a/config.xml")

    assert answer.headers["Content-Type"].startswith("application/xml")
    assert answer.text.startswith('<?xml version="1.1" encoding="UTF-8"?>\n<slave>')


@pytest.mark.parametrize(
    "declaration", ['<?xml version="1.1" encoding="UTF-8"?>', "<?xml version='1.0'?>", ""]
)
def test_e20_a_node_is_read_with_any_declaration(house: House, declaration: str) -> None:
    """Posting it back with 1.1, with 1.0 or with none works alike: 200 and no body (6.3)."""
    house.node("a", label="linux")
    body = house.config("a").partition("?>")[2].replace("linux", "windows")

    answer = house.post("computer/a/config.xml", declaration + body)

    assert (answer.status_code, answer.content) == (200, b"")
    assert "<label>windows</label>" in house.config("a")


# --- E24 -----------------------------------------------------------------------------------------


def test_e24_a_pinned_job_never_runs_on_a_temporarily_offline_node(house: House) -> None:
    """It waits as stuck for ever, so temporarily offline is no way to run a last job (6.5)."""
    house.agent("a")
    house.agent("b")
    house.job("last", pinned=True)
    house.do("computer/a/changeOfflineCause")

    item = house.build("last", NODE="a")
    house.advance(2 * 86400)

    seen = house.item(item)
    assert seen["why"] == f"{quoted('a')} is offline"
    assert seen["stuck"]
    assert seen["params"] == "\n[NodeParameterValue: NODE=a]"
    assert house.builds("last") == []


def test_e24_it_runs_as_soon_as_the_node_is_back(house: House) -> None:
    """Coming online is an event for the queue (4.8)."""
    house.agent("a")
    house.job("last", pinned=True)
    house.do("computer/a/toggleOffline")
    item = house.build("last", NODE="a")
    house.advance(TICK)

    house.do("computer/a/toggleOffline")
    house.advance(1)

    assert house.item(item)["executable"]["number"] == 1
    assert [each["builtOn"] for each in house.builds("last")] == ["a"]
