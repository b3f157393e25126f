"""A machine with a metadata service, before the controller's real gateway."""

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.agent.gateway import Gateway
from scripts.agent.machine import Machine, learn
from tests.gateway.scene import MEMBER, Scene, served
from tests.scripts.instance import Imds, served_imds, user_data


@pytest.fixture(scope="module")
def service() -> Iterator[Imds]:
    with served_imds() as imds:
        yield imds


@pytest.fixture(scope="module")
def house() -> Iterator[Scene]:
    with served() as scene:
        yield scene


@pytest.fixture
def scene(house: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The gateway, at this very time, for botocore signs by it; Jenkins' secrets are digits.

    It stands still a minute ahead: a proof may be older than the gateway's clock, not younger.
    """
    house.pass_time(time.time() + 60 - house.world.wall)
    house.world.now += 3600  # what the test before asked is forgotten: repeats are not journalled
    monkeypatch.setattr(house.nodes, "secret", secret_of)
    monkeypatch.setattr(house.nodes, "silent", False)
    house.nodes.made.clear()
    house.asks.take()
    house.show()
    return house


def secret_of(node: str) -> str:
    """As Jenkins': a pure function of the name."""
    return hashlib.sha256(node.encode()).hexdigest()


@pytest.fixture
def imds(service: Imds, scene: Scene) -> Imds:
    """The instance of a member of the group, as at its boot."""
    fresh = Imds()
    service.leaves = dict(fresh.leaves)
    service.leaves["user-data"] = user_data(scene.url)
    service.give(scene.sts.issue(MEMBER))
    return service


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The run folder."""
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture
def machine(imds: Imds, tmp_path: Path) -> Callable[[], Machine]:
    """What the machine learns when it is asked."""

    def learned() -> Machine:
        told = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": imds.url}
        return learn(told, file=tmp_path / "user-data", state=tmp_path / "state")

    return learned


@pytest.fixture
def gateway(machine: Callable[[], Machine], run: Path) -> Gateway:
    """The gateway, as the machine speaks to it."""
    learned = machine()
    return Gateway(learned.told.gateway_url, learned.claim, run)
