"""What the messages of a pool's queue say."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workhorse.core.drain import CHOSEN, Cause
from workhorse.core.notices import CAUSES, HANDLING, Handling, Kind, Notice, understand

HOOK = {
    "LifecycleHookName": "terminate",
    "AccountId": "123456789012",
    "RequestId": "9f1d9f4b-8d3e-4b63-a9d7-1b5f3c0a6c11",
    "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    "AutoScalingGroupName": "linux-agents",
    "Service": "AWS Auto Scaling",
    "Time": "2026-03-02T12:00:00.000Z",
    "EC2InstanceId": "i-00000001",
    "LifecycleActionToken": "71514b9d-6a40-4b26-8523-05e7ee35fa40",
}
UNDERSTOOD = Notice(kind=Kind.HOOK, instance="i-00000001", group="linux-agents", hook="terminate")


def event(kind: str, **detail: Any) -> str:
    return json.dumps({"version": "0", "source": "aws.ec2", "detail-type": kind, "detail": detail})


def test_a_hook_notification_is_understood_raw_and_in_the_envelope_of_sns() -> None:
    envelope = {"Type": "Notification", "MessageId": "1", "Message": json.dumps(HOOK)}

    assert understand(json.dumps(HOOK)) == UNDERSTOOD
    assert understand(json.dumps(envelope)) == UNDERSTOOD


def test_a_hook_event_of_eventbridge_is_the_same_notice() -> None:
    detail = {k: v for k, v in HOOK.items() if k not in {"AccountId", "RequestId", "Time"}}

    assert understand(event("EC2 Instance-terminate Lifecycle Action", **detail)) == UNDERSTOOD


def test_spot_rebalance_and_state_change_events_name_their_instance() -> None:
    spot = {"instance-id": "i-00000001", "instance-action": "terminate"}
    warned = event("EC2 Spot Instance Interruption Warning", **spot)
    advised = event("EC2 Instance Rebalance Recommendation", **{"instance-id": "i-00000001"})
    changed = {"instance-id": "i-00000001", "state": "terminated"}

    assert understand(warned) == Notice(kind=Kind.SPOT, instance="i-00000001")
    assert understand(advised) == Notice(kind=Kind.REBALANCE, instance="i-00000001")
    assert understand(event("EC2 Instance State-change Notification", **changed)) == Notice(
        kind=Kind.STATE_CHANGE, instance="i-00000001", detail="terminated"
    )


def test_a_test_notification_is_told_apart() -> None:
    body = {"Event": "autoscaling:TEST_NOTIFICATION", "AutoScalingGroupName": "linux-agents"}

    assert understand(json.dumps(body)) == Notice(kind=Kind.TEST, group="linux-agents")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "[]",
        "3",
        '{"Type": "Notification"}',
        '{"Type": "Notification", "Message": 5}',
        json.dumps(HOOK | {"EC2InstanceId": ""}),
        json.dumps({k: v for k, v in HOOK.items() if k != "AutoScalingGroupName"}),
        event("EC2 Spot Instance Interruption Warning"),
    ],
)
def test_what_makes_no_sense_is_malformed(body: str) -> None:
    notice = understand(body)

    assert notice.kind is Kind.MALFORMED
    assert notice.detail


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"hello": "world"}),
        json.dumps(HOOK | {"LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}),
        event("AWS Health Event"),
    ],
)
def test_what_is_for_others_is_foreign(body: str) -> None:
    assert understand(body).kind is Kind.FOREIGN


def test_every_kind_has_a_handling_and_what_is_not_ours_is_left() -> None:
    assert set(HANDLING) == set(Kind)
    assert {k for k, h in HANDLING.items() if h is Handling.LEAVE} == {Kind.FOREIGN, Kind.MALFORMED}
    assert {k for k, h in HANDLING.items() if h is Handling.DRAIN} == set(CAUSES)
    assert set(CAUSES.values()) == set(Cause) - CHOSEN


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*HOOK, "Type", "x"]), inner),
)


@given(JSON.map(json.dumps) | st.text())
def test_no_body_whatever_raises(body: str) -> None:
    assert understand(body).kind in set(Kind)
