"""A gateway for each test, all behind one HTTP face: to start and stop one takes half a second."""

from collections.abc import Iterator

import pytest

from tests.gateway.scene import Scene, made
from workhorse.adapters.gateway_http import GatewayServer
from workhorse.core.requests import Reply, Request


class Door:
    """Hands requests to the gateway of the test that runs."""

    def __init__(self) -> None:
        self.scene: Scene | None = None

    def answer(self, request: Request) -> Reply:
        """What that gateway answers."""
        assert self.scene is not None
        return self.scene.gateway.answer(request)


@pytest.fixture(scope="session")
def door() -> Iterator[tuple[Door, str]]:
    """The face and its URL."""
    door = Door()
    with GatewayServer(door.answer, "127.0.0.1:0") as server:
        yield door, server.url


@pytest.fixture
def scene(door: tuple[Door, str]) -> Scene:
    """A gateway that serves two pools."""
    face, url = door
    face.scene = made()
    face.scene.url = url
    return face.scene
