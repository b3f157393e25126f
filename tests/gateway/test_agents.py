"""Agents that are let in: what it costs Jenkins, who leaves, what `here` tells, what is asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.facts import instance, node
from tests.gateway.scene import CANARY, LINUX, MAC, MEMBER, SECOND, STRANGER, Scene
from workhorse.core.admission import Status
from workhorse.core.asks import Ask, AskKind
from workhorse.core.cordon import cordon_label
from workhorse.core.model import Lifecycle


def test_a_new_agent_costs_jenkins_two_requests(scene: Scene) -> None:
    scene.register()

    assert scene.nodes.requests == [f"create {MEMBER}", f"secret {MEMBER}"]
    (told,) = scene.world.of_kind("registered")
    assert (told["node"], told["requests"]) == ("created", 2)
    effects = [record["effect"] for record in scene.world.of_kind("effect")]
    assert effects == ["CreateNode"]


def test_an_agent_that_jenkins_knows_costs_none_once_its_secret_is_kept(scene: Scene) -> None:
    scene.register()
    scene.pass_time(10)
    scene.show(node(MEMBER))
    scene.nodes.requests.clear()

    answer = scene.register()

    assert answer.body["secret"] == f"secret of {MEMBER}"
    assert scene.nodes.requests == []


def test_an_agent_that_jenkins_forgot_costs_one_and_keeps_its_secret(scene: Scene) -> None:
    first = scene.register()
    scene.pass_time(10)
    scene.show()
    scene.nodes.requests.clear()

    again = scene.register()

    assert again.body["secret"] == first.body["secret"]
    assert scene.nodes.requests == [f"create {MEMBER}"]


def test_secrets_are_read_anew_after_jenkins_was_started_again(scene: Scene) -> None:
    """Its key may be another by then."""
    scene.register()
    scene.pass_time(10)
    scene.show(node(MEMBER))
    seen = scene.view.seen
    assert seen is not None
    assert seen.snapshot.jenkins is not None
    object.__setattr__(seen.snapshot.jenkins, "session", "another")
    scene.nodes.requests.clear()

    scene.register()

    assert scene.nodes.requests == [f"secret {MEMBER}"]


def test_an_agent_that_registers_sixteen_times_at_once_has_one_node(scene: Scene) -> None:
    claims = [scene.claim() for _ in range(16)]
    scene.nodes.slow = True

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda claim: scene.call("/v1/register", claim), claims))

    assert {answer.status for answer in answers} == {Status.OK}
    assert {answer.body["secret"] for answer in answers} == {f"secret of {MEMBER}"}
    assert sorted(scene.nodes.requests) == [f"create {MEMBER}", f"secret {MEMBER}"]


def test_an_instance_that_the_last_tick_has_not_seen_is_read_about_once_for_all(
    scene: Scene,
) -> None:
    new = [f"i-{number:017x}" for number in range(100, 112)]
    scene.members(*(instance(name) for name in new))
    claims = [scene.claim(name) for name in new]

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda claim: scene.call("/v1/register", claim), claims))

    assert {answer.status for answer in answers} == {Status.OK}
    assert scene.world.readings == 1


def test_an_instance_that_leaves_is_not_let_in_though_jenkins_forgot_it(scene: Scene) -> None:
    scene.show(leaving=[MEMBER])

    assert scene.register().status == Status.CONFLICT
    assert scene.nodes.requests == []


def test_an_instance_that_auto_scaling_ends_is_not_let_in(scene: Scene) -> None:
    scene.members(instance(MEMBER, Lifecycle.TERMINATING_WAIT))
    scene.show()

    assert scene.register().status == Status.CONFLICT


def test_an_instance_whose_node_is_cordoned_is_not_let_in(scene: Scene) -> None:
    """A controller that has just started knows no drain yet."""
    scene.show(node(MEMBER, labels=cordon_label("scale-in", MEMBER)))

    assert scene.register().status == Status.CONFLICT


@pytest.mark.parametrize("how", ["blind", "old", "never"])
def test_nobody_is_let_in_or_sent_away_while_the_world_cannot_be_read(
    scene: Scene, how: str
) -> None:
    if how == "blind":
        scene.show(blind=True)
    elif how == "old":
        scene.world.now += 41
    else:
        scene.view.show(None)  # type: ignore[arg-type] # as before the first tick

    answer = scene.register()

    assert answer.status == Status.UNAVAILABLE
    assert int(answer.headers["Retry-After"]) > 0
    assert scene.nodes.requests == []


def test_jenkins_that_does_not_answer_is_asked_again_later(scene: Scene) -> None:
    scene.nodes.silent = True

    answer = scene.register()

    assert answer.status == Status.UNAVAILABLE
    assert "Retry-After" in answer.headers

    scene.nodes.silent = False
    assert scene.register().status == Status.OK


def test_a_computer_that_outlived_its_node_is_waited_for(scene: Scene) -> None:
    """A node made beneath it would have no computer."""
    scene.show(node(MEMBER, labels="", offline=True, ghost=True))

    assert scene.register().status == Status.UNAVAILABLE
    assert scene.nodes.requests == []


def test_here_tells_from_what_was_read_and_asks_jenkins_nothing(scene: Scene) -> None:
    lease = scene.lease()
    scene.nodes.requests.clear()

    def known() -> object:
        return scene.call("/v1/here", {}, lease=lease).body["known"]

    assert known() is None, "the node was made after Jenkins was read"
    scene.pass_time(10)
    scene.show(node(MEMBER))
    assert known() is True
    scene.show()
    assert known() is False
    scene.show(frozen=True)
    assert known() is None
    scene.show(blind=True)
    assert known() is None
    scene.show(node(MEMBER, labels="", offline=True, ghost=True))
    assert known() is None
    assert scene.nodes.requests == []


def test_here_tells_how_long_the_agent_is_idle_and_whether_it_leaves(scene: Scene) -> None:
    lease = scene.lease()
    scene.show(node(MEMBER))
    told = scene.call("/v1/here", {}, lease=lease).body
    assert (told["idle_seconds"], told["leaving"]) == (60, False)

    scene.show(node(MEMBER, idle=False), leaving=[MEMBER])
    told = scene.call("/v1/here", {}, lease=lease).body
    assert (told["idle_seconds"], told["leaving"]) == (None, True)


def test_who_was_heard_is_told_by_the_loops_clock(scene: Scene) -> None:
    lease = scene.lease()
    scene.world.now += 7
    scene.call("/v1/here", {}, lease=lease)

    assert scene.gateway.heard() == {MEMBER: scene.world.now}


@pytest.mark.parametrize("kind", list(AskKind))
def test_what_an_agent_asks_is_left_for_the_loops(scene: Scene, kind: AskKind) -> None:
    lease = scene.lease()

    answer = scene.call("/v1/ask", {"kind": kind, "detail": "so it is"}, lease=lease)

    assert answer.status == Status.ACCEPTED
    ask = Ask(instance=MEMBER, pool="linux", kind=kind, at=scene.world.now, detail="so it is")
    assert scene.asks.take() == (ask,)


def test_an_ask_that_is_repeated_reaches_the_loops_and_is_journalled_once(scene: Scene) -> None:
    lease = scene.lease()
    for _ in range(5):
        scene.call("/v1/ask", {"kind": "idle"}, lease=lease)

    assert len(scene.asks.take()) == 5
    assert len(scene.world.of_kind("ask")) == 1


def test_a_canary_asks_nothing_of_the_loops(scene: Scene) -> None:
    scene.world.beside[CANARY] = "linux-agents"
    lease = scene.lease(CANARY)

    assert scene.call("/v1/ask", {"kind": "idle"}, lease=lease).status == Status.ACCEPTED
    assert scene.asks.take() == ()


@pytest.mark.parametrize("kind", ["terminate", "", None, 7])
def test_an_ask_for_what_there_is_not_is_refused(scene: Scene, kind: object) -> None:
    assert scene.call("/v1/ask", {"kind": kind}, lease=scene.lease()).status == 400
    assert scene.asks.take() == ()


def test_who_failed_before_it_had_a_lease_may_say_why_by_a_proof_and_gets_no_node(
    scene: Scene,
) -> None:
    failed = {"kind": "failed", "detail": "no disk", "log": "a log"}

    answer = scene.call("/v1/ask", scene.claim(**failed))

    assert answer.status == Status.ACCEPTED
    assert scene.nodes.requests == []
    assert scene.world.kept == {MEMBER: "a log"}
    (told,) = scene.world.of_kind("ask")
    assert (told["detail"], told["log"]) == ("no disk", f"failed-boots/{MEMBER}.log")
    assert [ask.kind for ask in scene.asks.take()] == [AskKind.FAILED]


@pytest.mark.parametrize("kind", ["idle", "stop", "spot"])
def test_nothing_else_is_asked_without_a_lease(scene: Scene, kind: str) -> None:
    assert scene.call("/v1/ask", scene.claim(kind=kind)).status == Status.UNAUTHORIZED
    assert scene.asks.take() == ()


def test_who_proves_nothing_cannot_say_that_another_failed(scene: Scene) -> None:
    claim = scene.claim(SECOND, scene.sts.issue(MEMBER), kind="failed", log="a lie")

    assert scene.call("/v1/ask", claim).status == Status.FORBIDDEN
    assert scene.world.kept == {}


def test_a_pool_without_a_tier_has_no_volumes(scene: Scene) -> None:
    answer = scene.register(MAC, scene.sts.issue(MAC, "mac-agent"))
    lease = str(answer.body["lease"])

    assert answer.body["cache"] is False
    told = scene.call("/v1/volume/claim", {}, lease=lease)
    assert (told.status, told.body["volume"]) == (Status.OK, "")
    assert told.body["because"]


def test_a_volume_of_another_is_neither_reported_nor_released(scene: Scene) -> None:
    lease = scene.lease()
    report = {"volume": "vol-1", "mounted": True}

    assert scene.call("/v1/volume/report", report, lease=lease).status == Status.NOT_FOUND
    assert scene.call("/v1/volume/release", report, lease=lease).status == Status.NOT_FOUND


@pytest.mark.parametrize(
    "body",
    [
        {"volume": 7},
        {"volume": "vol-1", "mounted": "yes"},
        {"volume": "vol-1", "fill": "much"},
        {"volume": "vol-1", "fill": True},
        {},
    ],
)
def test_a_report_that_makes_no_sense_is_refused(scene: Scene, body: object) -> None:
    assert scene.call("/v1/volume/report", body, lease=scene.lease()).status == 400


def test_late_configuration_is_told_at_registration_and_its_files_by_digest(scene: Scene) -> None:
    answer = scene.register()
    lease = str(answer.body["lease"])

    assert answer.body["late"] == {"manifest": "e30=", "signature": "c2lnbmVk"}
    file = scene.call(f"/v1/late/{'cd' * 32}", lease=lease, method="GET")
    assert (file.status, file.content) == (Status.OK, b"the file")
    assert scene.call(f"/v1/late/{'00' * 32}", lease=lease, method="GET").status == 404
    assert scene.call(f"/v1/late/{'cd' * 32}", method="GET").status == Status.UNAUTHORIZED


@pytest.mark.parametrize(
    ("told", "executors"),
    [({"vcpus": 8}, 8), ({"vcpus": 1}, 1), ({"vcpus": 4096}, 256)],
)
def test_executors_follow_the_size_that_the_instance_tells(
    scene: Scene, told: dict[str, int], executors: int
) -> None:
    assert LINUX.agent.executors_per_vcpu == 1
    assert scene.register(**told).body["executors"] == executors


@pytest.mark.parametrize(
    "told",
    [
        {"vcpus": 0},
        {"vcpus": 1.5},
        {"vcpus": True},
        {"memory_gib": -1},
        {"vcpus": "4"},
        {"vcpus": 10**400},
    ],
)
def test_a_size_that_cannot_be_is_refused(scene: Scene, told: dict[str, object]) -> None:
    assert scene.register(**told).status == Status.BAD_REQUEST
    assert scene.sts.asked == []


def test_a_stranger_is_told_so_only_after_aws_was_read_anew(scene: Scene) -> None:
    assert scene.register(STRANGER).status == Status.FORBIDDEN
    assert scene.world.readings == 1
    scene.world.blind = True
    scene.world.wall += 3
    assert scene.register(STRANGER).status == Status.UNAVAILABLE
