"""The proof of who an instance is: a GetCallerIdentity call that it signs and does not make.

Signed by hand: botocore alone takes twice as long to import as all of the agent, and sixty agents
share two cores.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
The time in it is real time whatever the cloud's clock says, as every other signer's would be.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

BODY = "Action=GetCallerIdentity&Version=2011-06-15"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
SERVICE = "sts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Temporary credentials of a role."""

    id: str
    secret: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Whom a proof is for."""

    endpoint: str
    """URL of STS."""
    region: str
    """Of STS."""
    audience: str
    """Name of the gateway; no other can use the proof."""


def proof(key: Key, aim: Aim, nonce: str, now: float) -> dict[str, object]:
    """The signed call as the gateway takes it.

    Args:
        key: of the instance's role.
        aim: whom it is for.
        nonce: what the gateway gave; a proof can be used once.
        now: real epoch seconds.
    """
    url = aim.endpoint.rstrip("/") + "/"
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    headers = {
        "Content-Type": FORM,
        "Host": urlsplit(url).netloc,
        "X-Amz-Date": stamp,
        "X-Amz-Security-Token": key.token,
        "X-Workhorse-Nonce": nonce,
        "X-Workhorse-Server": aim.audience,
    }
    headers["Authorization"] = _authorization(key, aim.region, stamp, headers)
    return {"method": "POST", "url": url, "headers": headers, "body": BODY}


def _authorization(key: Key, region: str, stamp: str, headers: Mapping[str, str]) -> str:
    """The header of that name, by which all others and the body are signed."""
    lower = {name.lower(): value for name, value in sorted(headers.items(), key=_lowered)}
    names = ";".join(lower)
    lines = "".join(f"{name}:{value}\n" for name, value in lower.items())
    request = "\n".join(["POST", "/", "", lines, names, _hash(BODY)])
    scope = f"{stamp[:8]}/{region}/{SERVICE}/aws4_request"
    signed = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, _hash(request)])
    secret = f"AWS4{key.secret}".encode()
    for part in scope.split("/"):
        secret = _mac(secret, part)
    signature = _mac(secret, signed).hex()
    told = f"Credential={key.id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return f"AWS4-HMAC-SHA256 {told}"


def _lowered(item: tuple[str, str]) -> str:
    return item[0].lower()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), "sha256").digest()
