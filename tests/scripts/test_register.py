"""Coming in from the image: by the gateway, by a token, by Swarm, before the real gateway."""

import base64
import json
import pwd
import stat
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from scripts.agent import machine as machines
from scripts.agent import register
from scripts.agent.exchange import FailedError
from scripts.agent.gateway import Gateway
from scripts.agent.machine import Machine
from scripts.agent.patience import Patience
from tests.gateway.scene import MEMBER, SECOND, Scene
from tests.scripts.conftest import secret_of
from tests.scripts.instance import Imds, Time, user_data
from workhorse.core.tokens import TokenBook, TokenRecord, token_text

Learned = Callable[[], Machine]


def env(run: Path) -> dict[str, str]:
    """What the agent is started with."""
    lines = (run / "agent.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


# --- By the gateway ------------------------------------------------------------------------------


def test_an_instance_proves_itself_and_becomes_a_node(
    scene: Scene, machine: Learned, gateway: Gateway, run: Path
) -> None:
    answer = register.enter(machine(), gateway, run)
    assert list(scene.nodes.made) == [MEMBER]
    assert (run / "secret").read_text() == secret_of(MEMBER)
    told = env(run)
    assert told["WORKHORSE_NAME"] == MEMBER
    assert told["WORKHORSE_URL"] == "https://jenkins.example/"
    assert told["WORKHORSE_CONNECTION"] == "websocket"
    assert told["WORKHORSE_JAR_SHA256"] == "ab" * 32
    assert (told["CACHE"], told["GATEWAY_URL"]) == ("yes", scene.url)
    assert answer["idle_minutes"] == 10


def test_executors_follow_from_the_size_that_the_machine_tells(
    scene: Scene, machine: Learned, gateway: Gateway, run: Path
) -> None:
    register.enter(machine(), gateway, run)
    vcpus = machines.size()["vcpus"]
    assert scene.nodes.made[MEMBER].executors == vcpus  # the pool gives one for each


def test_what_is_secret_is_for_root_alone_and_the_rest_for_everybody(
    machine: Learned, gateway: Gateway, run: Path
) -> None:
    answer = register.enter(machine(), gateway, run)
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in run.iterdir()}
    assert found == {"secret": 0o600, "lease": 0o600, "agent.env": 0o644, "answer.json": 0o644}
    open_to_all = (run / "agent.env").read_text() + (run / "answer.json").read_text()
    assert str(answer["secret"]) not in open_to_all
    assert str(answer["lease"]) not in open_to_all


def test_the_lease_opens_the_gateway_and_one_that_ended_is_proved_anew(
    scene: Scene, machine: Learned, gateway: Gateway, run: Path
) -> None:
    register.enter(machine(), gateway, run)
    assert gateway.call("POST", "/v1/here", {})["leaving"] is False
    scene.pass_time(1e4)
    (run / "lease").write_text("forged")
    with pytest.raises(FailedError) as refused:
        gateway.call("POST", "/v1/here", {}, again=False)
    assert refused.value.status == 401
    # botocore signs by the wall's clock, and so the gateway is to stand there again.
    scene.pass_time(-1e4)
    assert gateway.call("POST", "/v1/here", {})["leaving"] is False
    assert (run / "lease").read_text() != "forged"


def test_an_instance_with_the_key_of_another_is_not_let_in(
    scene: Scene, imds: Imds, machine: Learned, gateway: Gateway, run: Path
) -> None:
    imds.give(scene.sts.issue(SECOND))
    with pytest.raises(FailedError) as refused:
        register.enter(machine(), gateway, run)
    assert refused.value.status in {401, 403}
    assert scene.nodes.made == {}
    assert list(run.iterdir()) == []


def test_an_agent_that_leaves_does_not_come_back(
    scene: Scene, machine: Learned, gateway: Gateway, run: Path
) -> None:
    scene.show(leaving=[MEMBER])
    time = Time()
    with pytest.raises(FailedError) as refused:
        Patience(500, MEMBER, time.clock, time.rest)(
            lambda: register.enter(machine(), gateway, run)
        )
    assert refused.value.status == 409
    assert time.rests == []


def test_jenkins_in_the_dark_is_waited_for_as_long_as_the_gateway_asks(
    scene: Scene, machine: Learned, gateway: Gateway, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene.nodes, "silent", True)
    time = Time()

    def rest(seconds: float) -> None:
        time.rest(seconds)
        scene.nodes.silent = False

    Patience(500, MEMBER, time.clock, rest)(lambda: register.enter(machine(), gateway, run))
    assert len(time.rests) == 1
    assert (run / "secret").exists()


def test_the_whole_boot_tells_no_secret(
    machine: Learned,
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places: list[tuple[str, str]] = []
    monkeypatch.setattr(register, "workplace", lambda *told: places.append(told))
    register.register(machine(), run, "jenkins", Patience(30, MEMBER))
    told = capsys.readouterr()
    assert f"{MEMBER} is an agent of https://jenkins.example/" in told.err
    lease = (run / "lease").read_text()
    for secret in (secret_of(MEMBER), lease, "-secret", "-token"):
        assert secret not in told.out + told.err
    assert places == [("/home/jenkins/agent", "jenkins")]


def test_builds_have_a_place_of_their_user(tmp_path: Path) -> None:
    register.workplace(str(tmp_path / "deep/agent"), "daemon")
    made = (tmp_path / "deep/agent").stat()
    assert made.st_uid == pwd.getpwnam("daemon").pw_uid
    assert stat.S_IMODE(made.st_mode) == 0o755
    register.workplace(str(tmp_path / "deep/agent"), "root")
    assert (tmp_path / "deep/agent").stat().st_uid == made.st_uid


def test_a_link_in_the_place_of_builds_gives_them_nothing_of_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a build left running may swap it in as soon as the directory is made."""
    place, private = tmp_path / "agent", tmp_path / "private"
    private.mkdir(mode=0o700)
    mkdir = Path.mkdir

    def swapped(path: Path, **given: Any) -> None:
        mkdir(path, **given)
        path.rmdir()
        path.symlink_to(private)

    monkeypatch.setattr(Path, "mkdir", swapped)
    with pytest.raises(OSError, match="agent"):
        register.workplace(str(place), "daemon")
    assert private.stat().st_uid == tmp_path.stat().st_uid
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_late_configuration_is_left_as_it_came(
    machine: Learned, gateway: Gateway, run: Path
) -> None:
    answer = register.enter(machine(), gateway, run)
    register.keep_late(run, answer["late"])
    assert (run / "late.manifest").read_bytes() == b"{}"
    assert (run / "late.signature").read_bytes() == b"signed"


@pytest.mark.parametrize(
    "late", ["text", {}, {"manifest": "e30="}, {"manifest": "!", "signature": "e30="}]
)
def test_late_configuration_that_is_garbled_is_no_reason_to_go_on(late: object, run: Path) -> None:
    with pytest.raises(FailedError, match=r"late configuration|its answer has no"):
        register.keep_late(run, late)
    assert list(run.iterdir()) == []


GOOD: dict[str, Any] = {
    "name": MEMBER,
    "jenkins_url": "https://j/",
    "directory": "/home/jenkins/agent",
    "connection": "tcp",
    "jar_sha256": "",
    "secret": "ab" * 32,
}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "i-1\nLD_PRELOAD=/tmp/x"),
        ("name", ""),
        ("jenkins_url", "https://j/ $(reboot)"),
        ("jenkins_url", "file:///etc/passwd"),
        ("directory", "/a b"),
        ("connection", "ssh"),
        ("jar_sha256", "abc"),
        ("secret", "short"),
        ("secret", None),
    ],
)
def test_an_answer_that_a_unit_file_would_misread_is_refused(key: str, value: object) -> None:
    assert register.checked(GOOD)["connection"] == "tcp"
    with pytest.raises(FailedError) as refused:
        register.checked({**GOOD, key: value})
    assert key in str(refused.value)
    if key == "secret" and value:
        assert str(value) not in str(refused.value)


# --- By a token ----------------------------------------------------------------------------------


TOKEN = token_text("0a0a0a0a", "t" * 43)


@pytest.fixture
def token(scene: Scene, imds: Imds, tmp_path: Path) -> Path:
    """A registration token of the pool linux, in a file of a machine without AWS."""
    digest = sha256(TOKEN.encode()).hexdigest()
    record = TokenRecord(id="0a0a0a0a", pool="linux", sha256=digest, created_at=0)
    scene.world.tokens = TokenBook(records=(record,), resume_key="cd" * 32)
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    more = {"AGENT_WAY": "token", "AGENT_TOKEN_FILE": str(file)}
    (tmp_path / "user-data").write_text(user_data(scene.url, **more))
    imds.leaves.clear()
    scene.pass_time(60)  # the gateway reads its tokens now and then
    scene.show()
    return file


@pytest.mark.usefixtures("token")
def test_a_machine_without_metadata_gets_a_name_and_keeps_it(
    scene: Scene, machine: Learned, gateway: Gateway, run: Path, tmp_path: Path
) -> None:
    register.enter(machine(), gateway, run)
    name = env(run)["WORKHORSE_NAME"]
    assert name.startswith("linux-")
    kept = tmp_path / "state" / machines.RESUME
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    register.enter(machine(), gateway, run)
    assert env(run)["WORKHORSE_NAME"] == name
    assert list(scene.nodes.made) == [name]
    assert TOKEN not in "".join(each.read_text() for each in run.iterdir())


@pytest.mark.usefixtures("token")
def test_a_name_that_is_not_ours_any_more_is_given_up_for_a_new_one(
    machine: Learned, gateway: Gateway, run: Path
) -> None:
    learned = machine()
    learned.remember("linux-0123456789ab", "forged")
    with pytest.raises(FailedError) as refused:
        register.enter(learned, gateway, run)
    assert refused.value.status == 403
    register.enter(learned, gateway, run)
    assert env(run)["WORKHORSE_NAME"] != "linux-0123456789ab"


def test_a_wrong_token_is_refused_in_words_that_do_not_hold_it(
    token: Path, machine: Learned, gateway: Gateway, run: Path
) -> None:
    token.write_text("wrong-token")
    with pytest.raises(FailedError) as refused:
        register.enter(machine(), gateway, run)
    assert refused.value.status == 401
    assert "wrong-token" not in str(refused.value)


# --- By Swarm ------------------------------------------------------------------------------------


def test_swarms_client_is_told_all_but_its_token_where_anybody_reads(
    imds: Imds, machine: Learned, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imds.leaves["user-data"] = (
        "AGENT_WAY=swarm\nJENKINS_URL=https://j/ci\nJENKINS_USER=agents\n"
        "JENKINS_TOKEN_PARAMETER=/t\nAGENT_LABELS='linux docker'\nAGENT_EXECUTORS=3\n"
        "AGENT_MODE=EXCLUSIVE\n"
    )
    monkeypatch.setattr(machines, "parameter", lambda *asked: f"value of {asked[0]}\n")
    register.swarm(machine(), run)
    told = env(run)
    assert (run / "secret").read_text() == "value of /t"
    assert stat.S_IMODE((run / "secret").stat().st_mode) == 0o600
    assert told["WORKHORSE_LABELS"] == '"linux docker"'
    assert (told["WORKHORSE_NAME"], told["WORKHORSE_MODE"]) == (MEMBER, "exclusive")
    assert told["WORKHORSE_EXECUTORS"] == "3"
    assert "GATEWAY_URL" not in told
    assert not (run / "lease").exists()


# --- The program ---------------------------------------------------------------------------------


def test_user_data_that_can_never_work_ends_at_once(
    imds: Imds, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    imds.leaves["user-data"] = "GATEWAY_URL=http://g\n"
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.url)
    ended = register.main(["--user", "root", "--seconds", "60", "--run", str(run)])
    assert ended == register.USELESS
    told = capsys.readouterr().err
    assert "useless: user data lacks GATEWAY_AUDIENCE" in told
    assert "again in" not in told


def test_a_gateway_that_is_not_there_is_given_up_in_bounded_time(
    imds: Imds, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    imds.leaves["user-data"] = user_data("http://127.0.0.1:1")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds.url)
    ended = register.main(["--user", "root", "--seconds", "0.5", "--run", str(run)])
    assert ended == register.GAVE_UP
    assert "gave up: " in capsys.readouterr().err
    assert list(run.iterdir()) == []


def test_a_machine_without_metadata_cannot_prove_what_it_is(machine: Learned) -> None:
    blind = replace(machine(), metadata=None)
    with pytest.raises(FailedError, match="no identity to prove"):
        blind.claim(lambda: "nonce")


def test_memory_is_told_in_gib_and_vcpus_as_those_that_may_be_used(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       16252928 kB\nMemFree: 1 kB\n")
    assert machines.size(meminfo)["memory_gib"] == 15.5
    assert int(str(machines.size(meminfo)["vcpus"])) >= 1


def test_the_proof_is_for_this_region_and_this_gateway_and_holds_no_key(
    scene: Scene, machine: Learned
) -> None:
    claim = machine().claim(scene.nonce)
    proof: Any = claim["proof"]
    assert proof["url"] == "https://sts.eu-west-1.amazonaws.com/"
    assert proof["body"] == "Action=GetCallerIdentity&Version=2011-06-15"
    told = {name.lower(): value for name, value in proof["headers"].items()}
    signed = told["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    assert {"host", "x-amz-date", "x-workhorse-server", "x-workhorse-nonce"} <= set(signed)
    assert set(told) - {"authorization"} <= set(signed)
    assert told["x-workhorse-server"] == "gateway.example"
    key = next(reversed(scene.sts.keys.values()))[0]
    assert key.secret not in json.dumps(claim)
    assert base64.b64encode(key.secret.encode()).decode() not in json.dumps(claim)
