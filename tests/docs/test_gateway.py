"""What docs/gateway.md says of the API is what the gateway does."""

import re

from scripts import sources
from tests.gateway.scene import MEMBER, made
from workhorse.adapters.failure_logs import KEPT
from workhorse.adapters.gateway_http import ACCEPTED, THREADS, TIMEOUT_SECONDS
from workhorse.adapters.prometheus import exposition
from workhorse.core.admission import Status
from workhorse.core.asks import AskKind
from workhorse.core.proof import AGE_SECONDS, AHEAD_SECONDS, FORWARDED, NEEDED
from workhorse.core.requests import Request
from workhorse.loops.admittance import BOOK_SECONDS
from workhorse.loops.leases import NONCE_SECONDS, PROOF_SECONDS
from workhorse.loops.registrar import MOST_PATIENT, REQUESTS_AT_ONCE
from workhorse.loops.roster import CURRENT_SECONDS
from workhorse.loops.turnstile import MOST_OUTSIDE

PAGE = (sources.ROOT / "docs/gateway.md").read_text()
ROUTES = re.findall(r"^\| `(GET|POST) (/[a-zA-Z0-9/]+)` \|", PAGE, re.MULTILINE)


def test_every_route_is_told_and_every_told_one_is_there() -> None:
    gateway = made().gateway
    told = {path.replace("SHA256", "00") for _, path in ROUTES}

    assert told == {*gateway.paths, "/v1/late/00", "/healthz"}
    for method, path in ROUTES:
        answer = gateway.answer(Request(method=method, path=path))
        assert answer.status not in {Status.NOT_FOUND, Status.NOT_ALLOWED}, path


def test_every_key_of_a_registration_is_told() -> None:
    scene = made()
    nonce = str(scene.gateway.answer(Request(method="POST", path="/v1/nonce")).body["nonce"])
    proof = scene.proof(scene.sts.issue(MEMBER), nonce)
    body = {"way": "gateway", "name": MEMBER, "proof": proof}
    answer = scene.gateway.answer(Request(method="POST", path="/v1/register", body=body))
    table = PAGE.split("| key | meaning |")[1].split("\n\n")[0]

    told = set(
        re.findall(r"`([a-z_0-9]+)`", "".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE)))
    )
    assert told == {*answer.body, "resume"}


def test_every_status_and_kind_is_told() -> None:
    told = {int(status) for status in re.findall(r"^\| ([45]\d\d) \|", PAGE, re.MULTILINE)}

    assert told == {status for status in Status if status >= Status.BAD_REQUEST}
    assert all(f"`{kind}`" in PAGE for kind in AskKind)


def test_every_header_that_may_be_in_a_proof_is_told() -> None:
    (line,) = re.findall(r"Headers may be these only: (.*)\.$", PAGE, re.MULTILINE)
    (needed,) = re.findall(r"the signature covers (.*?) and every other", PAGE)

    assert set(re.findall(r"`(.*?)`", line)) == FORWARDED | {"authorization"}
    assert set(re.findall(r"`(.*?)`", needed)) == NEEDED


def test_every_number_is_the_one_that_holds() -> None:
    for said in (
        f"at most {AGE_SECONDS:.0f} seconds ago and at most {AHEAD_SECONDS:.0f} seconds ahead",
        f"at most {NONCE_SECONDS:.0f} seconds old",
        f"no oftener than every {CURRENT_SECONDS:.0f} seconds",
        f"what it read for {BOOK_SECONDS:.0f} seconds",
        f"one of {THREADS} threads for five seconds",
        "At most four requests",
        "for half a day",
        "the newest hundred",
    ):
        assert said in PAGE
    assert (TIMEOUT_SECONDS, REQUESTS_AT_ONCE, PROOF_SECONDS, KEPT) == (5, 4, 43_200, 100)


def test_every_meter_is_told_by_its_names() -> None:
    meters = {meter.name for meter in made().gateway.meters()}
    table = PAGE.split("## What is measured")[1].split("## What is journalled")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == meters
    for line in exposition(made().gateway.meters()).splitlines():
        if not line.startswith("#"):
            assert f"`{line.partition('{')[0]}`" in table


def test_its_shares_of_the_threads_are_told() -> None:
    assert "half of the threads wait for it; while STS or AWS is, three quarters" in PAGE
    assert MOST_PATIENT * 2 == THREADS
    assert MOST_OUTSIDE * 4 == THREADS * 3
    assert f"No more than {THREADS + ACCEPTED} connections are accepted at once" in PAGE
