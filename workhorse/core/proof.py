"""What a proof of identity must look like before it is worth a call to STS.

A proof is a GetCallerIdentity call that an instance signed with the credentials of its role and did
not make: whoever makes it is told whose it is.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html

Two headers beyond AWS' own are signed with it: for whom it is, and a number that was given out
once. So it is good at one gateway, once.
What is forwarded to STS is only what the signature covers: a header that is not signed could be
anybody's, and makes the whole proof none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workhorse.core.admission import Denied, Status

CALL = "Action=GetCallerIdentity&Version=2011-06-15"
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""

FORM = "application/x-www-form-urlencoded"

SERVER_HEADER = "x-workhorse-server"
NONCE_HEADER = "x-workhorse-nonce"

NEEDED = frozenset({"host", "x-amz-date", SERVER_HEADER, NONCE_HEADER})
"""Headers that the signature must cover."""

FORWARDED = NEEDED | {"content-type", "x-amz-security-token", "x-amz-content-sha256"}
"""Headers that may be there at all, besides Authorization."""

AGE_SECONDS = 300.0
"""How old a signature may be; STS itself accepts 15 minutes."""

AHEAD_SECONDS = 5.0
"""How far two clocks that follow NTP may be apart."""

_MOST_HEADERS = 16
_MOST_CHARACTERS = 8192
"""Of one value: a session token has no fixed length, and about 1,500 characters today."""

_VALUE = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
"""Printable, and as SigV4 reads it: blanks around and repeated ones would be signed as one."""

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=\w{1,128}/(?P<date>[0-9]{8})/(?P<region>[a-z0-9-]{1,64})/sts/"
    r"aws4_request, SignedHeaders=(?P<signed>[a-z0-9;-]{1,512}), Signature=[0-9a-f]{64}",
    re.ASCII,
)
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What every proof must say."""

    url: str
    """The STS endpoint, path included."""
    host: str
    """The host of that URL, with its port where it has one."""
    region: str
    audience: str
    """The name of this gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCall:
    """A proof that is worth asking STS about."""

    headers: Mapping[str, str]
    """In lower case, each of them signed, and Authorization."""
    nonce: str


def signed_call(raw: object, expected: Expected, now: float) -> SignedCall:
    """The call in a proof.

    Args:
        raw: as it came, out of JSON.
        expected: what it must be signed for.
        now: by the wall's clock, as signatures are.

    Raises:
        Denied: it is no proof (400), or not one for this gateway, now (401).
    """
    if not isinstance(raw, Mapping):
        raise _malformed("proof: must be an object")
    if raw.get("method") != "POST" or raw.get("body") != CALL:
        raise _malformed(f"proof: must be a POST of {CALL}")
    if raw.get("url") != expected.url:
        raise _malformed(f"proof.url: must be {expected.url}")
    headers = _headers(raw.get("headers"))
    _check_signature(headers, expected)
    if headers.get("host", expected.host) != expected.host:
        raise _malformed("proof.headers: host must be that of the url")
    if not headers.get("content-type", FORM).startswith(FORM):
        raise _malformed(f"proof.headers: content-type must be {FORM}")
    if headers[SERVER_HEADER] != expected.audience:
        raise _unproved("the proof is signed for another server")
    _check_date(headers, now)
    return SignedCall(headers=headers, nonce=headers[NONCE_HEADER])


def _headers(raw: Any) -> dict[str, str]:  # noqa: ANN401 - it came from anybody
    """The headers by their names in lower case."""
    if not isinstance(raw, Mapping) or len(raw) > _MOST_HEADERS:
        raise _malformed("proof.headers: must be an object of a few headers")
    found: dict[str, str] = {}
    for name, value in raw.items():
        key = str(name).lower()
        if key in found:
            raise _malformed(f"proof.headers: {key} is there twice")
        if key not in FORWARDED and key != "authorization":
            raise _malformed("proof.headers: only these: " + ", ".join(sorted(FORWARDED)))
        sound = isinstance(value, str) and len(value) <= _MOST_CHARACTERS
        if not sound or not _VALUE.fullmatch(value):
            raise _malformed(f"proof.headers: {key} must be printable text, without stray blanks")
        found[key] = value
    return found


def _check_signature(headers: Mapping[str, str], expected: Expected) -> None:
    """It covers all that is there and all that must be; whether it is genuine, STS says."""
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        raise _malformed("proof.headers: authorization must be AWS4-HMAC-SHA256, for sts")
    signed = found["signed"].split(";")
    if signed != sorted(set(signed)) or NEEDED - set(signed):
        raise _malformed("proof: these must be signed: " + ", ".join(sorted(NEEDED)))
    if set(signed) != (headers.keys() - {"authorization"}) | {"host"}:
        raise _malformed("proof: every header must be signed, and every signed one be there")
    if found["region"] != expected.region:
        raise _unproved("the proof is signed for another region")
    if not headers["x-amz-date"].startswith(found["date"]):
        raise _malformed("proof: the dates of the signature and of x-amz-date differ")


def _check_date(headers: Mapping[str, str], now: float) -> None:
    found = _DATE.fullmatch(headers["x-amz-date"])
    try:
        date = datetime(*map(int, found.groups()), tzinfo=UTC).timestamp() if found else None  # type: ignore[misc,arg-type] # six numbers
    except ValueError:
        date = None
    if date is None:
        raise _malformed("proof.headers: x-amz-date must be as 20260102T030405Z")
    if not -AHEAD_SECONDS <= now - date <= AGE_SECONDS:
        ago = f"{now - date:.0f} s ago" if date <= now else f"{date - now:.0f} s from now"
        raise _unproved(f"by our clock the proof was signed {ago}: is its clock right?")


def _malformed(because: str) -> Denied:
    return Denied(Status.BAD_REQUEST, because)


def _unproved(because: str) -> Denied:
    return Denied(Status.UNAUTHORIZED, because)
