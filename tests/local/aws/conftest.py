"""One embedded AWS for each test, on a clock that only moves when the test says so."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import few_images
from tests.local.aws.cloud import START, Cloud
from workhorse.local.aws.server import EmbeddedAws
from workhorse.local.aws.timings import Timings
from workhorse.local.clock import ScaledClock


@pytest.fixture(autouse=True)
def without_images_of_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without moto's own images."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")


@pytest.fixture
def make_cloud() -> Iterator[Callable[..., Cloud]]:
    """Make an embedded AWS with arguments of one's own."""
    made: list[Cloud] = []

    def make(**arguments: Any) -> Cloud:
        clock = arguments.pop("clock", None) or ScaledClock(START, 0.0)
        arguments.setdefault("timings", Timings(boot=60.0, shutdown=10.0, health=30.0))
        arguments.setdefault("managed_policies", False)
        cloud = Cloud(few_images.started(EmbeddedAws(clock, **arguments)))
        made.append(cloud)
        return cloud

    yield make
    for cloud in made:
        for client in cloud.clients.values():
            client.close()
        cloud.aws.stop()


@pytest.fixture
def cloud(make_cloud: Callable[..., Cloud]) -> Cloud:
    """An embedded AWS at START; instances boot in 60 s and end in 10 s."""
    return make_cloud()
