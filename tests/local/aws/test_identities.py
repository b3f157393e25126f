"""The credentials of an instance, and STS that knows who signed with them.

Pages are below https://docs.aws.amazon.com/ ; all times of signatures are real ones.
"""

import json
import time
import urllib.request
from collections.abc import Mapping
from urllib.error import HTTPError
from xml.etree import ElementTree as ET

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.local.aws.cloud import Cloud
from workhorse.local.aws.credentials import LIFE_SECONDS, RENEWED_SECONDS, Credential, Role
from workhorse.local.aws.engine import ACCOUNT
from workhorse.local.aws.signatures import Presented, refusal

BODY = "Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BOUND = {**FORM, "X-Workhorse-Server": "here", "X-Workhorse-Nonce": "n-1"}


class RefusedError(Exception):
    """STS said no."""


def launch(cloud: Cloud, count: int = 1) -> list[str]:
    """Running instances of a group whose role is called agent."""
    iam = cloud.client("iam")
    iam.create_role(RoleName="agent", AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="agent")
    iam.add_role_to_instance_profile(InstanceProfileName="agent", RoleName="agent")
    cloud.template(IamInstanceProfile={"Name": "agent"})
    cloud.group(desired=count)
    cloud.advance(60)
    return list(cloud.members())


def handed(cloud: Cloud, instance: str) -> dict[str, str]:
    """What the metadata service of an instance shows."""
    url = f"{cloud.aws.endpoint}/imds/{instance}/latest/meta-data/iam/security-credentials/agent"
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own URL
        found: dict[str, str] = json.load(answer)
        return found


def signed(cloud: Cloud, found: Mapping[str, str], body: str = BODY) -> AWSRequest:
    """A call of STS signed by botocore, bound to a server and a nonce."""
    request = AWSRequest(method="POST", url=f"{cloud.aws.endpoint}/", headers=BOUND, data=body)
    key = Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["Token"])
    SigV4Auth(key, "sts", "us-east-1").add_auth(request)
    return request


def send(request: AWSRequest, body: str = BODY, **headers: str) -> ET.Element:
    """The answer; raises RefusedError with the status and the code of a refusal."""
    given = {**request.headers, **headers}
    asked = urllib.request.Request(request.url, data=body.encode(), headers=given)  # noqa: S310
    try:
        with urllib.request.urlopen(asked) as answer:  # noqa: S310 - our own URL
            return ET.fromstring(answer.read())  # noqa: S314 - our own cloud
    except HTTPError as error:
        code = ET.fromstring(error.read()).findtext(".//{*}Error/{*}Code")  # noqa: S314
        raise RefusedError(f"{error.code} {code}") from None


def test_sts_tells_an_instance_by_its_own_session_of_the_role(cloud: Cloud) -> None:
    """STS/latest/APIReference/API_GetCallerIdentity.html: the ARN of an assumed role."""
    one, other = launch(cloud, 2)
    told = send(signed(cloud, handed(cloud, one)))
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/agent/{one}"
    assert told.findtext(".//{*}Arn") == arn
    assert told.findtext(".//{*}Account") == ACCOUNT
    assert (told.findtext(".//{*}UserId") or "").endswith(f":{one}")
    assert send(signed(cloud, handed(cloud, other))).findtext(".//{*}Arn") == arn.replace(
        one, other
    )


def test_credentials_stay_until_they_end_soon(cloud: Cloud) -> None:
    """AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html: rotated in time."""
    (instance,) = launch(cloud)
    first = handed(cloud, instance)
    assert handed(cloud, instance) == first
    credentials = cloud.aws.engine.credentials
    kept = credentials.find(first["AccessKeyId"])
    assert kept is not None
    assert kept.expires - time.time() == pytest.approx(LIFE_SECONDS, abs=60)
    role = Role(
        name="agent", arn=f"arn:aws:iam::{ACCOUNT}:role/agent", account=ACCOUNT, region="us-east-1"
    )
    renewed = credentials.of(instance, role, kept.expires - RENEWED_SECONDS + 1)
    assert renewed.key != kept.key
    assert credentials.find(kept.key) == kept


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"X-Workhorse-Nonce": "n-2"}, "SignatureDoesNotMatch"),
        ({"X-Workhorse-Server": "there"}, "SignatureDoesNotMatch"),
        ({"X-Amz-Security-Token": "made up"}, "InvalidClientTokenId"),
        ({"X-Amz-Date": "yesterday"}, "IncompleteSignature"),
    ],
)
def test_a_header_that_was_signed_may_not_change(
    cloud: Cloud, change: dict[str, str], code: str
) -> None:
    """IAM/latest/UserGuide/reference_sigv-troubleshooting.html: what does not match is refused."""
    (instance,) = launch(cloud)
    request = signed(cloud, handed(cloud, instance))
    for name in change:
        del request.headers[name]
    with pytest.raises(RefusedError, match=f"403 {code}"):
        send(request, **change)


def test_neither_may_the_body_nor_the_secret(cloud: Cloud) -> None:
    """The same page: the payload is part of what is signed."""
    (instance,) = launch(cloud)
    found = handed(cloud, instance)
    with pytest.raises(RefusedError, match="403 SignatureDoesNotMatch"):
        send(signed(cloud, found), body=BODY.replace("GetCallerIdentity", "GetSessionToken"))
    with pytest.raises(RefusedError, match="403 SignatureDoesNotMatch"):
        send(signed(cloud, {**found, "SecretAccessKey": "guessed"}))


def test_temporary_keys_that_nobody_was_given_are_refused(cloud: Cloud) -> None:
    """STS/latest/APIReference/CommonErrors.html: InvalidClientTokenId."""
    (instance,) = launch(cloud)
    stranger = {**handed(cloud, instance), "AccessKeyId": "ASIAQWERTYQWERTYQWER"}
    with pytest.raises(RefusedError, match="403 InvalidClientTokenId"):
        send(signed(cloud, stranger))


def test_other_clients_of_the_cloud_need_no_good_credentials(cloud: Cloud) -> None:
    """As moto has it: Terraform asks who it is with keys that are anybody's."""
    assert cloud.client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_a_parameter_that_an_instance_reads_is_recorded_with_its_name(cloud: Cloud) -> None:
    """The demo shows by this that no agent read a secret of its controller."""
    (instance,) = launch(cloud)
    cloud.client("ssm").put_parameter(Name="/token", Value="x", Type="SecureString")
    cloud.client("ssm").get_parameter(Name="/token")
    assert cloud.happenings("parameter.read") == []
    found = handed(cloud, instance)
    scope = f"{found['AccessKeyId']}/20260101/us-east-1/ssm/aws4_request"
    headers = {
        "X-Amz-Target": "AmazonSSM.GetParameter",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }
    asked = urllib.request.Request(  # noqa: S310 - our own URL
        f"{cloud.aws.endpoint}/", data=b'{"Name": "/token"}', headers=headers
    )
    with urllib.request.urlopen(asked):  # noqa: S310 - our own URL
        (read,) = cloud.happenings("parameter.read")
    assert read["instance"] == instance


WALL = 1_790_000_000.0
KEY = Credential(instance="i-1", key="ASIA" + "A" * 16, secret="s", token="t", expires=WALL + 60)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (WALL, "SignatureDoesNotMatch: does not match"),
        (WALL - 901, "SignatureDoesNotMatch: Signature expired"),
        (WALL + 901, "SignatureDoesNotMatch: Signature not yet current"),
    ],
)
def test_a_signature_is_good_for_a_quarter_of_an_hour(at: float, code: str) -> None:
    """IAM/latest/UserGuide/reference_sigv-troubleshooting.html: 15 minutes either way."""
    found = refusal(presented(at), lambda _key: KEY, WALL)
    assert found is not None
    kind, words = code.split(": ")
    assert (found.code, words in found.message) == (kind, True)


def test_credentials_end_at_their_time() -> None:
    """STS/latest/APIReference/CommonErrors.html: ExpiredToken."""
    found = refusal(presented(WALL), lambda _key: KEY, KEY.expires)
    assert found is not None
    assert (found.code, "is expired" in found.message) == ("ExpiredToken", True)


def test_a_signature_that_leaves_the_host_out_is_refused() -> None:
    """Else a proof for one server would do at another."""
    found = refusal(presented(WALL, signed="x-amz-date"), lambda _key: KEY, WALL)
    assert found is not None
    assert "'Host'" in found.message


def presented(at: float, signed: str = "host;x-amz-date") -> Presented:
    """A request with a wrong signature of that time."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    scope = f"{KEY.key}/{stamp[:8]}/us-east-1/sts/aws4_request"
    told = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={signed}, Signature=00"
    headers = {
        "authorization": told,
        "host": "sts.us-east-1.amazonaws.com",
        "x-amz-date": stamp,
        "x-amz-security-token": "t",
    }
    return Presented(method="POST", path="/", query="", headers=headers, body=BODY.encode())
