"""Send what AWS itself sends: to SNS topics, SQS queues and EventBridge, inside moto.

A target that is gone is recorded as an event of the engine, never raised: AWS does not fail
a scaling activity because a topic was deleted.
"""

import json
from collections.abc import Mapping

from moto.core.exceptions import ServiceException
from moto.core.utils import unix_time
from moto.events.models import events_backends
from moto.moto_api._internal import mock_random
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from workhorse.local.aws.engine import active
from workhorse.local.aws.messages import Event


class NoTargetError(Exception):
    """The ARN names nothing that can take the message."""


def to_arn(arn: str, body: Mapping[str, object], subject: str) -> None:
    """Send a JSON body to an SNS topic or an SQS queue.

    Raises NoTargetError when the ARN is of another service or names nothing.
    """
    _prefix, _partition, service, region, account, resource = arn.split(":", 5)
    text = json.dumps(body)
    try:
        if service == "sns":
            topics = sns_backends[account][region]
            topics.publish(text, arn=arn, subject=subject)
        elif service == "sqs":
            queues = sqs_backends[account][region]
            queues.send_message(resource, text)
        else:
            raise NoTargetError(f"{arn} is neither an SNS topic nor an SQS queue")
    except ServiceException as error:
        raise NoTargetError(f"{arn}: {error}") from error


def notify(arn: str, body: Mapping[str, object], subject: str, now: float) -> None:
    """Like `to_arn`, but a missing target is only recorded."""
    try:
        to_arn(arn, body, subject)
    except NoTargetError as error:
        active().record("notification.lost", now, target=arn, reason=str(error))


def emit(event: Event, *, account: str, region: str, now: float) -> None:
    """Offer an event to every rule of the account's default event bus."""
    backend = events_backends[account][region]
    message = {
        "version": "0",
        "id": str(mock_random.uuid4()),
        "detail-type": event.detail_type,
        "source": event.source,
        "account": account,
        "time": unix_time(),
        "region": region,
        "resources": list(event.resources),
        "detail": event.detail,
    }
    for rule in list(backend.describe_event_bus("default").rules.values()):
        try:
            rule.send_to_targets(dict(message))  # type: ignore[arg-type]
        except ServiceException as error:
            active().record("notification.lost", now, target=rule.arn, reason=str(error))
