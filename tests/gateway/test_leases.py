"""Leases: forged, ended, of another process; tokens; and who comes too often."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from tests.facts import node
from tests.gateway.scene import MEMBER, WALL, Answer, Scene, made
from workhorse.core.admission import MOST_GIVEN, Status
from workhorse.core.requests import Request
from workhorse.core.tokens import TokenBook, TokenRecord, token_text
from workhorse.loops.leases import PROOF_SECONDS

TOKEN = token_text("0a0a0a0a", "t" * 43)
OTHER = token_text("0b0b0b0b", "o" * 43)
ROUTES = ("/v1/here", "/v1/volume/claim", "/v1/volume/report", "/v1/volume/release")


def record(token: str = TOKEN, pool: str = "linux", **changes: Any) -> TokenRecord:
    """What is kept of a token."""
    digest = sha256(token.encode()).hexdigest()
    facts = {"id": token[3:11], "pool": pool, "sha256": digest, "created_at": 0.0}
    return TokenRecord(**{**facts, **changes})


def book(*records: TokenRecord) -> TokenBook:
    """The tokens that are good."""
    return TokenBook(records=records, resume_key="cc" * 32)


def bring(scene: Scene, token: str = TOKEN, **more: str) -> Answer:
    """Register by a token."""
    return scene.call("/v1/register", {"way": "token", "token": token, **more})


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("lease", ["", "x", "a.b", ".", "eyJtZW1iZXIiOnt9fQ==." + "0" * 64])
def test_nothing_is_done_without_a_lease_of_ours(scene: Scene, route: str, lease: str) -> None:
    assert scene.call(route, {}, lease=lease).status == Status.UNAUTHORIZED


def test_a_lease_with_another_name_in_it_is_refused(scene: Scene) -> None:
    body, _, seal = scene.lease().rpartition(".")
    told = json.loads(urlsafe_b64decode(body))
    told["member"]["name"] = "i-0000000000000000b"
    forged = urlsafe_b64encode(json.dumps(told, separators=(",", ":")).encode()).decode()

    assert scene.call("/v1/here", {}, lease=f"{forged}.{seal}").status == Status.UNAUTHORIZED


def test_a_lease_ends_and_here_gives_the_next(scene: Scene) -> None:
    lease = scene.lease()
    scene.world.wall += 899
    told = scene.call("/v1/here", {}, lease=lease)
    assert (told.status, told.body["lease_seconds"]) == (Status.OK, 900)

    scene.world.wall += 2
    assert scene.call("/v1/here", {}, lease=lease).status == Status.UNAUTHORIZED
    assert scene.call("/v1/here", {}, lease=told.body["lease"]).status == Status.OK


def test_leases_follow_one_another_for_half_a_day_on_one_proof(scene: Scene) -> None:
    lease, proved_at = scene.lease(), scene.world.wall
    for _ in range(100):
        told = scene.call("/v1/here", {}, lease=lease)
        if told.status != Status.OK:
            break
        lease = told.body["lease"]
        scene.world.wall += 890

    assert PROOF_SECONDS <= scene.world.wall - proved_at <= PROOF_SECONDS + 900


def test_a_lease_of_another_process_is_refused() -> None:
    """As after a restart: the key was made anew."""
    before, after = made(), made()
    member = before.gateway
    nonce = Request(method="POST", path="/v1/nonce")
    before.world.tokens = after.world.tokens = book(record())
    asked = Request(method="POST", path="/v1/register", body={"way": "token", "token": TOKEN})
    lease = str(member.answer(asked).body["lease"])
    here = Request(method="POST", path="/v1/here", bearer=lease)

    assert member.answer(here).status == Status.OK
    assert after.gateway.answer(here).status == Status.UNAUTHORIZED
    assert member.answer(nonce).body["nonce"] != after.gateway.answer(nonce).body["nonce"]


def test_a_token_lets_an_agent_into_its_pool_under_a_name_that_is_given(scene: Scene) -> None:
    scene.world.tokens = book(record())

    answer = bring(scene)

    name = answer.body["name"]
    assert answer.status == Status.OK
    assert name.startswith("linux-")
    assert len(name) == len("linux-") + 12
    assert scene.nodes.made[name].labels == {"linux"}
    assert answer.body["cache"] is False


def test_two_agents_with_one_token_have_two_names(scene: Scene) -> None:
    scene.world.tokens = book(record())

    assert bring(scene).body["name"] != bring(scene).body["name"]


def test_an_agent_has_its_name_again_by_what_it_was_given(scene: Scene) -> None:
    scene.world.tokens = book(record())
    first = bring(scene).body
    scene.world.tokens = book(record(OTHER))
    scene.world.wall += 31
    scene.show(node(first["name"]))

    again = bring(scene, OTHER, name=first["name"], resume=first["resume"])

    assert again.status == Status.OK, "the token was changed for another meanwhile"
    assert again.body["name"] == first["name"]


@pytest.mark.parametrize("resume", ["", "0" * 64, "x"])
def test_the_name_of_another_is_refused_without_what_it_was_given(
    scene: Scene, resume: str
) -> None:
    scene.world.tokens = book(record())
    name = bring(scene).body["name"]
    scene.nodes.requests.clear()

    assert bring(scene, name=name, resume=resume).status == Status.FORBIDDEN
    assert scene.nodes.requests == []


def test_a_name_like_an_instance_is_never_taken_by_a_token(scene: Scene) -> None:
    scene.world.tokens = book(record())

    assert bring(scene, name=MEMBER, resume="0" * 64).status == Status.FORBIDDEN
    assert scene.nodes.requests == []


def test_a_name_of_another_pool_is_refused(scene: Scene) -> None:
    scene.world.tokens = book(record(), record(OTHER, "macs"))
    first = bring(scene).body

    answer = bring(scene, OTHER, name=first["name"], resume=first["resume"])

    assert answer.status == Status.FORBIDDEN


@pytest.mark.parametrize(
    ("records", "token"),
    [
        ((), TOKEN),
        ((record(not_after=999_999.0),), TOKEN),
        ((record(),), OTHER),
        ((record(),), TOKEN[:-1] + "x"),
        ((record(),), TOKEN.upper()),
        ((record(sha256=TOKEN[:64].ljust(64, "0")),), TOKEN),
        ((replace(record(), id="0b0b0b0b"),), TOKEN),
        ((record(),), "\ud800"),
    ],
)
def test_a_token_that_is_none_or_over_is_refused(
    scene: Scene, records: tuple[TokenRecord, ...], token: str
) -> None:
    scene.world.tokens = book(*records)

    answer = bring(scene, token)

    assert answer.status == Status.UNAUTHORIZED
    assert scene.nodes.requests == []


def test_a_token_of_a_pool_that_is_not_kept_here_is_refused(scene: Scene) -> None:
    scene.world.tokens = book(record(pool="windows"))

    assert bring(scene).status == Status.FORBIDDEN


def test_a_revoked_token_ends_the_leases_that_came_by_it(scene: Scene) -> None:
    scene.world.tokens = book(record())
    lease = bring(scene).body["lease"]
    scene.world.tokens = book(record(OTHER))
    assert scene.call("/v1/here", {}, lease=lease).status == Status.OK, "believed for 30 s"

    scene.world.wall += 31

    assert scene.call("/v1/here", {}, lease=lease).status == Status.UNAUTHORIZED


def test_an_agent_without_an_instance_asks_nothing_of_the_loops(scene: Scene) -> None:
    scene.world.tokens = book(record())
    lease = bring(scene).body["lease"]

    assert scene.call("/v1/ask", {"kind": "stop"}, lease=lease).status == Status.ACCEPTED
    assert scene.asks.take() == ()
    assert scene.call("/v1/volume/claim", {}, lease=lease).body["volume"] == ""


def test_a_token_that_got_about_fills_jenkins_with_no_more_than_so_many_nodes(scene: Scene) -> None:
    scene.world.tokens = book(record())
    mine = bring(scene).body
    given = [f"linux-{number:012x}" for number in range(MOST_GIVEN - 1)]
    scene.pass_time(10)
    scene.show(*(node(name) for name in [*given, mine["name"], MEMBER]))

    answer = bring(scene)

    assert answer.status == Status.TOO_MANY
    assert "delete those that are gone" in answer.body["error"]
    again = {"name": mine["name"], "resume": mine["resume"]}
    assert bring(scene, **again).status == Status.OK
    assert scene.register().status == Status.OK


def asked(scene: Scene, peer: str, path: str = "/v1/nonce") -> int:
    """The status of a request from that address."""
    return scene.gateway.answer(Request(method="POST", path=path, peer=peer)).status


def test_one_address_that_storms_takes_nobody_elses_turn() -> None:
    scene = made(per_peer=2.0, per_second=100.0)

    answers = [asked(scene, "10.0.0.1") for _ in range(30)]

    assert answers.count(Status.OK) == 20, "ten seconds' worth at once"
    assert asked(scene, "10.0.0.2") == Status.OK
    scene.world.wall += 1
    assert [asked(scene, "10.0.0.1") for _ in range(3)] == [200, 200, 429]


def test_all_together_are_put_off_too_and_told_when_to_come_again() -> None:
    scene = made(per_peer=1e6, per_second=1.0)

    answers = [asked(scene, f"10.0.0.{number}") for number in range(15)]

    assert answers.count(Status.OK) == 10
    request = Request(method="POST", path="/v1/nonce", peer="10.1.1.1")
    assert scene.gateway.answer(request).retry_seconds == pytest.approx(1.0)


def test_health_is_told_whatever_else_is_refused() -> None:
    scene = made(per_peer=1.0, per_second=1.0)

    assert {asked(scene, "10.0.0.1", "/healthz") for _ in range(50)} == {Status.OK}


def test_a_wall_clock_that_jumps_back_locks_nobody_out_for_ever() -> None:
    scene = made(per_peer=1.0, per_second=100.0)
    while asked(scene, "10.0.0.1") == Status.OK:
        pass
    scene.world.wall = WALL - 3600

    asked(scene, "10.0.0.1")
    scene.world.wall += 2

    assert asked(scene, "10.0.0.1") == Status.OK
