"""Waiting for what other threads and processes bring about, as long as a busy machine takes."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE_SECONDS = 120.0
"""Nothing that is waited for takes so long, whatever else the machine does; pytest's limit for a
test is several times that."""


def eventually(condition: Callable[[], Found], told: Callable[[], object] = lambda: "") -> Found:
    """The first true value of the condition; `told` says more where none comes."""
    pause, deadline = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it never came true: {told()}"
        pause.wait(0.02)
    return found
