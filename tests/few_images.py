"""An embedded AWS that has one image: moto's 1,300 cost a third of a second for every start."""

import pytest
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import AMIS, Ami

from workhorse.local.aws.engine import ACCOUNT
from workhorse.local.aws.server import EmbeddedAws

IMAGE = "ami-12c6146b"
"""The image that tests launch from, one of moto's own."""

REGION = "us-east-1"


def started(aws: EmbeddedAws) -> EmbeddedAws:
    """Start it with that image in its one region, and with none in any other."""
    (facts,) = [one for one in AMIS if one["ami_id"] == IMAGE]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        aws.start()
        backend = ec2_backends[ACCOUNT][REGION]
        with aws.engine.lock:
            backend.amis[IMAGE] = Ami(backend, **facts)
    return aws
