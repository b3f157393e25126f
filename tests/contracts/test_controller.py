"""What each call of the `Controller` port means."""

import pytest

from tests.contracts.stages import RELEASE_JOB, ControllerStage
from workhorse.core.cordon import cordon_label
from workhorse.core.errors import Missing, Surprise, Unreadable
from workhorse.core.model import ItemState, Node, QueueItem

NODE = "i-0123456789abcdef0"
OTHER = "i-0123456789abcdef1"
LINUX = frozenset({"linux", "docker"})
CORDON = cordon_label("scale-in", NODE)
PARAMETERS = {"GROUP": "group", "HOOK": "drain", "INSTANCE": NODE}


def node_of(stage: ControllerStage, name: str = NODE) -> Node:
    """The node as it is read."""
    return stage.port.read().nodes[name]


def queue_of(stage: ControllerStage) -> list[QueueItem]:
    """The items that wait for an executor, as they are read."""
    return [item for item in stage.port.read().queue if not item.flyweight]


def test_an_empty_jenkins_is_read_as_empty(controller_stage: ControllerStage) -> None:
    before = controller_stage.now()
    told = controller_stage.port.read()
    assert (dict(told.nodes), told.queue, told.quieting_down) == ({}, (), False)
    assert before <= told.read_at <= controller_stage.now()
    assert told.session
    assert controller_stage.port.glance() == frozenset()


def test_an_agent_is_told_without_the_label_of_its_own_name(
    controller_stage: ControllerStage,
) -> None:
    controller_stage.add_agent(NODE, LINUX, executors=3)
    assert node_of(controller_stage) == Node(name=NODE, labels=LINUX, executors=3)


def test_an_agent_that_lost_its_connection_is_offline_and_still_a_node(
    controller_stage: ControllerStage,
) -> None:
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.drop_agent(NODE)
    node = node_of(controller_stage)
    assert (node.offline, node.labels) == (True, LINUX)


def test_a_node_is_told_of_by_its_name_until_it_is_deleted(
    controller_stage: ControllerStage,
) -> None:
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.add_agent(OTHER, LINUX)
    controller_stage.drop_agent(OTHER)
    assert [controller_stage.port.has_node(name) for name in (NODE, OTHER)] == [True, True]
    controller_stage.port.delete_node(OTHER)
    assert [controller_stage.port.has_node(name) for name in (NODE, OTHER)] == [True, False]
    assert not controller_stage.port.has_node("i-0123456789abcdef2")


def test_an_item_that_no_agent_fits_waits_and_tells_its_label(
    controller_stage: ControllerStage,
) -> None:
    controller_stage.add_agent(NODE, LINUX)
    before = controller_stage.now()
    controller_stage.submit("windows && big")
    controller_stage.settle()
    (item,) = queue_of(controller_stage)
    assert item.state is ItemState.BUILDABLE
    assert (item.expression or "").replace(" ", "") == "windows&&big"
    assert before - 10 <= item.since <= controller_stage.now()
    assert controller_stage.port.glance() == frozenset({item.id})


def test_a_pipeline_hides_its_label(controller_stage: ControllerStage) -> None:
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.submit("windows", pipeline=True)
    controller_stage.settle()
    (item,) = queue_of(controller_stage)
    assert (item.placeholder, item.expression) == (True, None)
    assert "windows" in item.why


@pytest.mark.parametrize("pipeline", [False, True])
def test_a_running_build_keeps_its_agent_from_being_idle(
    controller_stage: ControllerStage, *, pipeline: bool
) -> None:
    controller_stage.add_agent(NODE, LINUX, executors=2)
    controller_stage.submit("linux", pipeline=pipeline)
    controller_stage.settle()
    node = node_of(controller_stage)
    assert (node.idle, node.busy, node.executors) == (False, 1, 2)
    assert queue_of(controller_stage) == []


def test_a_running_build_tells_since_when_and_no_estimate_without_a_history(
    controller_stage: ControllerStage,
) -> None:
    before = controller_stage.now()
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.submit("linux")
    controller_stage.settle()
    (build,) = node_of(controller_stage).running
    assert build.started_at is not None
    assert before - 1 <= build.started_at <= controller_stage.now() + 1
    assert build.estimated_seconds is None


def test_a_cordon_replaces_label_and_mode_and_keeps_the_executors(
    controller_stage: ControllerStage,
) -> None:
    controller_stage.add_agent(NODE, LINUX, executors=2)
    controller_stage.port.cordon(NODE, CORDON)
    assert controller_stage.attributes(NODE) == (frozenset({CORDON}), True, 2)
    node = node_of(controller_stage)
    assert (node.labels, node.idle, node.offline) == (frozenset({CORDON}), True, False)


@pytest.mark.parametrize("expression", ["linux", None])
def test_no_build_begins_on_a_cordoned_agent(
    controller_stage: ControllerStage, expression: str | None
) -> None:
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.port.cordon(NODE, CORDON)
    controller_stage.submit(expression)
    controller_stage.settle()
    assert node_of(controller_stage).idle is True
    assert len(queue_of(controller_stage)) == 1


def test_a_build_that_runs_is_left_alone_by_a_cordon(controller_stage: ControllerStage) -> None:
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.submit("linux")
    controller_stage.settle()
    controller_stage.port.cordon(NODE, CORDON)
    controller_stage.settle()
    node = node_of(controller_stage)
    assert (node.idle, node.busy, node.labels) == (False, 1, frozenset({CORDON}))


@pytest.mark.parametrize("exclusive", [False, True])
def test_a_recall_gives_back_what_a_cordon_took(
    controller_stage: ControllerStage, *, exclusive: bool
) -> None:
    controller_stage.add_agent(NODE, LINUX, executors=2, exclusive=exclusive)
    controller_stage.port.cordon(NODE, CORDON)
    controller_stage.port.recall(NODE, frozenset({"wrong"}), exclusive=not exclusive)
    assert controller_stage.attributes(NODE) == (LINUX, exclusive, 2)
    assert node_of(controller_stage).labels == LINUX


def test_a_recalled_agent_takes_builds_again(controller_stage: ControllerStage) -> None:
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.port.cordon(NODE, CORDON)
    controller_stage.submit("linux")
    controller_stage.port.recall(NODE, LINUX, exclusive=False)
    controller_stage.settle()
    assert node_of(controller_stage).busy == 1


def test_a_cordon_for_another_cause_forgets_nothing(controller_stage: ControllerStage) -> None:
    controller_stage.add_agent(NODE, LINUX)
    again = cordon_label("hook", NODE)
    controller_stage.port.cordon(NODE, CORDON)
    controller_stage.port.cordon(NODE, CORDON)
    controller_stage.port.cordon(NODE, again)
    assert node_of(controller_stage).labels == frozenset({again})
    controller_stage.port.recall(NODE, frozenset(), exclusive=True)
    assert controller_stage.attributes(NODE) == (LINUX, False, 1)


def test_labels_that_somebody_gave_meanwhile_are_the_ones_given_back(
    controller_stage: ControllerStage,
) -> None:
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.port.cordon(NODE, CORDON)
    controller_stage.set_labels(NODE, frozenset({"gpu"}), exclusive=False)
    controller_stage.port.cordon(NODE, CORDON)
    controller_stage.port.recall(NODE, LINUX, exclusive=True)
    assert controller_stage.attributes(NODE) == (frozenset({"gpu"}), False, 1)


def test_without_a_memory_a_recall_gives_what_it_is_told(
    controller_stage: ControllerStage,
) -> None:
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.set_labels(NODE, frozenset({CORDON}), exclusive=True)
    controller_stage.port.recall(NODE, LINUX, exclusive=False)
    assert controller_stage.attributes(NODE) == (LINUX, False, 1)


def test_a_recall_leaves_an_agent_alone_that_is_not_cordoned(
    controller_stage: ControllerStage,
) -> None:
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.port.recall(NODE, frozenset({"wrong"}), exclusive=True)
    assert controller_stage.attributes(NODE) == (LINUX, False, 1)


def test_a_node_that_is_not_there_is_missing(controller_stage: ControllerStage) -> None:
    controller_stage.add_agent(OTHER, LINUX)
    with pytest.raises(Missing):
        controller_stage.port.cordon(NODE, CORDON)
    with pytest.raises(Missing):
        controller_stage.port.recall(NODE, LINUX, exclusive=False)
    with pytest.raises(Missing):
        controller_stage.port.queue_release_job(RELEASE_JOB, NODE, PARAMETERS)
    assert controller_stage.port.glance() == frozenset()


def test_a_release_job_is_queued_once_for_its_node_which_has_one_executor_then(
    controller_stage: ControllerStage,
) -> None:
    controller_stage.add_agent(NODE, LINUX, executors=2)
    controller_stage.add_agent(OTHER, LINUX, executors=2)
    controller_stage.port.cordon(NODE, CORDON)
    controller_stage.port.queue_release_job(RELEASE_JOB, NODE, PARAMETERS)
    (item,) = queue_of(controller_stage)
    assert (item.task, item.expression) == (RELEASE_JOB, NODE)
    assert controller_stage.attributes(NODE) == (frozenset({CORDON}), True, 1)
    controller_stage.port.queue_release_job(RELEASE_JOB, NODE, PARAMETERS)
    assert [again.id for again in queue_of(controller_stage)] == [item.id]
    other = {**PARAMETERS, "INSTANCE": OTHER}
    controller_stage.port.queue_release_job(RELEASE_JOB, OTHER, other)
    assert {one.expression for one in queue_of(controller_stage)} == {NODE, OTHER}


def test_a_deleted_node_is_no_more_and_may_be_deleted_again(
    controller_stage: ControllerStage,
) -> None:
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.add_agent(OTHER, LINUX)
    controller_stage.drop_agent(NODE)
    controller_stage.port.delete_node(NODE)
    controller_stage.port.delete_node(NODE)
    assert set(controller_stage.port.read().nodes) == {OTHER}


def test_a_restart_shows_in_the_session(controller_stage: ControllerStage) -> None:
    before = controller_stage.port.read().session
    assert controller_stage.port.read().session == before
    controller_stage.restart()
    assert controller_stage.port.read().session != before


def test_a_jenkins_that_is_quieting_down_says_so(controller_stage: ControllerStage) -> None:
    controller_stage.quiet_down()
    assert controller_stage.port.read().quieting_down is True


def test_when_jenkins_is_down_readings_fail_and_changes_are_surprises(
    controller_stage: ControllerStage,
) -> None:
    controller_stage.add_agent(NODE, LINUX)
    controller_stage.shut()
    with pytest.raises(Unreadable):
        controller_stage.port.read()
    with pytest.raises(Unreadable):
        controller_stage.port.glance()
    for change in (
        lambda: controller_stage.port.cordon(NODE, CORDON),
        lambda: controller_stage.port.recall(NODE, LINUX, exclusive=False),
        lambda: controller_stage.port.queue_release_job(RELEASE_JOB, NODE, PARAMETERS),
        lambda: controller_stage.port.delete_node(NODE),
    ):
        with pytest.raises(Surprise) as failed:
            change()
        assert not isinstance(failed.value, Missing)
