"""Ctrl-C and SIGTERM: the first one ends the demo in order, further ones do not disturb that."""

import contextlib
import signal
import threading
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def arm() -> None:
    """Let the next of the two raise KeyboardInterrupt, once."""
    for number in SIGNALS:
        signal.signal(number, _interrupt)


def wait() -> None:
    """Wait for one of the two, and be ready for the next."""
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    arm()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
