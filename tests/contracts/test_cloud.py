"""What each call of the `Cloud` port means."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import pytest

from tests.contracts.stages import GROUP, HEARTBEAT_SECONDS, HOOK, MAXIMUM, CloudStage
from workhorse.core.errors import Missing, Surprise, Unreadable
from workhorse.core.model import Group, Hook, Instance, Lifecycle

Found = TypeVar("Found")
PATIENCE_SECONDS = 600.0


def group(stage: CloudStage) -> Group:
    return stage.port.groups([GROUP])[GROUP]


def until(stage: CloudStage, true: Callable[[Group], Found | None]) -> Found:
    """Let time pass until the group looks so."""
    began = stage.now()
    while stage.now() < began + PATIENCE_SECONDS:
        found = true(group(stage))
        if found:
            return found
        stage.pass_time(5)
    raise AssertionError(f"not in {PATIENCE_SECONDS} s: {group(stage)}")


def in_service(stage: CloudStage, size: int) -> tuple[Instance, ...]:
    """Ask for that many instances, and wait for them."""
    stage.port.set_desired(GROUP, size)

    def all_in_service(found: Group) -> tuple[Instance, ...] | None:
        states = [i.lifecycle for i in found.instances]
        return found.instances if states == [Lifecycle.IN_SERVICE] * size else None

    return until(stage, all_in_service)


def at_hook(stage: CloudStage, instance: str) -> None:
    """Wait until the instance waits at its hook."""
    until(stage, lambda found: found.by_id[instance].lifecycle is Lifecycle.TERMINATING_WAIT)


def test_a_group_is_told_with_its_bounds_and_its_hook(cloud_stage: CloudStage) -> None:
    before = cloud_stage.now()
    found = group(cloud_stage)
    assert (found.name, found.minimum, found.maximum, found.desired) == (GROUP, 0, MAXIMUM, 0)
    assert found.hook == Hook(name=HOOK, heartbeat_seconds=HEARTBEAT_SECONDS)
    assert before <= found.read_at <= cloud_stage.now()
    assert (found.instances, found.scale_in_off) == ((), False)


def test_a_group_that_aws_does_not_know_is_absent(cloud_stage: CloudStage) -> None:
    assert set(cloud_stage.port.groups([GROUP, "no-such-group"])) == {GROUP}
    assert cloud_stage.port.groups([]) == {}


def test_desired_capacity_brings_instances_that_come_into_service(
    cloud_stage: CloudStage,
) -> None:
    asked_at = cloud_stage.now()
    cloud_stage.port.set_desired(GROUP, 2)
    assert group(cloud_stage).desired == 2
    instances = in_service(cloud_stage, 2)
    assert len({i.id for i in instances}) == 2
    for instance in instances:
        assert instance.launched_at is not None
        assert asked_at - 1 <= instance.launched_at <= cloud_stage.now()
        assert instance.template_version == 1
        assert instance.zone
        assert (instance.spot, instance.protected) == (False, False)
    states = cloud_stage.port.states([i.id for i in instances])
    assert states == {i.id: "running" for i in instances}


def test_the_same_size_again_changes_nothing(cloud_stage: CloudStage) -> None:
    before = in_service(cloud_stage, 1)
    cloud_stage.port.set_desired(GROUP, 1)
    cloud_stage.pass_time(30)
    assert group(cloud_stage).instances == before


@pytest.mark.parametrize("size", [MAXIMUM + 1, -1])
def test_a_size_beyond_the_bounds_is_a_surprise(cloud_stage: CloudStage, size: int) -> None:
    with pytest.raises(Surprise):
        cloud_stage.port.set_desired(GROUP, size)
    assert group(cloud_stage).desired == 0


def test_a_terminated_instance_waits_at_the_hook_until_it_is_completed(
    cloud_stage: CloudStage,
) -> None:
    leaver, stayer = in_service(cloud_stage, 2)
    cloud_stage.port.terminate(leaver.id, decrement=True)
    at_hook(cloud_stage, leaver.id)
    found = group(cloud_stage)
    assert (found.desired, found.members) == (1, 1)
    assert cloud_stage.port.states([leaver.id]) == {leaver.id: "running"}
    cloud_stage.port.complete_hook(GROUP, HOOK, leaver.id)
    until(cloud_stage, lambda found: [i.id for i in found.instances] == [stayer.id])
    assert cloud_stage.port.states([leaver.id])[leaver.id] in {"terminated", "gone"}


def test_without_decrement_another_instance_comes(cloud_stage: CloudStage) -> None:
    (leaver,) = in_service(cloud_stage, 1)
    cloud_stage.port.terminate(leaver.id, decrement=False)
    at_hook(cloud_stage, leaver.id)
    assert group(cloud_stage).desired == 1
    cloud_stage.port.complete_hook(GROUP, HOOK, leaver.id)
    (newer,) = until(
        cloud_stage,
        lambda found: [
            i for i in found.instances if i.id != leaver.id and i.lifecycle is Lifecycle.IN_SERVICE
        ],
    )
    assert newer.id != leaver.id


def test_a_terminate_repeated_decrements_once(cloud_stage: CloudStage) -> None:
    leaver, _ = in_service(cloud_stage, 2)
    cloud_stage.port.terminate(leaver.id, decrement=True)
    with suppress(Surprise):
        # AWS does not document whether it refuses.
        cloud_stage.port.terminate(leaver.id, decrement=True)
    assert group(cloud_stage).desired == 1


def test_terminate_of_a_stranger_is_missing(cloud_stage: CloudStage) -> None:
    with pytest.raises(Missing):
        cloud_stage.port.terminate("i-0123456789abcdef0", decrement=True)


def test_a_decrement_below_the_minimum_is_a_surprise_and_changes_nothing(
    cloud_stage: CloudStage,
) -> None:
    (only,) = in_service(cloud_stage, 1)
    cloud_stage.set_minimum(1)
    with pytest.raises(Surprise) as refused:
        cloud_stage.port.terminate(only.id, decrement=True)
    assert not isinstance(refused.value, Missing)
    found = group(cloud_stage)
    assert (found.minimum, found.desired) == (1, 1)
    assert found.by_id[only.id].lifecycle is Lifecycle.IN_SERVICE


def test_a_hook_completed_again_or_not_waiting_is_done(cloud_stage: CloudStage) -> None:
    leaver, stayer = in_service(cloud_stage, 2)
    cloud_stage.port.complete_hook(GROUP, HOOK, stayer.id)
    cloud_stage.port.terminate(leaver.id, decrement=True)
    at_hook(cloud_stage, leaver.id)
    cloud_stage.port.complete_hook(GROUP, HOOK, leaver.id)
    cloud_stage.port.complete_hook(GROUP, HOOK, leaver.id)
    until(cloud_stage, lambda found: set(found.by_id) == {stayer.id})
    cloud_stage.port.complete_hook(GROUP, HOOK, leaver.id)


def test_a_heartbeat_makes_the_hook_wait_its_time_anew(cloud_stage: CloudStage) -> None:
    (leaver,) = in_service(cloud_stage, 1)
    cloud_stage.port.terminate(leaver.id, decrement=True)
    at_hook(cloud_stage, leaver.id)
    for _ in range(3):
        cloud_stage.pass_time(HEARTBEAT_SECONDS * 0.8)
        cloud_stage.port.heartbeat(GROUP, HOOK, leaver.id)
    assert group(cloud_stage).by_id[leaver.id].lifecycle is Lifecycle.TERMINATING_WAIT
    cloud_stage.pass_time(HEARTBEAT_SECONDS + 60)
    until(cloud_stage, lambda found: not found.instances)


def test_a_heartbeat_where_nothing_waits_is_missing(cloud_stage: CloudStage) -> None:
    (stayer,) = in_service(cloud_stage, 1)
    for instance in (stayer.id, "i-0123456789abcdef0"):
        with pytest.raises(Missing):
            cloud_stage.port.heartbeat(GROUP, HOOK, instance)


def test_an_instance_ended_past_its_group_is_replaced(cloud_stage: CloudStage) -> None:
    (lost,) = in_service(cloud_stage, 1)
    cloud_stage.ec2_terminate(lost.id)
    until(
        cloud_stage,
        lambda found: any(
            i.id != lost.id and i.lifecycle is Lifecycle.IN_SERVICE for i in found.instances
        ),
    )
    states = cloud_stage.port.states([lost.id])
    assert states[lost.id] in {"shutting-down", "terminated", "gone"}


def test_ec2_is_asked_for_several_and_those_it_never_knew_are_gone(
    cloud_stage: CloudStage,
) -> None:
    (known,) = in_service(cloud_stage, 1)
    asked = [known.id, "i-0123456789abcdef0", "i-0123456789abcdef1"]
    assert cloud_stage.port.states(asked) == dict(
        zip(asked, ("running", "gone", "gone"), strict=True)
    )
    assert cloud_stage.port.states([]) == {}


def test_an_operator_switches_scale_in_off_by_a_tag(cloud_stage: CloudStage) -> None:
    cloud_stage.switch_scale_in_off()
    assert group(cloud_stage).scale_in_off is True


def test_when_aws_does_not_answer_readings_fail_and_changes_are_surprises(
    cloud_stage: CloudStage,
) -> None:
    cloud_stage.shut()
    with pytest.raises(Unreadable):
        cloud_stage.port.groups([GROUP])
    with pytest.raises(Unreadable):
        cloud_stage.port.states(["i-0123456789abcdef0"])
    with pytest.raises(Surprise):
        cloud_stage.port.set_desired(GROUP, 1)
    with pytest.raises(Surprise):
        cloud_stage.port.complete_hook(GROUP, HOOK, "i-0123456789abcdef0")
