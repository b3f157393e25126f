"""Leaving in order: a stop with a deadline, and the last word of a boot that failed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.agent import failed, register, stop
from scripts.agent.exchange import FailedError
from scripts.agent.gateway import Gateway
from scripts.agent.machine import Machine
from scripts.agent.stop import Stop
from tests.gateway.scene import MEMBER, Scene
from tests.scripts.instance import Time


class Door:
    """A gateway that is away for the first tries."""

    def __init__(self, away: int = 0) -> None:
        self.away = away
        self.asked = 0

    def __call__(self) -> None:
        """Say that this agent stops."""
        self.asked += 1
        if self.asked <= self.away:
            raise FailedError("gateway: /v1/ask: 503", status=503)


@pytest.fixture
def time() -> Time:
    return Time()


def stopped(door: Door, time: Time, off: list[float], seconds: float) -> None:
    Stop(
        ask=door,
        power_off=lambda: off.append(time.now),
        builds=lambda: ["jenkins-api-7"],
        clock=time.clock,
        rest=time.rest,
    ).until(seconds)


def test_it_waits_for_its_end_until_the_deadline_and_then_powers_off(
    time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    off: list[float] = []
    stopped(Door(), time, off, 600)
    assert off == [600]
    assert "still running: jenkins-api-7" in capsys.readouterr().err


def test_it_says_again_each_half_minute_that_it_stops(time: Time) -> None:
    door = Door()
    stopped(door, time, [], 300)
    assert door.asked == 10


def test_a_gateway_that_is_away_is_asked_until_it_hears(time: Time) -> None:
    door = Door(away=5)
    stopped(door, time, [], 60)
    assert door.asked == 5 + 2


def test_a_gateway_that_never_hears_does_not_keep_the_machine_up(
    time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    off: list[float] = []
    stopped(Door(away=10**6), time, off, 60)
    assert off == [60]
    assert "the gateway was never reached" in capsys.readouterr().err


def test_builds_are_told_by_the_environment_of_their_processes(tmp_path: Path) -> None:
    for process, variables in {
        "1": b"PATH=/bin\0",
        "20": b"A=1\0BUILD_TAG=jenkins-api-7\0",
        "21": b"BUILD_TAG=jenkins-api-7\0",
        "22": b"BUILD_TAG=jenkins-web-1\0NOT_BUILD_TAG=x\0",
        "23": b"",
    }.items():
        (tmp_path / process).mkdir()
        (tmp_path / process / "environ").write_bytes(variables)
    (tmp_path / "24").mkdir()
    assert stop.running(tmp_path) == ["jenkins-api-7", "jenkins-web-1"]


def test_a_process_of_a_build_is_seen_on_this_very_system() -> None:
    command = [sys.executable, "-c", "input()"]
    told = {"BUILD_TAG": "jenkins-seen-1"}
    with subprocess.Popen(command, env=told, stdin=subprocess.PIPE) as build:
        assert "jenkins-seen-1" in stop.running()
        build.communicate(b"\n")


def test_a_build_cannot_stop_its_machine_for_it_has_no_lease(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stop.main(["--run", str(run), "--deadline", "0"]) == 1
    assert "only root may stop an agent" in capsys.readouterr().err


def test_a_build_hears_so_at_once_where_there_is_a_lease_that_it_may_not_read(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def closed(_: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(stop, "lease_of", closed)
    assert stop.main(["--run", str(run), "--deadline", "0"]) == 1
    assert "only root may stop an agent" in capsys.readouterr().err


def test_the_program_asks_the_gateway_under_its_lease(
    scene: Scene,
    machine: Callable[[], Machine],
    gateway: Gateway,
    run: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    register.enter(machine(), gateway, run)
    monkeypatch.setattr(stop, "gateway_of_this_machine", lambda _: gateway)
    off: list[str] = []
    monkeypatch.setattr(stop, "power_off", lambda: off.append("off"))
    assert stop.main(["--run", str(run), "--deadline", "0.3"]) == 0
    (ask,) = scene.asks.take()
    assert (ask.instance, ask.kind, off) == (MEMBER, "stop", ["off"])


# --- A boot that failed --------------------------------------------------------------------------


def test_the_end_of_a_log_is_told_and_its_last_reason_first() -> None:
    log = "x" * 100_000 + "\ngave up: gateway: 403 no\nStopped.\n\x1b[0m"
    body = failed.body_of(log)
    assert body["detail"] == "gave up: gateway: 403 no"
    assert len(str(body["log"]).encode()) <= failed.MOST_BYTES
    assert "\x1b" not in str(body["log"])


def test_an_empty_log_is_told_too() -> None:
    assert failed.body_of("")["detail"] == "no log"


def test_who_was_let_in_tells_under_its_lease(
    scene: Scene, machine: Callable[[], Machine], gateway: Gateway, run: Path
) -> None:
    register.enter(machine(), gateway, run)
    failed.tell(gateway, run, failed.body_of("useless: because\n"))
    assert "useless: because" in scene.world.kept[MEMBER]


@pytest.mark.parametrize("lease", ["", "ended"])
def test_who_was_never_let_in_proves_itself_and_gets_no_node(
    scene: Scene, gateway: Gateway, run: Path, lease: str
) -> None:
    if lease:
        (run / "lease").write_text(lease)
    failed.tell(gateway, run, failed.body_of("gave up: because\n"))
    assert "gave up: because" in scene.world.kept[MEMBER]
    assert scene.nodes.made == {}
