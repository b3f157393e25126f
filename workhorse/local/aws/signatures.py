"""Whether a request to STS is signed by who it says, with botocore's own signer. Pure.

The rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
The refusals: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
and https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
Verified are the credentials that instances are given. Keys that do not look like temporary ones of
AWS, such as those of tests and of Terraform, are anybody's here, as moto has it.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, HTTPHeaders
from botocore.credentials import Credentials as Signer

from workhorse.local.aws.credentials import Credential

SKEW_SECONDS = 15 * 60.0
"""A signature is good so long, and its time may be so far ahead (second page above)."""

STAMP = "%Y%m%dT%H%M%SZ"

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[^/,\s]+)"
    r"/(?P<service>[^/,\s]+)/aws4_request, ?SignedHeaders=(?P<signed>[^,\s]+), ?"
    r"Signature=(?P<signature>[0-9a-f]+)"
)

_TEMPORARY = re.compile(r"ASIA[A-Z2-7]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A request as it came; header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What STS answers instead; always with the status 403."""

    code: str
    message: str

    def xml(self, request_id: str) -> str:
        """The body of the answer."""
        return (
            '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n  <Error>\n'
            f"    <Type>Sender</Type>\n    <Code>{self.code}</Code>\n"
            f"    <Message>{escape(self.message)}</Message>\n  </Error>\n"
            f"  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n"
        )


class _Presented(SigV4Auth):
    """The signer, made to sign exactly what was said to be signed."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        """All the headers that the request has here."""
        return request.headers


def is_for_sts(authorization: str) -> bool:
    """Whether a header Authorization is of a call of STS."""
    return "/sts/aws4_request" in authorization


def refusal(
    presented: Presented, find: Callable[[str], Credential | None], wall: float
) -> Refusal | None:
    """Why STS does not answer a request; None when it does.

    Args:
        presented: the request.
        find: the credentials behind an access key.
        wall: real epoch seconds.
    """
    told = _AUTHORIZATION.fullmatch(presented.headers.get("authorization", ""))
    if told is None:
        return _refuse("IncompleteSignature", "Authorization header is not well-formed.")
    credential = find(told["key"])
    if credential is None:
        made_up = _TEMPORARY.fullmatch(told["key"]) is not None
        return _invalid() if made_up else None
    if not hmac.compare_digest(
        presented.headers.get("x-amz-security-token", "").encode(), credential.token.encode()
    ):
        return _invalid()
    if wall >= credential.expires:
        text = "The security token included in the request is expired"
        return _refuse("ExpiredToken", text)
    return _late(presented, told, wall) or _forged(presented, told, credential)


def _late(presented: Presented, told: re.Match[str], wall: float) -> Refusal | None:
    stamp = presented.headers.get("x-amz-date", "")
    try:
        at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        text = (
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
        return _refuse("IncompleteSignature", text)
    if stamp[:8] != told["day"]:
        text = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: "
        return _mismatch(text + stamp)
    now = _stamp(wall)
    if at < wall - SKEW_SECONDS:
        first = _stamp(wall - SKEW_SECONDS)
        return _mismatch(
            f"Signature expired: {stamp} is now earlier than {first} ({now} - 15 min.)"
        )
    if at > wall + SKEW_SECONDS:
        last = _stamp(wall + SKEW_SECONDS)
        text = f"Signature not yet current: {stamp} is still later than {last} ({now} + 15 min.)"
        return _mismatch(text)
    return None


def _forged(presented: Presented, told: re.Match[str], credential: Credential) -> Refusal | None:
    names = told["signed"].split(";")
    if "host" not in names:
        text = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        return _mismatch(text)
    if told["service"] != "sts":
        return _mismatch("Credential should be scoped to correct service: 'sts'. ")
    headers = {name: presented.headers.get(name, "") for name in names}
    query = f"?{presented.query}" if presented.query else ""
    request = AWSRequest(
        method=presented.method,
        url=f"http://{headers['host']}{presented.path}{query}",
        headers=headers,
        data=presented.body,
    )
    request.context["timestamp"] = presented.headers["x-amz-date"]
    key = Signer(credential.key, credential.secret)
    signer = _Presented(key, told["service"], told["region"])
    text = signer.string_to_sign(request, signer.canonical_request(request))
    if hmac.compare_digest(signer.signature(text, request), told["signature"]):
        return None
    return _mismatch(
        "The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method. Consult the service documentation for "
        "details."
    )


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).strftime(STAMP)


def _refuse(code: str, message: str) -> Refusal:
    return Refusal(code=code, message=message)


def _mismatch(message: str) -> Refusal:
    return _refuse("SignatureDoesNotMatch", message)


def _invalid() -> Refusal:
    text = "The security token included in the request is invalid."
    return _refuse("InvalidClientTokenId", text)
