"""Behaviours of the queue: E2, E11, E12, E17, E18, E21."""

from collections.abc import Iterator

import pytest

from tests.local.jenkins.behaviour_helpers import (
    NEW,
    TICK,
    VERSIONS,
    House,
    item_id,
    open_house,
    quoted,
)

NEXT = "Waiting for next available executor"


@pytest.fixture(params=VERSIONS)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with open_house(request.param) as opened:
        yield opened


# --- E2 ------------------------------------------------------------------------------------------


def test_e02_with_no_agents_no_label_is_named(house: House) -> None:
    """Everything waits for the next executor; labelled items are stuck, others not (4.5, 4.6)."""
    house.job("labelled", label="linux")
    house.job("roams")
    house.pipeline("pipe", label="linux")
    for name in ("labelled", "roams", "pipe"):
        house.build(name)
    house.advance(TICK)

    seen = {item["task"]["name"]: (item["why"], item["stuck"]) for item in house.queue()}
    assert seen == {
        "labelled": (NEXT, True),
        "roams": (NEXT, False),
        "part of pipe #1": (NEXT, True),
    }


def test_e02_a_single_node_is_named_in_place_of_the_label(house: House) -> None:
    """A label that only one node has is never seen in `why` (fact 1, 4.5)."""
    house.node("a", label="linux docker")
    house.job("j", label="linux&&docker", concurrent=True)
    item = house.build("j")
    house.advance(TICK)
    assert house.why(item) == f"{quoted('a')} is offline"
    assert house.item(item)["stuck"]

    house.standin.agent("a")
    house.advance(1)
    later = house.build("j")
    house.advance(TICK)
    assert house.why(later) == f"{NEXT} on {quoted('a')}"
    assert not house.item(later)["stuck"]


def test_e02_two_nodes_or_none_bring_the_expression(house: House) -> None:
    """It is printed without blanks around its operators (4.5)."""
    house.node("a", label="linux docker")
    house.node("b", label="linux docker")
    house.job("both", label="linux && docker", concurrent=True)
    house.job("none", label="!docker && linux")
    both, none = house.build("both"), house.build("none")
    house.advance(TICK)

    assert house.why(both) == f"All nodes of label {quoted('linux&&docker')} are offline"
    assert house.why(none) == f"There are no nodes with the label {quoted('!docker&&linux')}"
    for name in ("a", "b"):
        house.standin.agent(name)
    for _ in range(3):
        house.advance(1)
        both = house.build("both")
    house.advance(1)
    assert house.why(both) == f"{NEXT} on {quoted('linux&&docker')}"


def test_e02_nodes_that_refuse_are_listed(house: House) -> None:
    """An item without a label is told which idle nodes do not take it, sorted (4.5)."""
    house.agent("b", label="linux", mode="EXCLUSIVE")
    house.agent("a", label="linux", mode="EXCLUSIVE")
    house.job("roams")
    item = house.build("roams")
    house.advance(TICK)

    reserved = "is reserved for jobs with matching label expression"
    assert house.why(item) == f"{quoted('a')} {reserved}; {quoted('b')} {reserved}"


def test_e02_quieting_down_hides_every_other_reason(house: House) -> None:
    """While Jenkins quiets down it says so of every item (fact 1, 10.2)."""
    house.job("j", label="linux")
    item = house.build("j")
    house.do("quietDown?message=maintenance")
    house.advance(TICK)

    assert house.why(item) == "Jenkins is about to shut down"
    root = house.json("", "quietingDown,quietDownReason")
    assert (root["quietingDown"], root["quietDownReason"]) == (True, "maintenance")
    house.do("cancelQuietDown")
    assert house.why(item) == NEXT


# --- E11 -----------------------------------------------------------------------------------------


def test_e11_an_equal_build_is_folded_into_the_waiting_one(house: House) -> None:
    """Both triggers answer 201 with the same item, as long as it waits (4.11, 9.2)."""
    house.job("j", label="linux", seconds=600)
    first = house.post("job/j/build?delay=0sec")
    second = house.post("job/j/build?delay=0sec")
    assert (first.status_code, second.status_code) == (201, 201)
    assert item_id(first) == item_id(second)
    house.advance(TICK)
    assert item_id(house.post("job/j/build")) == item_id(first)

    house.agent("a", label="linux")
    house.advance(1)
    third = item_id(house.post("job/j/build?delay=0sec"))
    house.advance(TICK)

    assert third != item_id(first)
    assert house.why(third) == "Build #1 is already in progress (ETA: N/A)"
    assert house.item(third)["blocked"]
    assert item_id(house.post("job/j/build")) == third


def test_e11_equal_parameters_are_answered_with_303(house: House) -> None:
    """A new item 201, the waiting one 303; parameters that the job lacks are ignored (9.2)."""
    house.node("a")
    house.job("last", pinned=True)

    answers = [
        house.post("job/last/buildWithParameters", {"NODE": node, "UNKNOWN": unknown})
        for node, unknown in (("a", "1"), ("b", "1"), ("a", "2"))
    ]

    assert [each.status_code for each in answers] == [201, 201, 303]
    assert item_id(answers[2]) == item_id(answers[0]) != item_id(answers[1])


def test_e11_a_form_is_answered_with_the_job_and_not_folded(house: House) -> None:
    """`build` with json gives 201 at the job's URL, and a second item for equal values (9.2)."""
    house.node("a")
    house.job("last", pinned=True)
    house.build("last", NODE="a")

    form = {"json": '{"parameter":[{"name":"NODE","value":"a"}]}'}
    answer = house.post("job/last/build", form)

    assert answer.status_code == 201
    assert answer.headers["Location"] == house.standin.url + "job/last/"
    values = [item["actions"][0]["parameters"][0]["value"] for item in items_with_values(house)]
    assert values == ["a", "a"]


def items_with_values(house: House) -> list[dict[str, list[dict[str, list[dict[str, str]]]]]]:
    found = house.json("queue/", "items[actions[parameters[name,value]]]")["items"]
    assert isinstance(found, list)
    return found


def test_e11_a_trigger_of_the_wrong_kind_is_refused(house: House) -> None:
    """`build` without its form and parameters for a job without any (9.2).

    The latter is 500 up to 2.516 and 400 with a message from 2.528 on.
    """
    house.job("last", pinned=True)
    house.job("plain")

    nothing = house.post("job/last/build")
    assert nothing.status_code == 400
    assert "Nothing is submitted" in nothing.text
    other = house.post("job/plain/buildWithParameters", {"NODE": "a"})
    assert other.status_code == (500 if house.old else 400)
    assert ("plain is not parameterized" in other.text) is not house.old
    assert house.get("job/plain/build").status_code == 405
    assert house.post("job/gone/build").status_code == 404
    house.do("job/plain/disable")
    assert house.post("job/plain/build").status_code == 409


# --- E12 -----------------------------------------------------------------------------------------


def test_e12_what_left_the_queue_is_remembered_for_five_minutes(house: House) -> None:
    """Until then the item names its build; later it is 404, and the build names it (4.2, 9.2)."""
    house.agent("a")
    house.job("j")
    item = house.build("j")
    house.advance(1)

    seen = house.item(item)
    assert seen["_class"] == "hudson.model.Queue$LeftItem"
    assert (seen["why"], seen["cancelled"], seen["executable"]["number"]) == (None, False, 1)
    house.advance(298)
    assert house.status(f"queue/item/{item}/") == 200
    house.advance(2 + TICK)
    assert house.status(f"queue/item/{item}/") == 404
    assert house.builds("j")[0]["queueId"] == item


def test_e12_cancelling_twice_is_an_error(house: House) -> None:
    """204, then 500 while the item is remembered; unknown ids 404, GET 405 (4.9)."""
    house.job("j", label="linux")
    item = house.build("j")
    path = f"queue/cancelItem?id={item}"

    assert house.get(path).status_code == 405
    assert house.post(path).status_code == 204
    seen = house.item(item)
    assert (seen["cancelled"], seen["executable"], seen["why"]) == (True, None, None)
    assert house.queue() == []
    assert house.post(path).status_code == 500
    assert house.post(f"queue/item/{item}/cancelQueue").status_code == 204
    assert house.post("queue/cancelItem?id=4711").status_code == 404
    house.advance(300 + TICK)
    assert house.post(path).status_code == 404


def test_e12_what_already_runs_cannot_be_cancelled_in_the_queue(house: House) -> None:
    """The item has left: 500, and the build goes on (4.9)."""
    house.agent("a")
    house.job("j")
    item = house.build("j")
    house.advance(1)

    assert house.post(f"queue/cancelItem?id={item}").status_code == 500
    house.advance(60)
    assert house.result("j") == "SUCCESS"


def test_e12_an_item_has_a_page_on_newer_cores(house: House) -> None:
    """From 2.469 on it is a line of text; before, 404. A missing item is 404 on both (4.3)."""
    house.job("j", label="linux")
    item = house.build("j")

    answer = house.get(f"queue/item/{item}/")
    assert answer.status_code == (404 if house.old else 200)
    assert answer.text.startswith("Queue item exists. For details check") is not house.old
    assert house.get("queue/item/4711/").status_code == 404


# --- E17 -----------------------------------------------------------------------------------------


def test_e17_a_quiet_period_ends_at_the_next_tick_only(house: House) -> None:
    """A due item still waits, finished with it, until the queue is looked at (4.2, 4.8)."""
    house.job("j", label="linux")
    item = house.build("j", delay="7sec")
    seen = house.item(item)
    assert seen["_class"] == "hudson.model.Queue$WaitingItem"
    assert seen["why"] == "In the quiet period. Expires in 7 sec"
    assert seen["timestamp"] - seen["inQueueSince"] == 7000
    house.advance(2.5)
    assert house.why(item) == "In the quiet period. Expires in 4.5 sec"

    house.advance(5.5)
    assert house.why(item) == "Finished waiting"
    house.advance(2)
    assert house.item(item)["_class"] == "hudson.model.Queue$BuildableItem"


def test_e17_an_event_ends_it_sooner(house: House) -> None:
    """Scheduling anything has the whole queue looked at (4.8)."""
    house.job("j", label="linux")
    house.job("k", label="linux")
    item = house.build("j", delay="6sec")
    house.advance(7)
    assert house.why(item) == "Finished waiting"

    house.build("k")

    assert house.item(item)["_class"] == "hudson.model.Queue$BuildableItem"


def test_e17_the_quiet_period_is_five_seconds(house: House) -> None:
    """Where neither job nor request says otherwise (4.8)."""
    house.job("j", label="linux")
    item = item_id(house.do("job/j/build"))

    seen = house.item(item)
    assert seen["timestamp"] - seen["inQueueSince"] == 5000


# --- E18 -----------------------------------------------------------------------------------------


def latest(house: House, label: str, series: str) -> dict[str, float]:
    tree = f"{series}[sec10[latest],min[latest],hour[latest]]"
    found = house.json(f"label/{label}/loadStatistics/", tree)[series]
    return {scale: found[scale]["latest"] for scale in ("sec10", "min", "hour")}


def test_e18_load_statistics_are_a_moving_average(house: House) -> None:
    """Each tick takes a tenth of the present: one item shows 0.47 after a minute (5.2)."""
    house.job("j", label="linux")
    house.node("a", label="linux")
    house.build("j")
    assert latest(house, "linux", "queueLength") == {"sec10": 0, "min": 0, "hour": 0}

    for ticks in range(1, 7):
        house.advance(10)
        assert latest(house, "linux", "queueLength")["sec10"] == pytest.approx(1 - 0.9**ticks)

    assert latest(house, "linux", "queueLength")["min"] == pytest.approx(0.1)
    house.advance(3600 - 60)
    assert latest(house, "linux", "queueLength") == pytest.approx(
        {"sec10": 1, "min": 1 - 0.9**60, "hour": 0.1}
    )


def test_e18_they_go_down_as_slowly(house: House) -> None:
    """An item that is gone is still counted for minutes (5.2)."""
    house.job("j", label="linux")
    house.node("a", label="linux")
    item = house.build("j")
    house.advance(600)
    house.do(f"queue/cancelItem?id={item}")

    house.advance(60)

    assert latest(house, "linux", "queueLength")["sec10"] == pytest.approx(0.9**6, abs=0.01)


def test_e18_executors_are_averaged_too(house: House) -> None:
    """Busy and online ones of a label, and of everything (5.2)."""
    house.agent("a", executors=2, label="linux")
    house.job("j", label="linux", seconds=10_000)
    house.build("j")
    house.advance(10)

    assert latest(house, "linux", "busyExecutors")["sec10"] == pytest.approx(0.1)
    assert latest(house, "linux", "onlineExecutors")["sec10"] == pytest.approx(0.2)
    overall = house.json("overallLoad/", "totalExecutors[sec10[latest]]")
    assert overall["_class"] == "hudson.model.OverallLoadStatistics"
    assert overall["totalExecutors"]["sec10"]["latest"] == pytest.approx(0.2)


# --- E21 -----------------------------------------------------------------------------------------


def blocked_matrix(house: House, *, sequential: bool = False) -> int:
    """A matrix whose child on a deleted node waits; gives the child's item."""
    house.agent("a")
    house.agent("gone")
    house.agent("z")
    house.do("computer/gone/doDelete")
    house.matrix("m", "a", "gone", "z", sequential=sequential)
    house.build("m")
    house.advance(86400)
    (item,) = house.queue()
    assert item["task"]["name"] == "label=gone"
    number = item["id"]
    assert isinstance(number, int)
    return number


def test_e21_a_child_of_a_deleted_node_holds_up_its_parent(house: House) -> None:
    """It waits for ever, and the parent with it (9.5)."""
    item = blocked_matrix(house)

    assert house.why(item) == f"There are no nodes with the label {quoted('gone')}"
    assert house.result("m") is None
    runs = house.json("job/m/1/", "runs[url,result,builtOn]")["runs"]
    assert {(each["builtOn"], each["result"]) for each in runs} == {
        ("a", "SUCCESS"),
        ("z", "SUCCESS"),
    }
    (parent,) = house.computer("(built-in)")["oneOffExecutors"]
    assert parent["currentExecutable"]["number"] == 1


def test_e21_cancelling_the_child_ends_the_parent_as_aborted(house: House) -> None:
    """The child counts as aborted (9.5)."""
    item = blocked_matrix(house)

    assert house.post(f"queue/cancelItem?id={item}").status_code == 204
    house.advance(TICK)

    assert house.result("m") == "ABORTED"
    assert house.computer("(built-in)")["oneOffExecutors"] == []


def test_e21_a_rolling_matrix_stops_advancing(house: House) -> None:
    """One at a time, none after the child that never runs (9.5)."""
    blocked_matrix(house, sequential=True)

    runs = house.json("job/m/1/", "runs[builtOn]")["runs"]
    assert [each["builtOn"] for each in runs] == ["a"]


def test_e21_a_matrix_parent_is_folded_while_it_waits() -> None:
    """A matrix of which only one build may run at a time folds further triggers (9.5)."""
    with open_house(NEW) as house:
        blocked_matrix(house)

        second = house.build("m")
        house.advance(TICK)

        assert house.build("m") == second
        assert house.item(second)["blocked"]
