"""Each suite runs over each world that offers its stage."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from tests.contracts.rollout_stages import (
    ImagesWorld,
    JobsWorld,
    LauncherWorld,
    OrdersWorld,
)
from tests.contracts.stages import (
    CloudStage,
    ControllerStage,
    JournalStage,
    MailboxStage,
    MetricsStage,
)
from tests.contracts.worlds import ROLLOUT_WORLDS, WORLDS


def _modules(fixture: str) -> Mapping[str, str]:
    """World to module, of all that may offer that fixture."""
    return ROLLOUT_WORLDS.get(fixture, WORLDS)


def _module(fixture: str, world: str) -> ModuleType:
    return import_module(_modules(fixture)[world])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise every `*_stage` and `*_world` that a test asks for by who offers it."""
    for name in metafunc.fixturenames:
        if name.endswith("_stage") or name in ROLLOUT_WORLDS:
            worlds = [world for world in _modules(name) if hasattr(_module(name, world), name)]
            metafunc.parametrize(name, worlds, indirect=True)


def _stage(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The stage of the fixture's own name, in the world of this run; the module says its type."""
    name = str(request.fixturename)
    with getattr(_module(name, request.param), name)() as stage:
        yield stage


@pytest.fixture
def controller_stage(request: pytest.FixtureRequest) -> Iterator[ControllerStage]:
    """A Jenkins."""
    yield from _stage(request)


@pytest.fixture
def cloud_stage(request: pytest.FixtureRequest) -> Iterator[CloudStage]:
    """An Auto Scaling group."""
    yield from _stage(request)


@pytest.fixture
def mailbox_stage(request: pytest.FixtureRequest) -> Iterator[MailboxStage]:
    """A queue."""
    yield from _stage(request)


@pytest.fixture
def metrics_stage(request: pytest.FixtureRequest) -> Iterator[MetricsStage]:
    """A place for meters."""
    yield from _stage(request)


@pytest.fixture
def journal_stage(request: pytest.FixtureRequest) -> Iterator[JournalStage]:
    """A journal."""
    yield from _stage(request)


@pytest.fixture
def launcher_world(request: pytest.FixtureRequest) -> Iterator[LauncherWorld]:
    """What a group launches, and canaries beside it."""
    yield from _stage(request)


@pytest.fixture
def orders_world(request: pytest.FixtureRequest) -> Iterator[OrdersWorld]:
    """A place for orders."""
    yield from _stage(request)


@pytest.fixture
def jobs_world(request: pytest.FixtureRequest) -> Iterator[JobsWorld]:
    """Jenkins' jobs."""
    yield from _stage(request)


@pytest.fixture
def images_world(request: pytest.FixtureRequest) -> Iterator[ImagesWorld]:
    """An image store."""
    yield from _stage(request)
