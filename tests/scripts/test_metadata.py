"""The metadata service as the image asks it: with a token, over one connection."""

import pytest

from scripts.agent.exchange import FailedError
from scripts.agent.metadata import Metadata
from tests.gateway.scene import MEMBER, REGION
from tests.scripts.instance import ROLE, Imds


def test_many_questions_take_one_connection_and_one_token(imds: Imds) -> None:
    before, tokens = imds.connections, imds.tokens
    metadata = Metadata(imds.url, kept=True)
    for _ in range(20):
        assert metadata.leaf("meta-data/instance-id") == MEMBER
        assert metadata.maybe("meta-data/spot/instance-action") == ""
    metadata.close()
    assert (imds.connections - before, imds.tokens - tokens) == (1, 1)


def test_a_token_that_ended_is_renewed(imds: Imds) -> None:
    metadata = Metadata(imds.url)
    assert metadata.region() == REGION
    imds.valid = "another"
    assert metadata.region() == REGION


def test_a_connection_that_the_service_closed_is_opened_anew(imds: Imds) -> None:
    metadata = Metadata(imds.url, kept=True)
    metadata.region()
    assert metadata._connection is not None
    metadata._connection.sock.close()
    assert metadata.region() == REGION
    metadata.close()


def test_a_leaf_that_is_not_there_is_told_by_its_name(imds: Imds) -> None:
    with pytest.raises(FailedError, match="metadata service: meta-data/nothing: 404"):
        Metadata(imds.url).leaf("meta-data/nothing")


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"AccessKeyId": "A"}'])
def test_a_role_without_credentials_is_told_without_what_was_read(imds: Imds, text: str) -> None:
    imds.leaves[f"{ROLE}linux-agent"] = text
    with pytest.raises(FailedError, match="no credentials of linux-agent"):
        Metadata(imds.url).keys()


def test_no_service_is_a_matter_of_the_network() -> None:
    with pytest.raises(OSError, match="metadata service"):
        Metadata("http://127.0.0.1:1").region()
