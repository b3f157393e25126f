"""Corrections to SQS that real Terraform and a stopped clock need."""

import json
from collections.abc import Collection
from typing import Any

from moto.sqs.models import SQSBackend

from workhorse.local.aws.engine import active
from workhorse.local.aws.patching import original


def queue_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes with a RedrivePolicy written without spaces, as SQS answers it.

    Terraform compares the text and plans a change for ever when it differs.
    """
    policy = attributes.get("RedrivePolicy")
    if policy:
        compact = json.dumps(json.loads(policy), separators=(",", ":"))
        return {**attributes, "RedrivePolicy": compact}
    return attributes


def get_queue_attributes(
    self: SQSBackend, queue_name: str, attribute_names: Collection[str]
) -> dict[str, Any]:
    """SQSBackend.get_queue_attributes with compact JSON."""
    found = original(SQSBackend, "get_queue_attributes")(self, queue_name, attribute_names)
    return queue_attributes(found)


def receive_message(
    self: SQSBackend,
    queue_name: str,
    count: int,
    wait_seconds_timeout: int,
    *args: Any,  # noqa: ANN401 (moto's own signature)
    **kwargs: Any,  # noqa: ANN401 (moto's own signature)
) -> Any:  # noqa: ANN401 (moto's own signature)
    """SQSBackend.receive_message: a clock that stands still would never end a long poll."""
    wait = wait_seconds_timeout if active().clock.speed else 0
    return original(SQSBackend, "receive_message")(self, queue_name, count, wait, *args, **kwargs)
