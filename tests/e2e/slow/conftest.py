"""What the slow stories share: one cloud of machines and one bake, which takes the longest."""

import sys
import time
from collections.abc import Iterator

import pytest

from tests.e2e.slow.baking import Say, is_baked, nothing_is_mounted
from tests.e2e.slow.play import PLAY
from tests.e2e.slow.stage import Workshop, workshop


@pytest.fixture(scope="session")
def say() -> Say:
    """Tell whoever waits; `./inv test --slow` captures nothing."""
    began = time.monotonic()

    def tell(line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:5.0f} s  {line}\n")
        sys.stderr.flush()

    return tell


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, say: Say) -> Iterator[Workshop]:
    """A Jenkins and a cloud of machines."""
    folder = tmp_path_factory.mktemp("shop")
    with workshop(folder, PLAY, say) as shop:
        yield shop
    nothing_is_mounted(folder)


@pytest.fixture(scope="session")
def baked(shop: Workshop, say: Say) -> str:
    """The candidate that a bake made."""
    return is_baked(shop, say)
