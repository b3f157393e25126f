"""Proofs that are none: forged, replayed, stale, foreign, for another server, of another's name."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.gateway.scene import (
    ACCOUNT,
    CANARY,
    FOREIGN,
    MAC,
    MEMBER,
    REGION,
    SECOND,
    STRANGER,
    Answer,
    Scene,
)
from workhorse.core.admission import Status
from workhorse.local.agent.proof import _authorization


def refused(scene: Scene, answer: Answer, status: int) -> bool:
    """It was refused, said why, told no secret, and made no node."""
    told = answer.status == status and answer.body["error"]
    return bool(told) and scene.nodes.requests == [] and "secret" not in answer.body


def test_an_agent_that_proves_itself_is_let_in_with_only_its_own_secret(scene: Scene) -> None:
    answer = scene.register()

    assert answer.status == Status.OK
    assert answer.body["secret"] == f"secret of {MEMBER}"
    assert answer.body["executors"] == 4
    spec = scene.nodes.made[MEMBER]
    assert spec.labels == {"linux"}
    assert spec.description == f"workhorse: pool linux of {ACCOUNT}/eu-west-1 by gateway"


def test_a_forged_signature_is_refused(scene: Scene) -> None:
    claim = scene.claim()
    head, _, signature = claim["proof"]["headers"]["Authorization"].rpartition("=")
    forged = ("0" if signature[0] != "0" else "1") + signature[1:]
    claim["proof"]["headers"]["Authorization"] = f"{head}={forged}"

    assert refused(scene, scene.call("/v1/register", claim), 401)


def test_credentials_that_sts_never_gave_are_refused(scene: Scene) -> None:
    key = scene.sts.issue(MEMBER)
    scene.sts.keys.clear()

    assert refused(scene, scene.register(key=key), 401)


def test_a_proof_is_good_once_whoever_shows_it(scene: Scene) -> None:
    claim = scene.claim()
    assert scene.call("/v1/register", claim).status == Status.OK

    again = scene.call("/v1/register", claim)

    assert again.status == Status.UNAUTHORIZED
    assert len(scene.sts.asked) == 1


def test_a_nonce_is_good_for_one_proof(scene: Scene) -> None:
    nonce, key, other = scene.nonce(), scene.sts.issue(MEMBER), scene.sts.issue(SECOND)
    first = scene.claim(proof=scene.proof(key, nonce))
    second = scene.claim(SECOND, proof=scene.proof(other, nonce))
    assert scene.call("/v1/register", first).status == Status.OK

    assert scene.call("/v1/register", second).status == Status.UNAUTHORIZED
    assert SECOND not in scene.nodes.made


@pytest.mark.parametrize("nonce", ["", "n-1", "eyJlbmQiOiAxZTk5fQ.0000"])
def test_a_nonce_of_ones_own_is_refused(scene: Scene, nonce: str) -> None:
    answer = scene.register(proof=scene.proof(scene.sts.issue(MEMBER), nonce))

    assert answer.status in {Status.BAD_REQUEST, Status.UNAUTHORIZED}
    assert scene.nodes.requests == []
    assert scene.sts.asked == []


def test_a_nonce_that_waited_too_long_is_refused(scene: Scene) -> None:
    nonce, key = scene.nonce(), scene.sts.issue(MEMBER)
    scene.pass_time(61)
    scene.show()

    assert refused(scene, scene.register(proof=scene.proof(key, nonce)), 401)


@pytest.mark.parametrize("seconds", [-301, 6, -86_400, 86_400])
def test_a_stale_or_early_signature_is_refused_before_sts_is_asked(
    scene: Scene, seconds: float
) -> None:
    key = scene.sts.issue(MEMBER)

    answer = scene.register(proof=scene.proof(key, at=scene.world.wall + seconds))

    assert refused(scene, answer, 401)
    assert scene.sts.asked == []


@pytest.mark.parametrize(
    ("seconds", "told"), [(-400, "signed 400 s ago"), (30, "signed 30 s from now")]
)
def test_a_clock_that_is_wrong_is_told_by_how_much(scene: Scene, seconds: float, told: str) -> None:
    key = scene.sts.issue(MEMBER)

    answer = scene.register(proof=scene.proof(key, at=scene.world.wall + seconds))

    assert told in answer.body["error"]


def test_an_instance_of_another_account_is_refused(scene: Scene) -> None:
    """It may even have the id of one of ours, and a role of the same name."""
    assert refused(scene, scene.register(key=scene.sts.issue(MEMBER, account=FOREIGN)), 403)


@pytest.mark.parametrize(
    "told", [{"account": FOREIGN}, {"user_id": f"AROAEXAMPLE:{SECOND}"}, {"user_id": "AIDAEXAMPLE"}]
)
def test_words_of_sts_that_do_not_agree_with_each_other_admit_nobody(
    scene: Scene, told: dict[str, str]
) -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/linux-agent/{MEMBER}"
    key = scene.sts.issue(MEMBER, arn=arn)
    credential, caller = scene.sts.keys[key.id]
    scene.sts.keys[key.id] = (credential, replace(caller, **told))

    assert refused(scene, scene.register(key=key), 403)


def test_a_person_of_the_role_has_no_node_of_his_own_name(scene: Scene) -> None:
    answer = scene.register("alice", scene.sts.issue("alice"))

    assert refused(scene, answer, 400)


def test_an_instance_of_another_partition_is_refused(scene: Scene) -> None:
    arn = f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/linux-agent/{MEMBER}"

    assert refused(scene, scene.register(key=scene.sts.issue(MEMBER, arn=arn)), 403)


def test_an_instance_of_no_group_of_ours_is_refused(scene: Scene) -> None:
    assert refused(scene, scene.register(STRANGER), 403)


def test_an_instance_with_the_role_of_another_pool_is_refused(scene: Scene) -> None:
    assert refused(scene, scene.register(MAC, scene.sts.issue(MAC, "linux-agent")), 403)


def test_an_instance_with_a_role_of_no_pool_is_refused_without_a_reading_of_aws(
    scene: Scene,
) -> None:
    assert refused(scene, scene.register(key=scene.sts.issue(MEMBER, "admin")), 403)
    assert scene.world.readings == 0


@pytest.mark.parametrize("session", ["alice", "botocore-session-1", MEMBER + "0", "I-00000001"])
def test_a_session_that_is_no_instance_is_refused(scene: Scene, session: str) -> None:
    """Whoever may assume the role names the session as he likes."""
    assert refused(scene, scene.register(key=scene.sts.issue(session)), 403)


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:user/{MEMBER}",
        f"arn:aws:sts::{ACCOUNT}:federated-user/{MEMBER}",
        f"arn:aws:iam::{ACCOUNT}:role/linux-agent/{MEMBER}",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/linux-agent/extra/{MEMBER}",
        f"arn:aws:iam::{ACCOUNT}:root",
    ],
)
def test_a_caller_that_is_no_session_of_a_role_is_refused(scene: Scene, arn: str) -> None:
    assert refused(scene, scene.register(key=scene.sts.issue(MEMBER, arn=arn)), 403)


def test_the_name_of_another_instance_is_refused(scene: Scene) -> None:
    assert refused(scene, scene.register(SECOND, scene.sts.issue(MEMBER)), 403)


@pytest.mark.parametrize("audience", ["other.example", "gateway.example.evil", "GATEWAY.EXAMPLE"])
def test_a_proof_for_another_server_is_refused(scene: Scene, audience: str) -> None:
    key = scene.sts.issue(MEMBER)

    answer = scene.register(proof=scene.proof(key, audience=audience))

    assert refused(scene, answer, 401)
    assert scene.sts.asked == []


def test_a_proof_for_another_region_is_refused(scene: Scene) -> None:
    key = scene.sts.issue(MEMBER)

    assert refused(scene, scene.register(proof=scene.proof(key, region="us-east-1")), 401)


def _unsigned(header: str) -> Callable[[dict[str, Any]], None]:
    def change(proof: dict[str, Any]) -> None:
        text = proof["headers"]["Authorization"]
        proof["headers"]["Authorization"] = text.replace(f";{header}", "")

    return change


def _header(name: str, value: str) -> Callable[[dict[str, Any]], None]:
    return lambda proof: proof["headers"].__setitem__(name, value)


@pytest.mark.parametrize(
    "change",
    [
        _unsigned("x-workhorse-nonce"),
        _unsigned("x-workhorse-server"),
        _unsigned("x-amz-date"),
        _header("x-workhorse-nonce", "another"),
        _header("X-Forwarded-Host", "evil.example"),
        _header("Transfer-Encoding", "chunked"),
        _header("Content-Length", "0"),
        _header("Host", "evil.example"),
        _header("Host", "sts.eu-west-1.amazonaws.com\r\nX-Evil: 1"),
        _header("X-Amz-Security-Token", "a\nb"),
        _header("X-Amz-Date", "20260101T000000Z "),
        _header("Content-Type", "application/x-www-form-urlencoded;  charset=utf-8"),
        _header("Authorization", "Basic YTpi"),
        lambda proof: proof.__setitem__("url", "https://evil.example/"),
        lambda proof: proof.__setitem__("url", "https://sts.eu-west-1.amazonaws.com@evil/"),
        lambda proof: proof.__setitem__("url", "https://sts.eu-west-1.amazonaws.com/?Action=x"),
        lambda proof: proof.__setitem__("url", "http://sts.eu-west-1.amazonaws.com/"),
        lambda proof: proof.__setitem__("method", "GET"),
        lambda proof: proof.__setitem__("body", "Action=AssumeRole&Version=2011-06-15"),
        lambda proof: proof.__setitem__("body", proof["body"] + "&Action=AssumeRole"),
        lambda proof: proof.__setitem__("headers", [["Host", "a"]]),
        lambda proof: proof.clear(),
    ],
)
def test_what_is_smuggled_into_a_proof_never_reaches_sts(
    scene: Scene, change: Callable[[dict[str, Any]], None]
) -> None:
    claim = scene.claim()
    change(claim["proof"])

    assert refused(scene, scene.call("/v1/register", claim), 400)
    assert scene.sts.asked == []


def signed_with(scene: Scene, change: Callable[[dict[str, str]], object]) -> dict[str, Any]:
    """A proof whose own key signs other headers: the signature is genuine."""
    key = scene.sts.issue(MEMBER)
    made = scene.proof(key)
    headers = {k: v for k, v in made["headers"].items() if k != "Authorization"}
    change(headers)
    stamp = headers.get("X-Amz-Date", made["headers"]["X-Amz-Date"])
    headers["Authorization"] = _authorization(key, REGION, stamp, headers)
    return {**made, "headers": headers}


@pytest.mark.parametrize(
    "change",
    [
        lambda headers: headers.pop("X-Workhorse-Nonce"),
        lambda headers: headers.pop("X-Workhorse-Server"),
        lambda headers: headers.pop("X-Amz-Date"),
        lambda headers: headers.update({"X-Amz-Target": "AWSSecurityTokenService.AssumeRole"}),
        lambda headers: headers.update({"Transfer-Encoding": "chunked"}),
        lambda headers: headers.update({"X-Http-Method-Override": "GET"}),
        lambda headers: headers.update({"Content-Type": "application/json"}),
    ],
)
def test_a_genuine_signature_of_other_headers_is_refused_before_sts_is_asked(
    scene: Scene, change: Callable[[dict[str, str]], object]
) -> None:
    assert refused(scene, scene.register(proof=signed_with(scene, change)), 400)
    assert scene.sts.asked == []


def test_a_genuine_signature_of_the_usual_headers_is_admitted(scene: Scene) -> None:
    """Else the test above would prove nothing."""
    answer = scene.register(proof=signed_with(scene, lambda headers: headers.pop("Host")))
    assert answer.status == Status.BAD_REQUEST, "the host must be signed"

    assert scene.register(proof=signed_with(scene, dict)).status == Status.OK


def test_a_key_that_is_there_twice_is_refused(scene: Scene) -> None:
    """Which one counts depends on who reads it."""
    text = json.dumps(scene.claim()).replace('"way":', '"name": "i-00000001", "way":')

    assert refused(scene, scene.call("/v1/register", text.encode()), 400)


def test_a_header_that_is_there_in_two_cases_is_refused(scene: Scene) -> None:
    claim = scene.claim()
    claim["proof"]["headers"]["x-workhorse-NONCE"] = scene.nonce()

    assert refused(scene, scene.call("/v1/register", claim), 400)


def test_sts_that_does_not_answer_admits_nobody_and_sends_nobody_away_for_good(
    scene: Scene,
) -> None:
    scene.sts.silent = True

    answer = scene.register()

    assert refused(scene, answer, 503)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_canary_comes_in_under_its_own_label_only(scene: Scene) -> None:
    scene.world.beside[CANARY] = "linux-agents"

    answer = scene.register(CANARY)

    assert answer.status == Status.OK
    assert answer.body["labels"] == ["workhorse-canary-linux"]
    assert scene.nodes.made[CANARY].exclusive
    assert answer.body["cache"] is False


def test_refusals_are_journalled_and_a_storm_of_them_only_counted(scene: Scene) -> None:
    for _ in range(40):
        scene.call("/v1/register", {"way": "none"})

    told = scene.world.of_kind("refused")

    assert 0 < len(told) <= 11
    assert told[0]["because"] == "way: must be gateway or token"
