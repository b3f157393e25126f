"""The modules under a provider out of thin air: their own tests, and the policies they write.

No emulator here enforces IAM, key or queue policies, so nothing would fail on a missing statement
until AWS drops every message. These tests read the rendered policies instead.
"""

import json
import re
from pathlib import Path

import pytest

from tests.infra.rendered import GRANTS, READING, Event, listed, resources, statements
from workhorse.core.notices import HANDLING, Handling, understand

# One worker for all of it where the runner deals by group: the runs are made once.
pytestmark = pytest.mark.xdist_group("mocked-modules")

ROOT = Path(__file__).parents[2]
of_the_pool = pytest.mark.parametrize("events", ["agent-pool"], indirect=True)


def test_every_run_of_the_module_passes(events: list[Event]) -> None:
    faults = [event["@message"] for event in events if event["type"] == "diagnostic"]
    assert events[-1]["test_summary"]["status"] == "pass", faults


def test_no_role_may_write_to_everything(events: list[Event]) -> None:
    """Only reading takes no resource; PutMetricData knows none and is held by its namespace."""
    found = list(statements(events, "policy", *GRANTS))
    assert found
    for statement in found:
        if "*" not in listed(statement["Resource"]):
            continue
        writing = {a for a in listed(statement["Action"]) if not READING.match(a)}
        if writing == {"cloudwatch:PutMetricData"}:
            assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": "workhorse"}}
        else:
            assert not writing, statement


def test_no_role_has_an_action_with_a_wildcard(events: list[Event]) -> None:
    for statement in statements(events, "policy", *GRANTS):
        assert not [action for action in listed(statement["Action"]) if "*" in action]


def test_roles_are_taken_by_services_only(events: list[Event]) -> None:
    found = list(statements(events, "assume_role_policy", "aws_iam_role"))
    assert found
    for statement in found:
        assert set(statement["Principal"]) == {"Service"}
        assert statement["Action"] == "sts:AssumeRole"


@of_the_pool
def test_agents_may_touch_no_machine_disk_or_node_and_at_most_read_and_leave(
    events: list[Event],
) -> None:
    """Every build on an agent has its role: what takes a right, the controller does for it."""
    found = [
        action
        for resource in resources(events)
        if resource["type"] == "aws_iam_role_policy" and resource["name"].startswith("agent")
        for statement in json.loads(resource["values"]["policy"])["Statement"]
        for action in listed(statement["Action"])
    ]
    assert set(found) == {
        *("ssm:GetParameter", "ssm:GetParameters"),
        *("autoscaling:CompleteLifecycleAction", "autoscaling:TerminateInstanceInAutoScalingGroup"),
    }
    # The runs are of one pool each: all of this is asked for in one of them, nothing in the others.
    assert len(found) == len(set(found))


def test_no_key_is_open_to_other_accounts(events: list[Event]) -> None:
    for statement in statements(events, "policy", "aws_kms_key"):
        principal = statement["Principal"]
        assert set(principal) in ({"AWS"}, {"Service"})
        if "AWS" in principal:
            assert principal["AWS"] == "arn:aws:iam::123456789012:root"


# Without each of these AWS would drop the messages of the hook in silence.


@of_the_pool
@pytest.mark.parametrize("sender", ["sns", "events", "cloudwatch"])
def test_the_key_lets_the_sender_encrypt(events: list[Event], sender: str) -> None:
    granted = {
        action
        for statement in statements(events, "policy", "aws_kms_key")
        if f"{sender}.amazonaws.com" in listed(statement["Principal"].get("Service", []))
        # A condition on the source is not passed on to KMS by every service.
        and "Condition" not in statement
        for action in listed(statement["Action"])
    }
    assert granted == {"kms:GenerateDataKey*", "kms:Decrypt"}


@of_the_pool
def test_the_queues_are_encrypted_with_that_key(events: list[Event]) -> None:
    keys = {r["values"]["arn"] for r in resources(events) if r["type"] == "aws_kms_key"}
    holders = [r for r in resources(events) if r["type"] in {"aws_sqs_queue", "aws_sns_topic"}]
    assert len(holders) >= 3
    assert {r["values"]["kms_master_key_id"] for r in holders} == keys


@of_the_pool
def test_the_queues_take_messages_from_this_topic_and_these_rules_only(events: list[Event]) -> None:
    arns = {
        kind: {r["values"]["arn"] for r in resources(events) if r["type"] == kind}
        for kind in ("aws_sns_topic", "aws_cloudwatch_event_rule")
    }
    allowed = {
        "sns.amazonaws.com": arns["aws_sns_topic"],
        "events.amazonaws.com": arns["aws_cloudwatch_event_rule"],
    }
    found = [
        s for s in statements(events, "policy", "aws_sqs_queue_policy") if s["Effect"] == "Allow"
    ]
    assert {s["Principal"]["Service"] for s in found} == set(allowed)
    for statement in found:
        assert statement["Action"] == "sqs:SendMessage"
        senders = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert set(senders) == allowed[statement["Principal"]["Service"]]


@of_the_pool
def test_the_queues_refuse_what_is_not_encrypted_on_its_way(events: list[Event]) -> None:
    denied = [
        s for s in statements(events, "policy", "aws_sqs_queue_policy") if s["Effect"] == "Deny"
    ]
    assert denied
    for statement in denied:
        assert statement["Principal"] == "*"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@of_the_pool
def test_the_hook_may_publish_to_its_encrypted_topic(events: list[Event]) -> None:
    publish = [
        r for r in resources(events) if r["type"] == "aws_iam_role_policy" and r["name"] == "hook"
    ]
    assert publish
    for role_policy in publish:
        granted = {
            action: statement["Resource"]
            for statement in json.loads(role_policy["values"]["policy"])["Statement"]
            for action in listed(statement["Action"])
        }
        assert set(granted) == {"sns:Publish", "kms:GenerateDataKey", "kms:Decrypt"}
        assert granted["sns:Publish"].endswith("workhorse-linux-hook")


@of_the_pool
def test_only_this_group_may_have_the_hook_published(events: list[Event]) -> None:
    """The role of the hook trusts Auto Scaling for one group, not for whoever names the role."""
    roles = [r for r in resources(events) if r["type"] == "aws_iam_role" and r["name"] == "hook"]
    assert roles
    for role in roles:
        (statement,) = json.loads(role["values"]["assume_role_policy"])["Statement"]
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
        source = statement["Condition"]["ArnLike"]["aws:SourceArn"]
        assert re.fullmatch(
            r"arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:\*:"
            r"autoScalingGroupName/workhorse-linux",
            source,
        )


@of_the_pool
def test_the_drainer_understands_every_event_that_the_rules_send(events: list[Event]) -> None:
    """What it does not understand would lie in the dead letter queue and call people."""
    patterns = [
        json.loads(r["values"]["event_pattern"])
        for r in resources(events)
        if r["type"] == "aws_cloudwatch_event_rule"
    ]
    told = {name for pattern in patterns for name in pattern["detail-type"]}
    assert len(told) >= 2
    for name in told:
        event = {"detail-type": name, "detail": {"instance-id": "i-0123456789abcdef0"}}
        assert HANDLING[understand(json.dumps(event)).kind] is not Handling.LEAVE, name


def test_alarms_and_dashboard_show_numbers_that_are_published() -> None:
    """A metric that nobody publishes is an alarm that never rings."""
    module = ROOT / "terraform/modules/agent-pool"
    text = "\n".join(
        (module / f"{one}.tf").read_text() for one in ("alarms", "ledger", "scaling", "dashboard")
    )
    names = r'"((?:(?:Queue|Executors|Agents|Rollout)[A-Z]|Disagreement|Registration)\w+)"'
    shown = set(re.findall(names, text)) - {"QueueName"}
    core = ROOT / "workhorse/core"
    sources = [core / name for name in ("measure.py", "reckoning.py", "gateway_meters.py")]
    published = "".join(path.read_text() for path in sources)
    assert len(shown) >= 10
    assert not [name for name in shown if f'"{name}"' not in published]
