"""Each suite runs over each world that offers its stage."""

import importlib
import importlib.util
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.contracts.stages import (
    CloudStage,
    ControllerStage,
    JournalStage,
    MailboxStage,
    MetricsStage,
)
from tests.contracts.worlds import WORLDS


def _module(world: str) -> ModuleType | None:
    path = WORLDS[world]
    return importlib.import_module(path) if importlib.util.find_spec(path) else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise every `*_stage` that a test asks for by the worlds that offer it."""
    for name in metafunc.fixturenames:
        if name.endswith("_stage"):
            worlds = [world for world in WORLDS if hasattr(_module(world), name)]
            metafunc.parametrize(name, worlds, indirect=True)


def _stage(request: pytest.FixtureRequest) -> Iterator[object]:
    module = _module(request.param)
    with getattr(module, str(request.fixturename))() as stage:
        yield stage


@pytest.fixture
def controller_stage(request: pytest.FixtureRequest) -> Iterator[ControllerStage]:
    """A Jenkins."""
    yield from _stage(request)  # type: ignore[misc] # the module says which


@pytest.fixture
def cloud_stage(request: pytest.FixtureRequest) -> Iterator[CloudStage]:
    """An Auto Scaling group."""
    yield from _stage(request)  # type: ignore[misc] # the same


@pytest.fixture
def mailbox_stage(request: pytest.FixtureRequest) -> Iterator[MailboxStage]:
    """A queue."""
    yield from _stage(request)  # type: ignore[misc] # the same


@pytest.fixture
def metrics_stage(request: pytest.FixtureRequest) -> Iterator[MetricsStage]:
    """A place for meters."""
    yield from _stage(request)  # type: ignore[misc] # the same


@pytest.fixture
def journal_stage(request: pytest.FixtureRequest) -> Iterator[JournalStage]:
    """A journal."""
    yield from _stage(request)  # type: ignore[misc] # the same
