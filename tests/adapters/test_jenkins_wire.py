"""What Jenkins' JSON means, against what two real servers answered and what they might."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.adapters import jenkins_wire as wire
from workhorse.adapters.jenkins_paths import path_of
from workhorse.core.errors import Unreadable
from workhorse.core.model import ItemState, Node, QueueItem, RunningBuild
from workhorse.core.owner import Owner, owner_text

RECORDED = Path(__file__).parents[1] / "recorded" / "jenkins"
VERSIONS = ("2.462.3", "2.541.2")
CORE = "hudson.model.Queue$"
PLACEHOLDER = "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask"
NODE_LABEL = "org.jvnet.jenkins.plugins.nodelabelparameter"


def recorded(version: str, name: str) -> dict[str, Any]:
    """The JSON that a real server answered."""
    exchange = json.loads((RECORDED / version / f"{name}.json").read_text())
    found = json.loads(exchange["response"]["body"])
    assert isinstance(found, dict)
    return found


def item(**changes: object) -> dict[str, Any]:
    """A queue item as the API tells it."""
    return {
        "_class": f"{CORE}BuildableItem",
        "actions": [],
        "blocked": False,
        "buildable": True,
        "id": 7,
        "inQueueSince": 1_000_000,
        "stuck": False,
        "task": {"_class": "hudson.model.FreeStyleProject", "name": "build"},
        "why": "Waiting for next available executor",
        "pending": False,
        **changes,
    }


def computer(**changes: object) -> dict[str, Any]:
    """A computer as the API tells it."""
    return {
        "_class": "hudson.slaves.SlaveComputer",
        "displayName": "i-1",
        "assignedLabels": [{"name": "linux"}, {"name": "i-1"}],
        "executors": [{"currentExecutable": None, "idle": True}],
        "idle": True,
        "numExecutors": 1,
        "offline": False,
        "oneOffExecutors": [],
        "temporarilyOffline": False,
        **changes,
    }


def read_item(**changes: object) -> QueueItem:
    (found,) = wire.queue_items({"items": [item(**changes)]})
    return found


def read_node(**changes: object) -> Node:
    (found,) = wire.nodes({"computer": [computer(**changes)]}).values()
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_the_queue_that_a_real_server_told_is_understood(version: str) -> None:
    items = wire.queue_items(recorded(version, "queue-noagents-tree"))
    by_task = {found.task: found for found in items}
    assert by_task["f-expr"].expression == "linux&&docker"
    assert by_task["f-linux"].expression == "linux"
    assert by_task["f-roam"].expression is None
    body = by_task["part of p-linux #1"]
    assert (body.placeholder, body.expression, body.stuck) == (True, None, True)
    waiting = by_task["pin"]
    assert waiting.state is ItemState.WAITING
    assert waiting.due == pytest.approx(waiting.since + 5, abs=1)
    assert wire.item_ids(recorded(version, "queue-noagents-tree")) == {i.id for i in items}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_nodes_that_a_real_server_told_are_understood(version: str) -> None:
    answer = recorded(version, "computer-pipeline-running")
    for told in answer["computer"]:
        # This recording asked for no labels.
        told |= {"assignedLabels": [{"name": told["displayName"]}, {"name": "pool"}]}
        told |= {"numExecutors": 2, "offline": False, "temporarilyOffline": False}
    nodes = wire.nodes(answer)
    assert set(nodes) == {"agent-1", "agent-2"}
    busy = nodes["agent-1"]
    assert (busy.idle, busy.busy, busy.labels) == (False, 2, frozenset({"pool"}))
    assert len(busy.running) == 2
    assert all(b.path.startswith("job/") and b.path.endswith("/") for b in busy.running)
    assert all(b.started_at and b.started_at < 4_102_444_800 for b in busy.running)
    assert (nodes["agent-2"].idle, nodes["agent-2"].busy) == (True, 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_computer_that_outlived_its_node_never_looks_idle(version: str) -> None:
    ghost = recorded(version, "computer-ghost-after-delete")
    for idle in (False, True):
        (node,) = wire.nodes({"computer": [ghost | {"idle": idle}]}).values()
        assert (node.offline, node.idle, node.labels) == (True, False, frozenset())
        assert node.ghost


def test_a_node_tells_whose_it_is_by_its_description() -> None:
    told = {
        "_class": "hudson.slaves.SlaveComputer",
        "displayName": "i-0abc",
        "executors": [],
        "assignedLabels": [{"name": "i-0abc"}],
        "numExecutors": 1,
    }
    owner = Owner(pool="linux", home="123456789012/eu-west-1")
    text = owner_text(owner.pool, owner.home)
    for description, expected in ((text, owner), ("by hand", None), (None, None)):
        (node,) = wire.nodes({"computer": [told | {"description": description}]}).values()
        assert (node.owner, node.ghost) == (expected, False)


@pytest.mark.parametrize("answer", [{}, {"nodes": None}, {"nodes": [{}]}, {"nodes": ["i-1"]}])
def test_a_label_of_another_shape_is_unreadable(answer: dict[str, Any]) -> None:
    assert wire.labelled({"nodes": [{"nodeName": "i-1"}]}) == {"i-1"}
    with pytest.raises(Unreadable):
        wire.labelled(answer)


def test_every_state_of_an_item_is_told_apart() -> None:
    assert read_item().state is ItemState.BUILDABLE
    assert read_item(pending=True).state is ItemState.PENDING
    assert read_item(_class=f"{CORE}BlockedItem", blocked=True).state is ItemState.BLOCKED
    waiting = read_item(_class=f"{CORE}WaitingItem", timestamp=1_030_000)
    assert (waiting.state, waiting.since, waiting.due) == (ItemState.WAITING, 1000, 1030)
    assert wire.queue_items({"items": [item(_class=f"{CORE}LeftItem")]}) == ()


@pytest.mark.parametrize(
    ("sort", "value", "expression"),
    [
        ("NodeParameterValue", "i-0abc", "i-0abc"),
        ("NodeParameterValue", "odd node", '"odd node"'),
        ("LabelParameterValue", "linux && docker", "linux && docker"),
    ],
)
def test_a_node_label_parameter_overrides_the_label_of_the_job(
    sort: str, value: str, expression: str
) -> None:
    parameter = {"_class": f"{NODE_LABEL}.{sort}", "name": "NODE", "value": value}
    actions: list[dict[str, Any]] = [{}, {"parameters": [{"name": "x"}, parameter]}]
    task = {"_class": "hudson.model.FreeStyleProject", "name": "j", "labelExpression": "other"}
    assert read_item(actions=actions, task=task).expression == expression


@pytest.mark.parametrize(
    ("name", "why", "expression"),
    [
        ("label=linux", "", "linux"),
        ("jdk=21,label=linux,node=big", "", "linux&&big"),
        ("python=3.11", "Waiting for next available executor", None),
        ("os=mac", "There are no nodes with the label \u2018mac\u2019", "mac"),
        ("default", "", None),
    ],
)
def test_a_matrix_child_names_its_label_among_its_axes(
    name: str, why: str, expression: str | None
) -> None:
    task = {"_class": "hudson.matrix.MatrixConfiguration", "name": name, "labelExpression": None}
    assert read_item(task=task, why=why).expression == expression


@pytest.mark.parametrize(
    ("sort", "placeholder", "flyweight"),
    [
        ("org.jenkinsci.plugins.workflow.job.WorkflowJob", False, True),
        ("hudson.matrix.MatrixProject", False, True),
        ("hudson.matrix.MatrixConfiguration", False, False),
        (PLACEHOLDER, True, False),
    ],
)
def test_who_needs_no_executor_and_who_hides_its_label_is_told(
    sort: str, *, placeholder: bool, flyweight: bool
) -> None:
    found = read_item(task={"_class": sort, "name": "part of j #1"})
    assert (found.placeholder, found.flyweight) == (placeholder, flyweight)


@pytest.mark.parametrize("jobs", [[], [{"_class": "x.WorkflowJob", "name": "main"}]])
def test_a_folder_that_looks_for_its_branches_needs_no_executor(jobs: list[Any]) -> None:
    """Of a multibranch project, an organization folder, or whatever else is one."""
    task = {"_class": "jenkins.branch.OrganizationFolder", "name": "team", "jobs": jobs}
    assert read_item(task=task).flyweight
    assert "task[name,fullName,labelExpression,jobs[name]{0,1}]" in wire.QUEUE_TREE


def test_an_action_that_jenkins_lost_hides_no_other() -> None:
    parameter = {"_class": f"{NODE_LABEL}.LabelParameterValue", "name": "L", "value": "linux"}
    actions: list[Any] = [None, {"parameters": [parameter]}]
    assert read_item(actions=actions).expression == "linux"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://ci.example.com/ci/job/team/job/x/3/", "job/team/job/x/3/"),
        ("job/team/job/x/3/", "job/team/job/x/3/"),
        ("https://ci.example.com/ci/computer/", "https://ci.example.com/ci/computer/"),
        ("", ""),
    ],
)
def test_a_job_is_known_by_its_path_below_the_root_also_where_jenkins_tells_just_that(
    url: str, path: str
) -> None:
    assert path_of(url) == path


def test_a_job_in_a_folder_is_called_by_its_full_name() -> None:
    task = {"_class": "hudson.model.FreeStyleProject", "name": "b", "fullName": "team/b"}
    assert read_item(task=task).task == "team/b"


def test_what_the_script_console_told_comes_first() -> None:
    answer = {"items": [item(task={"_class": PLACEHOLDER, "name": "part of j #1"}), item(id=8)]}
    first, second = wire.queue_items(answer, {7: "gpu", 8: None})
    assert (first.expression, first.placeholder) == ("gpu", True)
    assert second.expression is None


def test_the_script_marks_itself_and_its_answer() -> None:
    assert wire.QUEUE_LABELS_SCRIPT.startswith("// workhorse:queue-labels v1\n")
    printed = f'a warning\n{wire.SENTINEL} {{"7":"gpu","8":null}}\n'
    assert wire.script_labels(printed) == {7: "gpu", 8: None}
    assert wire.script_labels(f"{wire.SENTINEL} {{}}\n") == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_script_that_failed_with_200_is_not_taken_for_an_empty_queue(version: str) -> None:
    exchange = json.loads((RECORDED / version / "scripttext-error.json").read_text())
    with pytest.raises(Unreadable, match=r"java\.lang\.Exception: x"):
        wire.script_labels(exchange["response"]["body"])
    for printed in ("", "{}", f"{wire.SENTINEL} [", f"{wire.SENTINEL} []"):
        with pytest.raises(Unreadable):
            wire.script_labels(printed)


def test_an_executor_that_is_only_assigned_is_busy_though_it_shows_no_build() -> None:
    executors = [{"currentExecutable": None, "idle": False}, {"idle": True}, {}]
    node = read_node(executors=executors, numExecutors=3, idle=True)
    assert (node.busy, node.idle, node.running) == (2, False, ())


def test_a_one_off_executor_keeps_a_node_from_being_idle_and_is_named() -> None:
    parent = {"currentExecutable": {"url": "http://other.example.com/ci/job/a/job/b/3/"}}
    node = read_node(idle=False, oneOffExecutors=[parent])
    assert (node.idle, node.busy) == (False, 0)
    assert node.running == (RunningBuild(path="job/a/job/b/3/"),)


def test_a_build_without_history_has_no_estimate() -> None:
    url = "http://ci.example.com/job/a/3/"
    new = {"url": url, "timestamp": 1_700_000_000_123, "estimatedDuration": -1}
    old = new | {"estimatedDuration": 61_500}
    node = read_node(executors=[{"currentExecutable": new}, {"currentExecutable": old}])
    assert [b.started_at for b in node.running] == [1_700_000_000.123] * 2
    assert [b.estimated_seconds for b in node.running] == [None, 61.5]


def test_the_label_of_its_own_name_is_no_label_of_a_node() -> None:
    node = read_node()
    assert (node.name, node.labels, node.offline) == ("i-1", frozenset({"linux"}), False)
    bare = read_node(assignedLabels=[{"name": "i-1"}])
    assert (bare.labels, bare.offline, bare.idle) == (frozenset(), False, True)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"items": None},
        {"items": [{"id": 1}]},
        {"items": [item(id="x")]},
        {"items": [item(task=None)]},
        {"items": [item(_class=f"{CORE}WaitingItem")]},
    ],
)
def test_a_queue_of_another_shape_is_unreadable(answer: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        wire.queue_items(answer)


@pytest.mark.parametrize(
    "answer", [{}, {"computer": [{}]}, {"computer": [computer(assignedLabels=None)]}]
)
def test_nodes_of_another_shape_are_unreadable(answer: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        wire.nodes(answer)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.data(), JSON)
def test_whatever_one_field_holds_it_is_read_or_unreadable_and_nothing_else(
    data: st.DataObject, value: Any
) -> None:
    changed_item, changed_computer = item(), computer()
    for changed in (changed_item, changed_computer):
        changed[data.draw(st.sampled_from(sorted(changed)))] = value
    for read in (
        lambda: wire.queue_items({"items": [changed_item]}),
        lambda: wire.item_ids({"items": [changed_item]}),
        lambda: wire.nodes({"computer": [changed_computer]}),
    ):
        with suppress(Unreadable):
            assert read() is not None


@given(JSON)
def test_an_executor_of_any_shape_is_busy_unless_it_says_idle(value: Any) -> None:
    try:
        node = read_node(executors=[{"idle": value}])
    except Unreadable:
        return
    assert node.idle is (value is True)
    assert node.busy == (0 if value is True else 1)


def test_only_a_plain_no_means_that_jenkins_is_not_quieting_down() -> None:
    assert wire.quieting_down({"quietingDown": False}) is False
    assert wire.quieting_down({"quietingDown": True}) is True
    assert wire.quieting_down({}) is True


def test_ten_thousand_nodes_and_five_thousand_items_are_read_in_a_moment() -> None:
    nodes = json.dumps({"computer": [computer(displayName=f"i-{n}") for n in range(10_000)]})
    queue = json.dumps({"items": [item(id=n) for n in range(5_000)]})
    began = time.process_time()
    assert len(wire.nodes(json.loads(nodes))) == 10_000
    assert len(wire.queue_items(json.loads(queue))) == 5_000
    assert time.process_time() - began < 5, "0.25 s on a quiet machine"
