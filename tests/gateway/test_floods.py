"""Floods: of requests, of asks, of what fails; whoever sends them, the others are served."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from threading import Event

import pytest

from tests.facts import instance
from tests.gateway.scene import MEMBER, SECOND, Scene, made
from tests.gateway.test_leases import asked
from workhorse.core.admission import Status
from workhorse.core.asks import AskKind
from workhorse.core.errors import Unreadable
from workhorse.core.requests import Request
from workhorse.loops.agent_ports import Caller, Proof
from workhorse.loops.registrar import MOST_PATIENT, REQUESTS_AT_ONCE
from workhorse.loops.turnstile import MOST_OUTSIDE


def test_a_storm_of_refusals_is_journalled_as_a_number(scene: Scene) -> None:
    for _ in range(25):
        scene.call("/v1/here", {}, lease="none")
    scene.pass_time(1)
    scene.call("/v1/here", {}, lease="none")

    told = scene.world.of_kind("refused")
    assert [record["untold"] for record in told] == [0] * 10 + [15]


def test_a_storm_of_failures_is_journalled_as_a_number(scene: Scene) -> None:
    scene.nodes.silent = True
    for _ in range(12):
        assert scene.register().status == Status.UNAVAILABLE
    scene.pass_time(1)
    scene.show()
    scene.register()

    told = scene.world.of_kind("failed")
    mine = [record["untold"] for record in told if record["effect"].startswith("gateway ")]
    assert mine == [0] * 10 + [2]


def test_an_ask_in_ever_other_words_reaches_the_loops_and_is_journalled_once(scene: Scene) -> None:
    lease = scene.lease()
    for number in range(9):
        scene.call("/v1/ask", {"kind": "spot", "detail": f"at {number}"}, lease=lease)

    assert [ask.kind for ask in scene.asks.take()] == [AskKind.SPOT] * 9
    assert len(scene.world.of_kind("ask")) == 1
    scene.pass_time(60)
    scene.call("/v1/ask", {"kind": "spot", "detail": "later"}, lease=lease)
    assert len(scene.world.of_kind("ask")) == 2


def test_agents_behind_one_address_are_counted_by_their_names() -> None:
    """As behind a NAT or a load balancer; who has no lease yet is still of that address."""
    scene = made(per_peer=1.0, per_second=1e6)
    leases = {name: _lease(scene, name) for name in (MEMBER, SECOND)}

    def here(name: str) -> int:
        bearer, path = leases[name], "/v1/here"
        request = Request(method="POST", path=path, peer="10.0.0.1", bearer=bearer)
        return scene.gateway.answer(request).status

    while asked(scene, "10.0.0.1") == Status.OK:
        pass
    assert [here(MEMBER) for _ in range(11)] == [Status.OK] * 10 + [Status.TOO_MANY]
    assert here(SECOND) == Status.OK


def test_a_flood_of_strangers_from_everywhere_silences_no_agent() -> None:
    """A notice of two minutes is among what agents say."""
    scene = made(per_peer=1e6, per_second=1.0)
    lease = _lease(scene, MEMBER)
    while asked(scene, "10.0.0.9") == Status.OK:
        pass

    body = {"kind": "spot"}
    request = Request(method="POST", path="/v1/ask", peer="10.0.0.1", bearer=lease, body=body)
    assert scene.gateway.answer(request).status == Status.ACCEPTED


def _lease(scene: Scene, name: str) -> str:
    nonce = scene.gateway.answer(Request(method="POST", path="/v1/nonce")).body["nonce"]
    body = {"way": "gateway", "name": name}
    claim = {**body, "proof": scene.proof(scene.sts.issue(name), str(nonce))}
    asked = Request(method="POST", path="/v1/register", body=claim)
    return str(scene.gateway.answer(asked).body["lease"])


@pytest.mark.parametrize("path", ["claim", "report", "release"])
def test_an_agent_that_storms_for_volumes_is_put_off(scene: Scene, path: str) -> None:
    lease, other = scene.lease(), scene.lease(SECOND)
    body = {"volume": "vol-1", "mounted": True}

    answers = [scene.call(f"/v1/volume/{path}", body, lease=lease) for _ in range(8)]

    assert [answer.status for answer in answers].count(Status.TOO_MANY) == 3
    assert scene.call("/v1/volume/claim", {}, lease=other).status == Status.OK


@pytest.mark.parametrize("name", ["", "../pools/macs/late", "CD" * 32, "cd" * 33])
def test_what_is_no_digest_is_asked_of_no_store(scene: Scene, name: str) -> None:
    lease = scene.lease()
    asked_for: list[str] = []
    object.__setattr__(scene.world, "file", asked_for.append)

    assert scene.call(f"/v1/late/{name}", lease=lease, method="GET").status == Status.NOT_FOUND
    assert asked_for == []


def test_while_jenkins_is_slow_half_of_the_threads_are_free_for_others(scene: Scene) -> None:
    """A notice of two minutes must not wait behind those that only want to begin."""
    names = [f"i-{number:017x}" for number in range(1, REQUESTS_AT_ONCE + MOST_PATIENT + 9)]
    scene.members(*(instance(name, zone="eu-west-1a") for name in names))
    scene.show()
    goes_on = Event()
    scene.nodes.before = lambda: goes_on.wait(60)
    crowd = [scene.claim(name) for name in names]

    with ThreadPoolExecutor(len(names)) as pool:
        answers = [pool.submit(scene.call, "/v1/register", claim) for claim in crowd]
        told = [answer.result().status for answer in islice(as_completed(answers), 4)]
        goes_on.set()
        told += [answer.result().status for answer in answers]

    assert told[:4] == [Status.UNAVAILABLE] * 4
    assert told[4:].count(Status.OK) >= REQUESTS_AT_ONCE + MOST_PATIENT


def test_while_sts_is_silent_agents_are_heard_that_need_nobody_else(scene: Scene) -> None:
    """The waiting would hold every thread; a notice of two minutes comes at any time."""
    lease, goes_on = scene.lease(), Event()
    claims = [scene.claim() for _ in range(MOST_OUTSIDE)]

    def silence(_: Proof) -> Caller:
        goes_on.wait(60)
        raise Unreadable("no answer")

    object.__setattr__(scene.sts, "caller", silence)
    with ThreadPoolExecutor(MOST_OUTSIDE) as pool:
        told = [pool.submit(scene.call, "/v1/register", one) for one in claims]
        while (late := scene.call("/v1/register", {"way": "none"})).status == Status.BAD_REQUEST:
            pass  # Until all of them are inside.
        assert (late.status, late.headers["Retry-After"]) == (Status.UNAVAILABLE, "10")
        assert scene.call("/v1/here", {}, lease=lease).status == Status.OK
        assert scene.call("/v1/ask", {"kind": "spot"}, lease=lease).status == Status.ACCEPTED
        goes_on.set()
        assert {one.result().status for one in told} == {Status.UNAVAILABLE}


def test_what_could_not_be_read_is_not_read_by_each_who_waits_for_it(scene: Scene) -> None:
    scene.world.blind = True
    scene.members()
    scene.show()
    scene.members(instance(MEMBER))
    told = [scene.register().status for _ in range(5)]
    assert (told, scene.world.readings) == ([Status.UNAVAILABLE] * 5, 1)

    scene.world.blind = False
    scene.pass_time(5)
    scene.show()
    assert scene.register().status == Status.OK
