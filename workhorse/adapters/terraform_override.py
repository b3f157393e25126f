"""The settings that point a root module at the embedded AWS, kept out of the modules themselves.

Terraform merges files named `*_override.tf.json` over the rest of a folder. Some settings here
exist in the pinned provider only, so the same file pins it: real runs never see either.
"""

import json
from pathlib import Path

from workhorse.adapters.toolchain import PROVIDER_VERSION

OVERRIDE_NAME = "local_override.tf.json"

SERVICES = (
    "autoscaling",
    "cloudwatch",
    "cloudwatchevents",
    "cloudwatchlogs",
    "ec2",
    "iam",
    "kms",
    "sns",
    "sqs",
    "ssm",
    "sts",
)
"""Endpoint names of the AWS provider 3.39 for everything that our modules use."""


def local_override(endpoint: str) -> str:
    """Terraform JSON that sends every call of the default AWS provider to `endpoint`."""
    provider = {
        "access_key": "local",
        "secret_key": "local",
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        # Without this each plan waits 24 s for an answer that a loopback AWS does not have.
        "skip_get_ec2_platforms": True,
        # The default, 25, turns an action that the embedded AWS lacks into a quarter of an hour.
        "max_retries": 1,
        "endpoints": dict.fromkeys(SERVICES, endpoint),
    }
    pinned = {"source": "hashicorp/aws", "version": PROVIDER_VERSION}
    whole = {"terraform": {"required_providers": {"aws": pinned}}, "provider": {"aws": provider}}
    return json.dumps(whole, indent=2) + "\n"


def write_local_override(directory: Path, endpoint: str) -> Path:
    """Write `local_override` into a root module's folder, or a copy of one."""
    path = directory / OVERRIDE_NAME
    path.write_text(local_override(endpoint))
    return path
