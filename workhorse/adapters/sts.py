"""STS: whose a signed call is, and who we are ourselves."""

import re
from threading import local
from urllib.parse import urlsplit

import requests

from workhorse.adapters.session import AwsClients, reading
from workhorse.core.errors import Missing, Unreadable
from workhorse.loops.agent_ports import Caller, Proof

TIMEOUT_SECONDS = (3.0, 8.0)
"""To connect, and between two pieces of an answer: an agent waits for it."""

MOST_BYTES = 64 * 1024
"""An answer of STS has less than 1 KiB."""

_DOMAINS = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}
"""How regions begin whose partition has a domain of its own."""

_BUSY = ("Throttling", "ThrottlingException", "RequestLimitExceeded")
_CODE = re.compile(r"<Code>([A-Za-z.]{1,64})</Code>")


class Sts:
    """A `loops.agent_ports.Identities`.

    Args:
        region: whose endpoint is asked; global credentials are accepted by every one.
        endpoint: another URL, for the embedded cloud.
    """

    def __init__(self, region: str, endpoint: str = "") -> None:
        self.url = f"{endpoint.rstrip('/')}/" if endpoint else regional_url(region)
        self.host = urlsplit(self.url).netloc
        self._threads = local()

    def caller(self, proof: Proof) -> Caller:
        """Make the signed call, at our own endpoint whatever the proof says, and say whose it is.

        Raises:
            Missing: STS does not accept it.
            Unreadable: STS does not answer, or is busy.
        """
        status, text = self._asked(proof)
        if status == requests.codes.ok:
            return Caller(
                account=_one(text, "Account"),
                arn=_one(text, "Arn"),
                user_id=_one(text, "UserId"),
            )
        found = _CODE.search(text)
        code = found[1] if found else f"status {status}"
        if code in _BUSY or status not in {requests.codes.bad_request, requests.codes.forbidden}:
            raise Unreadable(f"GetCallerIdentity: {code}")
        raise Missing(f"GetCallerIdentity: {code}")

    @property
    def _session(self) -> requests.Session:
        """This thread's: sessions of requests are not for several."""
        if not hasattr(self._threads, "session"):
            self._threads.session = requests.Session()
        session: requests.Session = self._threads.session
        return session

    def _asked(self, proof: Proof) -> tuple[int, str]:
        headers = {"content-type": "application/x-www-form-urlencoded", **proof.headers}
        try:
            with self._session.post(
                self.url,
                data=proof.body.encode(),
                headers=headers,
                auth=_as_it_is,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as answer:
                return answer.status_code, _bounded(answer)
        except (requests.RequestException, OSError) as wrong:
            raise Unreadable(f"GetCallerIdentity: {type(wrong).__name__}") from wrong


def _bounded(answer: requests.Response) -> str:
    raw = b""
    for piece in answer.iter_content(MOST_BYTES):
        raw += piece
        if len(raw) > MOST_BYTES:
            raise Unreadable("GetCallerIdentity: an answer without end")
    return raw.decode(errors="replace")


def our_arn(clients: AwsClients) -> str:
    """The ARN by whose credentials we ask AWS.

    Raises:
        Unreadable: STS does not answer.
    """
    with reading("GetCallerIdentity"):
        return str(clients.sts.get_caller_identity()["Arn"])


def regional_url(region: str) -> str:
    """The endpoint of STS in a region.

    Agents are told the domain by their metadata service, and it must be the same.
    https://docs.aws.amazon.com/general/latest/gr/sts.html
    """
    suffix = next((_DOMAINS[one] for one in _DOMAINS if region.startswith(one)), "amazonaws.com")
    return f"https://sts.{region}.{suffix}/"


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Else requests would put what a ~/.netrc says in the place of the signature."""
    return request


def _one(text: str, name: str) -> str:
    found = re.findall(rf"<{name}>([^<>\s]{{1,512}})</{name}>", text)
    if len(found) != 1:
        raise Unreadable(f"GetCallerIdentity: an answer without one {name}")
    return str(found[0])
