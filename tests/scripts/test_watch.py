"""The watcher before the real gateway: what it tells, and how soon."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.agent import register, vigil, watch
from scripts.agent.exchange import FailedError
from scripts.agent.gateway import Gateway
from scripts.agent.machine import Machine
from scripts.agent.watch import Watch
from tests.facts import node
from tests.gateway.scene import MEMBER, Scene
from tests.scripts.instance import Imds

SPOT = '{"action": "terminate", "time": "2026-01-01T00:02:00Z"}'


def half() -> float:
    """The middle of every spread."""
    return 0.5


@pytest.fixture
def units() -> list[tuple[str, ...]]:
    """What systemctl was told."""
    return []


@pytest.fixture
def watching(
    scene: Scene,
    machine: Callable[[], Machine],
    gateway: Gateway,
    run: Path,
    units: list[tuple[str, ...]],
) -> Iterator[Watch]:
    """A watcher of an agent that has registered and is known to Jenkins."""
    learned = machine()
    register.enter(learned, gateway, run)
    scene.show(node(MEMBER))
    made = watch.watch_of(learned, {}, run)
    made.control = lambda *told: units.append(told)
    yield made
    assert made.metadata is not None
    made.metadata.close()


def asked(scene: Scene) -> list[tuple[str, str]]:
    return [(ask.instance, ask.kind) for ask in scene.asks.take()]


def test_its_rules_are_those_that_the_gateway_told(watching: Watch) -> None:
    assert watching.rules == vigil.Rules(here_seconds=60, idle_seconds=600)


@pytest.mark.parametrize(
    ("leaf", "kind"),
    [
        ("meta-data/spot/instance-action", "spot"),
        ("meta-data/events/recommendations/rebalance", "rebalance"),
    ],
)
def test_a_notice_reaches_the_gateway_within_the_turn_that_sees_it(
    scene: Scene, imds: Imds, watching: Watch, leaf: str, kind: str
) -> None:
    """A turn every two seconds, held up by one answer at most: so within five."""
    assert watch.TURN_SECONDS + watch.ANSWER_SECONDS <= 5
    watching.turn(0, half)
    scene.asks.take()
    imds.leaves[leaf] = SPOT
    watching.turn(2, half)
    assert asked(scene) == [(MEMBER, kind)]
    watching.turn(4, half)
    assert asked(scene) == []


def test_a_notice_reaches_a_controller_that_was_started_again_in_the_same_turn(
    scene: Scene, imds: Imds, watching: Watch, run: Path
) -> None:
    """Its key is new, so the lease is refused: it is proved anew, and the ask said again."""
    (run / "lease").write_text("of-the-controller-before")
    imds.leaves["meta-data/spot/instance-action"] = SPOT
    watching.turn(0, half)
    assert asked(scene) == [(MEMBER, "spot")]


def test_a_metadata_service_that_fails_announces_nothing_and_stops_nothing(
    scene: Scene, imds: Imds, watching: Watch, capsys: pytest.CaptureFixture[str]
) -> None:
    imds.leaves.clear()
    imds.url, url = "http://127.0.0.1:1", imds.url
    assert watching.metadata is not None
    watching.metadata = type(watching.metadata)(imds.url)
    watching.turn(0, half)
    imds.url = url
    assert "metadata service" in capsys.readouterr().err
    assert watching.state.here_at > 0
    assert asked(scene) == []


def test_a_path_that_the_metadata_service_fails_at_hides_no_notice_of_another(
    scene: Scene, imds: Imds, watching: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be throttled at any of them, and a spot instance has two minutes."""
    assert watching.metadata is not None
    real = watching.metadata.maybe

    def maybe(path: str) -> str:
        if "spot" not in path:
            raise FailedError(f"metadata service: {path}: 503", status=503)
        return real(path)

    monkeypatch.setattr(watching.metadata, "maybe", maybe)
    imds.leaves["meta-data/spot/instance-action"] = SPOT
    watching.turn(0, half)
    assert asked(scene) == [(MEMBER, "spot")]


def test_a_lease_that_cannot_be_kept_ends_no_watch(
    watching: Watch, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(watch, "keep_lease", full)
    watching.turn(100, half)
    assert "No space left" in capsys.readouterr().err


def test_an_agent_that_jenkins_forgot_comes_back_under_its_name_with_its_secret(
    scene: Scene, watching: Watch, run: Path, units: list[tuple[str, ...]]
) -> None:
    secret = (run / "secret").read_text()
    scene.pass_time(120)  # the gateway trusts for a while that what it made is there
    scene.nodes.made.clear()
    scene.show()
    now = 0.0
    for _ in range(3):
        watching.turn(now, half)
        now = watching.state.here_at
    assert list(scene.nodes.made) == [MEMBER]
    assert (run / "secret").read_text() == secret
    assert units == [
        ("reset-failed", watch.UNIT),
        ("--no-block", "start", watch.UNIT),
    ]
    assert now < 2 * 72


def test_what_the_pool_says_of_idle_agents_is_learned_anew(watching: Watch, run: Path) -> None:
    watching.rules = vigil.Rules(idle_seconds=5)
    (run / "lease").write_text("of-the-controller-before")
    watching.turn(0, half)
    assert watching.rules.idle_seconds == 600


def test_one_word_of_a_lost_node_is_not_believed(
    scene: Scene, watching: Watch, units: list[tuple[str, ...]]
) -> None:
    scene.pass_time(120)
    scene.nodes.made.clear()
    scene.show()
    watching.turn(0, half)
    scene.show(node(MEMBER))
    watching.turn(watching.state.here_at, half)
    assert scene.nodes.made == {}
    assert units == []


def test_each_minute_renews_the_lease(scene: Scene, watching: Watch, run: Path) -> None:
    before = (run / "lease").read_text()
    scene.pass_time(60)
    watching.turn(0, half)
    assert (run / "lease").read_text() != before


def test_who_is_idle_for_long_asks_to_go(scene: Scene, watching: Watch) -> None:
    watching.rules = vigil.Rules(idle_seconds=30)
    watching.turn(0, half)
    assert asked(scene) == [(MEMBER, "idle")]


def test_a_gateway_that_is_away_ends_nothing(
    scene: Scene, watching: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching.gateway, "_url", "http://127.0.0.1:1")
    for now in range(0, 600, 2):
        watching.turn(now, half)
    monkeypatch.setattr(watching.gateway, "_url", scene.url)
    watching.turn(watching.state.here_at, half)
    assert watching.state.missing == 0


def test_a_trial_may_give_it_another_pace(machine: Callable[[], Machine], run: Path) -> None:
    told = {"WORKHORSE_HERE_SECONDS": "2"}
    assert watch.watch_of(machine(), told, run).rules.here_seconds == 2
