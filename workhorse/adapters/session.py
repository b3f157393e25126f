"""The one boto3 factory, and what a failing call of AWS is to us.

Retries are botocore's own, standard mode; what they do not mend, the next tick looks at afresh.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from workhorse.core.errors import Surprise, Unreadable

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

ATTEMPTS = 3
"""Tries of one call, the first included: with the time-outs below, less than a stale reading."""

CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    connect_timeout=3,
    read_timeout=8,
    tcp_keepalive=True,
    user_agent_extra="workhorse",
)

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class AwsClients:
    """The clients of one region, each made when first asked for.

    Args:
        region: the region, as `eu-west-1`.
        endpoint: one URL for every API, for the embedded cloud. On loopback the credentials are
            made up, so that real ones never leave for it.
    """

    def __init__(self, region: str, endpoint: str = "") -> None:
        self._endpoint = endpoint or None
        key = "loopback" if urlsplit(endpoint).hostname in _LOOPBACK else None
        self._session = boto3.Session(
            region_name=region, aws_access_key_id=key, aws_secret_access_key=key
        )

    @cached_property
    def autoscaling(self) -> "AutoScalingClient":
        """EC2 Auto Scaling."""
        return self._session.client("autoscaling", endpoint_url=self._endpoint, config=CONFIG)

    @cached_property
    def ec2(self) -> "EC2Client":
        """EC2."""
        return self._session.client("ec2", endpoint_url=self._endpoint, config=CONFIG)

    @cached_property
    def sqs(self) -> "SQSClient":
        """SQS."""
        return self._session.client("sqs", endpoint_url=self._endpoint, config=CONFIG)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        """CloudWatch."""
        return self._session.client("cloudwatch", endpoint_url=self._endpoint, config=CONFIG)

    @cached_property
    def ssm(self) -> "SSMClient":
        """Systems Manager, for parameters."""
        return self._session.client("ssm", endpoint_url=self._endpoint, config=CONFIG)

    @cached_property
    def sts(self) -> Any:  # noqa: ANN401 - its stubs are not installed
        """STS, for who we are ourselves."""
        return self._session.client("sts", endpoint_url=self._endpoint, config=CONFIG)

    @cached_property
    def secretsmanager(self) -> Any:  # noqa: ANN401 - its stubs are not installed
        """Secrets Manager."""
        return self._session.client("secretsmanager", endpoint_url=self._endpoint, config=CONFIG)

    @cached_property
    def s3(self) -> Any:  # noqa: ANN401 - its stubs are not installed
        """S3, for late configuration."""
        return self._session.client("s3", endpoint_url=self._endpoint, config=CONFIG)

    def close(self) -> None:
        """Close the connections of every client that was made."""
        for made in vars(self).values():
            if isinstance(made, BaseClient):
                made.close()


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn a failed call into `Unreadable`; `what` names the call and its object."""
    try:
        yield
    except (ClientError, BotoCoreError) as wrong:
        raise Unreadable(f"{what}: {told(wrong)}") from wrong


@contextmanager
def changing(what: str) -> Iterator[None]:
    """Turn a failed call into `Surprise`; `what` names the call and its object."""
    try:
        yield
    except (ClientError, BotoCoreError) as wrong:
        raise Surprise(f"{what}: {told(wrong)}") from wrong


def portions(values: Sequence[str], size: int) -> Iterator[list[str]]:
    """The values in lists of at most `size`, for calls that take no more of them."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def told(wrong: ClientError | BotoCoreError) -> str:
    """What AWS said: its code and its message."""
    if isinstance(wrong, ClientError):
        error = wrong.response.get("Error", {})
        return f"{error.get('Code', 'no code')}: {error.get('Message', 'no message')}"
    return f"{type(wrong).__name__}: {wrong}"


def says(wrong: ClientError, code: str, *phrases: str) -> bool:
    """Whether AWS answered with that code, or one below it, and a message with such a phrase."""
    error = wrong.response.get("Error", {})
    message = (error.get("Message") or "").lower()
    matches = error.get("Code", "") == code or error.get("Code", "").startswith(f"{code}.")
    return matches and (not phrases or any(phrase.lower() in message for phrase in phrases))
