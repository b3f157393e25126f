"""The comparison of answers sees what counts, and only that."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.local.jenkins import conformance_recordings as recordings
from tests.local.jenkins.conformance_compare import Answer, differences
from tests.local.jenkins.conformance_stage import recorded_answer

JSON = "application/json;charset=utf-8"
THERE, HERE = "http://127.0.0.1:18080/", "http://127.0.0.1:45678/"


FREE = re.compile(
    r"id|queueId|timestamp|inQueueSince|buildableStartMilliseconds|latest|path"
    r"|.*Millis|.*Memory|size|totalSize|average|diff"
)
"""Keys whose numbers (and disks' paths) are different on any two servers."""


def item(root: str = THERE, **changes: Any) -> dict[str, Any]:
    """A queue item as the API tells it."""
    return {
        "_class": "hudson.model.Queue$BuildableItem",
        "id": 7,
        "inQueueSince": 1_795_000_000_000,
        "stuck": False,
        "task": {"name": "deploy", "url": f"{root}job/deploy/"},
        "url": "queue/item/7/",
        "why": "In the quiet period. Expires in 4.9 sec",
        **changes,
    }


def answer(body: object = None, root: str = THERE, status: int = 200, **headers: str) -> Answer:
    """An answer with a JSON body, or with a text and its content type among the headers."""
    named = {"Content-Type": JSON} | {k.replace("_", "-"): v for k, v in headers.items()}
    text = body if isinstance(body, str) else json.dumps(item() if body is None else body)
    return Answer(root=root, status=status, headers=named, text=text)


@pytest.mark.parametrize(
    ("answered", "place"),
    [
        (answer(status=201), "status"),
        (answer(Content_Type="application/json"), "Content-Type"),
        (answer(X_Error="Agent called x already exists"), "X-Error"),
        (answer(X_Jenkins="2.541.2"), "X-Jenkins"),
        (answer(X_Jenkins_Session="1df5fbaa"), "X-Jenkins-Session"),
        (answer(Location=f"{THERE}computer/"), "Location"),
        (answer({k: v for k, v in item().items() if k != "why"}), ".why"),
        (answer(item(more=1)), ".more"),
        (answer(item(stuck=True)), ".stuck"),
        (answer(item(stuck=None)), ".stuck"),
        (answer(item(why="Finished waiting")), ".why"),
        (answer(item(inQueueSince=None)), ".inQueueSince"),
        (answer(item(inQueueSince=0)), ".inQueueSince"),
        (answer(item(task={"name": "other", "url": f"{THERE}job/deploy/"})), ".task.name"),
        (answer(item(task={"name": "deploy", "url": f"{THERE}job/other/"})), ".task.url"),
        (answer(item(url="queue/item/8/")), ".url"),
        (answer([item(), item()]), ""),
        (answer(json.dumps(item(), indent=2)), "body"),
    ],
)
def test_a_difference_that_counts_is_seen_and_named(answered: Answer, place: str) -> None:
    found = differences(answer(), answered)

    assert found
    assert all(each.startswith(f"{place}: ") for each in found), found


def test_equal_answers_do_not_differ() -> None:
    assert differences(answer(), answer()) == []


def test_ids_times_ports_and_spans_may_differ() -> None:
    changed = item(
        HERE,
        id=9,
        url="queue/item/9/",
        inQueueSince=1_700_000_000_000,
        why="In the quiet period. Expires in 3.2 sec",
    )

    assert differences(answer(), answer(changed, HERE)) == []


def test_an_id_is_renamed_alike_everywhere() -> None:
    one = [{"id": 1}, {"id": 2}, {"queueId": 1}]

    assert differences(answer(one), answer([{"id": 5}, {"id": 6}, {"queueId": 5}])) == []
    assert differences(answer(one), answer([{"id": 5}, {"id": 6}, {"queueId": 6}]))
    assert differences(answer(one), answer([{"id": 5}, {"id": 5}, {"queueId": 5}]))


def test_the_item_of_a_location_may_have_another_number_but_must_be_one() -> None:
    recorded = answer("", Content_Type="", Location=f"{THERE}queue/item/70/")
    another = answer("", HERE, Content_Type="", Location=f"{HERE}queue/item/1/")
    job = answer("", HERE, Content_Type="", Location=f"{HERE}job/q/")

    assert differences(recorded, another) == []
    assert differences(recorded, job)


def test_the_order_of_labels_is_free_and_that_of_items_is_not() -> None:
    one, two = {"name": "linux"}, {"name": "docker"}

    assert (
        differences(answer({"assignedLabels": [one, two]}), answer({"assignedLabels": [two, one]}))
        == []
    )
    assert differences(
        answer({"assignedLabels": [one, two]}), answer({"assignedLabels": [one, one]})
    )
    assert differences(answer({"items": [one, two]}), answer({"items": [two, one]}))


def test_which_executor_serves_is_free_and_whether_one_is_idle_is_not() -> None:
    def executors(*slots: tuple[int, bool]) -> Answer:
        return answer({"executors": [{"number": n, "idle": idle} for n, idle in slots]})

    assert differences(executors((0, True), (1, False)), executors((0, False), (1, True))) == []
    assert differences(executors((0, True), (1, False)), executors((0, True), (1, True)))
    assert differences(executors((-1, False)), executors((0, False)))


def test_what_a_machine_measures_may_differ_but_must_be_measured() -> None:
    def disk(**changes: Any) -> Answer:
        return answer({"monitorData": {"disk": {"size": 1, "threshold": 1_073_741_824, **changes}}})

    assert differences(disk(), disk(size=2)) == []
    assert differences(disk(), disk(size=None))
    assert differences(disk(), disk(threshold=1))


def test_a_load_average_may_differ_unless_it_is_zero() -> None:
    assert differences(answer({"latest": 0.46}), answer({"latest": 0.1})) == []
    assert differences(answer({"latest": 0.46}), answer({"latest": 0.0}))
    assert differences(answer({"latest": 0.0}), answer({"latest": 0.1}))


@pytest.mark.parametrize(
    ("answered", "differs"),
    [
        ("<slave><name>a</name><label>x</label></slave>", False),
        ("<slave><name>a</name><label>y</label></slave>", True),
        ("<slave><name>a</name></slave>", True),
        ("<slave><label>x</label><name>a</name></slave>", True),
        ('<slave plugin="swarm"><name>a</name><label>x</label></slave>', True),
    ],
)
def test_xml_is_compared_element_by_element(answered: str, *, differs: bool) -> None:
    recorded = "<slave>\n  <name>a</name>\n  <label>x</label>\n</slave>"
    one, two = (answer(each, Content_Type="application/xml") for each in (recorded, answered))

    assert bool(differences(one, two)) is differs


def test_text_is_compared_whole_but_for_secrets_and_dates() -> None:
    def text(body: str) -> Answer:
        return answer(body, Content_Type="text/plain;charset=utf-8")

    recorded = text(f"#Sat Nov 21 02:32:26 UTC 2026\nname=sw1\nsecret={'0' * 64}\n")
    secret = "3f" * 32

    assert (
        differences(recorded, text(f"#Thu Jan 01 00:00:00 UTC 1970\nname=sw1\nsecret={secret}\n"))
        == []
    )
    assert differences(
        recorded, text(f"#Thu Jan 01 00:00:00 UTC 1970\nname=sw2\nsecret={secret}\n")
    )
    assert differences(text("java.lang.Exception: x\n\tat A.b(A.java:1)\n"), text("Result: 1"))


def test_an_error_page_of_the_container_is_compared_by_its_title() -> None:
    def page(title: str) -> Answer:
        kind = "text/html;charset=iso-8859-1"
        return answer(f"<html><title>{title}</title></html>", status=400, Content_Type=kind)

    recorded = page("Error 400 Nothing is submitted")

    assert differences(recorded, page("Error 400 Nothing is submitted")) == []
    assert differences(recorded, page("Error 400 Something else"))


def spoiled(value: object) -> object:
    """Another value of the same type; of null, a number."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}?"
    return 0


def one_spoiled_at_a_time(body: Any) -> Iterator[str]:
    """Spoils one value for each key in turn, yields the key, and mends it again."""
    seen, places = set(), [body]
    while places:
        below = places.pop()
        for key, value in below.items() if isinstance(below, dict) else enumerate(below):
            if isinstance(value, (dict, list)):
                places.append(value)
            elif (
                isinstance(key, str)
                and key not in seen
                and not (key == "number" and "idle" in below)
            ):
                seen.add(key)
                below[key] = spoiled(value)
                yield key
                below[key] = value


@pytest.mark.parametrize("version", recordings.VERSIONS)
def test_a_spoiled_value_is_seen_in_every_recording_whatever_its_key(version: str) -> None:
    tried = set()
    for name in recordings.covered(version):
        exchange = recordings.exchange(version, name)
        recorded = recorded_answer(exchange)
        if recorded.header("Content-Type") != JSON or recorded.header("Content-Encoding"):
            continue
        body = json.loads(recorded.text or "{}")
        for key in one_spoiled_at_a_time(body):
            found = differences(recorded, replace(recorded, text=json.dumps(body)))
            assert found or FREE.fullmatch(key), (name, key)
            tried.add(key)

    assert {"_class", "why", "stuck", "offline", "name", "url", "color", "builtOn"} <= tried
