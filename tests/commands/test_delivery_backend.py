"""The state in S3, with its lock beside it, as the example's backend has it."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.commands.delivery_stage import Stage

KEYS = {"aws_access_key_id": "loopback", "aws_secret_access_key": "loopback"}
BUCKET, KEY = "example-terraform-state", "workhorse/pools.tfstate"

BACKEND = """
bucket       = "{bucket}"
key          = "{key}"
region       = "eu-west-1"
encrypt      = true
use_lockfile = true

access_key                  = "loopback"
secret_key                  = "loopback"
endpoints                   = {{ s3 = "{endpoint}" }}
use_path_style              = true
skip_credentials_validation = true
skip_metadata_api_check     = true
skip_requesting_account_id  = true
"""

LOCK = {
    "ID": "9db590f1",
    "Operation": "OperationTypePlan",
    "Who": "eve@build-7",
    "Created": "2026-11-21T10:00:00Z",
}


@pytest.fixture
def bucket(stage: Stage) -> Iterator[Any]:
    """The client of an S3 that has the bucket, which the stage keeps its state in."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        untyped: Any = boto3.client
        s3 = untyped("s3", endpoint_url=endpoint, region_name="eu-west-1", **KEYS)
        where = {"LocationConstraint": "eu-west-1"}
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        (stage.folder / "root/backend.tf").write_text('terraform {\n  backend "s3" {}\n}\n')
        file = stage.folder / "backend.hcl"
        file.write_text(BACKEND.format(bucket=BUCKET, key=KEY, endpoint=endpoint))
        stage.configure(delivery=f'backend_file = "{file}"')
        yield s3
    finally:
        server.stop()


def state(s3: Any) -> dict[str, Any]:
    """The state as it lies in the bucket."""
    found: dict[str, Any] = json.load(s3.get_object(Bucket=BUCKET, Key=KEY)["Body"])
    return found


def test_a_state_in_s3_is_planned_locked_applied_and_found_changed(
    stage: Stage, bucket: Any
) -> None:
    first, second = stage.approved(size=1), stage.approved(size=2)
    lock = {"Bucket": BUCKET, "Key": f"{KEY}.tflock"}
    bucket.put_object(**lock, Body=json.dumps(LOCK))

    assert stage.run("apply", first) == 2
    assert "the state is locked by eve@build-7, for plan, since 2026-11-21" in stage.said
    assert "force-unlock 9db590f1" in stage.said
    bucket.delete_object(**lock)

    assert stage.run("apply", first) == 0
    assert state(bucket)["outputs"]["size"]["value"] == 1
    assert stage.run("apply", second) == 2
    assert "the plan is stale" in stage.said
    assert state(bucket)["outputs"]["size"]["value"] == 1
