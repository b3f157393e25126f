"""STS as it is asked: at our own endpoint, nothing followed, nothing believed that is not plain."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.loaders import create_loader

from tests.adapters.answers import Answer, Answers, serving
from workhorse.adapters.sts import MOST_BYTES, Sts, regional_url
from workhorse.core.errors import Missing, Unreadable
from workhorse.loops.agent_ports import Caller, Proof

ARN = "arn:aws:sts::123456789012:assumed-role/agent/i-0123456789abcdef0"
GOOD = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    f"<GetCallerIdentityResult><Arn>{ARN}</Arn><UserId>AROA:i-0123456789abcdef0</UserId>"
    "<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
PROOF = Proof(
    method="POST",
    url="https://evil.example/",
    headers={"authorization": "AWS4-HMAC-SHA256 Signed", "x-amz-date": "20260101T000000Z"},
    body="Action=GetCallerIdentity&Version=2011-06-15",
)


def error(code: str) -> str:
    """An answer of STS that says no."""
    return f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code></Error></ErrorResponse>"


@pytest.fixture
def sts() -> Iterator[Answers]:
    """An endpoint that knows whose the call is."""
    with serving() as made:
        made.by_request["POST /"] = Answer(200, {}, GOOD)
        yield made


def test_it_asks_its_own_endpoint_with_exactly_what_was_signed(sts: Answers) -> None:
    caller = Sts("eu-west-1", sts.url).caller(PROOF)

    assert caller == Caller(account="123456789012", arn=ARN, user_id="AROA:i-0123456789abcdef0")
    (asked,) = sts.asked
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert headers["authorization"] == "AWS4-HMAC-SHA256 Signed"
    assert headers["x-amz-date"] == "20260101T000000Z"
    assert asked.body.decode() == PROOF.body


def test_what_a_netrc_says_never_takes_the_place_of_the_signature(
    sts: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password canary\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    Sts("eu-west-1", sts.url).caller(PROOF)

    headers = {name.lower(): value for name, value in sts.asked[0].headers.items()}
    assert headers["authorization"] == "AWS4-HMAC-SHA256 Signed"


def test_a_redirect_is_not_followed(sts: Answers) -> None:
    sts.by_request["POST /"] = Answer(307, {"Location": f"{sts.url}/elsewhere"})
    sts.by_request["POST /elsewhere"] = Answer(200, {}, GOOD)

    with pytest.raises(Unreadable):
        Sts("eu-west-1", sts.url).caller(PROOF)
    assert [asked.path for asked in sts.asked] == ["/"]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "SignatureDoesNotMatch"),
        (403, "InvalidClientTokenId"),
        (403, "ExpiredToken"),
        (400, "IncompleteSignature"),
    ],
)
def test_a_call_that_sts_does_not_accept_is_nobodys(sts: Answers, status: int, code: str) -> None:
    sts.by_request["POST /"] = Answer(status, {}, error(code))

    with pytest.raises(Missing, match=code):
        Sts("eu-west-1", sts.url).caller(PROOF)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(400, {}, error("Throttling")),
        Answer(503, {}, error("ServiceUnavailable")),
        Answer(500, {}, "oops"),
        Answer(404, {}, "<html>"),
        Answer(200, {}, "<html>a page of somebody between</html>"),
        Answer(200, {}, GOOD.replace("</Arn>", f"</Arn><Arn>{ARN}</Arn>")),
        Answer(200, {}, GOOD + "x" * MOST_BYTES),
    ],
)
def test_what_is_no_plain_answer_is_unreadable(sts: Answers, answer: Answer) -> None:
    sts.by_request["POST /"] = answer

    with pytest.raises(Unreadable):
        Sts("eu-west-1", sts.url).caller(PROOF)


def test_nobody_at_the_endpoint_is_unreadable_and_tells_nothing_of_the_proof() -> None:
    with pytest.raises(Unreadable) as silent:
        Sts("eu-west-1", "http://127.0.0.1:9").caller(PROOF)

    assert "Signed" not in str(silent.value)


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu-west-1", "https://sts.eu-west-1.amazonaws.com/"),
        ("us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com/"),
        ("cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/"),
    ],
)
def test_every_region_has_its_own_endpoint(region: str, url: str) -> None:
    assert (Sts(region).url, regional_url(region)) == (url, url)


def test_the_endpoint_of_every_region_is_that_of_the_sdk() -> None:
    """Agents sign for the domain that their metadata service tells: another would be refused."""
    found = {
        region: partition["dnsSuffix"]
        for partition in create_loader().load_data("endpoints")["partitions"]
        for region in partition["regions"]
    }

    assert len(found) > 30
    assert {region: regional_url(region) for region in found} == {
        region: f"https://sts.{region}.{suffix}/" for region, suffix in found.items()
    }
