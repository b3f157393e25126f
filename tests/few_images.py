"""An embedded AWS that has two images: moto's 1,300 cost a third of a second for every start.

On a busy machine that is longer than a client waits, and what it asks again was done already.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import AMIS, Ami

from workhorse.local.aws.engine import ACCOUNT
from workhorse.local.aws.server import EmbeddedAws

IMAGE = "ami-12c6146b"
"""The image that tests launch from, one of moto's own."""

REGION = "us-east-1"


OTHER_IMAGE = "ami-03cf127a"
"""Another of them."""


@contextmanager
def running(aws: EmbeddedAws) -> Iterator[EmbeddedAws]:
    """The same as `started`, stopped at the end."""
    try:
        yield started(aws)
    finally:
        aws.stop()


def started(aws: EmbeddedAws) -> EmbeddedAws:
    """Start it with those images in its one region, and with none in any other."""
    found = [one for one in AMIS if one["ami_id"] in {IMAGE, OTHER_IMAGE}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        aws.start()
        backend = ec2_backends[ACCOUNT][REGION]
        with aws.engine.lock:
            backend.amis |= {facts["ami_id"]: Ami(backend, **facts) for facts in found}
    return aws
